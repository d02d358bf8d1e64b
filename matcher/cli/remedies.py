"""Why no choice keeps all rules, and what would help, in words with refs."""

from collections.abc import Sequence

from matcher.cli.rules import Rules
from matcher.cli.scores import Scores
from matcher.cohort.problem import Diagnosis, Relaxation, Slack
from matcher.wording import N_, Message

_NAMED = 20  # refs, or steps; a list of thousands tells nobody what to do

NO_CHOICE = Message(N_("No choice of pairs keeps all rules."))
NO_REMEDY = Message(N_("What would have to give was not found within the time."))

_OF_DEMAND = {
    Slack.DEMAND_LEAST: N_("lower the minimum of %(ref)s by %(amount)d"),
    Slack.DEMAND_MOST: N_("raise the number of pairs that %(ref)s may have by %(amount)d"),
    Slack.FLOOR: N_("lower the floor for %(ref)s by %(amount)s"),
}
_OF_SUPPLY = {
    Slack.SUPPLY_MOST: N_("raise the capacity of %(ref)s by %(amount)d"),
    Slack.SUPPLY_LEAST: N_("lower the minimum load of %(ref)s by %(amount)d"),
}
_OF_PAIR = {
    Slack.BARRED: N_("allow the pair %(demand)s–%(supply)s"),
    Slack.LOCKED: N_("let go of the lock %(demand)s–%(supply)s"),
}


def explain(diagnosis: Diagnosis, rules: Rules, scores: Scores) -> list[Message]:
    """Who is blocked, the smallest set of relaxations, and others that would do, the cheapest first.

    What is not among the scores, and so is nothing to the solver, must give way whichever is chosen.
    """
    messages = [NO_CHOICE, *rules.conflicts]
    if blocked := [*(scores.demands[position] for position in diagnosis.blocked), *rules.absent_loads]:
        messages.append(Message(N_("Cannot get what they must: %(refs)s."), {"refs": _some(blocked)}))
    always = _always(rules)
    ways = dict.fromkeys(way for way in (diagnosis.relaxations, *diagnosis.alternatives) if way)
    if always and not ways:
        ways = {(): None}
    leads = [N_("What would do: %(steps)s."), *[N_("Or: %(steps)s.")] * len(ways)]
    steps = (_some([*always, *(_step(relaxation, scores) for relaxation in way)]) for way in ways)
    return messages + [Message(lead, {"steps": way}) for lead, way in zip(leads, steps, strict=False)]


def _always(rules: Rules) -> list[Message]:
    locks = ({"demand": demand, "supply": supply} for demand, supply in rules.absent_locks)
    loads = ({"ref": ref, "amount": least} for ref, least in rules.absent_loads.items())
    return [
        *(Message(_OF_PAIR[Slack.LOCKED], ends) for ends in locks),
        *(Message(_OF_SUPPLY[Slack.SUPPLY_LEAST], load) for load in loads),
    ]


def _some(items: Sequence[Message | str]) -> Message | list[Message | str]:
    """All of a few items, or the first of many and the number of the others."""
    if len(items) <= _NAMED:
        return list(items)
    some = {"items": list(items[:_NAMED]), "more": len(items) - _NAMED}
    return Message(N_("%(items)s, and %(more)d more"), some)


def _step(relaxation: Relaxation, scores: Scores) -> Message:
    slack, position = relaxation.slack, relaxation.position
    if slack in _OF_PAIR:
        ends = {
            "demand": scores.demands[scores.demand[position]],
            "supply": scores.supplies[scores.supply[position]],
        }
        return Message(_OF_PAIR[slack], ends)
    refs, wordings = (scores.demands, _OF_DEMAND) if slack in _OF_DEMAND else (scores.supplies, _OF_SUPPLY)
    amount = repr(float(relaxation.amount)) if slack is Slack.FLOOR else round(relaxation.amount)
    return Message(wordings[slack], {"ref": refs[position], "amount": amount})
