"""The life of a cohort's matches under any order of steps: rules hold, undo restores, the log replays."""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    FAILED,
    HELD,
    AuditEvent,
    Introduction,
    Kind,
    Mail,
    Match,
    MatchState,
    Mentor,
    Recommendation,
    RecommendationList,
    utcnow,
)
from matcher.services import answers, capacity, followup, introductions, publishing, review, steps
from matcher.services.asking import MOST_OPEN
from matcher.services.errors import ServiceError
from matcher.services.proposing import propose
from matcher.services.rules import CohortRules, save_rules
from matcher.services.steps import Image, Pair
from tests.matcher.factories import SPACE, add, draft, embed_all, make_programme

STARTUPS = tuple(f"S{n}" for n in range(1, 6))
MENTORS = tuple(f"M{n}" for n in range(1, 5))
UNSTATED = "M4"
RULES = CohortRules(mentors_most=2, startups_most=2)
FORBIDDEN = {("S1", "M1"), ("S2", "M2")}
_START = utcnow()

startups, mentors = st.sampled_from(STARTUPS), st.sampled_from(MENTORS)


class Life(RuleBasedStateMachine):
    """Managers, founders, mentors and time, in any order."""

    engine: Engine

    @initialize()
    def begin(self) -> None:
        """Five start-ups with lists, four mentors of whom one states no number, and two conflicts."""
        with unit_of_work(self.engine) as session:
            self.programme = make_programme(session)
            people = [
                draft(Kind.STARTUP, ref, needs=(f"need {ref}",), email=f"{ref.lower()}@example.org")
                for ref in STARTUPS
            ]
            people += [
                draft(
                    Kind.MENTOR, ref, expertise=(f"skill {ref}",),
                    capacity=None if ref == UNSTATED else 1 + n % 2,
                    email=f"{ref.lower()}@example.org",
                    conflicts=tuple(ours for ours, theirs in FORBIDDEN if theirs == ref),
                )
                for n, ref in enumerate(MENTORS)
            ]  # fmt: skip
            self.ids = add(session, self.programme, *people)
            save_rules(session, self.programme, RULES, seen=0, actor="a")
            self._list_all(session)
        embed_all(self.engine, self.programme)
        self.snapshots = Path(tempfile.mkdtemp(prefix="tandem-life-"))
        self.taken: dict[int, dict[Pair, Image]] = {}
        """What each step that may be undone changed, as it was before."""
        self.now = _START

    @rule()
    def propose(self) -> None:
        """Run, or run again: what managers held stays."""
        before = self._images()
        held = {pair: image for pair, image in before.items() if image["state"] in HELD}
        propose(
            self.engine, self.programme.id, Kind.MENTOR, snapshots=self.snapshots, model=SPACE.model,
            length=20, actor="a", seed=1, progress=lambda *_: None,
        )  # fmt: skip
        after = self._images()
        assert {pair: image for pair, image in after.items() if image["state"] in HELD} == held
        gone = {p for p, image in before.items() if image["state"] in FAILED | {MatchState.REJECTED}}
        assert not gone & {p for p, image in after.items() if image["state"] == MatchState.PROPOSED}
        self._remember(before)

    @rule(
        ours=startups,
        theirs=mentors,
        decision=st.sampled_from(["approved", "rejected", "locked", "unlocked"]),
    )
    def decide(self, ours: str, theirs: str, decision: review.Decision) -> None:
        """Approve, reject, lock or unlock."""
        self._step(lambda s: review.decide(s, self.programme, *self._pair(ours, theirs), decision, actor="a"))

    @rule(band=st.sampled_from(["strong", "good", "possible"]))
    def approve_from(self, band: str) -> None:
        """Approve all above a band."""
        self._step(lambda s: review.approve_from(s, self.programme, Kind.MENTOR, band, actor="a"))

    @rule(ours=startups, theirs=mentors, instead=mentors)
    def move(self, ours: str, theirs: str, instead: str) -> None:
        """Another mentor instead."""
        pair = self._pair(ours, theirs)
        self._step(lambda s: review.move(s, self.programme, pair, self.ids[instead], actor="a"))

    @rule(one=startups, first=mentors, other=startups, second=mentors)
    def swap(self, one: str, first: str, other: str, second: str) -> None:
        """Exchange two mentors."""
        pairs = self._pair(one, first), self._pair(other, second)
        self._step(lambda s: review.swap(s, self.programme, *pairs, actor="a"))

    @rule(which=st.integers(0, 5))
    @precondition(lambda self: self.taken)
    def undo(self, which: int) -> None:
        """Take a recent step back: its pairs are exactly what they were, or nothing changes."""
        event_id = sorted(self.taken)[-1 - which % min(6, len(self.taken))]
        restored = self.taken[event_id]
        before = self._images()
        if self._step(lambda s: steps.undo(s, self.programme, event_id, actor="a")):
            after = self._images()
            for pair, image in restored.items():
                assert after.get(pair, {}) == image
            untouched = before.keys() - restored.keys()
            assert {p: before[p] for p in untouched} == {p: after[p] for p in untouched}

    @rule(ours=startups, theirs=mentors, decision=st.sampled_from(["approved", "rejected", "unlocked"]))
    def think_again(self, ours: str, theirs: str, decision: review.Decision) -> None:
        """A locked pair is decided about, which is taken back at once."""
        self.decide(ours, theirs, "locked")
        self.decide(ours, theirs, decision)
        if self.taken:
            self.undo(0)

    @rule()
    def publish(self) -> None:
        """Tell both sides."""
        self._step(
            lambda s: publishing.publish(s, self.programme, Kind.MENTOR, actor="a", link=lambda x: f"/{x}")
        )

    @rule(ours=startups, theirs=mentors)
    def ask(self, ours: str, theirs: str) -> None:
        """A founder asks for a mentor."""
        pair = self._pair(ours, theirs)
        self._step(
            lambda s: introductions.ask(
                s, self.programme, pair, "startup", message="Help?", account_id=None, link=lambda x: f"/{x}"
            )
        )

    @rule(which=st.integers(0, 3))
    def withdraw_request(self, which: int) -> None:
        """A founder takes a recent request back."""
        with reading(self.engine) as session:
            asked = session.execute(
                select(Introduction.id, Introduction.startup_id)
                .where(Introduction.programme_id == self.programme.id)
                .order_by(Introduction.id.desc())
            ).all()
        if asked:
            number, startup_id = asked[which % len(asked)]
            self._step(lambda s: introductions.withdraw(s, self.programme, number, startup_id))

    @rule(which=st.integers(0, 9), accepted=st.booleans())
    def answer(self, which: int, accepted: bool) -> None:
        """Somebody answers an offer by the address in a letter."""
        with reading(self.engine) as session:
            links = session.scalars(
                select(Mail.link).where(Mail.programme_id == self.programme.id, Mail.link != "")
            ).all()
        if links:
            secret = links[which % len(links)][1:]
            self._step(lambda s: answers.answer(s, secret, accepted=accepted))

    @rule(days=st.sampled_from([1, 5, 15]))
    def let_time_pass(self, days: int) -> None:
        """Reminders go out, offers run out."""
        self.now += timedelta(days=days)
        self._step(lambda s: followup.follow_up(s, self.programme, self.now))

    @rule(theirs=mentors)
    def withdraw_mentor(self, theirs: str) -> None:
        """A mentor leaves."""
        self._step(lambda s: publishing.withdraw_mentor(s, self.programme, self.ids[theirs], actor="a"))

    @rule(ours=startups, theirs=mentors)
    def withdraw_or_end(self, ours: str, theirs: str) -> None:
        """An offer is taken back, or a match ends."""
        pair = self._pair(ours, theirs)
        self._step(lambda s: publishing.withdraw_offer(s, self.programme, pair, actor="a"))
        self._step(lambda s: publishing.end_match(s, self.programme, pair, actor="a"))

    @invariant()
    def the_rules_hold(self) -> None:
        """Capacity, conflicts, answers, and a log that replays to what is, in one look at the database."""
        with reading(self.engine) as session:
            images = self._read(session)
            assert steps.replay(session, self.programme) == images
            mentors = session.execute(
                select(Mentor.id, Mentor.capacity).where(Mentor.programme_id == self.programme.id)
            ).all()
        held = [pair for pair, image in images.items() if image["state"] in HELD]
        for mentor_id, stated in mentors:
            most = RULES.startups_most if stated is None else stated
            assert sum(theirs == mentor_id for _, theirs in held) <= most
        own = {pair for pair in held if capacity.asks(images[pair])}
        for startup_id in (self.ids[ref] for ref in STARTUPS):
            settled = sum(ours == startup_id for ours, _ in set(held) - own)
            asked = sum(ours == startup_id for ours, _ in own)
            assert settled + (asked > 0) <= RULES.mentors_most, "whoever accepts first finds a place"
            assert asked <= MOST_OPEN["startup"]
        for ours, theirs in FORBIDDEN:
            state = images.get(self._pair(ours, theirs), {}).get("state")
            assert state not in HELD | {MatchState.PROPOSED}
        for image in images.values():
            answered = [image.get("startup_answer"), image.get("counterpart_answer")]
            if image["state"] == MatchState.ACTIVE:
                assert answered == [True, True]
            if image["state"] == MatchState.OFFERED:
                assert answered != [True, True]
                assert False not in answered

    def _list_all(self, session: Session) -> None:
        """Each start-up's list: all mentors whom it may have, so that there is somebody to suggest."""
        for n, ours in enumerate(STARTUPS):
            ranked = RecommendationList(
                programme_id=self.programme.id, subject_id=self.ids[ours], candidate_kind=Kind.MENTOR.value,
                considered=4, eligible=4, model="test", revision="1", watermark=1,
            )  # fmt: skip
            session.add(ranked)
            session.flush()
            for rank, theirs in enumerate(MENTORS[n % 4 :] + MENTORS[: n % 4], start=1):
                if (ours, theirs) not in FORBIDDEN:
                    session.add(
                        Recommendation(
                            list_id=ranked.id, candidate_id=self.ids[theirs], rank=rank, score=1 - rank / 10,
                            band="good", parts={}, reasons=[],
                        )
                    )  # fmt: skip

    def _pair(self, ours: str, theirs: str) -> Pair:
        return self.ids[ours], self.ids[theirs]

    def _step(self, work: Callable[[Session], Any]) -> bool:
        """Whether the step was taken. One that is refused changes nothing."""
        before = self._images()
        try:
            with unit_of_work(self.engine) as session:
                work(session)
        except ServiceError:
            assert self._images() == before
            return False
        self._remember(before)
        return True

    def _remember(self, before: dict[Pair, Image]) -> None:
        """The latest event, if it is the one that changed something, with the images before it."""
        after = self._images()
        changed = {pair for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair)}
        with reading(self.engine) as session:
            latest = session.scalars(
                select(AuditEvent.id)
                .where(AuditEvent.programme_id == self.programme.id)
                .order_by(AuditEvent.id.desc())
            ).first()
            touched = steps.pairs_of(session, latest or 0)
        if touched and changed <= touched and latest not in self.taken:
            self.taken[latest or 0] = {pair: before.get(pair, {}) for pair in touched}

    def _images(self) -> dict[Pair, Image]:
        with reading(self.engine) as session:
            return self._read(session)

    def _read(self, session: Session) -> dict[Pair, Image]:
        rows = session.scalars(select(Match).where(Match.programme_id == self.programme.id))
        return {(match.startup_id, match.counterpart_id): steps.image_of(match) for match in rows}


@pytest.mark.timeout(600)
def test_any_order_of_steps_keeps_the_rules(one_engine: Engine) -> None:
    machine = type("LifeHere", (Life,), {"engine": one_engine})
    machine.TestCase.settings = settings(max_examples=16, stateful_step_count=40, deadline=None)
    machine.TestCase("runTest").runTest()
