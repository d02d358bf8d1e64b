"""Importing a sheet: choose it, look at what was understood, watch it come in."""

import re
from typing import BinaryIO, cast

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.models import Job, JobState, Kind, Programme, Upload
from matcher.profiles.errors import SheetError
from matcher.profiles.fields import FIELDS, field
from matcher.profiles.reading import SheetPeek
from matcher.services.errors import ServiceError
from matcher.services.jobs import get_job
from matcher.services.uploads import bad_rows_path, get_upload, may_retry, preview
from matcher.services.uploads import confirm as confirm_upload
from matcher.services.uploads import receive as receive_upload
from matcher.wording import N_, Message
from web.database import read, settings, write
from web.permissions import actor
from web.refresh import refreshing

blueprint = Blueprint("uploads", __name__, url_prefix="/p/<slug>")

_SECONDS = 2
_COLUMN = re.compile("column-([0-9]{1,5})")  # no sheet has more
_NO_KIND = N_("Choose what the sheet lists.")
_NO_NAME = N_("Choose which column gives the name.")
_GONE = N_("The uploaded file is no longer kept here. Upload it again.")
_NO_FILE = N_("Choose a file.")
_LITTLE = {
    Kind.STARTUP: (
        ("needs", "pitch"),
        N_(
            "No column gives the needs or the pitch of the start-ups, and little can be matched without "
            "them. Choose “%(needs)s” or “%(pitch)s” for the column that says it."
        ),
    ),
    Kind.MENTOR: (
        ("expertise",),
        N_(
            "No column gives the expertise of the mentors, and little can be matched without it. "
            "Choose “%(expertise)s” for the column that says it."
        ),
    ),
    Kind.FUNDER: (
        ("thesis", "portfolio"),
        N_(
            "No column gives the thesis or the portfolio of the funding partners, and little can be matched "
            "without them. Choose “%(thesis)s” or “%(portfolio)s” for the column that says it."
        ),
    ),
}
"""The fields of which a sheet should give at least one, and what to say when it gives none."""


@blueprint.get("/import")
def choose(slug: str) -> str:
    """Which sheet, and what it lists."""
    with read(slug) as (_, programme):
        return _choose_page(programme, request.args.get("kind"), {})


@blueprint.post("/import")
def receive(slug: str) -> Response | tuple[str, int]:
    """Keep the sheet and go on to its preview."""
    kind, sheet = request.form.get("kind"), request.files.get("sheet")
    errors: dict[str, Message] = {}
    if kind not in {k.value for k in Kind}:
        errors["kind"] = Message(_NO_KIND)
    if sheet is None or not sheet.filename:
        errors["sheet"] = Message(_NO_FILE)
    if not errors and kind and sheet and sheet.filename:
        try:
            return _keep(slug, Kind(kind), cast(BinaryIO, sheet.stream), sheet.filename)
        except (SheetError, ServiceError) as error:
            errors["sheet"] = error.message
    with read(slug) as (_, programme):
        return _choose_page(programme, kind, errors), 422


@blueprint.get("/imports/<upload_id>")
def show(slug: str, upload_id: str) -> Response | str:
    """The preview; once confirmed, the progress; in the end, the result."""
    with read(slug) as (session, programme):
        upload = get_upload(session, programme, upload_id)
        if upload.job_id is None:
            return _preview_page(programme, upload, {})
        job = get_job(session, programme, upload.job_id)
        page = _job_page(programme, upload, job)
        if job.state in {JobState.QUEUED, JobState.RUNNING}:
            return refreshing(page, _SECONDS)
        return page


@blueprint.post("/imports/<upload_id>")
def confirm(slug: str, upload_id: str) -> Response | tuple[str, int]:
    """Start the import with the columns as they now stand."""
    try:
        with write(slug) as (session, programme):
            upload = get_upload(session, programme, upload_id)
            job = get_job(session, programme, upload.job_id) if upload.job_id is not None else None
            if job is None or may_retry(job):  # pressed twice: the first press counts
                _start(session, programme, upload)
    except (SheetError, ServiceError) as error:
        with read(slug) as (session, programme):
            upload = get_upload(session, programme, upload_id)
            return _preview_page(programme, upload, _chosen(), error.message), 422
    return redirect(url_for("uploads.show", slug=slug, upload_id=upload_id), 303)


