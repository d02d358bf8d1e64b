"""Who a search is among: exact conditions in SQL, the same for words and for meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    cast,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from matcher.models import HELD, Funder, Kind, Match, Mentor, Profile, Programme, Startup
from matcher.profiles.places import WORLD
from matcher.profiles.text import fold

_LONGEST_QUERY = 200
_MOST_WORDS = 8
# As tables, because `Profile` brings along those of all three kinds; under another name, because the
# statement that asks for these ids is about profiles too.
_PROFILE = Profile.__table__.alias("candidate")
_MENTOR, _STARTUP, _FUNDER = Mentor.__table__, Startup.__table__, Funder.__table__


@dataclass(frozen=True, slots=True)
class Filters:
    """What profiles must state to be found. Of several values one is enough; none: no filter.

    `places` leaves out mentors whose every place is taken, and nobody else.
    """

    kind: Kind | None = None
    languages: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    places: bool = False

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form, for a job's payload."""
        return {
            "kind": self.kind and self.kind.value,
            "languages": list(self.languages),
            "sectors": list(self.sectors),
            "countries": list(self.countries),
            "places": self.places,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Filters":
        """The filters that `to_json` wrote."""
        return cls(
            kind=Kind(data["kind"]) if data["kind"] else None,
            languages=tuple(data["languages"]),
            sectors=tuple(data["sectors"]),
            countries=tuple(data["countries"]),
            places=data["places"],
        )


def select_ids(session: Session, programme: Programme, filters: Filters) -> Select[Any]:
    """The ids of the programme's profiles that pass all filters."""
    conditions: list[ColumnElement[bool]] = [_PROFILE.c.programme_id == programme.id]
    if filters.kind is not None:
        conditions.append(_PROFILE.c.kind == filters.kind)
    if filters.languages:
        conditions.append(_shares(session, _PROFILE.c.languages, filters.languages))
    if filters.sectors:
        conditions.append(_shares(session, _PROFILE.c.sectors, filters.sectors))
    if filters.countries:
        conditions.append(_works_in(session, filters.countries))
    if filters.places:
        conditions.append(_PROFILE.c.id.not_in(_full()) & ~_PROFILE.c.is_paused)
    return select(_PROFILE.c.id).where(*conditions)


def with_words(found: Select[Any], query: str) -> Select[Any]:
    """Of these, the ones whose name, ref or texts contain every word of `query`."""
    words = fold(query[:_LONGEST_QUERY]).split()[:_MOST_WORDS]
    for word in words:
        found = found.where(_PROFILE.c.search_text.contains(word, autoescape=True))
    if query.strip() and not words:  # signs alone are in nobody's words
        found = found.where(false())
    return found


def _shares(session: Session, column: ColumnElement[list[str]], codes: Sequence[str]) -> ColumnElement[bool]:
    """Whether a list in JSON has one of these items, whole: neither database's LIKE can tell."""
    if session.get_bind().dialect.name == "postgresql":
        wanted = cast(list(codes), postgresql.ARRAY(Text))
        shares: ColumnElement[bool] = cast(column, postgresql.JSONB).has_any(wanted)
        return shares
    items = func.json_each(column).table_valued("value")
    return exists(select(literal_column("1")).select_from(items).where(items.c.value.in_(codes)))


def _works_in(session: Session, countries: Sequence[str]) -> ColumnElement[bool]:
    """Whether a profile is at home or works in one of these countries. Worldwide is all of them."""
    somewhere = (*countries, WORLD)
    markets = [
        _PROFILE.c.id.in_(select(table.c.id).where(_shares(session, column, somewhere)))
        for table, column in (
            (_MENTOR, _MENTOR.c.markets),
            (_STARTUP, _STARTUP.c.markets),
            (_FUNDER, _FUNDER.c.countries),
        )
    ]
    return or_(_PROFILE.c.country.in_(countries), *markets)


def _full() -> Select[Any]:
    """Mentors with as many start-ups as places. One who states no number has room."""
    taken = (
        select(func.count())
        .where(Match.counterpart_id == _MENTOR.c.id, Match.state.in_(HELD))
        .scalar_subquery()
    )
    return select(_MENTOR.c.id).where(_MENTOR.c.capacity <= taken)
