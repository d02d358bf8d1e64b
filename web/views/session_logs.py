"""Sessions that a pair had: one side writes them down, the other confirms or says what was different."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from matcher.models import SessionLog, utcnow
from matcher.services import sessions
from matcher.services.clocks import read_day
from matcher.services.relationships import get_row
from matcher.wording import N_, Message
from web.notices import tell
from web.together import PAGE, PairForm, Together, attempt, back, press, read_us, zones_for

blueprint = Blueprint("session_logs", __name__, url_prefix=f"{PAGE}/sessions")

_NAMES = ("held_on", "minutes", "topics", "next_steps", "seen")
_NEEDED = N_("Say on which day the session was.")
_WRITTEN = N_("The session was saved. The other side is asked to confirm it.")
_CONFIRMED = N_("You confirmed the session.")
_TAKEN_BACK = N_("The session was removed.")
_OBJECTED = N_("The other side is told what was different.")


@blueprint.get("/new")
def new(slug: str, mine: int, other: int) -> str:
    """A form, with the day and length of a meeting if it is about one."""
    with read_us(slug, mine, other) as here:
        zone = zones_for(here)[here.us.me.id]
        day = read_day(request.args.get("on", "")) or utcnow().astimezone(zone).date()
        minutes = request.args.get("minutes", 60, type=int)
        texts = {**dict.fromkeys(_NAMES, ""), "held_on": day.isoformat(), "minutes": str(minutes)}
        return _page(here, PairForm(texts))


@blueprint.post("/new")
def create(slug: str, mine: int, other: int) -> Response | tuple[str, int]:
    """Write a session down."""
    return _save(slug, mine, other, None)


@blueprint.get("/<id:log>")
def edit(slug: str, mine: int, other: int, log: int) -> str:
    """The form with what was written."""
    with read_us(slug, mine, other) as here:
        found = get_row(here.session, SessionLog, here.us, log)
        texts = {
            "held_on": found.held_on.isoformat(),
            "minutes": str(found.minutes),
            "topics": found.topics,
            "next_steps": found.next_steps,
            "seen": sessions.stamp_for_writer(found),
        }
        return _page(here, PairForm(texts), found)


@blueprint.post("/<id:log>")
def update(slug: str, mine: int, other: int, log: int) -> Response | tuple[str, int]:
    """Change what one wrote."""
    return _save(slug, mine, other, log)


@blueprint.post("/<id:log>/confirm")
def confirm(slug: str, mine: int, other: int, log: int) -> Response:
    """Say that it was so."""
    seen = request.form.get("seen", "")
    return press(
        slug,
        mine,
        other,
        lambda here: sessions.confirm(*here.at, log, now=utcnow(), seen=seen),
        Message(_CONFIRMED),
        "sessions",
    )


@blueprint.get("/<id:log>/object")
def ask(slug: str, mine: int, other: int, log: int) -> str:
    """Ask what was different."""
    with read_us(slug, mine, other) as here:
        found = get_row(here.session, SessionLog, here.us, log)
        return _objection(here, PairForm({"words": found.objection}), found)


@blueprint.post("/<id:log>/object")
def object_to(slug: str, mine: int, other: int, log: int) -> Response | tuple[str, int]:
    """Say what was different."""
    form = PairForm.posted("words", "seen")
    status = attempt(
        slug,
        mine,
        other,
        lambda here: sessions.object_to(*here.at, log, words=form.texts["words"], seen=form.texts["seen"]),
        form,
    )
    if not status:
        tell("success", Message(_OBJECTED))
        return back(slug, mine, other, "sessions")
    with read_us(slug, mine, other) as here:
        return _objection(here, form, get_row(here.session, SessionLog, here.us, log)), status


@blueprint.post("/<id:log>/remove")
def remove(slug: str, mine: int, other: int, log: int) -> Response:
    """Take back what one wrote."""
    return press(
        slug,
        mine,
        other,
        lambda here: sessions.take_back(*here.at, log),
        Message(_TAKEN_BACK),
        "sessions",
    )


def _save(slug: str, mine: int, other: int, log: int | None) -> Response | tuple[str, int]:
    form = PairForm.posted(*_NAMES)
    held_on, minutes = form.day("held_on"), form.whole("minutes")
    if held_on is None:
        form.errors.setdefault("held_on", Message(_NEEDED))

    def work(here: Together) -> None:
        assert held_on is not None  # noqa: S101 - a form without it has an error
        topics, next_steps = form.texts["topics"], form.texts["next_steps"]
        if log is None:
            sessions.write_down(
                *here.at, held_on=held_on, minutes=minutes, topics=topics, next_steps=next_steps, now=utcnow()
            )
        else:
            sessions.change(
                *here.at, log, held_on=held_on, minutes=minutes, topics=topics, next_steps=next_steps,
                now=utcnow(), seen=form.texts["seen"],
            )  # fmt: skip

    status = attempt(slug, mine, other, work, form)
    if not status:
        tell("success", Message(_WRITTEN))
        return back(slug, mine, other, "sessions")
    with read_us(slug, mine, other) as here:
        found = get_row(here.session, SessionLog, here.us, log) if log else None
        if found and status == 409:  # what was said meanwhile is on the page: the next try is about that
            form.texts["seen"] = sessions.stamp_for_writer(found)
        return _page(here, form, found), status


def _page(here: Together, form: PairForm, log: SessionLog | None = None) -> str:
    return render_template(
        "session_log.html", own=here.own, us=here.us, form=form, log=log, longest=sessions.TEXT
    )  # fmt: skip


def _objection(here: Together, form: PairForm, log: SessionLog) -> str:
    return render_template(
        "session_object.html", own=here.own, us=here.us, form=form, log=log, seen=sessions.stamp(log)
    )  # fmt: skip
