"""Reading the sheets named on the command line, and showing what was decided about them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from matcher.cli.errors import BadInput
from matcher.cli.language import _, say
from matcher.models import Kind
from matcher.profiles.badrows import write_bad_rows
from matcher.profiles.errors import SheetError
from matcher.profiles.fields import FIELDS
from matcher.profiles.mapping import ColumnMatch
from matcher.profiles.reading import SheetReading, read_profiles
from matcher.profiles.sheet import open_sheet
from matcher.profiles.text import key
from matcher.wording import N_, Message

HOW = {
    "override": N_("as you said"),
    "name": N_("same name"),
    "synonym": N_("known synonym"),
    "likeness": N_("looks like it"),
    "note": N_("kept as a note"),
}


def read_sheets(
    paths: Mapping[Kind, Path], mappings: Iterable[str], *, skip_bad_rows: bool, out: Path
) -> dict[Kind, SheetReading]:
    """Read every sheet and show its mapping.

    Raises:
        BadInput: with the problems of all sheets, unless their bad rows are to be skipped.
    """
    overrides = _overrides(paths, mappings)
    found, problems = {}, []
    for kind, path in paths.items():
        try:
            found[kind] = read_profiles(path, kind, overrides[kind])
        except SheetError as error:
            problems.append(error.message)
            continue
        _show(found[kind])
        if not skip_bad_rows:
            problems += _problems(found[kind])
    if problems:
        raise BadInput(problems)
    for kind, reading in found.items():
        if reading.bad_rows:
            _write_bad(reading, out / f"bad-rows-{kind}s.csv")
    return found


def _problems(reading: SheetReading) -> list[Message]:
    messages = [problem.message() for problem in reading.problems]
    if reading.more_problems:
        more = {"count": reading.more_problems, "file": reading.file}
        messages.append(Message(N_("%(file)s: and %(count)d problems more"), more))
    if messages:
        hint = N_("%(file)s: correct these, or import the good rows alone with --skip-bad-rows.")
        messages.append(Message(hint, {"file": reading.file}))
    return messages


def _write_bad(reading: SheetReading, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bad_rows(reading, path)
    click.echo(
        _("%(file)s: %(count)d rows were skipped; they are in %(path)s with the reasons.")
        % {"file": reading.file, "count": len(reading.bad_rows), "path": path}
    )


def _show(reading: SheetReading) -> None:
    counts = {"count": len(reading.drafts) + len(reading.bad_rows), "bad": len(reading.bad_rows)}
    line = _("%(file)s (%(format)s): %(count)d rows, %(bad)d of them with mistakes")
    click.echo(line % {"file": reading.file, "format": say(reading.format), **counts})
    width = max(len(column.header) for column in reading.columns)
    for column in reading.columns:
        click.echo(f"  {column.header:<{width}}  →  {_target(column)}  ({_(HOW[column.how])})")
    if reading.ref_note:
        click.echo(f"  {say(reading.ref_note)}")


def _target(column: ColumnMatch) -> str:
    return column.field or "–"


def _overrides(paths: Mapping[Kind, Path], mappings: Iterable[str]) -> dict[Kind, dict[str, str]]:
    """Which `--map` belongs to which sheet: those that have the column, and a kind with the field.

    Raises:
        BadInput: one is not HEADER=field, or no sheet has its column.
    """
    given: dict[Kind, dict[str, str]] = {kind: {} for kind in paths}
    mappings = list(mappings)
    headers = _headers(paths) if mappings else {}
    problems = []
    for mapping in mappings:
        header, separator, field = (part.strip() for part in mapping.rpartition("="))
        holders = [kind for kind in paths if key(header) in headers[kind]]
        fitting = [kind for kind in holders if field in {f.name for f in FIELDS[kind]}]
        if not separator or not header or not field:
            problems.append(Message(N_("--map “%(mapping)s”: expected HEADER=field"), {"mapping": mapping}))
        elif not holders:
            problems.append(Message(N_("--map: no sheet has a column “%(header)s”"), {"header": header}))
        for kind in fitting or holders:
            given[kind][header] = field
    if problems:
        raise BadInput(problems)
    return given


def _headers(paths: Mapping[Kind, Path]) -> dict[Kind, set[str]]:
    """The sheets' headers.

    Raises:
        BadInput: some cannot be read; each says why.
    """
    found, problems = {}, []
    for kind, path in paths.items():
        try:
            found[kind] = {key(header) for header in open_sheet(path).headers}
        except SheetError as error:
            problems.append(error.message)
    if problems:
        raise BadInput(problems)
    return found
