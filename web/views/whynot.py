"""Why not this one: any pair that the reader names, with what keeps it from the list or from its top."""

from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request

from matcher.models import Kind
from matcher.ranking.comparison import decimals, label_of
from matcher.services.profiles import find_profiles, get_profile
from matcher.services.whynot import PairAnswer, explain_pair
from matcher.wording import Message, Term
from web.database import read
from web.views.profiles import CANDIDATES

blueprint = Blueprint("whynot", __name__)

_FOUND = 20


@dataclass(frozen=True)
class Share:
    """What a part counts for in a score, of what it could; neither where nothing could be compared."""

    share: Term
    most: Term
    length: float
    """Of its bar, in percent of the longest that there could be."""


@dataclass(frozen=True)
class Row:
    """One part of both scores."""

    label: Message
    ours: Share | None
    theirs: Share | None


@blueprint.get("/p/<slug>/<kind:kind>/<id:profile_id>/why/<kind:other_kind>")
def choose(slug: str, kind: Kind, profile_id: int, other_kind: Kind) -> str:
    """Find whom to ask about."""
    _check(kind, other_kind)
    query = request.args.get("q", "").strip()
    with read(slug) as (session, programme):
        profile = get_profile(session, programme, kind, profile_id)
        found = find_profiles(session, programme, other_kind, query, per_page=_FOUND)
        return render_template(
            "why_choose.html",
            programme=programme,
            kind=kind,
            other_kind=other_kind,
            profile=profile,
            query=query,
            page=found,
        )


@blueprint.get("/p/<slug>/<kind:kind>/<id:profile_id>/why/<kind:other_kind>/<id:other_id>")
def answer(slug: str, kind: Kind, profile_id: int, other_kind: Kind, other_id: int) -> str:
    """The verdict about one pair first, then all that led to it."""
    _check(kind, other_kind)
    with read(slug) as (session, programme):
        profile = get_profile(session, programme, kind, profile_id)
        other = get_profile(session, programme, other_kind, other_id)
        found = explain_pair(session, programme, profile, other)
        return render_template(
            "why.html",
            programme=programme,
            kind=kind,
            other_kind=other_kind,
            profile=profile,
            other=other,
            answer=found,
            rows=_rows(found),
            decimals=decimals,
        )


def _check(kind: Kind, other_kind: Kind) -> None:
    """Nobody is recommended to their like, nor a mentor to a funding partner."""
    if other_kind not in CANDIDATES[kind]:
        abort(404)


def _rows(found: PairAnswer) -> list[Row]:
    """The parts of the score beside those of the one that it is measured against, if there is one."""
    theirs, most = (found.beside.parts, found.beside.most) if found.beside else ({}, {})
    return [
        Row(label_of(part), _share(part, found.parts, found.most), _share(part, theirs, most))
        for part in dict.fromkeys((*found.parts, *theirs))
    ]


def _share(part: str, parts: dict[str, float], most: dict[str, float]) -> Share | None:
    if part not in parts:
        return None
    return Share(decimals(parts[part]), decimals(most.get(part, 1.0)), round(99 * parts[part], 1))
