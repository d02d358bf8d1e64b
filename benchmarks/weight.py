"""What every page weighs over the wire, in every role, and how many requests it takes.

`python -m benchmarks.weight` makes the tests' world with everybody in it, opens every page that each of them
comes to as a browser on a slow link would, and writes the table into docs/weight.md. The test of the limits
(tests/web/test_web_weight.py) counts in the same way.

A first visit loads the page and all that it refers to; a later one the page alone, for the stylesheet, icon
and scripts are kept by browsers for a year. Bytes are those of the bodies as they are sent, gzip where the
application squeezes; headers, about half a kilobyte a response, come on top.
"""

import gzip
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.web.browsing import Crawl, Site
from tests.web.markup import Page

FIRST_BYTES, LATER_BYTES, REQUESTS = 50_000, 15_000, 5
ROLES = ("anonymous", "founder", "mentor", "funder", "manager", "admin")
_FILE = Path(__file__).parent.parent / "docs" / "weight.md"


@dataclass(frozen=True)
class Weight:
    """One page as somebody gets it."""

    endpoint: str
    role: str
    address: str
    later: int
    """Bytes of the page alone."""
    first: int
    """With all that it refers to."""
    requests: int

    @property
    def is_too_heavy(self) -> bool:
        """Whether it breaks a limit."""
        return self.first > FIRST_BYTES or self.later > LATER_BYTES or self.requests > REQUESTS


class Scales:
    """Weighs pages; what they share is fetched once."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._known: dict[str, int] = {}

    def weigh(self, role: str, address: str) -> Weight | None:
        """The page's weight; None for what is no page."""
        body = self._body(role, address)
        rule = self.site.match(address, "GET")
        if body is None or rule is None:
            return None
        html, bytes_sent = body
        references = Page(html).references
        loaded = sum(self._reference(reference) for reference in references)
        return Weight(rule.endpoint, role, address, bytes_sent, bytes_sent + loaded, 1 + len(references))

    def everything(self, role: str, crawl: Crawl | None = None) -> list[Weight]:
        """All pages that somebody comes to."""
        pages = (crawl or self.site.crawl(role)).pages
        found = [
            a for a, answer in pages.items() if answer.mimetype == "text/html" and answer.status_code == 200
        ]
        return [weight for address in found if (weight := self.weigh(role, address))]

    def _body(self, role: str, address: str) -> tuple[str, int] | None:
        answer = self.site.ask(role, address, **{"Accept-Encoding": "gzip"})
        if answer.mimetype != "text/html" or answer.status_code != 200:
            return None
        return _text(answer.get_data(), answer.headers.get("Content-Encoding", "")), len(answer.get_data())

    def _reference(self, address: str) -> int:
        if address not in self._known:
            answer = self.site.ask("anonymous", address, **{"Accept-Encoding": "gzip"})
            assert answer.status_code == 200, f"{address}: {answer.status_code}"
            self._known[address] = len(answer.get_data())
        return self._known[address]


def heaviest(weights: Iterable[Weight]) -> list[Weight]:
    """Of each endpoint and role the heaviest page, in order."""
    found: dict[tuple[str, str], Weight] = {}
    for weight in weights:
        key = (weight.endpoint, weight.role)
        if key not in found or found[key].first < weight.first:
            found[key] = weight
    return [found[key] for key in sorted(found)]


def table(weights: Iterable[Weight]) -> str:
    """Markdown: one line an endpoint, with the role whose page is the heaviest."""
    lines = ["| page | role | first visit, bytes | later, bytes | requests |", "|---|---|---:|---:|---:|"]
    worst: dict[str, Weight] = {}
    for weight in weights:
        if weight.endpoint not in worst or worst[weight.endpoint].first < weight.first:
            worst[weight.endpoint] = weight
    for endpoint, w in sorted(worst.items()):
        lines.append(f"| `{endpoint}` | {w.role} | {w.first:,} | {w.later:,} | {w.requests} |")
    return "\n".join(lines)


def _text(data: bytes, encoding: str) -> str:
    return (gzip.decompress(data) if encoding == "gzip" else data).decode()


def main() -> None:
    """Weigh everything and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        scales = Scales(site)
        found = [weight for role in ROLES for weight in scales.everything(role)]
        site.close()
    text = f"""# What pages weigh

Made by `python -m benchmarks.weight`, of the tests' world with everybody in it;
`tests/web/test_web_weight.py` holds every page in every role to the limits: at most {FIRST_BYTES:,} bytes and
{REQUESTS} requests on a first visit, {LATER_BYTES:,} bytes later. The role beside a page is the one
that gets the heaviest.

{table(found)}
"""
    _FILE.write_text(text)
    print(f"{len(found)} pages weighed, {sum(w.is_too_heavy for w in found)} too heavy: {_FILE}")


if __name__ == "__main__":
    main()
