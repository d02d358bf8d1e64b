"""A pair's meetings: times proposed, chosen, moved and called off, and the file for a calendar."""

from datetime import datetime

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.wrappers import Response as Answer

from matcher.models import Meeting, utcnow
from matcher.services import meetings
from matcher.services.calendars import entry_of, has_entry
from matcher.services.relationships import get_row
from matcher.wording import N_, Message
from web.i18n import locale_code
from web.notices import tell
from web.together import PAGE, PairForm, Together, attempt, back, press, read_us, zones_for

blueprint = Blueprint("meetings", __name__, url_prefix=f"{PAGE}/meetings")

_ROWS = range(1, meetings.MOST_TIMES + 1)
_NAMES = (*(f"{part}-{row}" for row in _ROWS for part in ("date", "time")), "minutes", "place", "seen")
_MINUTES = "60"

_PROPOSED = N_("The times were proposed. You are told what the other side says.")
_AGREED = N_("The meeting is agreed. Put it into your calendar.")
_CANCELLED = N_("The meeting is called off, and the other side is told.")


@blueprint.get("/new")
def new(slug: str, mine: int, other: int) -> str:
    """An empty form."""
    with read_us(slug, mine, other) as here:
        return _page(here, PairForm({**dict.fromkeys(_NAMES, ""), "minutes": _MINUTES}))


@blueprint.post("/new")
def create(slug: str, mine: int, other: int) -> Answer | tuple[str, int]:
    """Propose times."""
    form = PairForm.posted(*_NAMES)
    times, minutes = _read(form)
    status = attempt(
        slug,
        mine,
        other,
        lambda here: meetings.propose(
            *here.at, times=times, minutes=minutes, place=form.texts["place"], now=utcnow()
        ),
        form,
    )
    return _after(slug, mine, other, form, status)


@blueprint.get("/<id:meeting>/move")
def edit(slug: str, mine: int, other: int, meeting: int) -> str:
    """A form with the times that are proposed, on the reader's clock."""
    with read_us(slug, mine, other) as here:
        found = get_row(here.session, Meeting, here.us, meeting)
        return _page(here, _filled(here, found), found)


@blueprint.post("/<id:meeting>/move")
def move(slug: str, mine: int, other: int, meeting: int) -> Answer | tuple[str, int]:
    """Propose other times."""
    form = PairForm.posted(*_NAMES)
    times, minutes = _read(form)
    status = attempt(
        slug,
        mine,
        other,
        lambda here: meetings.propose_others(
            *here.at, meeting, times=times, minutes=minutes, place=form.texts["place"], now=utcnow(),
            seen=form.texts["seen"],
        ),
        form,
    )  # fmt: skip
    return _after(slug, mine, other, form, status, meeting)


@blueprint.post("/<id:meeting>/choose")
def choose(slug: str, mine: int, other: int, meeting: int) -> Answer:
    """Agree to a time."""
    instant = _instant(request.form.get("instant", ""))
    return press(
        slug,
        mine,
        other,
        lambda here: meetings.choose(
            *here.at,
            meeting,
            instant=instant,
            now=utcnow(),
            seen=request.form.get("seen", ""),
            keep="keep" in request.form,
        ),
        Message(_AGREED),
        "meetings",
    )


@blueprint.post("/<id:meeting>/cancel")
def cancel(slug: str, mine: int, other: int, meeting: int) -> Answer:
    """Call it off."""
    return press(
        slug,
        mine,
        other,
        lambda here: meetings.cancel(*here.at, meeting, now=utcnow(), seen=request.form.get("seen", "")),
        Message(_CANCELLED),
        "meetings",
    )


@blueprint.get("/<id:meeting>/meeting.ics")
def calendar(slug: str, mine: int, other: int, meeting: int) -> Response:
    """The file that puts the meeting into a calendar, moves it there or takes it out."""
    with read_us(slug, mine, other) as here:
        found = get_row(here.session, Meeting, here.us, meeting)
        if not has_entry(found):
            abort(404)
        file = entry_of(here.us, found, language=locale_code(), now=utcnow())
    return Response(
        file,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="meeting.ics"'},
    )


def _after(
    slug: str, mine: int, other: int, form: PairForm, status: int, meeting: int | None = None
) -> Answer | tuple[str, int]:
    if not status:
        tell("success", Message(_PROPOSED))
        return back(slug, mine, other, "meetings")
    with read_us(slug, mine, other) as here:
        found = get_row(here.session, Meeting, here.us, meeting) if meeting else None
        if found and status == 409:  # what is there now is on the page: the next try is about that
            form.texts["seen"] = meetings.stamp(found)
        return _page(here, form, found), status


def _page(here: Together, form: PairForm, meeting: Meeting | None = None) -> str:
    return render_template(
        "meeting.html",
        own=here.own,
        us=here.us,
        form=form,
        meeting=meeting,
        zones=zones_for(here),
        now=utcnow(),
        rows=_ROWS,
        shortest=meetings.SHORTEST,
        longest=meetings.LONGEST,
    )


def _filled(here: Together, meeting: Meeting) -> PairForm:
    """Their own proposal, or the other side's to start from; of what is agreed the length and the place."""
    offers = meetings.offers_of(meeting)
    offer = next((offer for offer in offers if offer.by == here.us.side), next(iter(offers), None))
    of = offer or meeting
    texts = {**dict.fromkeys(_NAMES, ""), "minutes": str(of.minutes), "place": of.place}
    zone = zones_for(here)[here.us.me.id]
    for row, instant in zip(_ROWS, offer.times if offer else (), strict=False):
        local = instant.astimezone(zone)
        texts[f"date-{row}"], texts[f"time-{row}"] = local.date().isoformat(), f"{local:%H:%M}"
    return PairForm({**texts, "seen": meetings.stamp(meeting)})


def _read(form: PairForm) -> tuple[list[datetime | None], int]:
    times = [form.moment(f"date-{row}", f"time-{row}") for row in _ROWS]
    return times, form.whole("minutes")


def _instant(text: str) -> datetime:
    """The time that a button means; a form of ours says nothing else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        abort(400)
    return found if found.tzinfo else abort(400)
