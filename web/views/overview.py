"""The programmes of this installation, and one programme at a glance."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from matcher.db import reading
from matcher.services.exposure import mentor_exposure
from matcher.services.programmes import list_programmes, overview
from web.charts import scaled
from web.database import engine, read
from web.notices import notices
from web.refresh import is_paused, refreshing

blueprint = Blueprint("overview", __name__)

_SECONDS = 2


@blueprint.get("/")
def home() -> Response | str:
    """The only programme, a list of several, or what to do when there is none."""
    with reading(engine()) as session:
        programmes = list_programmes(session)
    if len(programmes) == 1:
        return redirect(url_for("overview.programme", slug=programmes[0].slug))
    return render_template("home.html", programmes=programmes)


@blueprint.get("/p/<slug>")
def programme(slug: str) -> Response | str:
    """Counts, coverage, the best pairs, demand against supply, and the work under way."""
    with read(slug) as (session, programme):
        view = overview(session, programme)
        active = bool(view.work.active)
        told = notices(keep=active)
        page = render_template(
            "overview.html",
            programme=programme,
            view=view,
            demand=scaled(view.demand),
            exposure=mentor_exposure(session, programme),
            told=told,
            choosable=is_paused() or not active,  # a page that loads itself again forgets what was chosen
            removable=programme.is_sample and len(list_programmes(session)) > 1,
        )
    return refreshing(page, _SECONDS, counted=bool(told)) if active else page
