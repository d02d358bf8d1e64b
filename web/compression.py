"""Pages squeezed for slow links. The stylesheet is whitenoise's, and is kept by browsers anyway.

Squeezing lets somebody who reads the lengths of answers guess at secrets beside text that they make us
repeat (BREACH); our cookies are SameSite, so a stranger's page cannot have us answer with either.
"""

import gzip

from flask import Flask, Response, request

_LEAST_BYTES = 1_000
_LEVEL = 6


def init(app: Flask) -> None:
    """Squeeze every page for browsers that ask for it."""
    app.after_request(_squeeze)


def _squeeze(response: Response) -> Response:
    if response.mimetype != "text/html" or response.direct_passthrough:
        return response
    response.vary.add("Accept-Encoding")
    asked = request.accept_encodings.quality("gzip") > 0
    if asked and "Content-Encoding" not in response.headers:
        whole = response.get_data()
        if len(whole) >= _LEAST_BYTES:
            response.set_data(gzip.compress(whole, _LEVEL, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
    return response
