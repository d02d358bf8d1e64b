"""Three short questions about a match, which its side answers to the programme's managers."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from matcher.models import Occasion, Survey, utcnow
from matcher.services import surveys
from matcher.wording import N_, Message
from web.notices import tell
from web.together import PAGE, PairForm, Together, attempt, back, read_us

blueprint = Blueprint("surveys", __name__)
_ADDRESS = f"{PAGE}/survey/<any('day-30', 'day-60', 'end'):occasion>"

_THANKS = N_("Thank you. You can change your answers for a week.")
_ANSWERS = {"yes": True, "no": False}


@blueprint.get(_ADDRESS)
def show(slug: str, mine: int, other: int, occasion: str) -> str:
    """The questions, with what was answered so far."""
    with read_us(slug, mine, other) as here:
        found = surveys.find_survey(here.session, here.us, Occasion(occasion))
        return _page(here, _filled(found), found)


@blueprint.post(_ADDRESS)
def answer(slug: str, mine: int, other: int, occasion: str) -> Response | tuple[str, int]:
    """Keep the answers."""
    form = PairForm.posted("helpful", "progress", "goes_on", "comment")
    helpful, progress = (_figure(form.texts[name]) for name in ("helpful", "progress"))

    def work(here: Together) -> None:
        surveys.answer(
            *here.at, Occasion(occasion), helpful=helpful, progress=progress,
            goes_on=_ANSWERS.get(form.texts["goes_on"]), comment=form.texts["comment"], now=utcnow(),
        )  # fmt: skip

    status = attempt(slug, mine, other, work, form)
    if not status:
        tell("success", Message(_THANKS))
        return back(slug, mine, other)
    with read_us(slug, mine, other) as here:
        return _page(here, form, surveys.find_survey(here.session, here.us, Occasion(occasion))), status


def _filled(survey: Survey) -> PairForm:
    said = {True: "yes", False: "no", None: ""}[survey.goes_on]
    return PairForm(
        {
            "helpful": str(survey.helpful or ""),
            "progress": str(survey.progress or ""),
            "goes_on": said,
            "comment": survey.comment,
        }
    )


def _figure(text: str) -> int:
    """The figure that was chosen; 0 if none of ours was."""
    return next((n for n in range(surveys.LEAST, surveys.MOST + 1) if text == str(n)), 0)


def _page(here: Together, form: PairForm, survey: Survey) -> str:
    return render_template(
        "survey.html",
        own=here.own,
        us=here.us,
        form=form,
        survey=survey,
        is_open=surveys.is_open(survey, utcnow()),
        asks_to_go_on=surveys.asks_to_go_on(survey),
    )
