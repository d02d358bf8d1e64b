"""The log: who did what, when, and what can still be taken back."""

from flask import Blueprint, render_template, request

from matcher.services.logbook import read_log
from web.database import read

blueprint = Blueprint("logbook", __name__, url_prefix="/p/<slug>")


@blueprint.get("/log")
def index(slug: str) -> str:
    """Every step in the programme, the latest first, a page at a time."""
    number = max(1, request.args.get("page", 1, type=int))
    with read(slug) as (session, programme):
        page = read_log(session, programme, number)
        return render_template("log.html", programme=programme, page=page)
