"""Random facts, small enough that every rule is often met and often broken."""

from dataclasses import replace

from hypothesis import strategies as st

from matcher.models import Kind
from matcher.ranking.facts import Facts
from matcher.ranking.fit import STAGES

LANGUAGES, SECTORS, COUNTRIES = ("en", "fr", "sw"), ("agritech", "health", "energy"), ("KE", "SN", "TZ")
NAMES, CURRENCIES = ("ada", "ben", "cat", "dot"), ("USD", "EUR")
_MONEY = st.none() | st.sampled_from((10.0, 50.0, 100.0, 200.0))


def some(words: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    """Often nothing, often one or two of these words."""
    return st.frozensets(st.sampled_from(words), max_size=2)


def facts(kind: Kind, profile_id: int) -> st.SearchStrategy[Facts]:
    """One profile of this kind."""
    letter = kind.value[0].upper()
    common = st.builds(
        Facts,
        id=st.just(profile_id),
        kind=st.just(kind),
        ref=st.just(f"{letter}{profile_id}"),
        name=st.just(f"Name {profile_id}"),
        keys=some(NAMES),
        conflicts=some(NAMES) if kind is not Kind.FUNDER else st.just(frozenset()),
        identities=some(NAMES),
        languages=some(LANGUAGES).map(tuple),
        sectors=some(SECTORS),
        stages=some(STAGES[:3]) if kind is not Kind.STARTUP else _one_of(STAGES[:3]),
        country=st.none() | st.sampled_from(COUNTRIES),
        markets=some(COUNTRIES),
        places=st.none() | st.integers(-1, 2) if kind is Kind.MENTOR else st.none(),
        paused=st.booleans() if kind is not Kind.STARTUP else st.just(False),
        utc_offsets=st.lists(st.sampled_from((-11.0, -5.0, 0.0, 3.0, 12.0)), max_size=2).map(tuple),
    )
    if kind is Kind.MENTOR:
        return common
    return st.builds(_with_money, common, _MONEY, _MONEY, st.sampled_from((None, *CURRENCIES)), _backs(kind))


def _one_of(words: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(words), max_size=1)


def _backs(kind: Kind) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(0, 3), max_size=1) if kind is Kind.FUNDER else st.just(frozenset())


def _with_money(
    found: Facts, first: float | None, second: float | None, currency: str | None, backs: frozenset[int]
) -> Facts:
    if found.kind is Kind.STARTUP:
        return replace(found, raising=first, currency=currency)
    if first is not None and second is not None:
        first, second = min(first, second), max(first, second)
    return replace(found, ticket=(first, second), currency=currency, backs=backs)


def groups() -> st.SearchStrategy[tuple[list[Facts], list[Facts]]]:
    """Up to four start-ups, and up to four mentors or four funding partners."""

    def several(kind: Kind, first: int) -> st.SearchStrategy[list[Facts]]:
        return st.integers(0, 4).flatmap(
            lambda size: st.tuples(*(facts(kind, first + n) for n in range(size))).map(list)
        )

    return st.sampled_from((Kind.MENTOR, Kind.FUNDER)).flatmap(
        lambda kind: st.tuples(several(Kind.STARTUP, 0), several(kind, 100))
    )
