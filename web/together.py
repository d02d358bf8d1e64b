"""What the pages of a matched pair share: which pair an address means, and forms that lose nothing."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Flask, redirect, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.models import Kind, Profile, Programme, Side
from matcher.profiles.text import digits
from matcher.services.clocks import comes_twice, read_clock, read_day, zones_of
from matcher.services.errors import Conflict, NotAllowed
from matcher.services.relationships import Invalid, Relationship, read_as
from matcher.services.steps import Pair
from matcher.wording import N_, Message
from web.notices import tell
from web.own import Own, read_own, write_own
from web.zones import clock, zone_name

ROOT = "/p/<slug>/mine/<id:mine>/matches"
PAGE = f"{ROOT}/<id:other>"

_DAY = N_("Write the date as year, month and day, such as 2026-03-29.")
_CLOCK = N_("Write the time with hours and minutes, such as 14:30.")
_NUMBER = N_("Write a whole number, such as 60.")
_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Together:
    """A member's own part, and one of their matches."""

    own: Own
    us: Relationship

    @property
    def session(self) -> Session:
        """The open transaction."""
        return self.own.session

    @property
    def at(self) -> tuple[Session, Programme, Pair, Side]:
        """What every change of a pair's things begins with."""
        return self.own.session, self.own.programme, self.us.pair, self.us.side


@contextmanager
def read_us(slug: str, mine: int, other: int) -> Iterator[Together]:
    """A transaction that cannot write, and the match with `other`; 404 if it is not theirs."""
    with read_own(slug, mine) as own:
        yield _together(own, other)


@contextmanager
def write_us(slug: str, mine: int, other: int) -> Iterator[Together]:
    """The same, in a transaction that is committed when the block ends."""
    with write_own(slug, mine) as own:
        yield _together(own, other)


@dataclass
class PairForm:
    """What somebody typed, by field, and what is wrong with it; "" is about the whole form."""

    texts: dict[str, str]
    errors: dict[str, Message] = field(default_factory=dict)

    @classmethod
    def posted(cls, *names: str) -> "PairForm":
        """These fields as they were sent; others are not looked at."""
        return cls({name: request.form.get(name, "").strip() for name in names})

    def day(self, name: str) -> date | None:
        """The date in a field; None if it is empty, or wrong."""
        text = self.texts[name]
        found = read_day(text) if text else None
        if text and found is None:
            self.errors[name] = Message(_DAY)
        return found

    def moment(self, day: str, clock: str) -> datetime | None:
        """Date and time in two fields; None if both are empty, or something is wrong."""
        if not self.texts[day] and not self.texts[clock]:
            return None
        found, hour = self.day(day), read_clock(self.texts[clock])
        if found is None:
            self.errors[day] = Message(_DAY)
        if hour is None:
            self.errors[clock] = Message(_CLOCK)
        return datetime.combine(found, hour) if found and hour else None

    def whole(self, name: str) -> int:
        """The number in a field; 0 if it is wrong."""
        text = digits(self.texts[name])
        if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
            return int(text)
        self.errors[name] = Message(_NUMBER)
        return 0


def attempt(
    slug: str, mine: int, other: int, work: Callable[[Together], object], form: PairForm | None = None
) -> int:
    """Change something in one's match: 0 if that was done, or the status with which to say why not.

    What is wrong is put into the form, or told on the next page if there is none.
    """
    form = form or PairForm({})
    if form.errors:
        return 422
    try:
        with write_us(slug, mine, other) as here:
            work(here)
    except Invalid as error:
        form.errors.update(error.problems)
        return 422
    except (Conflict, NotAllowed) as error:
        form.errors[""] = error.message
        return 409
    return 0


def press(
    slug: str, mine: int, other: int, work: Callable[[Together], object], done: Message, anchor: str
) -> Response:
    """What a button does: the change, and back to the page of the match, which tells how it went."""
    form = PairForm({})
    if attempt(slug, mine, other, work, form):
        tell("error", next(iter(form.errors.values())))
    else:
        tell("success", done)
    return back(slug, mine, other, anchor)


def back(slug: str, mine: int, other: int, anchor: str = "") -> Response:
    """To the page of the match."""
    page = url_for("relationship.show", slug=slug, mine=mine, other=other, _anchor=anchor or None)
    return redirect(page, 303)


def their_clock(instant: datetime, of: Profile | int, zones: Mapping[int, ZoneInfo]) -> Markup:
    """Date and time on somebody's own clock, in the reader's language, with the zone."""
    return clock(instant, zones[of if isinstance(of, int) else of.id], "full")


def zones_for(here: Together) -> dict[int, ZoneInfo]:
    """Both sides' zones, by profile."""
    return zones_of(here.session, here.us.pair)


def is_twice(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock shows this time twice on its day, so that the offset has to be looked at."""
    return comes_twice(instant, zone)


def _together(own: Own, other: int) -> Together:
    me = own.profile.id
    is_startup = own.kind is Kind.STARTUP
    pair = (me, other) if is_startup else (other, me)
    side = Side.STARTUP if is_startup else Side.COUNTERPART
    return Together(own, read_as(own.session, own.programme, pair, side))


def init(app: Flask) -> None:
    """Give them to the templates."""
    app.jinja_env.globals.update(clock=their_clock, zone_name=zone_name, is_twice=is_twice)
