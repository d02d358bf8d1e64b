"""A participant's first page: what is theirs in one programme."""

from flask import Blueprint, render_template

from web.own import read_own

blueprint = Blueprint("mine", __name__, url_prefix="/p/<slug>/mine/<id:mine>")


@blueprint.get("")
def show(slug: str, mine: int) -> str:
    """What waits for them, and where they stand."""
    with read_own(slug, mine, active=False) as own:
        return render_template("mine.html", own=own, programme=own.programme)
