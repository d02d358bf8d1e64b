"""A programme in the states that pass: work that is being done, has failed or was only half of use."""

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from config.settings import Settings
from matcher.db import unit_of_work
from matcher.models import Job, JobKind, JobState, Kind, Match, MatchState, Profile, Upload, utcnow
from matcher.profiles.rows import RowProblem
from matcher.services import answers, jobs
from matcher.services.filtering import Filters
from matcher.services.plan import Figures
from matcher.services.preview import preview, publish_seen
from matcher.services.proposals import WhatIf, request_proposal, request_what_if
from matcher.services.review import decide
from matcher.services.search_jobs import ask
from matcher.services.steps import Pair
from matcher.wording import Message
from tests.matcher.factories import embed_all
from tests.web.cohort_world import programme_of, run
from tests.web.test_web_whynot import SPACE
from tests.web.world import HOSTILE, World, build

_PAGES = (
    "/p/{w.other_slug}",
    "/p/{w.other_slug}/cohort/mentors",
    "/p/{w.slug}/startups?q=nothing-like-it",
    "/p/{w.slug}/startups/{w.startup}?all=mentor",
    "/p/{w.slug}/startups/{w.lonely}",
    "/p/{w.slug}/startups/{w.hostile}",
    "/p/{w.slug}/startups/{w.hostile}/edit",
    "/p/{w.slug}/startups/{w.hostile}/why/funders/{w.funder}",
    "/p/{w.slug}/mentors/{w.mentor}/why/startups/{w.hostile}",
    "/p/{w.slug}/startups/{w.startup}/why/mentors/{w.mentor}",
    "/p/{w.slug}/startups/{w.startup}/wishes",
    "/p/{w.slug}/cohort/mentors",
    "/p/{w.slug}/cohort/mentors?state=rejected",
    "/p/{w.slug}/cohort/mentors/{w.hostile}/{w.mentor}",
    "/p/{w.slug}/cohort/mentors/approve/possible",
    "/p/{w.slug}/cohort/mentors/publish",
    "/p/{w.slug}/cohort/mentors/report",
    "/p/{w.slug}/cohort/funders",
    "/p/{w.slug}/cohort/funders/report",
    "/p/{w.slug}/matches",
    "/p/{w.slug}/mail",
    "/p/{w.slug}/log",
    "/answer/nothing",
)


def make(engine: Engine, settings: Settings) -> list[str]:
    """Write it all into an empty database; the addresses of what whoever runs it looks at."""
    world = build(engine)
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        session.execute(update(Profile).values(email=Profile.ref + "@example.org"))
    embed_all(engine, programme, SPACE)
    pairs = list(run(engine, world, relaxed=[Message(HOSTILE).to_json()], is_optimal=False, gap=0.02))
    with unit_of_work(engine) as session:
        found = [*_pairs(session, world, pairs), *_what_ifs(session, world, pairs)]
        programme = programme_of(session, world)
        request_proposal(session, programme, Kind.FUNDER, actor="a")
        found += [*_imports(session, world, settings), *_searches(session, world)]
    return [address.format(w=world) for address in _PAGES] + found


def _pairs(session: Session, world: World, pairs: list[Pair]) -> list[str]:
    """Pairs that are proposed, locked, rejected, approved, offered, accepted and refused."""
    secrets: list[str] = []

    def link(secret: str) -> str:
        secrets.append(secret)
        return f"/answer/{secret}"

    programme = programme_of(session, world)
    for pair in pairs[:3]:
        decide(session, programme, *pair, "approved", actor="a")
    key = preview(session, programme, Kind.MENTOR).key
    publish_seen(session, programme, Kind.MENTOR, key, actor="a", link=link)
    answers.answer(session, secrets[0], accepted=True)
    answers.answer(session, secrets[1], accepted=True)
    answers.answer(session, secrets[3], accepted=False, note="No time.")
    decide(session, programme, *pairs[3], "approved", actor="a")
    decide(session, programme, *pairs[4], "rejected", actor="a", note="A conflict of interest\nReally.")
    decide(session, programme, *pairs[5], "locked", actor="a")
    offered = session.scalars(select(Match).where(Match.state == MatchState.OFFERED)).first()
    assert offered is not None
    waits = (offered.startup_id, offered.counterpart_id)
    closer = [f"/p/{world.slug}/cohort/mentors/{ours}/{theirs}" for ours, theirs in (*pairs[:6], waits)]
    answers_to = [f"/answer/{secrets[number]}" for number in (0, 2, 3, 4)]
    return [*closer, *answers_to, f"/p/{world.slug}/mentors/{pairs[3][1]}/leave"]


