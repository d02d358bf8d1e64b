"""Profiles: finding, reading, saving and removing them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, selectinload

from matcher.models import (
    PROFILE_CLASSES,
    Facet,
    JobKind,
    Kind,
    Person,
    Profile,
    Programme,
    utcnow,
)
from matcher.profiles.fields import FIELDS, Field, FieldType
from matcher.profiles.labels import label
from matcher.profiles.reading import ProfileDraft
from matcher.profiles.taxonomy import LOCALES
from matcher.profiles.text import fold
from matcher.services import audit, jobs
from matcher.services.embedding import forget_unused
from matcher.services.entries import resolve_portfolios, set_entries
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.filtering import Filters, select_ids, with_words
from matcher.services.locking import lock_programme
from matcher.services.matches import counterparts_of
from matcher.services.recommendations import mark_stale
from matcher.services.removal import foresee_removal
from matcher.services.steps import blocks
from matcher.services.watermarks import is_embedded, mark_changed
from matcher.wording import N_, Message, Term

_COLUMNS = {"organisation": "affiliation", "kind": "funder_kind"}
"""Fields whose column has another name, because `Profile` uses theirs for something else."""

_LISTS = frozenset(
    {
        FieldType.LANGUAGES,
        FieldType.SECTORS,
        FieldType.STAGES,
        FieldType.COUNTRIES,
        FieldType.SDGS,
        FieldType.REFS,
    }
)
_LONE_ENTRY = FieldType.TEXT

PROFILES_A_JOB = 64


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `page` counts from 1."""

    items: Sequence[Profile]
    total: int
    page: int
    pages: int


def find_profiles(
    session: Session,
    programme: Programme,
    kind: Kind,
    query: str = "",
    page: int = 1,
    per_page: int = 25,
) -> Page:
    """Profiles of a kind whose name, ref or texts contain every word of `query`, by name."""
    return find_filtered(session, programme, Filters(kind), query, page, per_page)


def find_filtered(
    session: Session, programme: Programme, filters: Filters, query: str, page: int = 1, per_page: int = 25
) -> Page:
    """Profiles that pass the filters and contain every word of `query`, by name."""
    matching = with_words(select_ids(session, programme, filters), query)
    total = session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    pages = max(1, ceil(total / per_page))
    page = min(max(1, page), pages)
    items = session.scalars(
        select(Profile)
        .options(selectinload(Profile.entries))
        .where(Profile.id.in_(matching))
        .order_by(Profile.search_text, Profile.id)
        .offset((page - 1) * per_page)
        .limit(per_page)
    ).all()
    return Page(items, total, page, pages)


def get_profile(session: Session, programme: Programme, kind: Kind, profile_id: int) -> Profile:
    """A profile with its entries.

    Raises:
        NotFound: this programme has none of this kind with this id.
    """
    profile = session.scalars(
        select(Profile)
        .options(selectinload(Profile.entries))
        .where(Profile.id == profile_id, Profile.programme_id == programme.id, Profile.kind == kind)
    ).first()
    if profile is None:
        raise NotFound(Message(N_("There is no such profile in this programme.")))
    return profile


def find_by_id(session: Session, programme: Programme, ids: Collection[int]) -> dict[int, Profile]:
    """Those of the programme's profiles that are still there, by id."""
    own = select(Profile).where(Profile.programme_id == programme.id)
    return {
        profile.id: profile
        for block in blocks(ids)
        for profile in session.scalars(own.where(Profile.id.in_(block)))
    }


def save_draft(
    session: Session,
    programme: Programme,
    draft: ProfileDraft,
    *,
    actor: str,
    profile_id: int | None = None,
    version: int | None = None,
) -> Profile:
    """Add a profile, or change the one with `profile_id`, and ask for its embedding.

    Raises:
        NotFound: there is no profile `profile_id`.
        Conflict: it is no longer at `version`, or another profile has this ref.
    """
    holder = _by_ref(session, programme, draft.kind, draft.ref)
    if profile_id is None:
        profile = None
    else:
        profile = get_profile(session, programme, draft.kind, profile_id)
        if version is not None and profile.version != version:
            raise Conflict(
                Message(N_("Somebody else changed this profile meanwhile. Look at it and save again."))
            )
    if holder is not None and holder is not profile:
        raise Conflict(
            Message(N_("The ref %(ref)s is taken by %(name)s."), {"ref": draft.ref, "name": holder.name})
        )
    written = apply_draft(session, programme, draft, profile)
    profile = written.profile
    resolved = resolve_portfolios(session, programme.id)
    forget_unused(session, programme.id, written.dropped | resolved.dropped)
    request_embedding(session, programme.id, {profile.id} | resolved.funders)
    audit.record(
        session, programme.id, actor, "profile.saved", f"profile:{profile.id}", after={"ref": draft.ref}
    )
    return profile


@dataclass(frozen=True, slots=True)
class Written:
    """A profile as it was written, whether that changed it, and the hashes of texts that it dropped."""

    profile: Profile
    changed: bool
    dropped: set[str]


def apply_draft(
    session: Session, programme: Programme, draft: ProfileDraft, profile: Profile | None
) -> Written:
    """Write a draft over `profile`, or into a new one, without asking for anything."""
    created = profile is None
    if profile is None:
        profile = PROFILE_CLASSES[draft.kind](programme_id=programme.id, ref=draft.ref, entries=[])
    before = {entry.content_hash for entry in profile.entries}
    changed = _set_columns(profile, draft)
    changed |= set_entries(profile, _texts(draft))
    profile.search_text = _search_text(profile)
    if created:
        session.add(profile)
    elif changed:
        profile.updated_at = utcnow()
    if changed:
        profile.person_id = _person_id(session, programme, profile)
    session.flush()
    return Written(profile, changed or created, before - {entry.content_hash for entry in profile.entries})


