"""The printable report of `tandem match`: one HTML file that needs nothing else."""

from collections import Counter
from importlib.resources import files
from operator import attrgetter
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from matcher.cli.language import _, language, say, term
from matcher.cli.outcome import Outcome, Pair
from matcher.cli.proposal import Proposed
from matcher.cli.sheets import HOW
from matcher.models import Kind
from matcher.profiles.reading import SheetReading
from matcher.wording import N_, Term

_BANDS = {"strong": N_("Strong"), "good": N_("Good"), "possible": N_("Possible"), "none": N_("None")}
_SIDES = {
    Kind.STARTUP.value: N_("Start-up"),
    Kind.MENTOR.value: N_("Mentor"),
    Kind.FUNDER.value: N_("Funding partner"),
}
_STATUSES = {"proposed": N_("Proposed"), "locked": N_("Locked")}
_SECTORS_SHOWN = 16
_CANDIDATES_SHOWN = 5


def write_report(
    outcome: Outcome, sheets: dict[Kind, SheetReading], proposed: Proposed | None, path: Path
) -> None:
    """Write the report: how demand meets supply, every start-up's best, and who is unmatched."""
    environment = Environment(
        loader=PackageLoader("matcher.cli"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        _=_,
        say=say,
        term=lambda vocabulary, code: term(Term(vocabulary, code)),
        band_name=lambda band: _(_BANDS[band]),
        side_name=lambda kind: _(_SIDES[kind]),
        language=language,
        direction=lambda: "rtl" if language() == "ar" else "ltr",
    )
    supply = attrgetter("places" if Kind.MENTOR in outcome.kinds else "funders")
    template = environment.get_template("report.html")
    html = template.render(
        style=(files("matcher.cli") / "templates" / "report.css").read_text(encoding="utf-8"),
        outcome=outcome,
        proposed=proposed,
        status_name=lambda status: _(_STATUSES[status]),
        sheets=sheets,
        how={name: _(text) for name, text in HOW.items()},
        kinds=[kind for kind in (Kind.MENTOR, Kind.FUNDER) if kind in outcome.kinds],
        startups=_by_startup(outcome),
        bands=_bands(outcome),
        demand=outcome.demand[:_SECTORS_SHOWN],
        supply=supply,
        most=max((max(line.startups, supply(line)) for line in outcome.demand), default=1) or 1,
    )
    path.write_text(html, encoding="utf-8")


def _by_startup(outcome: Outcome) -> list[tuple[object, dict[Kind, list[Pair]]]]:
    """Each start-up with the first of its candidates of each kind, in the order of the sheet."""
    found: dict[int, dict[Kind, list[Pair]]] = {
        profile.id: {Kind.MENTOR: [], Kind.FUNDER: []}
        for profile in outcome.profiles.values()
        if profile.kind == Kind.STARTUP
    }
    for kind, pairs in outcome.pairs.items():
        for pair in pairs:
            if pair.rank <= _CANDIDATES_SHOWN:
                found[pair.startup.id][kind].append(pair)
    return [(outcome.profiles[startup_id], lists) for startup_id, lists in found.items()]


def _bands(outcome: Outcome) -> dict[Kind, Counter[str]]:
    """How many start-ups have a best candidate of each band, or none."""
    counts: dict[Kind, Counter[str]] = {}
    for kind, pairs in outcome.pairs.items():
        best = Counter(pair.band for pair in pairs if pair.rank == 1)
        best["none"] = outcome.count(Kind.STARTUP) - sum(best.values())
        counts[kind] = best
    return counts
