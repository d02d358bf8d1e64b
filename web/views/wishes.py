"""Whom somebody would like best on a programme's matching day, and who has not said so yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.models import Kind, Profile, Programme
from matcher.services.locking import lock_programme
from matcher.services.profiles import find_profiles, get_profile
from matcher.services.proposals import set_wishes
from matcher.services.recommendations import read_list
from matcher.services.wish_overview import read_sides, wished_by
from matcher.wording import N_, Message
from web.converters import read_id
from web.database import read, write
from web.notices import tell
from web.permissions import actor

blueprint = Blueprint("wishes", __name__, url_prefix="/p/<slug>")

MOST = 5
_OTHERS = 100
"""A select may list everybody as long as that is not more; otherwise people are searched for."""
_FOUND = 20
_WISHED = {Kind.STARTUP: Kind.MENTOR, Kind.MENTOR: Kind.STARTUP, Kind.FUNDER: Kind.STARTUP}
_TWICE = N_("This is the same as a dearer wish. Choose somebody else, or nobody.")
_UNKNOWN = N_("Choose somebody from the list.")
_STALE = N_(
    "Somebody else changed these wishes meanwhile; now they are: %(names)s. Save once more to replace them."
)
_NOBODY = N_("nobody")
_SAVED = N_("The wishes of %(name)s were saved.")


@dataclass
class WishForm:
    """What was chosen, the dearest first, and the wishes that the form started from."""

    chosen: list[int | None]
    seen: str
    query: str = ""
    errors: dict[int, Message] = field(default_factory=dict)

    @classmethod
    def posted(cls) -> "WishForm":
        """What somebody sent."""
        chosen = [_id(request.form.get(f"wish-{rank}", "")) for rank in range(1, MOST + 1)]
        return cls(chosen, request.form.get("seen", ""), request.form.get("q", "").strip())

    def validate(self, known: set[int]) -> bool:
        """Whether everybody is somebody, and nobody is there twice."""
        for rank, candidate in enumerate(self.chosen, 1):
            if candidate is not None and candidate not in known:
                self.errors[rank] = Message(_UNKNOWN)
            elif candidate is not None and candidate in self.chosen[: rank - 1]:
                self.errors[rank] = Message(_TWICE)
        return not self.errors

    @property
    def ids(self) -> list[int]:
        """The wishes without the gaps."""
        return [candidate for candidate in self.chosen if candidate is not None]


@blueprint.get("/wishes")
def index(slug: str) -> str:
    """Who has wished for how many, and the gaps."""
    with read(slug) as (session, programme):
        return render_template("wishes.html", programme=programme, sides=read_sides(session, programme))


@blueprint.get("/<kind:kind>/<id:profile_id>/wishes")
def edit(slug: str, kind: Kind, profile_id: int) -> str:
    """The form with what was wished so far."""
    with read(slug) as (session, programme):
        profile = get_profile(session, programme, kind, profile_id)
        wished = _own(session, profile)
        ids = [candidate.id for candidate in wished[:MOST]]
        form = WishForm([*ids, *[None] * (MOST - len(ids))], _stamp(wished))
        return _page(session, programme, profile, form)


@blueprint.post("/<kind:kind>/<id:profile_id>/wishes")
def update(slug: str, kind: Kind, profile_id: int) -> Response | str | tuple[str, int]:
    """Save, look for somebody who is not in the list yet, or say what is wrong."""
    form = WishForm.posted()
    with read(slug) as (session, programme):
        profile = get_profile(session, programme, kind, profile_id)
        name, known = profile.name, _known(session, programme, profile, form)
        if "find" in request.form:
            return _page(session, programme, profile, form)
        if not form.validate(known):
            return _page(session, programme, profile, form), 422
    with write(slug) as (session, programme):
        lock_programme(session, programme)  # before looking at what may be replaced
        profile = get_profile(session, programme, kind, profile_id)
        wished = wished_by(session, profile)
        theirs = _own(session, profile)
        if form.seen == _stamp(theirs):
            kept = [other.id for other in wished if other.kind != _WISHED[kind]]
            set_wishes(session, programme, profile_id, [*form.ids, *kept][:10], actor=actor())
            tell("success", Message(_SAVED, {"name": name}))
            return redirect(url_for("profiles.show", slug=slug, kind=kind, profile_id=profile_id), 303)
        form.seen = _stamp(theirs)
        names = [other.name for other in theirs] or Message(_NOBODY)
        form.errors[1] = Message(_STALE, {"names": names})
        return _page(session, programme, profile, form), 409


def _page(session: Session, programme: Programme, profile: Profile, form: WishForm) -> str:
    kind = Kind(profile.kind)
    groups, total = _groups(session, programme, profile, form)
    return render_template(
        "wishes_edit.html",
        programme=programme,
        profile=profile,
        kind=kind,
        other_kind=_WISHED[kind],
        form=form,
        groups=groups,
        searchable=total > _OTHERS,
    )


def _groups(
    session: Session, programme: Programme, profile: Profile, form: WishForm
) -> tuple[list[tuple[str, list[Profile]]], int]:
    """Whom the selects offer, each once: those chosen, found, recommended, and all others if they are few."""
    other = _WISHED[Kind(profile.kind)]
    everybody = find_profiles(session, programme, other, per_page=_OTHERS)
    found = find_profiles(session, programme, other, form.query, per_page=_FOUND).items if form.query else []
    ranked = [item.profile for item in read_list(session, profile, other).items]
    offered = (
        ("found", found),
        ("recommended", ranked),
        ("chosen", [*_own(session, profile), *_chosen(session, programme, other, form)]),
        ("others", everybody.items if everybody.total <= _OTHERS else []),
    )
    seen: set[int] = set()
    groups = []
    for title, profiles in offered:
        fresh = [p for p in dict.fromkeys(profiles) if p.id not in seen]
        seen |= {p.id for p in fresh}
        groups.append((title, fresh))
    return [group for group in groups if group[1]], everybody.total


def _chosen(session: Session, programme: Programme, kind: Kind, form: WishForm) -> Sequence[Profile]:
    found = (session.get(Profile, candidate) for candidate in form.ids)
    return [p for p in found if p and p.programme_id == programme.id and p.kind == kind]


def _known(session: Session, programme: Programme, profile: Profile, form: WishForm) -> set[int]:
    return {p.id for p in _chosen(session, programme, _WISHED[Kind(profile.kind)], form)}


def _own(session: Session, profile: Profile) -> list[Profile]:
    """The wishes that this form is about: a start-up's for funding partners are kept as they are."""
    other = _WISHED[Kind(profile.kind)]
    return [candidate for candidate in wished_by(session, profile) if candidate.kind == other]


def _stamp(wished: Sequence[Profile]) -> str:
    return ",".join(str(candidate.id) for candidate in wished)


def _id(text: str) -> int | None:
    """Whom a select names; -1 for what no select of ours says."""
    if not text:
        return None
    try:
        return read_id(text)
    except ValueError:
        return -1
