"""How a cohort stands, in words and small pictures: whom the run left out, and what was made of it since."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from matcher.models import Kind, Match, MatchState, Profile, Programme, Proposal
from matcher.services.alternatives import VISIBLE
from matcher.services.places import startup_places
from matcher.services.plan import Places, Plan, paired_startups
from matcher.services.profiles import find_by_id
from matcher.services.proposals import (
    Unmatched,
    WaitingLine,
    bounded,
    idle_counterparts,
    relaxed_rules,
    unmatched_startups,
    verdict,
    waiting_list,
    ways_out,
)
from matcher.services.review import BANDS
from matcher.services.rules import current_rules
from matcher.wording import N_, Message, first_names
from web.charts import Piece, pieces

_BEST: Mapping[str, str] = {
    "total": N_("No better total is possible under the rules."),
    "fairest": N_("Nobody could do more for the worst-off, nor then for all, under the rules."),
    "stable": N_("No two would both rather have each other than whom they got."),
}
_METHODS: Mapping[str, str] = {
    "min-cost flow": N_("All pairs were weighed against each other at once."),
    "deferred acceptance": N_("Everybody's own wishes were followed, the dearest first."),
    "threshold bisection on maximum flow, then min-cost flow": N_(
        "The worst-off start-up was helped as far as possible first, then all together."
    ),
}
_TOO_MANY = N_(
    "More pairs are proposed than there is room for: %(names)s. Propose again: what is locked or approved "
    "stays, and the rest is arranged anew."
)
_OTHER_METHOD = N_("All rules and all pairs were solved together.")


@dataclass(frozen=True)
class Standing:
    """What the summary says beyond the plan's own figures.

    Attributes:
        coverage: the length of its bar in percent.
        pieces: the bar of bands.
        covered_change, total_change, worst_change: against the run; None: none that is to be seen.
        verdict: how good the run is, and how it was found; None if there was none.
        relaxed: rules that the run could not keep.
        ways: what would have let everybody in, each a few steps to take together.
        unmatched: whom the run left out and who still has nobody.
        parted: who else has nobody: decisions since then took it from them.
        unnamed: how many start-ups have nobody beyond those whom the plan names.
        idle: counterparts with places who have nobody, with the reason if the run left them so.
        behind: those who have some, but fewer than promised.
        places: the counterparts' places by profile id.
        overbooked: that more pairs are proposed to some than they have places for; None if to nobody.
        published: pairs that both sides know of, and that are no longer here to go through.
    """

    coverage: float
    pieces: Sequence[Piece]
    covered_change: int | None
    total_change: float | None
    worst_change: float | None
    verdict: Sequence[Message]
    relaxed: Sequence[Message]
    ways: Sequence[Sequence[Message]]
    unmatched: Sequence[Unmatched]
    parted: Sequence[Profile]
    unnamed: int
    waiting: Sequence[WaitingLine]
    idle: Sequence[tuple[Profile, Message | None]]
    behind: Sequence[tuple[Profile, Message]]
    places: Mapping[int, Places]
    overbooked: Message | None
    published: int

    @property
    def left_out(self) -> int:
        """How many start-ups have nobody."""
        return len(self.unmatched) + len(self.parted) + self.unnamed


def standing(session: Session, programme: Programme, plan: Plan) -> Standing:
    """What to say about a plan."""
    without = {profile.id for profile in plan.uncovered}
    found = unmatched_startups(session, plan.run) if plan.run else []
    unmatched = [line for line in found if line.startup.id in without]
    known = {line.startup.id for line in unmatched}
    alone = idle_counterparts(session, plan.run) if plan.run else []
    reasons = {line.counterpart.id: line.reason for line in alone}
    places = {place.profile.id: place for place in plan.places}
    rules = current_rules(session, programme)[1]
    promised = rules.startups_least if plan.kind is Kind.MENTOR else 0
    return Standing(
        coverage=round(99 * plan.now.covered / plan.startups, 1) if plan.startups else 0.0,
        pieces=pieces([(band, plan.bands.get(band, 0)) for band in (*BANDS[::-1], "")]),
        covered_change=(plan.now.covered - plan.before.covered or None) if plan.before else None,
        total_change=_change(plan.now.total, plan.before.total) if plan.before else None,
        worst_change=_change(plan.now.worst_off, plan.before.worst_off) if plan.before else None,
        verdict=_verdict(plan.run) if plan.run else [],
        relaxed=relaxed_rules(plan.run) if plan.run else [],
        ways=ways_out(plan.run) if plan.run else [],
        unmatched=unmatched,
        parted=[profile for profile in plan.uncovered if profile.id not in known],
        unnamed=max(0, plan.startups - plan.now.covered - len(plan.uncovered)),
        waiting=waiting_list(session, programme, plan.kind),
        idle=[(profile, reasons.get(profile.id)) for profile in plan.idle],
        behind=[
            (line.counterpart, line.reason)
            for line in alone
            if 0 < places[line.counterpart.id].taken < promised
        ],
        places=places,
        overbooked=_overbooked(session, programme, plan, startup_places(rules, plan.kind)),
        published=sum(plan.states.get(state, 0) for state in (MatchState.OFFERED, MatchState.ACTIVE)),
    )


def _overbooked(session: Session, programme: Programme, plan: Plan, most: int) -> Message | None:
    """Steps by hand can leave more proposed than there is room for, which approving refuses."""
    query = paired_startups(programme, plan.kind)
    counts = Counter(session.scalars(query))
    proposed = session.scalars(query.where(Match.state == MatchState.PROPOSED))
    crowded = find_by_id(session, programme, {startup for startup in proposed if counts[startup] > most})
    full = [place.profile for place in plan.places if place.proposed and (place.left or 0) < 0]
    names = [profile.name for profile in (*full, *crowded.values())]
    return Message(_TOO_MANY, {"names": first_names(names)}) if names else None


def _change(now: float, before: float) -> float | None:
    change = now - before
    return change if abs(change) >= VISIBLE else None


def _verdict(run: Proposal) -> list[Message]:
    how = Message(_METHODS.get(run.solver, _OTHER_METHOD))
    if run.is_optimal:
        return [bounded(Message(_BEST.get(run.objective, _BEST["total"])), run), how]
    return [verdict(run), how]
