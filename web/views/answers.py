"""What both sides open from their letter: whom they are to meet, and two buttons.

Its secret address is all the permission there is, so nothing else of the programme is on it.
"""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response

from matcher.db import reading, unit_of_work
from matcher.models import MatchState
from matcher.services.answers import Offer, answer, find_offer
from matcher.services.clarifying import ask_back_at
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.introductions import LONGEST
from matcher.services.mailing import language_of
from matcher.wording import Message
from web.database import engine
from web.facts import public_facts
from web.i18n import LOCALES
from web.notices import tell
from web.pairing import requests_page

blueprint = Blueprint("answers", __name__, url_prefix="/answer/<secret>")

_CLOSED = 410
_ANSWERS = {"yes": True, "no": False}


@blueprint.get("")
def show(secret: str) -> str | tuple[str, int]:
    """The offer as it stands. Looking changes nothing: mail programs open addresses by themselves."""
    with reading(engine()) as session:
        try:
            offer = find_offer(session, secret)
        except NotFound:
            return render_template("answer_unknown.html"), 404
        with force_locale(_language(offer)):
            return _page(offer)


@blueprint.post("")
def record(secret: str) -> Response | tuple[str, int]:
    """Take the answer, or a question that comes before it, and come back to what happens next."""
    if request.form.get("answer") == "ask":
        return _ask_back(secret)
    accepted = _ANSWERS.get(request.form.get("answer", ""))
    if accepted is None:
        abort(400)
    try:
        with unit_of_work(engine()) as session:
            answer(session, secret, accepted=accepted, note=request.form.get("note", ""))
    except NotFound:
        return render_template("answer_unknown.html"), 404
    except NotAllowed as error:
        tell("error", error.message)
    return _back(secret)


def _ask_back(secret: str) -> Response | tuple[str, int]:
    """Ask whoever asked for them; what could not be sent is given back."""
    question = request.form.get("question", "")
    try:
        with unit_of_work(engine()) as session:
            ask_back_at(session, secret, question=question, page=requests_page)
    except NotFound:
        return render_template("answer_unknown.html"), 404
    except NotAllowed as error:
        with reading(engine()) as session:
            offer = find_offer(session, secret)
            with force_locale(_language(offer)):
                return _render(offer, problem=error.message, question=question), 422
    return _back(secret)


def _back(secret: str) -> Response:
    lang = request.args.get("lang")
    return redirect(url_for(".show", secret=secret, lang=lang if lang in LOCALES else None), 303)


def _language(offer: Offer) -> str:
    """What the address asks for, or else the language of the letter."""
    wanted = request.args.get("lang")
    return wanted if wanted in LOCALES else language_of(offer.reader)


def _page(offer: Offer) -> str | tuple[str, int]:
    page = _render(offer)
    is_open = offer.state in {MatchState.OFFERED, MatchState.ACTIVE} or offer.answer is False
    return page if is_open else (page, _CLOSED)


def _render(offer: Offer, problem: Message | None = None, question: str = "") -> str:
    return render_template(
        "answer.html",
        offer=offer,
        facts=public_facts(offer.other),
        problem=problem,
        question=question,
        longest=LONGEST,
    )
