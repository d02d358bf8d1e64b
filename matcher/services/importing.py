"""Importing a sheet: what was read becomes profiles, all in one transaction or not at all."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from matcher.models import Kind, Profile, Programme
from matcher.profiles.reading import ProfileDraft
from matcher.services import audit
from matcher.services.embedding import forget_unused
from matcher.services.entries import resolve_portfolios
from matcher.services.profiles import apply_draft, request_embedding

_BLOCK = 500


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What an import did to the programme's profiles."""

    created: int
    updated: int
    unchanged: int


def import_drafts(
    session: Session,
    programme: Programme,
    kind: Kind,
    drafts: Iterable[ProfileDraft],
    *,
    actor: str,
    subject: str,
    progress: Callable[[int], None] = lambda _done: None,
) -> ImportCounts:
    """Add or update a profile for each draft, by its ref, and ask for the embedding of what changed.

    A profile that no draft names is left alone. `progress` is called with the drafts done.
    """
    known = _known(session, programme, kind)
    created = updated = unchanged = 0
    touched: set[int] = set()
    dropped: set[str] = set()
    for done, draft in enumerate(drafts, start=1):
        existing = known.get(draft.ref)
        written = apply_draft(session, programme, draft, existing)
        dropped |= written.dropped
        if existing is None:
            created += 1
        elif written.changed:
            updated += 1
        else:
            unchanged += 1
        if written.changed:
            touched.add(written.profile.id)
        if done % _BLOCK == 0:
            progress(done)
    resolved = resolve_portfolios(session, programme.id)
    forget_unused(session, programme.id, dropped | resolved.dropped)
    request_embedding(session, programme.id, touched | resolved.funders)
    counts = ImportCounts(created, updated, unchanged)
    audit.record(session, programme.id, actor, "sheet.imported", subject, after=asdict(counts))
    return counts


def _known(session: Session, programme: Programme, kind: Kind) -> dict[str, Profile]:
    profiles = session.scalars(
        select(Profile)
        .options(selectinload(Profile.entries))
        .where(Profile.programme_id == programme.id, Profile.kind == kind)
    )
    return {profile.ref: profile for profile in profiles}
