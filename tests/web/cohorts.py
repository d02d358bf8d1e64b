"""A cohort that was proposed and partly decided about, for pages that tell of it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Kind, Match, MatchChange, MatchState, Programme, Proposal, Waiting
from matcher.services.audit import record
from matcher.services.rules import CohortRules, Group, QuotaRule, save_rules
from matcher.wording import N_, Message
from tests.web.world import HOSTILE, World

RULES = CohortRules(
    mentors_most=2,
    objective="fairest",
    quotas=(
        QuotaRule(
            name=HOSTILE,
            startups=Group(attribute="country", values=("SN", "KE")),
            counterparts=Group(attribute="language", values=("fr",)),
        ),
    ),
)
_REASON = N_("No mentor who shares a working language has a place left.")
_REMEDY = N_("Give %(name)s one place more.")


def propose(session: Session, world: World) -> Programme:
    """A run over mentors: five pairs in four states, who was left out, who waits, and a rule not kept."""
    programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
    save_rules(session, programme, RULES, seen=0, actor="manager@hub")
    pairs = [
        (0, 0, MatchState.PROPOSED, 0.713, "strong"), (1, 1, MatchState.LOCKED, 0.52, "good"),
        (2, 1, MatchState.APPROVED, 0.5, "good"), (3, 3, MatchState.ACTIVE, 0.31, "possible"),
        (4, 4, MatchState.PROPOSED, None, None), (5, 5, MatchState.REJECTED, 0.9, "strong"),
    ]  # fmt: skip
    event = record(session, programme.id, "x", "proposal.made", f"pairs:{len(pairs)}")
    for ours, theirs, state, score, band in pairs:
        session.add(
            MatchChange(
                event_id=event.id, startup_id=world.startup + ours, counterpart_id=world.mentor + theirs
            )
        )
        session.add(
            Match(
                programme_id=programme.id, startup_id=world.startup + ours, decided_by="x", score=score,
                counterpart_id=world.mentor + theirs, state=state.value, band=band, reasons=[],
            )
        )  # fmt: skip
    session.add(
        Match(
            programme_id=programme.id, startup_id=world.startup, counterpart_id=world.funder,
            state=MatchState.PROPOSED.value, score=1.0, band="strong", reasons=[], decided_by="x",
        )
    )  # fmt: skip
    left = {
        "profile_id": world.hostile,
        "reason": Message(_REASON).to_json(),
        "remedies": [Message(_REMEDY, {"name": HOSTILE}).to_json()],
    }
    session.add(run_of(programme, unmatched=[left], relaxed=[Message(HOSTILE.replace("%", "")).to_json()]))
    session.add(
        Waiting(
            programme_id=programme.id, startup_id=world.hostile, counterpart_kind=Kind.MENTOR.value, rounds=2
        )
    )
    session.flush()
    return programme


def run_of(programme: Programme, **values: object) -> Proposal:
    """The record of a run under the first version of the rules."""
    fixed = {
        "counterpart_kind": Kind.MENTOR.value, "number": 3, "rules_version": 1, "model": "test-model",
        "revision": "r" * 40, "watermark": 1, "seed": 7, "input_hash": "abcdef0123456789" * 4, "problem": b"",
        "objective": "fairest", "solver": "min-cost flow", "is_optimal": False, "gap": 0.02, "total": 2.543,
        "worst_off": 0.31, "pairs": 5, "covered": 5, "startups": 9, "seconds": 0.42, "made_by": "manager@hub",
    }  # fmt: skip
    return Proposal(programme_id=programme.id, **{**fixed, **values})
