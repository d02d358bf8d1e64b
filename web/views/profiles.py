"""Lists of profiles, and one profile with what is recommended to it."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.models import Kind, Profile, utcnow
from matcher.services.profiles import find_profiles, get_profile
from matcher.services.recommendations import RecommendedCandidate, RecommendedList, read_list
from matcher.services.wish_overview import wished_by
from web.database import read
from web.notices import Notice, notices
from web.refresh import refreshing

blueprint = Blueprint("profiles", __name__)

CANDIDATES = {
    Kind.STARTUP: (Kind.MENTOR, Kind.FUNDER),
    Kind.MENTOR: (Kind.STARTUP,),
    Kind.FUNDER: (Kind.STARTUP,),
}
_SHOWN = 5
_JUST_NOW = timedelta(seconds=15)


@dataclass(frozen=True)
class Section:
    """One list of recommendations, as long as the reader wants it."""

    kind: Kind
    ranked: RecommendedList
    shown: int | None

    @property
    def visible(self) -> list[RecommendedCandidate]:
        """What the page shows of it."""
        return self.ranked.items[: self.shown]

    @property
    def people(self) -> list[Profile]:
        """Everybody who has a place of their own in it."""
        return [*(item.profile for item in self.ranked.held), *(item.profile for item in self.visible)]

    @property
    def is_cut(self) -> bool:
        """Whether there is more than is shown."""
        return len(self.visible) < len(self.ranked.items)


@blueprint.get("/p/<slug>/<kind:kind>")
def index(slug: str, kind: Kind) -> str:
    """Profiles of one kind, found by text, a page at a time."""
    query = request.args.get("q", "").strip()
    number = max(1, request.args.get("page", 1, type=int))
    with read(slug) as (session, programme):
        page = find_profiles(session, programme, kind, query, number)
        return render_template("list.html", programme=programme, kind=kind, query=query, page=page)


@blueprint.get("/p/<slug>/<kind:kind>/<id:profile_id>")
def show(slug: str, kind: Kind, profile_id: int) -> Response | str:
    """A profile: what it says, and who is recommended to it and why."""
    with read(slug) as (session, programme):
        profile = get_profile(session, programme, kind, profile_id)
        sections = _sections(session, profile, kind)
        fresh = all(section.ranked.fresh for section in sections)
        told = notices(keep=not fresh)
        page = render_template(
            "profile.html",
            programme=programme,
            kind=kind,
            profile=profile,
            sections=sections,
            fresh=fresh,
            told=told,
            wishes=wished_by(session, profile),
            shown={person.id for section in sections for person in section.people},
        )
    if fresh:
        return page
    seconds = 1 if told or utcnow() - profile.updated_at < _JUST_NOW else 5
    return refreshing(page, seconds, _anchor(told), counted=bool(told))


def _anchor(told: list[Notice]) -> str | None:
    """Where on the page the reader is, as far as our own links and redirects brought them there."""
    about = next((notice.about for notice in told if notice.about), None)
    if about:
        return f"c{about}"
    whole = request.args.get("all")
    return f"for-{whole}" if whole in set(Kind) else None


def _sections(session: Session, profile: Profile, kind: Kind) -> list[Section]:
    whole = request.args.get("all")
    return [
        Section(
            candidate,
            read_list(session, profile, candidate),
            None if whole == candidate.value else _SHOWN,
        )
        for candidate in CANDIDATES[kind]
    ]
