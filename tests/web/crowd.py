"""A programme with enough pairs for several pages."""

from sqlalchemy import Engine

from matcher.db import unit_of_work
from matcher.models import Kind, MatchState
from matcher.ranking.explanation import Reason, Tone
from matcher.services.recommendations import dump_reasons
from matcher.services.steps import in_state, take
from matcher.wording import N_, Message
from tests.matcher.factories import add, draft
from tests.web.cohort_world import programme_of, rest
from tests.web.world import World

_NEED = "Wir brauchen jemanden, der mit einem nationalen Netzbetreiber verhandelt hat (Nr. %d)"
_MET = N_("The need “%(ours)s” meets the expertise “%(theirs)s”")


def crowd(engine: Engine, world: World, size: int, state: MatchState = MatchState.PROPOSED) -> None:
    """As many start-ups, each with a mentor of its own, and long reasons."""
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        people = add(
            session,
            programme,
            *(draft(Kind.STARTUP, f"X{n}", f"Start-up with a long name, number {n}") for n in range(size)),
            *(draft(Kind.MENTOR, f"Y{n}", f"Mentor with a long name, number {n}") for n in range(size)),
        )
        reasons = [
            Reason(Tone.FITS, Message(_MET, {"ours": _NEED % n, "theirs": _NEED % (n + 1)})) for n in range(4)
        ]
        images = {
            (people[f"X{n}"], people[f"Y{n}"]): in_state(
                state, score=0.9 - n / 100, band="good", reasons=dump_reasons(reasons)
            )
            for n in range(size)
        }
        take(session, programme, "tandem", "proposal.made", images)
    rest(engine)
