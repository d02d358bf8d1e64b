"""Somebody's matches, and the page of one: whom they are with, and all that the two do together."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from matcher.models import Side, utcnow
from matcher.services import ending, goals, meetings, private_notes, sessions, surveys
from matcher.services.pair_due import read_due
from matcher.wording import N_, Message
from web.charts import pieces
from web.own import read_own
from web.together import PAGE, ROOT, PairForm, Together, attempt, press, read_us, zones_for

blueprint = Blueprint("relationship", __name__)

_ENDED = N_("The match has ended. Thank you for the time that you gave each other.")
_NOTED = N_("Your notes were saved. Nobody else can read them.")


@blueprint.get(ROOT)
def index(slug: str, mine: int) -> str:
    """All their matches, those that go on first, with what waits for them in each."""
    with read_own(slug, mine) as own:
        found = read_due(own.session, own.programme, own.profile, utcnow()).values()
        return render_template(
            "matches_mine.html", own=own, programme=own.programme, matches=list(found)
        )  # fmt: skip


@blueprint.get(PAGE)
def show(slug: str, mine: int, other: int) -> str:
    """One match."""
    with read_us(slug, mine, other) as here:
        return _page(here, PairForm({}))


@blueprint.post(f"{PAGE}/notes")
def note(slug: str, mine: int, other: int) -> Response | tuple[str, int]:
    """Keep what they note for themselves."""
    form = PairForm.posted("note")
    status = attempt(
        slug, mine, other, lambda here: private_notes.keep_note(*here.at, text=form.texts["note"]), form
    )
    if not status:
        return press(slug, mine, other, lambda _: None, Message(_NOTED), "notes")
    with read_us(slug, mine, other) as here:
        return _page(here, form), status


@blueprint.get(f"{PAGE}/end")
def confirm_end(slug: str, mine: int, other: int) -> str:
    """Say what ending means, and ask why."""
    with read_us(slug, mine, other) as here:
        return _end_page(here, PairForm({"reason": "", "words": ""}))


@blueprint.post(f"{PAGE}/end")
def end(slug: str, mine: int, other: int) -> Response | tuple[str, int]:
    """End the match."""
    form = PairForm.posted("reason", "words")
    status = attempt(
        slug,
        mine,
        other,
        lambda here: ending.end(*here.at, reason=form.texts["reason"], words=form.texts["words"]),
        form,
    )
    if not status:
        return press(slug, mine, other, lambda _: None, Message(_ENDED), "")
    with read_us(slug, mine, other) as here:
        return _end_page(here, form), status


def _page(here: Together, form: PairForm) -> str:
    us, now, zones = here.us, utcnow(), zones_for(here)
    today = now.astimezone(zones[us.me.id]).date()
    listed = goals.list_goals(here.session, us)
    progress = goals.progress_of(listed, today)
    logs = sessions.list_sessions(here.session, us)
    logged = {log.held_on for log in logs}
    past = [
        (meeting, day)
        for meeting in meetings.list_past(here.session, us, now)
        if meeting.starts_at and (day := meeting.starts_at.astimezone(zones[us.me.id]).date()) not in logged
    ]
    return render_template(
        "relationship.html",
        own=here.own,
        us=us,
        form=form,
        note=form.texts.get("note", private_notes.read_note(here.session, us)),
        zones=zones,
        now=now,
        meetings=meetings.list_ahead(here.session, us, now),
        past=past,
        logs=logs,
        goals=listed,
        progress=progress,
        parts=pieces([(n, getattr(progress, n)) for n in ("done", "open", "overdue")]),
        overdue={goal.id for goal in listed if goals.is_overdue(goal, today)},
        surveys=[s for s in surveys.list_surveys(here.session, us) if surveys.is_open(s, now)],
        offers_of=meetings.offers_of,
        link_of=meetings.link_of,
        stamp=meetings.stamp,
        log_stamp=sessions.stamp,
        Side=Side,
        all_shown="all" in request.args,
    )


def _end_page(here: Together, form: PairForm) -> str:
    return render_template(
        "relationship_end.html", own=here.own, us=here.us, form=form, reasons=ending.REASONS
    )
