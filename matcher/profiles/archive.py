"""Whether an XLSX file is a sane ZIP archive, before anything parses it."""

import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from matcher.profiles.errors import SheetError
from matcher.profiles.limits import SheetLimits
from matcher.wording import N_, Message

_CHUNK = 1 << 16
# What `zipfile` and `zlib` raise on damaged bytes, found by flipping them.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)
_LOCAL_HEADER = 30
_ENCRYPTED = 0x1


def check_workbook(path: Path, name: str, limits: SheetLimits) -> None:
    """`SheetError` unless it is a whole, unencrypted XLSX that unpacks to a bounded size."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            members = archive.infolist()
            _check_members(members, name, limits)
            budget = limits.unpacked_bytes
            for member in members:
                budget -= _unpacked_size(raw, member, budget, name)
                if budget < 0:
                    raise _too_large(name, limits)
    except _DAMAGE as error:
        if isinstance(error, SheetError):
            raise
        raise broken(name) from error


def broken(name: str) -> SheetError:
    """The error of a workbook that is cut short or damaged."""
    return SheetError(
        Message(
            N_("%(file)s: the workbook is damaged or cut short. Open it and save it again."),
            {"file": name},
        )
    )


def _check_members(members: list[zipfile.ZipInfo], name: str, limits: SheetLimits) -> None:
    # The declared sizes are free to read: an honest bomb needs no unpacking.
    if len(members) > limits.members or sum(m.file_size for m in members) > limits.unpacked_bytes:
        raise _too_large(name, limits)
    if any(m.flag_bits & _ENCRYPTED for m in members):
        raise protected(name)
    if "xl/workbook.xml" not in {m.filename for m in members}:
        raise SheetError(
            Message(
                N_("%(file)s: a ZIP archive, not an XLSX workbook. Save the sheet as XLSX or CSV."),
                {"file": name},
            )
        )
    if any(m.filename.lower().endswith((".zip", ".xlsx", ".gz")) for m in members):
        raise SheetError(
            Message(
                N_("%(file)s: the workbook holds other archives. Copy the cells to a new one."),
                {"file": name},
            )
        )


def protected(name: str) -> SheetError:
    """The error of a workbook that asks for a password."""
    return SheetError(
        Message(
            N_("%(file)s: protected by a password. Remove the password and save it again."),
            {"file": name},
        )
    )


def _too_large(name: str, limits: SheetLimits) -> SheetError:
    return SheetError(
        Message(
            N_(
                "%(file)s: unpacks to more than %(limit)d MB, far more than a sheet of profiles. "
                "Copy the cells to a new workbook, or save the sheet as CSV."
            ),
            {"file": name, "limit": limits.unpacked_bytes // (1024 * 1024)},
        )
    )


def _unpacked_size(raw: BinaryIO, member: zipfile.ZipInfo, budget: int, name: str) -> int:
    """What the member really unpacks to: `zipfile` stops at the declared size, parsers may not."""
    if member.compress_type == zipfile.ZIP_STORED:
        return member.compress_size
    if member.compress_type != zipfile.ZIP_DEFLATED:
        raise broken(name)
    raw.seek(member.header_offset)
    header = raw.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER:
        raise broken(name)
    skip = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    raw.seek(skip, 1)
    return _inflate(raw, member.compress_size, budget, name)


def _inflate(raw: BinaryIO, left: int, budget: int, name: str) -> int:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    size, pending = 0, b""
    while not inflater.eof and size <= budget:
        if not pending:
            pending = raw.read(min(_CHUNK, left))
            left -= len(pending)
        unpacked = inflater.decompress(pending, 1 << 20)
        if not unpacked and not pending:
            raise broken(name)
        size += len(unpacked)
        pending = inflater.unconsumed_tail
    return size
