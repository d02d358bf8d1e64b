"""Equality information: what somebody may say, apart from everything else, and the programme's figures."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.services.equality import (
    CHOICES,
    WORDS,
    Figure,
    count_answers,
    forget_answers,
    read_answers,
    save_answers,
)
from matcher.services.people import count_people
from matcher.wording import N_, Message
from web.database import read
from web.notices import tell
from web.own import read_own, write_own

blueprint = Blueprint("equality", __name__, url_prefix="/p/<slug>")

QUESTIONS = {
    "age": N_("How old are you?"),
    "gender": N_("What is your gender?"),
    "disability": N_("Do you have a disability, or a long illness that limits you?"),
    "place": N_("Where do you live?"),
}
LABELS = {
    "under-25": N_("Under 25"),
    "25-34": N_("25 to 34"),
    "35-44": N_("35 to 44"),
    "45-54": N_("45 to 54"),
    "55-64": N_("55 to 64"),
    "65-up": N_("65 or older"),
    "woman": N_("Woman"),
    "man": N_("Man"),
    "own": N_("In my own words"),
    "yes": N_("Yes"),
    "no": N_("No"),
    "rural": N_("In the country"),
    "town": N_("In a town"),
    "city": N_("In a city"),
    "unsaid": N_("I prefer not to say"),
}
_SAVED = N_("Your equality information was saved.")
_EMPTIED = N_("Your equality information was deleted. Nothing of it is left.")


@dataclass(frozen=True)
class Bar:
    """A figure with the length of its bar, in percent of the longest."""

    figure: Figure
    length: float


@blueprint.get("/mine/<id:mine>/equality")
def edit(slug: str, mine: int) -> str:
    """Why it is asked, who sees what, and what was said so far."""
    with read_own(slug, mine, active=False) as own:
        return render_template(
            "equality.html",
            own=own,
            programme=own.programme,
            questions=QUESTIONS,
            choices=CHOICES,
            labels=LABELS,
            words=WORDS,
            answers=read_answers(own.session, own.programme, own.membership.account_id),
        )


@blueprint.post("/mine/<id:mine>/equality")
def update(slug: str, mine: int) -> Response:
    """Keep what was chosen."""
    with write_own(slug, mine, active=False) as own:
        kept = save_answers(own.session, own.programme, own.membership.account_id, request.form)
    tell("success", Message(_SAVED if kept else _EMPTIED))
    return redirect(url_for("equality.edit", slug=slug, mine=mine), 303)


@blueprint.post("/mine/<id:mine>/equality/empty")
def empty(slug: str, mine: int) -> Response:
    """Delete all of it."""
    with write_own(slug, mine, active=False) as own:
        forget_answers(own.session, own.programme, own.membership.account_id)
    tell("success", Message(_EMPTIED))
    return redirect(url_for("equality.edit", slug=slug, mine=mine), 303)


@blueprint.get("/equality")
def show(slug: str) -> str:
    """The figures, as far as nobody can be told from them."""
    with read(slug) as (session, programme):
        figures = {name: _bars(found) for name, found in count_answers(session, programme).items()}
        return render_template(
            "equality_figures.html",
            programme=programme,
            counts=count_people(session, programme),
            figures=figures,
            questions=QUESTIONS,
            labels=LABELS,
        )


def _bars(figures: list[Figure]) -> list[Bar]:
    longest = max((figure.count or 0 for figure in figures), default=0) or 1
    return [Bar(figure, round(99 * (figure.count or 0) / longest, 1)) for figure in figures]
