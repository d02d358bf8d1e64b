"""How much of a sheet is read before it is called too large."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """Bounds on a sheet. Together they keep an import under 300 MB whatever the file claims."""

    bytes: int = 64 * MEGABYTE
    unpacked_bytes: int = 256 * MEGABYTE
    members: int = 2_000
    rows: int = 100_000
    columns: int = 200
    cells: int = 2_000_000
    bad_rows: int = 10_000
    kept_bytes: int = 230 * MEGABYTE
    cell_chars: int = 20_000
    record_chars: int = 1_000_000
    record_lines: int = 1_000
    parser_bytes: int = 256 * MEGABYTE
    parser_seconds: int = 20


DEFAULT_LIMITS = SheetLimits()