def request_embedding(session: Session, programme_id: int, profile_ids: set[int]) -> None:
    """Ask for the embedding of some profiles, in jobs small enough to be lost without much loss."""
    ids = sorted(profile_ids)
    for start in range(0, len(ids), PROFILES_A_JOB):
        jobs.enqueue(
            session, programme_id, JobKind.EMBED, {"profile_ids": ids[start : start + PROFILES_A_JOB]}
        )


def remove_profile(
    session: Session, programme: Programme, kind: Kind, profile_id: int, *, actor: str
) -> Profile:
    """Delete a profile with its entries, lists and decisions, and vectors and a person left without use.

    Raises:
        NotFound: there is no such profile.
        NotAllowed: it has an offer or a match, so that somebody outside would lose it without a word.
    """
    lock_programme(session, programme)
    profile = get_profile(session, programme, kind, profile_id)
    removal = foresee_removal(session, programme, profile)
    if removal.refusal is not None:
        raise NotAllowed(removal.refusal)
    audit.record(
        session,
        programme.id,
        actor,
        "profile.removed",
        f"profile:{profile.id}",
        before={"ref": profile.ref, "pairs": removal.pairs},
    )
    hashes = {entry.content_hash for entry in profile.entries}
    mark_stale(session, profile_id)
    mark_changed(session, programme.id, is_embedded() & Profile.id.in_(counterparts_of(profile_id)))
    session.delete(profile)
    session.flush()
    _forget_person(session, profile.person_id)
    resolved = resolve_portfolios(session, programme.id)
    forget_unused(session, programme.id, hashes | resolved.dropped)
    request_embedding(session, programme.id, resolved.funders)
    jobs.enqueue_once(session, programme.id, JobKind.RECOMMEND)
    return profile


def draft_of(profile: Profile) -> dict[str, str]:
    """The profile's fields as the cells of a sheet would have them, for a form to start from."""
    cells = {}
    for field in FIELDS[Kind(profile.kind)]:
        if field.facet is not None:
            cells[field.name] = "\n".join(profile.texts(field.facet))
        else:
            cells[field.name] = _cell(getattr(profile, _COLUMNS.get(field.name, field.name)))
    return cells


def next_ref(session: Session, programme: Programme, kind: Kind) -> str:
    """A ref that no profile of this kind has yet, in the style S001."""
    taken = set(
        session.scalars(select(Profile.ref).where(Profile.programme_id == programme.id, Profile.kind == kind))
    )
    return next(ref for ref in _refs(kind.value[0].upper()) if ref not in taken)


def _refs(letter: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{letter}{number:03d}"


def _by_ref(session: Session, programme: Programme, kind: Kind, ref: str) -> Profile | None:
    return session.scalars(
        select(Profile).where(Profile.programme_id == programme.id, Profile.kind == kind, Profile.ref == ref)
    ).first()


def _search_text(profile: Profile) -> str:
    """Everything a person may look a profile up by; what is stored as a code, in all six languages."""
    entries = sorted(profile.entries, key=lambda entry: (entry.facet, entry.position))
    words = [profile.name, profile.ref, *(entry.text for entry in entries)]
    terms = [Term("country", profile.country)] if profile.country else []
    terms += [Term("sector", code) for code in profile.sectors]
    named = {label(term, locale): None for term in terms for locale in LOCALES}
    return "\n".join(map(fold, [*words, *named]))


def _set_columns(profile: Profile, draft: ProfileDraft) -> bool:
    """Write what the draft states, and null or empty where it states nothing; whether that changed."""
    values: dict[str, Any] = {"ref": draft.ref, "name": draft.name, "notes": dict(draft.notes)}
    for field in FIELDS[draft.kind]:
        if field.facet is None and field.name not in values:
            values[_COLUMNS.get(field.name, field.name)] = _stored(field, draft.values.get(field.name))
    changed = {name: value for name, value in values.items() if getattr(profile, name) != value}
    for name, value in changed.items():
        setattr(profile, name, value)
    return bool(changed)


def _stored(field: Field, value: Any) -> Any:
    return list(value or ()) if field.type in _LISTS else value


def _texts(draft: ProfileDraft) -> dict[Facet, list[str]]:
    texts: dict[Facet, list[str]] = {}
    for field in FIELDS[draft.kind]:
        if field.facet is not None:
            value = draft.values.get(field.name) or ()
            texts[field.facet] = [value] if field.type is _LONE_ENTRY and value else list(value)
    return texts


def _person_id(session: Session, programme: Programme, profile: Profile) -> int | None:
    """The person with the profile's e-mail address, known to the organisation from now on."""
    if not profile.email:
        return None
    owner = programme.organisation_id
    person = session.scalars(
        select(Person).where(Person.organisation_id == owner, Person.email == profile.email)
    ).first()
    if person is None:
        person = Person(organisation_id=owner, email=profile.email, name=profile.name)
        session.add(person)
        session.flush()
    return person.id


def _forget_person(session: Session, person_id: int | None) -> None:
    """Delete a person whom no profile names any more."""
    used = select(Profile.id).where(Profile.person_id == person_id).exists()
    session.execute(delete(Person).where(Person.id == person_id, ~used))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
