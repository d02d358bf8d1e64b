"""Rules relaxed, and what that costs."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from matcher.cohort.problem import Bool, Int64, Limits, Problem, Quota, Relaxation, Slack

COST = {
    Slack.SUPPLY_LEAST: 1,
    Slack.FLOOR: 2,
    Slack.QUOTA_LEAST: 3,
    Slack.DEMAND_LEAST: 4,
    Slack.DEMAND_MOST: 5,
    Slack.SUPPLY_MOST: 6,
    Slack.QUOTA_MOST: 7,
    Slack.LOCKED: 8,
    Slack.BARRED: 9,
}
"""What a step costs, between sets of as many steps: minimums need no consent, so they give way first."""


def steps(relaxation: Relaxation) -> int:
    """How much of a set's size this is: pairs, or one person under the floor."""
    return 1 if relaxation.slack is Slack.FLOOR else round(relaxation.amount)


def cost(relaxations: Iterable[Relaxation]) -> tuple[int, int]:
    """Steps, then what they cost by `COST`: sets compare by it."""
    sizes = [(steps(each), COST[each.slack]) for each in relaxations]
    return sum(size for size, _ in sizes), sum(size * price for size, price in sizes)


def relax(problem: Problem, relaxations: Iterable[Relaxation]) -> Problem:
    """The problem with these rules relaxed; minimums never fall under 0.

    Raises:
        ValueError: a relaxation whose position or amount fits nothing in the problem.
    """
    for each in relaxations:
        problem = _relaxed(problem, each)
    return problem


def _relaxed(problem: Problem, one: Relaxation) -> Problem:
    _check(problem, one)
    slack, at, amount = one.slack, one.position, round(one.amount)
    match slack:
        case Slack.DEMAND_LEAST | Slack.DEMAND_MOST:
            return replace(problem, demands=_moved(problem.demands, slack, at, amount))
        case Slack.SUPPLY_LEAST | Slack.SUPPLY_MOST:
            return replace(problem, supplies=_moved(problem.supplies, slack, at, amount))
        case Slack.BARRED:
            return replace(problem, barred=_cleared(problem.barred, at))
        case Slack.LOCKED:
            return replace(problem, locked=_cleared(problem.locked, at))
        case Slack.QUOTA_LEAST | Slack.QUOTA_MOST:
            quotas = list(problem.quotas)
            quotas[at] = _moved_quota(quotas[at], slack, amount)
            return replace(problem, quotas=tuple(quotas))
        case Slack.FLOOR:
            people = len(problem.demands.most)
            leeway = np.zeros(people) if problem.leeway is None else problem.leeway.copy()
            leeway[at] += one.amount
            return replace(problem, leeway=leeway)


def _check(problem: Problem, one: Relaxation) -> None:
    if one.slack in (Slack.BARRED, Slack.LOCKED):
        length = len(problem.demand)
    elif one.slack in (Slack.QUOTA_LEAST, Slack.QUOTA_MOST):
        length = len(problem.quotas)
    else:
        is_supply = one.slack in (Slack.SUPPLY_LEAST, Slack.SUPPLY_MOST)
        length = len((problem.supplies if is_supply else problem.demands).most)
    if not 0 <= one.position < length:
        raise ValueError(f"{one.slack.value} has no position {one.position}; there are {length}")
    if not 0 <= one.amount < np.inf:
        raise ValueError(f"{one.slack.value} by {one.amount}; it must be 0 or more")


def _moved(limits: Limits, slack: Slack, at: int, amount: int) -> Limits:
    if slack in (Slack.DEMAND_MOST, Slack.SUPPLY_MOST):
        return replace(limits, most=_added(limits.most, at, amount))
    return replace(limits, least=np.maximum(_added(limits.least, at, -amount), 0))


def _added(values: Int64, at: int, amount: int) -> Int64:
    copied = values.copy()
    copied[at] += amount
    return copied


def _cleared(flags: Bool, at: int) -> Bool:
    copied = flags.copy()
    copied[at] = False
    return copied


def _moved_quota(quota: Quota, slack: Slack, amount: int) -> Quota:
    if slack is Slack.QUOTA_LEAST:
        return replace(quota, least=max(0, quota.least - amount))
    return quota if quota.most is None else replace(quota, most=quota.most + amount)
