"""The world with a run in it: its proposal, its pairs, and who was left out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Job, Kind, Match, MatchState, Profile, Programme, Proposal
from matcher.services.cohort_blob import CohortArrays, pack
from matcher.services.proposals import band_of
from matcher.services.recommendations import dump_reasons
from matcher.services.steps import Pair, in_state, take
from matcher.wording import N_, Message
from tests.web.world import World, _reasons


def programme_of(session: Session, world: World) -> Programme:
    return session.scalars(select(Programme).where(Programme.slug == world.slug)).one()


def people_of(session: Session, world: World, kind: Kind) -> list[Profile]:
    programme = programme_of(session, world)
    query = select(Profile).where(Profile.programme_id == programme.id, Profile.kind == kind)
    return list(session.scalars(query.order_by(Profile.id)))


def run(engine: Engine, world: World, kind: Kind = Kind.MENTOR, **values: Any) -> dict[Pair, str]:
    """What a worker's run leaves behind: each start-up with a counterpart, and the lonely one with none."""
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        startups = [p for p in people_of(session, world, Kind.STARTUP) if p.id != world.lonely]
        others = [p for p in people_of(session, world, kind) if not p.languages or "en" in p.languages]
        images: dict[Pair, Mapping[str, Any]] = {}
        scores = np.zeros((len(startups), len(others)), np.float32)
        for row, startup in enumerate(startups):
            for column in range(len(others)):
                scores[row, column] = 0.75 - 0.06 * row - 0.03 * abs(row - column)
            column = row % len(others)
            score = float(scores[row, column])
            images[startup.id, others[column].id] = in_state(
                MatchState.PROPOSED,
                score=score,
                band=band_of(score),
                reasons=dump_reasons(_reasons(startup, others[column])),
            )
        take(session, programme, "tandem", "proposal.made", images)
        session.add(
            Proposal(
                **{
                    **_record(session, programme, kind, scores, startups, others, images),
                    "unmatched": [
                        {
                            "profile_id": world.lonely,
                            "reason": Message(N_("Nobody is eligible for it.")).to_json(),
                            "remedies": [Message(N_("State its working languages.")).to_json()],
                        }
                    ],
                    **values,
                }
            )
        )
        session.execute(delete(Job))
        return {pair: image["state"] for pair, image in images.items()}


def _record(
    session: Session,
    programme: Programme,
    kind: Kind,
    scores: np.ndarray[Any, np.dtype[np.float32]],
    startups: list[Profile],
    others: list[Profile],
    images: Mapping[Pair, Mapping[str, Any]],
) -> dict[str, Any]:
    edges = scores.size
    arrays = CohortArrays(
        startups=np.array([p.id for p in startups], np.int64),
        counterparts=np.array([p.id for p in others], np.int64),
        counts=np.full(len(startups), len(others), np.int32),
        supply=np.tile(np.arange(len(others), dtype=np.int32), len(startups)),
        score=scores.ravel(),
        bonus=np.zeros(edges, np.float32),
        bar=np.zeros(edges, np.uint8),
        locked=np.zeros(edges, np.bool_),
        demand_least=np.ones(len(startups), np.int32),
        demand_most=np.ones(len(startups), np.int32),
        supply_least=np.zeros(len(others), np.int32),
        supply_most=np.full(len(others), 3, np.int32),
    )
    found = [image["score"] for image in images.values()]
    before = select(Proposal).where(Proposal.programme_id == programme.id, Proposal.counterpart_kind == kind)
    return {
        "programme_id": programme.id, "counterpart_kind": kind.value,
        "number": len(session.scalars(before).all()) + 1, "rules_version": 0, "model": "test",
        "revision": "1", "watermark": 1, "seed": 0, "input_hash": "", "problem": pack(arrays),
        "objective": "total", "solver": "min-cost flow", "is_optimal": True, "gap": 0.0,
        "total": sum(found), "worst_off": min(found), "pairs": len(found), "covered": len(found),
        "startups": len(startups) + 1, "seconds": 0.1, "made_by": "admin@example.org",
    }  # fmt: skip


def states(engine: Engine) -> dict[Pair, str]:
    with reading(engine) as session:
        return {(m.startup_id, m.counterpart_id): m.state for m in session.scalars(select(Match))}


def rest(engine: Engine) -> None:
    """No work left over."""
    with unit_of_work(engine) as session:
        session.execute(delete(Job))
