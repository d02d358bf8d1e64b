"""What relaxed rules are in a programme's own terms: steps that a manager can take, and what they change.

Rules hold for all, so what would have to give for one gives for everybody: one step a rule.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import ceil, floor
from typing import Any

from matcher.cohort import Relaxation, Slack
from matcher.models import Kind, MatchState
from matcher.services.cohort_blob import Bar
from matcher.services.cohort_limits import quota_owners
from matcher.services.cohort_reading import Decisions
from matcher.services.cohort_words import BAR_MESSAGES, Outcome
from matcher.services.rules import CohortRules
from matcher.wording import N_, Message, Term

Step = dict[str, Any]
"""A message's JSON, and the step as data (`action`), as in a remedy."""


def step(message: Message, **action: Any) -> Step:
    """As it is stored."""
    return {**message.to_json(), "action": action}


def can_be_taken(outcome: Outcome, relaxation: Relaxation) -> bool:
    """Whether a manager may do that: eligibility gives way to nobody, and who was told of a pair has it."""
    arrays, at = outcome.arrays, relaxation.position
    if relaxation.slack is Slack.BARRED:
        return Bar(int(arrays.bar[at])) in BAR_MESSAGES
    return relaxation.slack is not Slack.LOCKED or outcome.decisions.states.get(_ids(outcome, at)) == (
        MatchState.LOCKED
    )


def steps_of(outcome: Outcome, relaxations: Sequence[Relaxation]) -> list[Step]:
    """The relaxations as steps: what asks least of people first."""
    return [
        *_lower_quotas(outcome, _of(relaxations, Slack.QUOTA_LEAST)),
        *_lower_rules(outcome, relaxations),
        *_raise_most(outcome, _of(relaxations, Slack.DEMAND_MOST)),
        *_more_places(outcome, _of(relaxations, Slack.SUPPLY_MOST)),
        *_unlocked(outcome, _of(relaxations, Slack.LOCKED)),
        *_allowed(outcome, _of(relaxations, Slack.BARRED)),
    ]


def applied(decisions: Decisions, steps: Iterable[Step]) -> Decisions:
    """The decisions as they would be.

    Raises:
        ValueError: a rule would be past its bounds.
    """
    for each in steps:
        decisions = _applied(decisions, each["action"])
    return decisions


def with_quota(rules: CohortRules, number: int, least: int) -> CohortRules:
    """The rules with one quota lowered; without it if nothing is left of it."""
    quotas = list(rules.quotas)
    quotas[number : number + 1] = [quotas[number].model_copy(update={"least": least})] if least else []
    return rules.model_copy(update={"quotas": tuple(quotas)})


def _applied(decisions: Decisions, action: dict[str, Any]) -> Decisions:
    pair = action.get("startup_id", 0), action.get("counterpart_id", 0)
    match action["kind"]:
        case "capacity":
            places = {**decisions.capacity, action["profile_id"]: action["capacity"]}
            return replace(decisions, capacity=places)
        case "lock":
            return replace(decisions, states={**decisions.states, pair: MatchState.LOCKED})
        case "unlock":
            return replace(decisions, states={**decisions.states, pair: MatchState.PROPOSED})
        case "quota":
            return replace(decisions, rules=with_quota(decisions.rules, action["quota"], action["least"]))
    values = {**decisions.rules.model_dump(), action["rule"]: action["value"]}
    if action["rule"] == "introductions_most":
        decisions = replace(decisions, capacity=dict.fromkeys(decisions.capacity, action["value"]))
    return replace(decisions, rules=CohortRules.model_validate(values))


def _of(relaxations: Iterable[Relaxation], slack: Slack) -> list[Relaxation]:
    return [each for each in relaxations if each.slack is slack]


def _ids(outcome: Outcome, edge: int) -> tuple[int, int]:
    arrays = outcome.arrays
    return int(arrays.startups[arrays.demand[edge]]), int(arrays.counterparts[arrays.supply[edge]])


def _names(outcome: Outcome, edge: int) -> dict[str, Any]:
    startup = outcome.candidates.startups[int(outcome.arrays.demand[edge])]
    return {"startup": startup.name, "name": outcome.name(edge)}


def _lower_quotas(outcome: Outcome, relaxations: Sequence[Relaxation]) -> Iterator[Step]:
    """From the last quota to the first, so that dropping one leaves the numbers of the others."""
    owners = quota_owners(outcome.candidates, outcome.decisions)
    given: dict[int, int] = {}
    for each in relaxations:
        number = owners[each.position][0]
        given[number] = max(given.get(number, 0), round(each.amount))
    for number, amount in sorted(given.items(), reverse=True):
        yield _quota(outcome, number, max(0, outcome.decisions.rules.quotas[number].least - amount))


