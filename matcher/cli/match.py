"""`tandem match`: from spreadsheets to explained pairs as files, without a server."""

import tempfile
import time
from pathlib import Path

import click
from sqlalchemy import select

from config.migrations import upgrade
from config.settings import get_settings
from matcher.cli.language import _, say
from matcher.cli.outcome import Outcome, read_outcome
from matcher.cli.pairs import write_pairs, write_unmatched
from matcher.cli.progress import progress_bar
from matcher.cli.proposal import Proposed, make_proposal, read_proposal, with_unmatched, write_proposal
from matcher.cli.report import write_report
from matcher.cli.rules_file import RulesFile, read_rules
from matcher.cli.sheets import read_sheets
from matcher.db import make_engine, reading, unit_of_work
from matcher.models import Kind, Profile
from matcher.profiles.reading import SheetReading
from matcher.services.importing import import_drafts
from matcher.services.pipeline import embed_profiles, recommend_programme
from matcher.services.programmes import create_programme
from matcher.services.proposals import relaxed_rules

_Sheet = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--startups", type=_Sheet, required=True, help="CSV or XLSX of start-ups.")
@click.option("--mentors", type=_Sheet, help="CSV or XLSX of mentors.")
@click.option("--funders", type=_Sheet, help="CSV or XLSX of funding partners.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to."
)
@click.option(
    "--top",
    type=click.IntRange(1, 200),
    default=10,
    show_default=True,
    help="Candidates for each start-up.",
)
@click.option(
    "--rules",
    "rules_path",
    type=_Sheet,
    help="TOML of the programme's rules, locks, forbidden pairs, wishes.",
)
@click.option("--map", "mappings", multiple=True, metavar="HEADER=field", help="Take a column for a field.")
@click.option("--skip-bad-rows", is_flag=True, help="Import the good rows; write the bad ones to a file.")
def match(
    startups: Path, mentors: Path | None, funders: Path | None, out: Path, top: int, rules_path: Path | None,
    mappings: tuple[str, ...], skip_bad_rows: bool,  # noqa: FBT001 - click's signature
) -> None:  # fmt: skip
    """Match start-ups with mentors, funding partners, or both.

    Writes pairs.csv, funding.csv, proposal.csv, unmatched.csv and report.html into the folder: candidates
    for each start-up, and the best pairs of start-ups and mentors for the whole cohort at once.
    """
    given = {Kind.STARTUP: startups, Kind.MENTOR: mentors, Kind.FUNDER: funders}
    paths = {kind: path for kind, path in given.items() if path is not None}
    if len(paths) == 1:
        raise click.UsageError(_("Name the sheet of --mentors, of --funders, or both."))
    if rules_path is not None and mentors is None:
        raise click.UsageError(_("--rules are about mentors: name their sheet."))
    out.mkdir(parents=True, exist_ok=True)
    sheets = read_sheets(paths, mappings, skip_bad_rows=skip_bad_rows, out=out)
    rules = read_rules(rules_path, _refs(sheets, Kind.STARTUP), _refs(sheets, Kind.MENTOR))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tandem-") as folder:
        outcome, proposed, texts = _run(sheets, rules, Path(folder), top)
    write_pairs(outcome, Kind.MENTOR, out / "pairs.csv")
    write_pairs(outcome, Kind.FUNDER, out / "funding.csv")
    write_proposal(proposed, out / "proposal.csv")
    write_unmatched(outcome, out / "unmatched.csv")
    write_report(outcome, sheets, proposed, out / "report.html")
    _summarise(outcome, proposed, out, texts, time.monotonic() - started)


def _refs(sheets: dict[Kind, SheetReading], kind: Kind) -> frozenset[str]:
    return frozenset(draft.ref for draft in sheets[kind].drafts) if kind in sheets else frozenset()


def _run(
    sheets: dict[Kind, SheetReading], rules: RulesFile, folder: Path, top: int
) -> tuple[Outcome, Proposed | None, int]:
    """Match in a database of its own, by the same use cases as the service; and the texts embedded."""
    from matcher.embedding import load_encoder  # after the sheets were read: torch takes seconds

    settings = get_settings()
    engine = make_engine(f"sqlite:///{folder / 'tandem.db'}")
    upgrade(engine)
    with unit_of_work(engine) as session:
        programme = create_programme(session, slug="match", name="tandem match", organisation="tandem")
        for kind, found in sheets.items():
            import_drafts(session, programme, kind, found.drafts, actor="tandem", subject=found.file)
        ids = session.scalars(select(Profile.id)).all()
    encoder = load_encoder(settings.model)
    with progress_bar(_("Embedding profiles")) as progress:
        texts = embed_profiles(engine, programme.id, ids, encoder, progress)
    with progress_bar(_("Ranking")) as progress:
        recommend_programme(
            engine, programme.id, snapshots=folder, model=settings.model, length=top, progress=progress
        )
    with reading(engine) as session:
        outcome, proposed = read_outcome(session, programme, set(sheets)), None
    if Kind.MENTOR in sheets:
        made = make_proposal(engine, programme, rules, snapshots=folder, model=settings.model, length=top)
        with reading(engine) as session:
            proposed = read_proposal(session, programme, made)
        outcome = with_unmatched(outcome, proposed)
    engine.dispose()
    return outcome, proposed, texts


def _summarise(outcome: Outcome, proposed: Proposed | None, out: Path, texts: int, seconds: float) -> None:
    for kind, name in ((Kind.MENTOR, _("mentors")), (Kind.FUNDER, _("funding partners"))):
        if kind in outcome.kinds:
            click.echo(
                _("%(matched)d of %(all)d start-ups have recommended %(kind)s.")
                % {"matched": outcome.matched(kind), "all": outcome.count(Kind.STARTUP), "kind": name}
            )
    if proposed is not None:
        values = {
            "covered": proposed.run.covered,
            "all": proposed.run.startups,
            "solver": proposed.run.solver,
        }
        click.echo(_("The proposal gives %(covered)d of %(all)d start-ups a mentor (%(solver)s).") % values)
        for message in relaxed_rules(proposed.run):
            click.echo(_("Not kept: %(rule)s") % {"rule": say(message)})
    click.echo(_("%(count)d lines on who is unmatched, and why.") % {"count": len(outcome.unmatched)})
    click.echo(
        _("%(texts)d texts embedded, %(seconds).1f s in all. Written to %(out)s.")
        % {"texts": texts, "seconds": seconds, "out": out}
    )
