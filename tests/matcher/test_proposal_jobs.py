"""Proposals as jobs: done once however often they are delivered, and lost by no kill."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from config.settings import get_settings
from matcher.db import reading, unit_of_work
from matcher.models import AuditEvent, Job, JobState, Kind, Match, Programme, Proposal
from matcher.services import jobs, proposals
from tests.matcher.cohorts import Cohort
from tests.matcher.factories import SPACE
from workers import running, tasks
from workers.publishing import ROUTES

TWO = {"M1": {"S1": 0.7, "S2": 0.6}, "M2": {"S1": 0.6, "S2": 0.35}}
DIES_WHILE_IT_WRITES = """
import os, signal, sys
from workers import running, tasks
running.Run.finish = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
tasks.propose(int(sys.argv[1]))
"""


@pytest.fixture
def cohort(
    engine: Engine, database_url: str, programme: Programme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cohort]:
    """A cohort in the database that the workers of this test are told of."""
    monkeypatch.setenv("TANDEM_DATABASE_URL", database_url)
    monkeypatch.setenv("TANDEM_DATA", str(tmp_path))
    monkeypatch.setenv("TANDEM_MODEL", SPACE.model)
    for cached in (get_settings, running.get_engine):
        cached.cache_clear()
    yield Cohort(engine, programme, tmp_path / "index").fill(TWO, startups=2)
    running.get_engine().dispose()
    for cached in (get_settings, running.get_engine):
        cached.cache_clear()


def asked(cohort: Cohort, kind: Kind = Kind.MENTOR) -> int:
    with unit_of_work(cohort.engine) as session:
        return proposals.request_proposal(session, cohort.programme, kind, actor="a").id


def runs(cohort: Cohort) -> int:
    with reading(cohort.engine) as session:
        return session.scalar(select(func.count()).select_from(Proposal)) or 0


def test_every_kind_of_job_has_a_task_and_a_queue() -> None:
    known = {task for task, _ in ROUTES.values()}
    assert {"tandem.propose", "tandem.what-if"} <= known
    assert known <= set(tasks.app.tasks)


def test_a_job_delivered_twice_makes_one_proposal_and_says_which(cohort: Cohort) -> None:
    job_id = asked(cohort)
    for _ in range(2):
        tasks.propose(job_id)
    with reading(cohort.engine) as session:
        job = session.get_one(Job, job_id)
        run = session.scalars(select(Proposal)).one()
        assert (job.state, job.result) == (JobState.DONE, {"proposal": run.id, "pairs": 2})
        assert (job.done, job.total) == (20, 20)
        assert proposals.pending_job(session, cohort.programme, Kind.MENTOR) is None


def test_a_worker_killed_while_it_writes_loses_nothing_and_the_next_one_does_it(cohort: Cohort) -> None:
    job_id = asked(cohort)
    killed = subprocess.run([sys.executable, "-c", DIES_WHILE_IT_WRITES, str(job_id)], check=False)
    assert killed.returncode == -9
    with reading(cohort.engine) as session:
        assert session.get_one(Job, job_id).state == JobState.RUNNING
        assert session.scalar(select(func.count()).select_from(Match)) == 0
    assert runs(cohort) == 0
    with unit_of_work(cohort.engine) as session:
        for orphan in jobs.orphans(session):
            jobs.requeue(session, orphan)
    tasks.propose(job_id)
    assert (runs(cohort), cohort.pairs()) == (1, {"S1-M2", "S2-M1"})
    with reading(cohort.engine) as session:
        made = session.scalar(
            select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "proposal.made")
        )
        assert made == 1


def test_a_worker_that_lost_its_lease_writes_nothing(cohort: Cohort) -> None:
    job_id = asked(cohort)
    with unit_of_work(cohort.engine) as session:
        job = jobs.claim(session, job_id, "elsewhere:1")
    assert job is not None
    late = running.Run(cohort.engine, job, "here:2")
    with pytest.raises(running.LeaseLost):
        cohort.run(finish=late.finish)
    assert (runs(cohort), cohort.pairs()) == (0, set())


def test_a_what_if_is_answered_by_its_job_without_the_index(cohort: Cohort) -> None:
    tasks.propose(asked(cohort))
    for file in sorted((cohort.folder).rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    with unit_of_work(cohort.engine) as session:
        pair = cohort.ids["S1"], cohort.ids["M1"]
        job_id = proposals.request_what_if(session, cohort.programme, Kind.MENTOR, *pair, actor="a").id
    tasks.what_if(job_id)
    with reading(cohort.engine) as session:
        found = proposals.read_what_if(session, cohort.programme, job_id)
        assert found is not None
        assert len(found.lost) == 2
        assert jobs.work_state(session, cohort.programme).failed == []
    assert not list(cohort.folder.rglob("*"))


def test_the_programme_s_page_follows_a_run_but_not_a_question(cohort: Cohort) -> None:
    def active() -> int:
        with reading(cohort.engine) as session:
            return jobs.work_state(session, cohort.programme).active

    before = active()
    first = asked(cohort)
    assert active() == before + 1
    tasks.propose(first)
    with unit_of_work(cohort.engine) as session:
        pair = cohort.ids["S1"], cohort.ids["M1"]
        proposals.request_what_if(session, cohort.programme, Kind.MENTOR, *pair, actor="a")
    assert active() == before
