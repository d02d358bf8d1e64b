"""A pair's goals: set, changed, reached, dropped and taken up again by either side."""

from datetime import date

from flask import Blueprint, abort, render_template
from werkzeug.wrappers import Response

from matcher.models import Goal, utcnow
from matcher.services import goals
from matcher.services.relationships import get_row
from matcher.wording import N_, Message
from web.notices import tell
from web.together import PAGE, PairForm, Together, attempt, back, press, read_us, zones_for

blueprint = Blueprint("goals", __name__, url_prefix=f"{PAGE}/goals")

_SAVED = N_("The goal was saved.")
_TURNED = {
    "done": N_("Well done: the goal is reached."),
    "dropped": N_("The goal was dropped. You can take it up again."),
    "reopened": N_("The goal is open again."),
}


@blueprint.get("/new")
def new(slug: str, mine: int, other: int) -> str:
    """An empty form."""
    with read_us(slug, mine, other) as here:
        return _page(here, PairForm({"text": "", "due": "", "seen": ""}))


@blueprint.post("/new")
def create(slug: str, mine: int, other: int) -> Response | tuple[str, int]:
    """Add a goal."""
    return _save(slug, mine, other, None)


@blueprint.get("/<id:goal>")
def edit(slug: str, mine: int, other: int, goal: int) -> str:
    """The form with the goal."""
    with read_us(slug, mine, other) as here:
        found = get_row(here.session, Goal, here.us, goal)
        due = found.due.isoformat() if found.due else ""
        return _page(here, PairForm({"text": found.text, "due": due, "seen": goals.stamp(found)}), found)


@blueprint.post("/<id:goal>")
def update(slug: str, mine: int, other: int, goal: int) -> Response | tuple[str, int]:
    """Put it in other words, or give it another day."""
    return _save(slug, mine, other, goal)


@blueprint.post("/<id:goal>/<any(done, dropped, reopened):how>")
def turn(slug: str, mine: int, other: int, goal: int, how: str) -> Response:
    """Say that it is reached, dropped, or neither."""
    chosen = next((known for known in goals.TURNS if known == how), None) or abort(404)
    return press(
        slug,
        mine,
        other,
        lambda here: goals.turn(*here.at, goal, chosen, today=_today(here)),
        Message(_TURNED[chosen]),
        "goals",
    )


def _save(slug: str, mine: int, other: int, goal: int | None) -> Response | tuple[str, int]:
    form = PairForm.posted("text", "due", "seen")
    due = form.day("due")

    def work(here: Together) -> None:
        if goal is None:
            goals.set_goal(*here.at, text=form.texts["text"], due=due, today=_today(here))
        else:
            texts, today = form.texts, _today(here)
            goals.change(*here.at, goal, text=texts["text"], due=due, today=today, seen=texts["seen"])

    status = attempt(slug, mine, other, work, form)
    if not status:
        tell("success", Message(_SAVED))
        return back(slug, mine, other, "goals")
    with read_us(slug, mine, other) as here:
        found = get_row(here.session, Goal, here.us, goal) if goal else None
        if found and status == 409:  # what it says now is on the page: the next try is about that
            form.texts["seen"] = goals.stamp(found)
        return _page(here, form, found), status


def _page(here: Together, form: PairForm, goal: Goal | None = None) -> str:
    return render_template("goal.html", own=here.own, us=here.us, form=form, goal=goal, longest=goals.TEXT)


def _today(here: Together) -> date:
    return utcnow().astimezone(zones_for(here)[here.us.me.id]).date()
