"""Why not this one: the rules that part a pair, with the facts of both, and where a score falls behind."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from matcher.models.kinds import Kind
from matcher.ranking.config import ScoringConfig
from matcher.ranking.eligibility import RULE_MESSAGES, Rule, exclusions
from matcher.ranking.explanation import Reason, Tone
from matcher.ranking.facts import Facts
from matcher.ranking.fit import STAGES, WEIGHTS
from matcher.ranking.score import MEETINGS, score_pair
from matcher.ranking.table import FactTable
from matcher.wording import N_, Message, Term

TEXTS = "text"
"""All parts that texts have in a score, taken together."""

PART_LABELS: Mapping[str, str] = {
    TEXTS: N_("All texts together"),
    "text:need-expertise": N_("Needs and expertise"),
    "text:need-experience": N_("Needs and experience"),
    "text:pitch-interest": N_("Pitch and the mentor's interests"),
    "text:pitch-thesis": N_("Pitch and thesis"),
    "text:pitch-portfolio": N_("Pitch and portfolio"),
    "text:need-offer": N_("Needs and offers besides money"),
    "fit:sector": N_("Sectors"),
    "fit:stage": N_("Stage"),
    "fit:market": N_("Markets"),
    "fit:language": N_("Working languages"),
    "fit:timezone": N_("Time zones"),
    "fit:country": N_("Countries"),
}
"""What people call the parts of a score."""

_DIFFERENCES = 3
_WORTH_TELLING = 0.01  # what is told in two decimals must differ in them
_MOST_PLACES = 8


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A rule that parts a pair: the sentence that says so, and what would undo it."""

    rule: Rule
    reason: Reason
    remedy: Message


def exclusion_reasons(startup: Facts, counterpart: Facts, kind: Kind) -> list[Exclusion]:
    """Every rule that excludes this pair, with the facts of both sides; none: the pair may be."""
    ruled = exclusions(startup, FactTable([counterpart]), kind)
    broken = [rule for rule, excluded in ruled.items() if excluded[0]]
    return [
        Exclusion(rule, Reason(Tone.LACKS, reason), remedy)
        for rule in broken
        for reason, remedy in _TOLD[rule](startup, counterpart) or [_bare(rule)]
    ]


def limits(
    startup: Facts, counterpart: Facts, parts: Collection[str], config: ScoringConfig
) -> dict[str, float]:
    """The most that each part of a score could count for, given which of the texts could meet."""
    ideal = {m.part: 1.0 if m.part in parts else np.nan for m in MEETINGS[counterpart.kind]}
    most = {
        part: share
        for part, share in score_pair(startup, counterpart, ideal, config).parts.items()
        if _is_text(part)
    }
    weights = WEIGHTS[counterpart.kind]
    structured = {f"fit:{name}": (1 - config.text_weight) * share for name, share in weights.items()}
    return {TEXTS: config.text_weight, **most, **structured}


def compare(
    parts: Mapping[str, float], other_parts: Mapping[str, float], most: Mapping[str, float]
) -> list[Message]:
    """In what a score falls furthest behind another one, the largest difference first.

    Where the two were compared by different texts, what a text counts for differs as well, and only all
    texts together can be compared.
    """
    ours, theirs = _alike(parts, other_parts)
    behind = {
        part: theirs[part] - ours.get(part, 0.0)
        for part in theirs
        if part in most and theirs[part] - ours.get(part, 0.0) >= _WORTH_TELLING
    }
    largest = sorted(behind, key=lambda part: (-behind[part], part))[:_DIFFERENCES]
    return [_difference(part, ours.get(part, 0.0), most[part], theirs[part]) for part in largest]


def label_of(part: str) -> Message:
    """What people call a part of a score; one that a later version made is called by its key."""
    return Message(PART_LABELS.get(part, part))


def decimals(share: float) -> Term:
    """A share of a score, as people see it."""
    return Term("decimal", f"{share:.2f}")


