"""The first page, and one programme at a glance."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from matcher.db import reading
from matcher.services.exposure import mentor_exposure
from matcher.services.inbox import count_routed
from matcher.services.joining import open_programmes
from matcher.services.memberships import PRESENT
from matcher.services.programmes import list_programmes, overview
from web.accounts.identity import identity
from web.charts import scaled
from web.database import engine, read
from web.notices import notices
from web.parts import address_of
from web.refresh import is_paused, refreshing
from web.views.sample import sample_roles
from web.views.welcome import is_first_run

blueprint = Blueprint("overview", __name__)

_SECONDS = 2


@blueprint.get("/")
def home() -> Response | str:
    """Somebody's own pages; to strangers, what Tandem is and how to get in."""
    who = identity()
    if who is None:
        with reading(engine()) as session:
            roles = sample_roles(session)
            doors, first = open_programmes(session), is_first_run(session)
        return render_template("landing.html", roles=roles, doors=doors, first=first)
    if len(who.parts) == 1 and who.parts[0].state in PRESENT:
        return redirect(address_of(who.parts[0]))
    if who.is_admin and not who.parts:
        with reading(engine()) as session:
            every = list_programmes(session)
        if len(every) == 1:
            return redirect(url_for("overview.programme", slug=every[0].slug))
    return redirect(url_for("programmes.index"))


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
            routed=count_routed(session, programme),
            choosable=is_paused() or not active,  # a page that loads itself again forgets what was chosen
            removable=programme.is_sample and len(list_programmes(session)) > 1,
        )
    return refreshing(page, _SECONDS, counted=bool(told)) if active else page