def _quota(outcome: Outcome, number: int, least: int) -> Step:
    name = outcome.decisions.rules.quotas[number].name
    lower = Message(N_("lower the quota “%(name)s” to %(count)d pairs"), {"name": name, "count": least})
    message = lower if least else Message(N_("do without the quota “%(name)s”"), {"name": name})
    return step(message, kind="quota", quota=number, least=least)


def _lower_rules(outcome: Outcome, relaxations: Sequence[Relaxation]) -> Iterator[Step]:
    if below := [each.amount for each in _of(relaxations, Slack.FLOOR)]:
        yield _floor(max(0, floor((float(outcome.arrays.floor[0]) - max(below)) * 100 - 1e-3)))
    if idle := _of(relaxations, Slack.SUPPLY_LEAST):
        promised = outcome.arrays.supply_least
        count = min(int(promised[each.position]) - round(each.amount) for each in idle)
        yield _load(count)


def _floor(hundredths: int) -> Step:
    said = Term("decimal", f"{hundredths / 100:.2f}")
    message = Message(N_("lower the least summed score to %(floor)s"), {"floor": said})
    return step(message, kind="rule", rule="floor", value=hundredths / 100)


def _load(count: int) -> Step:
    message = Message(N_("promise %(count)d start-ups to each mentor instead"), {"count": count})
    return step(message, kind="rule", rule="startups_least", value=count)


def gentler(outcome: Outcome, one: Step) -> list[Step]:
    """The same step in lesser measure, the least first; none of one that has no measure.

    What gives way for all by as much as one needs may be more than is needed if others give a little.
    """
    action, rules = one["action"], outcome.decisions.rules
    if action["kind"] == "quota":
        counts = range(rules.quotas[action["quota"]].least - 1, action["least"], -1)
        return [_quota(outcome, action["quota"], count) for count in counts]
    if action.get("rule") == "startups_least":
        return [_load(count) for count in range(rules.startups_least - 1, action["value"], -1)]
    if action.get("rule") == "floor":
        highest = ceil(float(rules.floor or 0) * 100) - 1
        return [_floor(count) for count in range(highest, round(action["value"] * 100), -1)]
    return []


def _raise_most(outcome: Outcome, relaxations: Sequence[Relaxation]) -> Iterator[Step]:
    if not relaxations:
        return
    most = max(int(outcome.arrays.demand_most[each.position]) + round(each.amount) for each in relaxations)
    is_mentoring = outcome.candidates.kind is Kind.MENTOR
    template = N_("allow %(count)d mentors to each start-up") if is_mentoring else N_(
        "allow %(count)d funding partners to each start-up"
    )  # fmt: skip
    rule = "mentors_most" if is_mentoring else "funders_most"
    yield step(Message(template, {"count": most}), kind="rule", rule=rule, value=most)


def _more_places(outcome: Outcome, relaxations: Sequence[Relaxation]) -> Iterator[Step]:
    places = {each.position: int(outcome.arrays.supply_most[each.position]) + round(each.amount)
              for each in relaxations}  # fmt: skip
    if places and outcome.candidates.kind is Kind.FUNDER:
        most = max(places.values())
        message = Message(N_("allow %(count)d introductions to each partner"), {"count": most})
        yield step(message, kind="rule", rule="introductions_most", value=most)
        return
    for (row, most), each in zip(places.items(), relaxations, strict=True):
        other, more = outcome.candidates.others[row], round(each.amount)
        template = N_("ask %(name)s to take one more: %(count)d start-ups in all") if more == 1 else N_(
            "ask %(name)s to take %(more)d more: %(count)d start-ups in all"
        )  # fmt: skip
        values = {"name": other.name, "count": most} | ({} if more == 1 else {"more": more})
        yield step(Message(template, values), kind="capacity", profile_id=other.id, capacity=most)


def _unlocked(outcome: Outcome, relaxations: Sequence[Relaxation]) -> Iterator[Step]:
    for each in relaxations:
        ours, theirs = _ids(outcome, each.position)
        message = Message(N_("unlock the pair of %(startup)s and %(name)s"), _names(outcome, each.position))
        yield step(message, kind="unlock", startup_id=ours, counterpart_id=theirs)


def _allowed(outcome: Outcome, relaxations: Sequence[Relaxation]) -> Iterator[Step]:
    """Locking a pair is what lets it in, whichever rule of the programme bars it."""
    for each in relaxations:
        ours, theirs = _ids(outcome, each.position)
        rule = BAR_MESSAGES[Bar(int(outcome.arrays.bar[each.position]))]
        message = Message(
            N_("allow the pair of %(startup)s and %(name)s by locking it, although %(rule)s"),
            {**_names(outcome, each.position), "rule": rule},
        )
        yield step(message, kind="lock", startup_id=ours, counterpart_id=theirs)
