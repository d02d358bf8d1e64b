"""The web application: thin views over `matcher.services`. It loads no model and no index."""

import logging
from datetime import timedelta

from flask import Flask
from whitenoise import WhiteNoise

from config.keys import secret_key
from config.settings import Settings
from matcher.db import make_engine
from web import (
    assets,
    compression,
    filters,
    i18n,
    pairwords,
    parts,
    permissions,
    requestwords,
    security,
    together,
)
from web.accounts import limits, signing
from web.converters import CounterpartConverter, IdConverter, KindConverter
from web.views import (
    account,
    announcements,
    answers,
    application,
    candidates,
    closing,
    cohort,
    decisions,
    documents,
    editing,
    equality,
    errors,
    goals,
    health,
    invitations,
    inviting,
    joining,
    logbook,
    matches,
    meetings,
    mine,
    notices,
    overview,
    pace,
    pairs,
    people,
    profiles,
    programme_settings,
    programmes,
    publishing,
    questions,
    relationship,
    relationships,
    requests,
    routed,
    rules,
    sample,
    search,
    session_logs,
    shortlist,
    surveys,
    unsubscribe,
    uploads,
    welcome,
    whatif,
    whynot,
    wishes,
)

_PAGES = (
    *(overview, programmes, profiles, search, whynot, editing, decisions, uploads, health),
    *(cohort, pairs, whatif, publishing, matches, answers, logbook),
    *(rules, wishes, documents),
    *(account, closing, mine, sample),
    *(notices, pace, unsubscribe, announcements),
    *(application, equality, questions),
    *(welcome, invitations, joining, people, inviting, programme_settings),
    *(candidates, shortlist, requests, routed),
    *(relationship, meetings, session_logs, goals, surveys, relationships),
)
_FORM_BYTES = 1_000_000
"""What a form's own fields may weigh beside an uploaded sheet."""


def create_app(settings: Settings, *, testing: bool = False) -> Flask:
    """A Flask application for these settings. Opens no connection until it is asked something."""
    app = Flask(__name__, static_folder=None)
    app.config.update(
        TESTING=testing,
        SECRET_KEY=secret_key(settings),
        SESSION_COOKIE_NAME="tandem",
        SESSION_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        MAX_CONTENT_LENGTH=settings.upload_megabytes * 1024 * 1024 + _FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=_FORM_BYTES,
        PATIENCE_SECONDS=2.0,  # how long a reader does not mind waiting for a worker
        WTF_CSRF_TIME_LIMIT=None,  # a form left open over lunch must still be saved
    )
    app.extensions["tandem_settings"] = settings
    app.extensions["tandem_engine"] = make_engine(settings.sqlalchemy_url)
    app.url_map.converters.update(kind=KindConverter, counterpart=CounterpartConverter, id=IdConverter)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    compression.init(app)
    # The order counts: who may talk to us at all, then what they may do, then forged forms.
    security.init(app, settings)
    permissions.init(app)
    security.csrf.init_app(app)
    i18n.init(app)
    signing.init(app, settings)
    filters.init(app)
    pairwords.init(app)
    requestwords.init(app)
    parts.init(app)
    together.init(app)
    assets.init(app)
    for module in _PAGES:
        app.register_blueprint(module.blueprint)
    limits.guard(app)
    errors.init(app)
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=assets.FOLDER,
        prefix=assets.PREFIX,
        add_headers_function=assets.add_headers,
    )
    logging.getLogger("web").debug("web application ready")
    return app
