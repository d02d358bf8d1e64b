"""Uploaded sheets: kept until they are imported, previewed before."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from matcher.models import Job, JobKind, JobState, Kind, Programme, Upload
from matcher.profiles.badrows import write_bad_rows
from matcher.profiles.reading import SheetPeek, SheetReading, peek, read_profiles
from matcher.profiles.text import clean
from matcher.services import audit, jobs
from matcher.services.errors import Conflict, NotFound, ServiceError
from matcher.services.importing import ImportCounts, import_drafts
from matcher.services.notices import manager_path, notify_actor
from matcher.wording import N_, Message

_CHUNK = 1 << 20
_PROBLEMS_SHOWN = 200
_IMPORTED = N_("The import of %(filename)s is done. Rows that are profiles now: %(count)s.")
_NOT_IMPORTED = N_("Nothing of %(filename)s was imported: some of its rows need mending.")


class UploadTooLarge(ServiceError):
    """The file is larger than this installation takes."""


def receive(
    session: Session,
    programme: Programme,
    kind: Kind,
    stream: BinaryIO,
    filename: str,
    folder: Path,
    limit_bytes: int,
    *,
    actor: str,
) -> Upload:
    """Keep an uploaded file under a random name; nobody else's name for it becomes a path.

    Raises:
        UploadTooLarge: it has more than `limit_bytes`; what was written is removed.
    """
    shown = clean(PurePath(filename.replace("\\", "/")).name)[:200] or "sheet"
    upload = Upload(id=secrets.token_hex(16), programme_id=programme.id, kind=kind.value, filename=shown)
    folder.mkdir(parents=True, exist_ok=True)
    _store(stream, stored_path(upload, folder), limit_bytes)
    session.add(upload)
    audit.record(session, programme.id, actor, "sheet.uploaded", f"upload:{upload.id}", after={"file": shown})
    return upload


def get_upload(session: Session, programme: Programme, upload_id: str) -> Upload:
    """The programme's upload.

    Raises:
        NotFound: there is none with this id in this programme.
    """
    upload = session.get(Upload, upload_id)
    if upload is None or upload.programme_id != programme.id:
        raise NotFound(Message(N_("There is no such upload in this programme.")))
    return upload


def preview(upload: Upload, folder: Path, overrides: Mapping[str, str] | None = None) -> SheetPeek:
    """What the columns would be taken for, and the first rows.

    Raises:
        SheetError: the file is no sheet that can be imported.
    """
    return peek(stored_path(upload, folder), Kind(upload.kind), overrides or {}, name=upload.filename)


def confirm(
    session: Session,
    programme: Programme,
    upload: Upload,
    overrides: Mapping[str, str],
    skip_bad_rows: bool,  # noqa: FBT001 - a form's check box, passed on as it is
    *,
    actor: str,
) -> Job:
    """Ask for the import of a previewed upload, or again for one that imported nothing.

    Raises:
        Conflict: it is being imported, or was.
    """
    last = session.get(Job, upload.job_id) if upload.job_id is not None else None
    if last is not None and not may_retry(last):
        raise Conflict(Message(N_("This sheet is being imported already, or has been.")))
    upload.overrides, upload.skip_bad_rows = dict(overrides), skip_bad_rows
    job = jobs.enqueue(session, programme.id, JobKind.IMPORT, {"upload_id": upload.id, "actor": actor})
    upload.job_id = job.id
    return job


def may_retry(job: Job) -> bool:
    """Whether an import is over and changed nothing."""
    if job.state == JobState.DONE:
        return not job.result.get("imported")
    return job.state == JobState.FAILED


def stored_path(upload: Upload, folder: Path) -> Path:
    """Where the uploaded bytes are."""
    return folder / upload.id


def bad_rows_path(upload: Upload, folder: Path) -> Path:
    """Where the rows that were not imported are, once the import is done."""
    return folder / f"{upload.id}.bad.csv"


def read_upload(upload: Upload, folder: Path) -> SheetReading:
    """Read the whole sheet, and write its bad rows beside it.

    Raises:
        SheetError: the file is no sheet that can be imported.
    """
    found = read_profiles(
        stored_path(upload, folder), Kind(upload.kind), upload.overrides, name=upload.filename
    )
    if found.bad_rows:
        write_bad_rows(found, bad_rows_path(upload, folder))
    return found


def import_reading(session: Session, upload: Upload, found: SheetReading, *, actor: str) -> dict[str, Any]:
    """Import what was read, and say what became of it.

    With bad rows and no leave to skip them, nothing is imported.
    """
    importing = not found.bad_rows or upload.skip_bad_rows
    counts = ImportCounts(0, 0, 0)
    programme = session.get_one(Programme, upload.programme_id)
    if importing:
        counts = import_drafts(
            session, programme, found.kind, found.drafts, actor=actor, subject=f"upload:{upload.id}"
        )
    outcome = _IMPORTED if importing else _NOT_IMPORTED
    notify_actor(
        session,
        programme,
        actor,
        key=f"upload:{upload.id}:{upload.job_id}",
        message=Message(outcome, {"filename": upload.filename, "count": len(found.drafts)}),
        path=manager_path(programme, f"imports/{upload.id}"),
    )
    return {
        **asdict(counts),
        "imported": importing,
        "bad_rows": len(found.bad_rows),
        "problem_count": len(found.problems) + found.more_problems,
        "problems": [problem.message().to_json() for problem in found.problems[:_PROBLEMS_SHOWN]],
    }


def discard(upload: Upload, folder: Path) -> None:
    """Delete the stored sheet: its people are profiles now, and can be removed as such."""
    stored_path(upload, folder).unlink(missing_ok=True)


def _store(stream: BinaryIO, path: Path, limit_bytes: int) -> None:
    written = 0
    with path.open("wb") as file:
        while chunk := stream.read(_CHUNK):
            written += len(chunk)
            if written > limit_bytes:
                path.unlink()
                raise UploadTooLarge(
                    Message(
                        N_("The file is larger than %(limit)d MB. Split it, and import the parts."),
                        {"limit": limit_bytes // (1 << 20)},
                    )
                )
            file.write(chunk)
