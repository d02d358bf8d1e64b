"""The tasks: each names the use cases that do a job of its kind, in their transactions."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from config.keys import derived, secret_key
from config.settings import get_settings
from matcher.db import reading, unit_of_work
from matcher.models import Kind, Programme, Upload, utcnow
from matcher.services import digests, followup, paces, pipeline, posting, searching, uploads
from matcher.services.live import LiveIndex, LiveRecommender
from workers.app import app
from workers.running import Run, run_job


@app.task(name="tandem.import")
def import_sheet(job_id: int) -> None:
    """Import an uploaded sheet."""
    run_job(job_id, _import)


@app.task(name="tandem.embed")
def embed(job_id: int) -> None:
    """Embed the texts of some profiles."""
    run_job(job_id, _embed)


@app.task(name="tandem.recommend")
def recommend(job_id: int) -> None:
    """Bring a programme's lists up to date."""
    run_job(job_id, _recommend)


@app.task(name="tandem.search")
def search(job_id: int) -> None:
    """Find the profiles nearest in meaning to what somebody wrote."""
    run_job(job_id, _search)


@app.task(name="tandem.follow-up")
def follow_up(job_id: int) -> None:
    """Remind of offers that nobody answers, and close those that are too old."""
    run_job(job_id, _follow_up)


@app.task(name="tandem.digest")
def digest(job_id: int) -> None:
    """Write the letters about notices that are due."""
    run_job(job_id, _digest)


@app.task(name="tandem.deliver")
def deliver(job_id: int) -> None:
    """Send the letters that wait."""
    run_job(job_id, _deliver)


@app.task(name="tandem.propose")
def propose(job_id: int) -> None:
    """Propose the pairs of a whole programme."""
    run_job(job_id, _propose)


@app.task(name="tandem.what-if")
def what_if(job_id: int) -> None:
    """Say what forcing one pair would do to the others."""
    run_job(job_id, _what_if)


def _import(run: Run) -> None:
    folder = get_settings().uploads
    with reading(run.engine) as session:
        upload = session.get_one(Upload, run.job.payload["upload_id"])
    found = uploads.read_upload(upload, folder)
    run.progress(0, len(found.drafts))
    with unit_of_work(run.engine) as session:
        result = uploads.import_reading(session, upload, found, actor=run.job.payload["actor"])
        run.finish(session, result)
    if result["imported"]:
        uploads.discard(upload, folder)


def _embed(run: Run) -> Mapping[str, Any]:
    from matcher.embedding import load_encoder  # torch takes seconds; other queues never need it

    encoder = load_encoder(get_settings().model)
    ids = run.job.payload.get("profile_ids")
    if ids is None:
        return {"encoded": pipeline.embed_outdated(run.engine, run.job.programme_id, encoder, run.progress)}
    return {"encoded": pipeline.embed_profiles(run.engine, run.job.programme_id, ids, encoder, run.progress)}


@lru_cache(maxsize=1)
def get_index() -> LiveIndex:
    """What this worker process keeps of the programme that was last searched."""
    return LiveIndex(get_settings().snapshots)


@lru_cache(maxsize=1)
def get_recommender() -> LiveRecommender:
    """What this worker process keeps of the large programme that it worked for last."""
    settings = get_settings()
    return LiveRecommender(settings.snapshots, settings.list_length)


def _recommend(run: Run) -> Mapping[str, Any]:
    lists = pipeline.recommend(
        run.engine,
        run.job.programme_id,
        live=get_recommender(),
        model=get_settings().model,
        progress=run.progress,
    )
    return {"lists": lists}


def _search(run: Run) -> Mapping[str, Any]:
    from matcher.embedding import load_encoder  # torch takes seconds; other queues never need it

    encoder = load_encoder(get_settings().model)
    with threadpool_limits(1):  # threads wait for each other on a busy machine, and one text needs none
        vector = encoder.encode([searching.query_text(run.job.payload)])[0]
    with reading(run.engine) as session:
        return searching.answer(session, run.job, vector, live=get_index(), space=encoder.space)


def _deliver(run: Run) -> Mapping[str, Any]:
    settings = get_settings()
    box, sender = posting.postbox(settings), settings.mail_from
    return {"sent": posting.deliver(run.engine, run.job.programme_id, box, sender, run.progress)}


def _follow_up(run: Run) -> Mapping[str, Any]:
    return {"followed": followup.follow_up_all(run.engine, run.job.programme_id, utcnow(), run.progress)}


def _digest(run: Run) -> Mapping[str, Any]:
    settings = get_settings()
    links = paces.Links(settings.public_url, derived(secret_key(settings), paces.PURPOSE))
    return {"written": digests.write_all(run.engine, utcnow(), links, run.progress)}


def _propose(run: Run) -> None:
    from matcher.services import proposing  # the solvers take a second to load; other jobs never need them

    settings, asked = get_settings(), run.job.payload
    proposing.propose(
        run.engine, run.job.programme_id, Kind(asked["kind"]), snapshots=settings.snapshots,
        model=settings.model, length=settings.list_length, actor=asked["actor"], seed=asked["seed"],
        progress=run.progress, finish=run.finish,
    )  # fmt: skip


def _what_if(run: Run) -> Mapping[str, Any]:
    from matcher.services import what_ifs  # the solvers take a second to load; other jobs never need them

    with reading(run.engine) as session:
        programme = session.get_one(Programme, run.job.programme_id)
        question = what_ifs.read_question(session, programme, run.job)
    run.progress(1, 2)
    return what_ifs.answer(question).to_json()