def _what_ifs(session: Session, world: World, pairs: list[Pair]) -> list[str]:
    """One that was answered, one that cannot be, and one that waits."""
    programme, new = programme_of(session, world), (world.lonely, pairs[3][1])
    asked = [request_what_if(session, programme, Kind.MENTOR, *new, actor="a") for _ in range(3)]
    before, after = Figures(4.0, 0.3, 8, 8), Figures(3.5, 0.25, 9, 9)
    told = (
        WhatIf(*new, before, after, [pairs[3]], [new], [], Message("It can be, at a cost.")),
        WhatIf(*new, before, None, [], [], [Message(HOSTILE)], Message("It cannot be.")),
    )
    for job, answer in zip(asked, told, strict=False):
        job.state, job.result = JobState.DONE.value, answer.to_json()
    session.execute(delete(Job).where(Job.id.not_in([job.id for job in asked])))
    return [f"/p/{world.slug}/cohort/mentors/what-if/{job.id}" for job in asked]


def _imports(session: Session, world: World, settings: Settings) -> list[str]:
    """Imports that wait, run, failed, left rows out, or were stopped by them; a sheet that is gone."""
    programme = programme_of(session, world)
    wrong = RowProblem("x.csv", 3, "country", HOSTILE, Message("one country")).message().to_json()
    partly = {"created": 3, "imported": True, "bad_rows": 1, "problem_count": 2, "problems": [wrong]}
    failed = Message("The sheet %(file)s has no header.", {"file": "x.csv"}).to_json()
    states: dict[str, dict[str, object]] = {
        "queued": {"state": "queued"},
        "running": {"state": "running", "done": 40, "total": 100},
        "failed": {"state": "failed", "error": failed},
        "partly": {"state": "done", "result": partly},
        "stopped": {"state": "done", "result": {**partly, "imported": False}},
        "whole": {"state": "done", "result": {"created": 3, "updated": 1, "imported": True}},
    }
    for name, columns in states.items():
        job = Job(programme_id=programme.id, kind=JobKind.IMPORT.value, **columns)
        session.add(job)
        session.flush()
        session.add(
            Upload(id=name, programme_id=programme.id, kind="startup", filename="x.csv", job_id=job.id)
        )
    session.add(Upload(id="gone", programme_id=programme.id, kind="mentor", filename="x.csv"))
    return [f"/p/{world.slug}/imports/{name}" for name in (*states, "gone")]


def _searches(session: Session, world: World) -> list[str]:
    """One that found something, one that found nothing, one that waits, one that was not answered in time."""
    programme = programme_of(session, world)
    queries = ("networks", "nothing", "waiting", HOSTILE)
    made = [ask(session, programme, query, Filters(), {"sectors": query}) for query in queries]
    hits = [{"profile": n, "entry": 0, "score": 0.4} for n in (world.mentor, world.hostile, world.lonely)]
    for job, found in zip(made, (hits, []), strict=False):
        job.state, job.result = JobState.DONE.value, {"found": found}
    made[3].created_at = utcnow() - jobs.SEARCH_EXPIRES
    session.flush()
    return [f"/p/{world.slug}/search/{job.id}" for job in made]
