"""How many each may have and must have, and which edges each quota is about."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from matcher.models import Kind
from matcher.profiles.text import fold
from matcher.ranking.facts import Bool, Facts
from matcher.ranking.interaction import Int64
from matcher.services.cohort_blob import Bar, CohortArrays
from matcher.services.cohort_candidates import Candidates
from matcher.services.cohort_reading import Decisions
from matcher.services.places import startup_places
from matcher.services.rules import Group, QuotaRule


def members(group: Group, profiles: Sequence[Facts], decisions: Decisions) -> Bool:
    """Which profiles have one of the group's values, boolean over `profiles`."""
    wanted = {fold(value) for value in group.values}
    return np.array([bool(wanted & _values(group, one, decisions)) for one in profiles], dtype=np.bool_)


def asked_for(quota: QuotaRule, startups: Sequence[Facts], decisions: Decisions) -> Bool:
    """Which start-ups a quota asks for something: none of those who left."""
    here = np.array([one.id in decisions.startups for one in startups], dtype=np.bool_)
    return members(quota.startups, startups, decisions) & here


def _values(group: Group, one: Facts, decisions: Decisions) -> set[str]:
    match group.attribute:
        case "country":
            found: Collection[str] = [one.country or ""]
        case "stage":
            found = one.stages
        case "sector":
            found = one.sectors
        case "language":
            found = one.languages
        case "ref":
            found = [one.ref]
        case "note":
            header = fold(group.header)
            notes = decisions.notes.get(one.id, {})
            found = [value for name, value in notes.items() if fold(name) == header]
    return {fold(value) for value in found} - {""}


def with_limits(arrays: CohortArrays, candidates: Candidates, decisions: Decisions) -> CohortArrays:
    """What each side must and may have. Held pairs take their places even where there are too many."""
    rules, is_mentoring = decisions.rules, candidates.kind is Kind.MENTOR
    demand, supply = candidates.demand, candidates.supply
    there = np.isin(arrays.startups, list(decisions.startups))
    free = arrays.bar == Bar.FREE
    most = startup_places(rules, candidates.kind)
    held = np.bincount(demand[arrays.locked], minlength=len(there))
    places = np.array([_most(decisions, one.id, len(there)) for one in candidates.others], dtype=np.int64)
    given = np.bincount(supply[arrays.locked], minlength=len(places))
    supply_most = np.maximum(places, given)
    asked = np.bincount(supply[free], minlength=len(places))
    promised = rules.startups_least if is_mentoring else 0
    return replace(
        arrays,
        demand_least=(there * (rules.mentors_least if is_mentoring else 0)).astype(np.int32),
        demand_most=np.maximum(there * most, held).astype(np.int32),
        supply_least=np.where(asked > 0, np.minimum(promised, supply_most), 0).astype(np.int32),
        supply_most=supply_most.astype(np.int32),
    )


def _most(decisions: Decisions, profile_id: int, unlimited: int) -> int:
    """Places of somebody: none of who is gone; as many as there are start-ups where any number may be."""
    capacity = decisions.capacity.get(profile_id, 0)
    return unlimited if capacity is None else capacity


def with_quotas(arrays: CohortArrays, candidates: Candidates, decisions: Decisions) -> CohortArrays:
    edges: list[Int64] = []
    least: list[int] = []
    for quota in decisions.rules.quotas if candidates.kind is Kind.MENTOR else ():
        ours = asked_for(quota, candidates.startups, decisions)
        theirs = members(quota.counterparts, candidates.others, decisions)
        inside = np.flatnonzero(ours[candidates.demand] & theirs[candidates.supply])
        if quota.each:
            starts = np.searchsorted(candidates.demand[inside], np.flatnonzero(ours))
            parts = np.split(inside, starts[1:]) if len(starts) else []
        else:
            parts = [inside]
        edges += parts
        least += [quota.least] * len(parts)
    return replace(
        arrays,
        quota_counts=np.array([len(part) for part in edges], np.int32),
        quota_edges=np.concatenate([*edges, np.empty(0, np.int64)]).astype(np.int32),
        quota_least=np.array(least, np.int32),
        quota_most=np.full(len(edges), -1, np.int32),
    )


def quota_owners(candidates: Candidates, decisions: Decisions) -> list[tuple[int, int]]:
    """Of each quota in the arrays: the number of its rule, and the start-up's row, or -1 for all together."""
    owners: list[tuple[int, int]] = []
    for number, quota in enumerate(decisions.rules.quotas if candidates.kind is Kind.MENTOR else ()):
        rows = np.flatnonzero(asked_for(quota, candidates.startups, decisions)).tolist()
        owners += [(number, row) for row in rows] if quota.each else [(number, -1)]
    return owners
