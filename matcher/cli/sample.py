"""`tandem sample`: the sample programme's sheets, to look at or to start one's own from."""

import csv
from importlib.resources import files
from pathlib import Path

import click
import xlsxwriter

from matcher.cli.language import _
from matcher.services.sample import SHEETS


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to."
)
@click.option("--format", "format_", type=click.Choice(["xlsx", "csv"]), default="xlsx", show_default=True)
def sample(out: Path, format_: str) -> None:
    """Write the sample programme's three sheets and a file of rules, as templates for your own."""
    out.mkdir(parents=True, exist_ok=True)
    for name in SHEETS.values():
        text = (files("config") / "sample" / name).read_text(encoding="utf-8")
        path = (out / name).with_suffix(f".{format_}")
        if format_ == "csv":
            path.write_text(text, encoding="utf-8-sig")
        else:
            _write_xlsx(text, path)
        click.echo(_("Wrote %(path)s") % {"path": path})
    rules = out / "rules.toml"
    rules.write_bytes((files("config") / "sample" / "rules.toml").read_bytes())
    click.echo(_("Wrote %(path)s") % {"path": rules})


def _write_xlsx(text: str, path: Path) -> None:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for row, cells in enumerate(csv.reader(text.splitlines())):
            for column, cell in enumerate(cells):
                sheet.write_string(row, column, cell)
