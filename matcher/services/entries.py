"""A profile's entries: their texts, what the encoder may see of them, and the refs in a portfolio."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from matcher.models import Entry, Facet, Mentor, Profile, Startup
from matcher.profiles.redaction import redact


def set_entries(profile: Profile, texts: Mapping[Facet, Sequence[str]]) -> bool:
    """Make the profile's entries those of `texts`; whether anything changed.

    Entries that stay keep their row, so that an unchanged one is never embedded again.
    """
    old = {(entry.facet, entry.position): entry for entry in profile.entries}
    changed = False
    for facet, position, text in [(f, i, t) for f, values in texts.items() for i, t in enumerate(values)]:
        entry = old.pop((facet, position), None)
        if entry is None:
            entry = Entry(facet=facet.value, position=position)
            profile.entries.append(entry)
        elif facet is Facet.PORTFOLIO and entry.text == text:
            continue  # `resolve_portfolios` may have pointed it at a start-up
        changed |= _write(entry, text, redact(text, people=_people(profile), names=_names(profile)))
    for entry in old.values():
        profile.entries.remove(entry)
    return changed or bool(old)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The funding partners whose portfolio came to mean something else, and the hashes it had before."""

    funders: set[int]
    dropped: set[str]


def resolve_portfolios(session: Session, programme_id: int) -> Resolved:
    """Let each portfolio entry that is a start-up's ref stand for that start-up's pitch.

    The entry takes over the pitch as the encoder sees it, so it shares its vector. Done after every
    change, because sheets come in any order.
    """
    session.flush()
    portfolio = session.scalars(
        select(Entry)
        .join(Profile, Profile.id == Entry.profile_id)
        .where(Profile.programme_id == programme_id, Entry.facet == Facet.PORTFOLIO)
    ).all()
    named = {entry.text.strip().casefold() for entry in portfolio}
    startups = session.execute(select(Startup.id, Startup.ref).where(Startup.programme_id == programme_id))
    wanted = [startup_id for startup_id, ref in startups if named and ref.casefold() in named]
    by_ref = {
        startup.ref.casefold(): startup
        for startup in session.scalars(
            select(Startup).options(selectinload(Startup.entries)).where(Startup.id.in_(wanted))
        )
    }
    before = {entry.id: entry.content_hash for entry in portfolio}
    changed = [entry for entry in portfolio if _refer(entry, by_ref)]
    session.flush()
    return Resolved({entry.profile_id for entry in changed}, {before[entry.id] for entry in changed})


def _refer(entry: Entry, startups: Mapping[str, Startup]) -> bool:
    """Point an entry at the start-up it names, or leave it as text; whether that changed it."""
    startup = startups.get(entry.text.strip().casefold())
    entry.refers_to_id = startup.id if startup else None
    if startup is not None:
        pitches = [e.redacted for e in startup.entries if e.facet == Facet.PITCH]
        return _write(entry, entry.text, pitches[0] if pitches else "")
    return _write(entry, entry.text, "" if _is_ref(entry.text) else redact(entry.text))


def _is_ref(text: str) -> bool:
    """A ref that nothing answers to yet: one word with a digit. It tells an encoder nothing."""
    return len(text.split()) == 1 and any(character.isdigit() for character in text)


def _write(entry: Entry, text: str, redacted: str) -> bool:
    before = entry.text, entry.redacted
    entry.text, entry.redacted = text, redacted
    entry.content_hash = hashlib.sha256(redacted.encode()).hexdigest()
    return before != (text, redacted)


def _people(profile: Profile) -> list[str]:
    return [profile.name] if isinstance(profile, Mentor) else []


def _names(profile: Profile) -> list[str]:
    """A venture's name, an employer's, a city: as whole phrases, for their words may be plain ones."""
    if isinstance(profile, Mentor):
        return [profile.affiliation] if profile.affiliation else []
    city = profile.city if isinstance(profile, Startup) else None
    return [profile.name, *([city] if city else [])]