@blueprint.get("/imports/<upload_id>/bad-rows.csv")
def bad_rows(slug: str, upload_id: str) -> Response:
    """The rows that were left out, with the reasons beside them."""
    with read(slug) as (session, programme):
        path = bad_rows_path(get_upload(session, programme, upload_id), settings().uploads)
    if not path.is_file():
        abort(404)
    return send_file(path.resolve(), mimetype="text/csv", as_attachment=True, download_name="bad-rows.csv")


def _keep(slug: str, kind: Kind, stream: BinaryIO, filename: str) -> Response:
    limit = settings().upload_megabytes * 1024 * 1024
    with write(slug) as (session, programme):
        upload = receive_upload(
            session, programme, kind, stream, filename, settings().uploads, limit, actor=actor()
        )
    return redirect(url_for("uploads.show", slug=slug, upload_id=upload.id), 303)


def _start(session: Session, programme: Programme, upload: Upload) -> Job:
    """Import exactly what the page shows: every column's choice counts, also one left as it was."""
    chosen = _chosen()
    if chosen and "name" not in chosen.values():
        raise SheetError(Message(_NO_NAME))
    shown = {match.header: chosen.get(match.index) or "-" for match in _peek(upload).columns}
    overrides = shown if chosen else upload.overrides  # a second try has no columns to choose
    preview(upload, settings().uploads, overrides)  # refuses what contradicts itself
    skip = request.form.get("skip_bad_rows") == "1"
    return confirm_upload(session, programme, upload, overrides, skip, actor=actor())


def _chosen() -> dict[int, str]:
    """Column number to the field chosen for it; '' keeps the column as a note."""
    return {
        int(found[1]): field for name, field in request.form.items() if (found := _COLUMN.fullmatch(name))
    }


def _peek(upload: Upload) -> SheetPeek:
    try:
        return preview(upload, settings().uploads)
    except FileNotFoundError as gone:
        raise SheetError(Message(_GONE)) from gone


def _job_page(programme: Programme, upload: Upload, job: Job) -> str:
    problems = [Message.from_json(problem) for problem in job.result.get("problems", ())]
    return render_template(
        "import_job.html",
        programme=programme,
        upload=upload,
        job=job,
        problems=[problem.params for problem in problems],
        problem_count=job.result.get("problem_count", len(problems)),
    )


def _choose_page(programme: Programme, kind: str | None, errors: dict[str, Message]) -> str:
    return render_template(
        "import.html",
        programme=programme,
        chosen=kind,
        errors=errors,
        fields=FIELDS,
        megabytes=settings().upload_megabytes,
    )


def _preview_page(
    programme: Programme, upload: Upload, chosen: dict[int, str], error: Message | None = None
) -> str:
    try:
        peek = _peek(upload)
    except SheetError as unreadable:
        return render_template(
            "import_unreadable.html", programme=programme, upload=upload, error=unreadable.message
        )
    return render_template(
        "import_preview.html",
        programme=programme,
        upload=upload,
        peek=peek,
        chosen=chosen,
        fields=FIELDS[Kind(upload.kind)],
        error=error,
        warning=_warning(Kind(upload.kind), peek, chosen),
    )


def _warning(kind: Kind, peek: SheetPeek, chosen: dict[int, str]) -> Message | None:
    """What is said of a sheet, as its columns now stand, that gives next to nothing to match."""
    names, sentence = _LITTLE[kind]
    if {chosen.get(match.index, match.field) for match in peek.columns} & set(names):
        return None
    return Message(sentence, {name: Message(field(kind, name).label) for name in names})
