"""The programme's own questions in the form on which people write their profile."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.models import Kind
from matcher.services.errors import NotAllowed
from matcher.services.questions import (
    MOST,
    add_question,
    edit_question,
    get_question,
    list_questions,
    move_question,
    remove_question,
)
from matcher.wording import N_, Message
from web.database import read, write
from web.notices import tell
from web.permissions import actor

blueprint = Blueprint("questions", __name__, url_prefix="/p/<slug>/questions")

_ADDED = N_("The question was added.")
_SAVED = N_("The question was saved.")
_REMOVED = N_("The question is asked no more. Answers so far stay among people's notes.")


@dataclass(frozen=True)
class QuestionForm:
    """What was typed, for whom or about which question, and what is wrong with it."""

    text: str = ""
    hint: str = ""
    kind: Kind | None = None
    error: Message | None = None


@blueprint.get("")
def index(slug: str) -> str:
    """All questions by the kind of people, with a form for another."""
    return _index(slug, QuestionForm())


def _index(slug: str, form: QuestionForm) -> str:
    with read(slug) as (session, programme):
        return render_template(
            "questions.html",
            programme=programme,
            groups=[(kind, list_questions(session, programme, kind)) for kind in Kind],
            form=form,
            most=MOST,
        )


@blueprint.post("/<kind:kind>")
def add(slug: str, kind: Kind) -> Response | tuple[str, int]:
    """Ask something more."""
    text, hint = request.form.get("text", ""), request.form.get("hint", "")
    try:
        with write(slug) as (session, programme):
            add_question(session, programme, kind, text, hint, actor=actor())
    except NotAllowed as refused:
        return _index(slug, QuestionForm(text, hint, kind, refused.message)), 422
    tell("success", Message(_ADDED))
    return _back(slug)


@blueprint.get("/<id:question_id>")
def edit(slug: str, question_id: int) -> str:
    """One question, to ask it in other words."""
    with read(slug) as (session, programme):
        question = get_question(session, programme, question_id)
        form = QuestionForm(question.text, question.hint)
        return render_template("question.html", programme=programme, question=question, form=form)


@blueprint.post("/<id:question_id>")
def update(slug: str, question_id: int) -> Response | tuple[str, int]:
    """Save the words, or say what is wrong with them."""
    text, hint = request.form.get("text", ""), request.form.get("hint", "")
    try:
        with write(slug) as (session, programme):
            edit_question(session, programme, question_id, text, hint, actor=actor())
    except NotAllowed as refused:
        with read(slug) as (session, programme):
            question = get_question(session, programme, question_id)
            form = QuestionForm(text, hint, None, refused.message)
            page = render_template("question.html", programme=programme, question=question, form=form)
        return page, 422
    tell("success", Message(_SAVED))
    return _back(slug)


@blueprint.post("/<id:question_id>/move")
def move(slug: str, question_id: int) -> Response:
    """Ask it one place earlier or later."""
    with write(slug) as (session, programme):
        move_question(session, programme, question_id, up=request.form.get("to") == "up")
    return _back(slug, f"question-{question_id}")


@blueprint.post("/<id:question_id>/remove")
def remove(slug: str, question_id: int) -> Response:
    """Ask it no more."""
    with write(slug) as (session, programme):
        remove_question(session, programme, question_id, actor=actor())
    tell("success", Message(_REMOVED))
    return _back(slug)


def _back(slug: str, anchor: str | None = None) -> Response:
    return redirect(url_for("questions.index", slug=slug, _anchor=anchor), 303)
