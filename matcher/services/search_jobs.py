"""Searches by meaning, as jobs: asked for by the web, answered by the worker that has the encoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session, selectinload

from matcher.models import Entry, Job, JobKind, JobState, Profile, Programme, utcnow
from matcher.profiles.text import clean
from matcher.services import jobs
from matcher.services.errors import Conflict, NotFound
from matcher.services.filtering import Filters
from matcher.services.profiles import find_filtered
from matcher.wording import N_, Message

LONGEST_QUERY = 500
MOST_FOUND = 100
PER_PAGE = 20

KEPT = timedelta(days=1)
"""What somebody searched for says something about them, and nobody needs it the day after."""

LEAST = 0.20
"""The lowest cosine that is shown: about what queries about nothing of the kind reach."""
_STRONG, _GOOD = 0.45, 0.33
"""Cosines of short queries and their subjects, as the sample programme has them: 0.35 to 0.7."""


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody asked for, and how far the answer is.

    `typed` has the filters as they were written, for the form to show again.
    """

    query: str
    filters: Filters
    typed: Mapping[str, str]
    found: list[dict[str, Any]] | None
    """Profile, entry and score of each hit, best first; None: not answered."""
    pending: bool
    """Whether an answer may still come."""
    error: Message | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One profile that was found; of meaning also how near, and in which words."""

    profile: Profile
    text: str = ""
    band: str = ""


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of what was found; `page` counts from 1."""

    items: Sequence[Hit]
    total: int
    page: int
    pages: int


def ask(
    session: Session, programme: Programme, query: str, filters: Filters, typed: Mapping[str, str]
) -> Job:
    """Ask the worker that has the encoder for the profiles nearest in meaning to `query`.

    Raises:
        Conflict: the query says nothing.
    """
    query = clean(query)[:LONGEST_QUERY].strip()
    if not any(character.isalnum() for character in query):
        raise Conflict(Message(N_("Say in a few words what you look for.")))
    payload = {"query": query, "filters": filters.to_json(), "typed": dict(typed)}
    return jobs.enqueue(session, programme.id, JobKind.SEARCH, payload)


def get_search(session: Session, programme: Programme, job_id: int) -> Search:
    """The programme's search.

    Raises:
        NotFound: there is none with this id in this programme.
    """
    job = jobs.get_job(session, programme, job_id)
    if job.kind != JobKind.SEARCH:
        raise NotFound(Message(N_("There is no such job in this programme.")))
    expired = job.created_at <= utcnow() - jobs.SEARCH_EXPIRES
    return Search(
        query=job.payload["query"],
        filters=Filters.from_json(job.payload["filters"]),
        typed=job.payload["typed"],
        found=job.result["found"] if job.state == JobState.DONE else None,
        pending=job.state == JobState.RUNNING or (job.state == JobState.QUEUED and not expired),
        error=Message.from_json(job.error) if job.state == JobState.FAILED else None,
    )


def read_hits(session: Session, programme: Programme, search: Search, page: int) -> Hits:
    """A page of the answer, or of what the words alone find while there is none."""
    if search.found is None:
        by_words = find_filtered(session, programme, search.filters, search.query, page, PER_PAGE)
        return Hits([Hit(p) for p in by_words.items], by_words.total, by_words.page, by_words.pages)
    pages = max(1, ceil(len(search.found) / PER_PAGE))
    page = min(max(1, page), pages)
    shown = search.found[(page - 1) * PER_PAGE : page * PER_PAGE]
    profiles = _profiles(session, programme, [line["profile"] for line in shown])
    hits = [_hit(profiles[line["profile"]], line) for line in shown if line["profile"] in profiles]
    return Hits(hits, len(search.found), page, pages)


def forget_old(session: Session) -> int:
    """Delete searches, and with them what people searched for, after a while; how many."""
    result = session.execute(
        delete(Job)
        .where(Job.kind == JobKind.SEARCH, Job.created_at < utcnow() - KEPT)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type of a DELETE's result
    return result.rowcount


def _profiles(session: Session, programme: Programme, ids: Sequence[int]) -> dict[int, Profile]:
    """Those that are still there, by id."""
    found = session.scalars(
        select(Profile)
        .options(selectinload(Profile.entries))
        .where(Profile.id.in_(ids), Profile.programme_id == programme.id)
    )
    return {profile.id: profile for profile in found}


def _hit(profile: Profile, line: Mapping[str, Any]) -> Hit:
    return Hit(profile, _text(profile.entries, line["entry"]), band(line["score"]))


def _text(entries: Sequence[Entry], entry_id: int) -> str:
    """The words that met best, unless they were edited away meanwhile."""
    return next((entry.text for entry in entries if entry.id == entry_id), "")


def band(score: float) -> str:
    """A cosine as one of the bands of the recommendations."""
    return "strong" if score >= _STRONG else "good" if score >= _GOOD else "possible"
