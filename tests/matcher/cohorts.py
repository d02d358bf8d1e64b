"""A small cohort whose scores a test sets: each of the first seven start-ups needs something of its own."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Match, MatchState, Programme, Proposal
from matcher.services import embedding, proposals
from matcher.services.proposing import Finish, propose
from matcher.services.review import Decision, decide
from matcher.services.rules import CohortRules, current_rules, save_rules
from tests.matcher.factories import SPACE, add, draft

Likeness = Mapping[str, Mapping[str, float]]
"""By mentor's and start-up's ref, the cosine of what one can and the other needs. The rest is 0.3."""

OTHERS = 0.3
"""Above the floor of likeness, so that every pair has a score."""


class Cohort:
    """A programme with its people embedded, and the steps that tests take in it."""

    def __init__(self, engine: Engine, programme: Programme, folder: Path) -> None:
        self.engine, self.programme, self.folder = engine, programme, folder
        self.ids: dict[str, int] = {}
        self.refs: dict[int, str] = {}

    def fill(
        self,
        mentors: Likeness,
        startups: int,
        values: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> "Cohort":
        """Mentors as given and start-ups S1, S2 …; `values` has other fields by ref. Mentors take one."""
        values = values or {}
        refs = [f"S{n}" for n in range(1, startups + 1)]
        drafts = [
            *(draft(Kind.STARTUP, ref, needs=(f"Need {ref[1:]}",), **values.get(ref, {})) for ref in refs),
            *(
                draft(
                    Kind.MENTOR,
                    ref,
                    ref,
                    **{"capacity": 1, "expertise": (f"Skill {ref[1:]}",), **values.get(ref, {})},
                )
                for ref in mentors
            ),
        ]
        axes = np.eye(SPACE.dimensions, dtype=np.float32)
        own = refs[: SPACE.dimensions - 1]
        vectors = {f"Need {ref[1:]}": axes[number % len(own)] for number, ref in enumerate(refs)}
        for ref, near in mentors.items():
            cosines = np.array([near.get(startup, OTHERS) for startup in own])
            rest = max(0.0, 1 - float((cosines**2).sum()))
            vector = cosines @ axes[: len(own)] + rest**0.5 * axes[-1]
            vectors[f"Skill {ref[1:]}"] = vector.astype(np.float32)
        with unit_of_work(self.engine) as session:
            self.ids = add(session, self.programme, *drafts)
            self.refs = {number: ref for ref, number in self.ids.items()}
            texts = embedding.missing_texts(session, self.programme.id, self.ids.values(), SPACE)
            stored = {content: vectors[text] for content, text in texts.items()}
            embedding.store_vectors(session, self.programme.id, stored, SPACE)
            embedding.mark_embedded(session, self.programme.id, self.ids.values(), SPACE)
        return self

    def rules(self, **values: Any) -> None:
        """Save these rules; all others are the defaults."""
        with unit_of_work(self.engine) as session:
            version, _ = current_rules(session, self.programme)
            save_rules(session, self.programme, CohortRules(**values), seen=version, actor="a")

    def decide(self, ours: str, theirs: str, decision: Decision) -> None:
        """Take a decision about a pair."""
        with unit_of_work(self.engine) as session:
            decide(session, self.programme, self.ids[ours], self.ids[theirs], decision, actor="a")

    def run(
        self,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
        finish: Finish | None = None,
        kind: Kind = Kind.MENTOR,
        length: int = 20,
    ) -> Proposal:
        """Propose, and the proposal."""
        found = propose(
            self.engine, self.programme.id, kind, snapshots=self.folder, model=SPACE.model,
            length=length, actor="a", seed=0, progress=progress, finish=finish,
        )  # fmt: skip
        with reading(self.engine) as session:
            return session.get_one(Proposal, found)

    def pairs(self, *states: MatchState) -> set[str]:
        """Pairs in these states, or proposed ones, like "S1-M2"."""
        with reading(self.engine) as session:
            rows = session.execute(
                select(Match.startup_id, Match.counterpart_id).where(
                    Match.state.in_(states or [MatchState.PROPOSED])
                )
            )
            return {f"{self.refs[ours]}-{self.refs[theirs]}" for ours, theirs in rows}

    def wish(self, subject: str, *wished: str) -> None:
        """Say whom somebody wishes for."""
        with unit_of_work(self.engine) as session:
            candidates = [self.ids[ref] for ref in wished]
            proposals.set_wishes(session, self.programme, self.ids[subject], candidates, actor="a")

    def unmatched(self, proposal: Proposal) -> dict[str, str]:
        """Who goes short, and why."""
        with reading(self.engine) as session:
            return {
                line.startup.ref: str(line.reason) for line in proposals.unmatched_startups(session, proposal)
            }

    def read(self, work: Callable[[Session], Any]) -> Any:
        """What `work` reads."""
        with reading(self.engine) as session:
            return work(session)