def _alike(
    parts: Mapping[str, float], other_parts: Mapping[str, float]
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    if {p for p in parts if _is_text(p)} == {p for p in other_parts if _is_text(p)}:
        return parts, other_parts
    return _together(parts), _together(other_parts)


def _together(parts: Mapping[str, float]) -> dict[str, float]:
    texts = sum(share for part, share in parts.items() if _is_text(part))
    return {TEXTS: texts, **{part: share for part, share in parts.items() if not _is_text(part)}}


def _is_text(part: str) -> bool:
    return part.partition(":")[0] == TEXTS


def _difference(part: str, ours: float, most: float, theirs: float) -> Message:
    template = (
        N_("%(part)s: not as close, %(ours)s of %(most)s against %(theirs)s")
        if _is_text(part)
        else N_("%(part)s: counts for less, %(ours)s of %(most)s against %(theirs)s")
    )
    shares = {"ours": decimals(ours), "most": decimals(most), "theirs": decimals(theirs)}
    return Message(template, {"part": label_of(part), **shares})


_Told = list[tuple[Message, Message]]


def _bare(rule: Rule) -> tuple[Message, Message]:
    return (
        Message(N_("Not possible: %(rule)s."), {"rule": RULE_MESSAGES[rule]}),
        Message(N_("Correct the profile that is wrong or out of date.")),
    )


def _names(startup: Facts, counterpart: Facts) -> dict[str, str]:
    return {"startup": startup.name, "other": counterpart.name}


def _conflict(startup: Facts, counterpart: Facts) -> _Told:
    names = _names(startup, counterpart)
    told = []
    if startup.conflicts & counterpart.keys:
        reason = N_("%(startup)s names %(other)s or their organisation among its conflicts of interest.")
        remedy = N_("If the conflict no longer holds, take it out of the start-up's profile.")
        told.append((Message(reason, names), Message(remedy)))
    if counterpart.conflicts & startup.keys:
        reason = N_("%(other)s names %(startup)s among their conflicts of interest.")
        remedy = N_("If the conflict no longer holds, take it out of the mentor's profile.")
        told.append((Message(reason, names), Message(remedy)))
    if startup.identities & counterpart.identities:
        reason = N_(
            "%(startup)s and %(other)s share an organisation or an e-mail address: they are one party."
        )
        remedy = N_(
            "If that is a mistake, correct the organisation or the e-mail address in one of the profiles."
        )
        told.append((Message(reason, names), Message(remedy)))
    return told


def _already_backed(startup: Facts, counterpart: Facts) -> _Told:
    reason = N_("%(startup)s is in the portfolio of %(other)s: the partner has already funded it.")
    remedy = N_("If that is a mistake, take the start-up out of the partner's portfolio.")
    return [(Message(reason, _names(startup, counterpart)), Message(remedy))]


def _language(startup: Facts, counterpart: Facts) -> _Told:
    spoken = {
        "ours": [Term("language", code) for code in startup.languages],
        "theirs": [Term("language", code) for code in counterpart.languages],
    }
    reason = N_("They share no working language. %(startup)s: %(ours)s. %(other)s: %(theirs)s.")
    remedy = N_("Add a working language that both speak, if there is one.")
    return [(Message(reason, {**_names(startup, counterpart), **spoken}), Message(remedy))]


def _capacity(_startup: Facts, mentor: Facts) -> _Told:
    taken = len(mentor.accepted)
    if not taken:
        reason = Message(N_("%(other)s takes no start-ups at present."), {"other": mentor.name})
        return [(reason, Message(N_("Ask the mentor for a place, and add it to their capacity.")))]
    count = {"other": mentor.name, "taken": taken, "capacity": taken + (mentor.places or 0)}
    reason = Message(N_("%(other)s has no place left: %(taken)s approved, %(capacity)s in all."), count)
    return [(reason, Message(N_("Ask the mentor for one more place, or undo one of their approvals.")))]


def _paused(startup: Facts, other: Facts) -> _Told:
    resting = other if other.paused else startup
    reason = Message(N_("%(other)s takes nobody new for now."), {"other": resting.name})
    return [(reason, Message(N_("Ask them when they will take somebody again; they can say so themselves.")))]


def _stage(startup: Facts, funder: Facts) -> _Told:
    stages = {
        "ours": [Term("stage", code) for code in sorted(startup.stages)],
        "theirs": [Term("stage", code) for code in sorted(funder.stages, key=STAGES.index)],
    }
    reason = N_("The stage of %(startup)s is %(ours)s. %(other)s funds these stages: %(theirs)s.")
    remedy = N_("Ask the partner whether it funds this stage as well, and add it to its profile.")
    return [(Message(reason, {**_names(startup, funder), **stages}), Message(remedy))]


def _country(startup: Facts, funder: Facts) -> _Told:
    places: list[Term | Message] = [Term("country", code) for code in sorted(funder.markets)]
    more = len(places) - _MOST_PLACES
    if more > 1:
        places = [*places[:_MOST_PLACES], Message(N_("%(count)s others"), {"count": more})]
    home = Term("country", startup.country or "")
    reason = N_("%(startup)s is in this country: %(ours)s. %(other)s funds in these: %(theirs)s.")
    remedy = N_("Ask the partner whether it funds in this country as well, and add it to its profile.")
    return [(Message(reason, {**_names(startup, funder), "ours": home, "theirs": places}), Message(remedy))]


def _ticket(startup: Facts, funder: Facts) -> _Told:
    low, high = funder.ticket
    raising = startup.raising or 0.0
    params = {
        **_names(startup, funder),
        "raising": _money(raising, startup.currency),
        "low": _money(low or 0.0, funder.currency),
        "high": _money(high or 0.0, funder.currency),
    }
    told = []
    if low is not None and raising < low:
        reason = N_("%(startup)s seeks %(raising)s. %(other)s gives no less than %(low)s.")
        remedy = N_("Ask the partner whether it also gives smaller amounts, and change its ticket size.")
        told.append((Message(reason, params), Message(remedy)))
    if high is not None and raising > high:
        reason = N_("%(startup)s seeks %(raising)s. %(other)s gives no more than %(high)s.")
        remedy = N_("Ask the start-up whether it would take a part of the amount from this partner.")
        told.append((Message(reason, params), Message(remedy)))
    return told


def _money(amount: float, currency: str | None) -> str:
    """An amount as all of our languages can read it: thousands apart by thin spaces, the code behind."""
    figures = f"{amount:,.2f}".removesuffix(".00").replace(",", "\u202f")
    return f"{figures}\u00a0{currency}" if currency else figures


_TOLD: Mapping[Rule, Callable[[Facts, Facts], _Told]] = {
    Rule.CONFLICT: _conflict,
    Rule.ALREADY_BACKED: _already_backed,
    Rule.LANGUAGE: _language,
    Rule.CAPACITY: _capacity,
    Rule.PAUSED: _paused,
    Rule.STAGE: _stage,
    Rule.COUNTRY: _country,
    Rule.TICKET: _ticket,
}
