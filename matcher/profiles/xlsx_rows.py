"""Run as a process of its own: reads one workbook under limits and prints its rows as JSON lines.

A workbook with cells in A1 and XFD1048576 makes any reader allocate everything between. Here that
ends this process, not the one that serves people. Nothing of ours is imported, so it starts fast.
"""

import datetime
import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

Cell = int | float | str | bool | datetime.time | datetime.date | datetime.timedelta


_LIMIT_MET = 3


def main(path: str, memory: int, written: int, seconds: int, columns: int, chars: int) -> int:
    """Print `{"sheet": …}` and then `[number, [cell, …]]` for each row, or one `{"error": …}`."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    _limit(memory, written, seconds)
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            for line in _lines(workbook, columns, chars):
                _say(line)
        sys.stdout.flush()
    except PasswordError:
        _say({"error": "password"})
    except CalamineError:
        _say({"error": "broken"})
    except (MemoryError, OSError):
        # Nothing more can be written, so the buffer must not be flushed on the way out.
        os._exit(_LIMIT_MET)
    return 0


def _limit(memory: int, written: int, seconds: int) -> None:
    # Above what the interpreter already has mapped, so that the bound is on the workbook alone.
    memory += _mapped()
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(line: object) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def _mapped() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


def _lines(workbook, columns: int, chars: int) -> Iterator[object]:  # type: ignore[no-untyped-def]
    """The first visible sheet with a cell in it."""
    names = [about.name for about in workbook.sheets_metadata if _is_shown(about)]
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.start is None or sheet.end is None:
            continue
        if sheet.width > columns:
            yield {"error": "columns"}
            return
        yield {"sheet": name, "others": [other for other in names if other != name]}
        yield from _rows(sheet, chars)
        return
    yield {"error": "empty"}


def _is_shown(about) -> bool:  # type: ignore[no-untyped-def]
    return str(about.typ).endswith("WorkSheet") and str(about.visible).endswith("Visible")


def _rows(sheet, chars: int) -> Iterator[object]:  # type: ignore[no-untyped-def]
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_text(cell)[: chars + 1] for cell in row]
        if any(cells):
            yield [number, cells]


def _text(cell: Cell) -> str:
    """As a person reads it: 3 rather than 3.0, dates in ISO order."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:7])))
