"""What leaves Tandem: sheets of a cohort's pairs, and its report."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from flask import Blueprint, Response, abort, render_template, request, send_file
from flask_babel import gettext

from matcher.models import Kind, Profile, Programme, utcnow
from matcher.services.cohort_report import read_report
from matcher.services.exporting import PairRow, Which, pair_rows
from matcher.services.left_out import Left, everybody_left
from matcher.services.proposals import verdict
from matcher.wording import N_, Message
from web import sheets
from web.charts import CHART_HEIGHT, balance_bars, columns, load_bars
from web.converters import PLURALS
from web.database import read
from web.filters import band_name, kind_name, name_term, state_name
from web.i18n import programme_name, text_direction

blueprint = Blueprint("documents", __name__, url_prefix="/p/<slug>/cohort/<kind:kind>")

_SIDES = {Kind.MENTOR: "mentor", Kind.FUNDER: "funder"}
_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_COLUMNS: Mapping[str, str] = {
    "startup_ref": N_("Ref of the start-up"),
    "startup": N_("Start-up"),
    "mentor_ref": N_("Ref of the mentor"),
    "mentor": N_("Mentor"),
    "funder_ref": N_("Ref of the funding partner"),
    "funder": N_("Funding partner"),
    "score": N_("Score"),
    "fit": N_("Fit"),
    "reasons": N_("Reasons"),
    "status": N_("Status"),
    "startup_answer": N_("Answer of the start-up"),
    "mentor_answer": N_("Answer of the mentor"),
    "funder_answer": N_("Answer of the funding partner"),
    "offered_at": N_("Offered (UTC)"),
    "decided_at": N_("Last step (UTC)"),
    "private_note": N_("Private note: for managers only, do not pass on"),
    "ref": N_("Ref"),
    "name": N_("Name"),
    "side": N_("Who they are"),
    "pairs": N_("Pairs"),
    "reason": N_("Reason"),
    "would_help": N_("What would help"),
}
"""A CSV is for programs as well, so its headers are these names; a workbook has the reader's words."""
_TITLES: Mapping[Which, str] = {
    Which.PROPOSAL: N_("Proposal"),
    Which.APPROVED: N_("Approved"),
    Which.MATCHES: N_("Matches"),
}
_LEFT_COLUMNS = ("ref", "name", "side", "pairs", "reason", "would_help")
_LEFT_TITLE = N_("Who has too little")
_YES, _NO = N_("Yes"), N_("No")


@blueprint.before_request
def _only_counterparts() -> None:
    """Start-ups are matched with the other kinds, never with their like."""
    if (request.view_args or {}).get("kind") is Kind.STARTUP:
        abort(404)


@blueprint.get("/export.<any(csv, xlsx):form>")
def export(slug: str, kind: Kind, form: str) -> Response:
    """The pairs as a sheet. Managers' notes are in it only if a manager asks for them."""
    asked = request.args.get("which", Which.PROPOSAL.value)
    if asked not in set(Which):
        abort(404)
    which = Which(asked)
    private = request.args.get("notes") == "1"
    names = _columns(kind, which, private=private)
    with read(slug) as (session, programme):
        said = _said(form)
        rows = (
            _cells(row, which, said, private=private) for row in pair_rows(session, programme, kind, which)
        )
        return _sheet(form, _filename(programme, kind, which.value), _TITLES[which], names, rows)


@blueprint.get("/left-out.<any(csv, xlsx):form>")
def left_out(slug: str, kind: Kind, form: str) -> Response:
    """Everybody of both sides who has too little, however many, with the reason and what would help."""
    with read(slug) as (session, programme):
        said = _said(form)
        rows = (_left_cells(row, said) for row in everybody_left(session, programme, kind))
        return _sheet(form, _filename(programme, kind, "left-out"), _LEFT_TITLE, _LEFT_COLUMNS, rows)


@blueprint.get("/report")
def report(slug: str, kind: Kind) -> str:
    """The cohort on paper: how demand meets supply, who has nobody and why, and under which rules."""
    with read(slug) as (session, programme):
        found = read_report(session, programme, kind)
        return render_template(
            "cohort_report.html",
            programme=programme,
            kind=kind,
            report=found,
            columns=columns(found.bins),
            height=CHART_HEIGHT,
            sectors=balance_bars(found.sectors),
            regions=balance_bars(found.regions),
            loads=load_bars(found.loads),
            exports=list(Which),
            verdict=found.run and verdict(found.run),
            now=utcnow(),
        )


def _said(form: str) -> "_Codes":
    return _Words(gettext) if form == "xlsx" else _Codes(gettext)


def _sheet(
    form: str, name: str, title: str, columns: Sequence[str], rows: Iterable[Iterable[sheets.Value]]
) -> Response:
    if form == "csv":
        file = sheets.write_csv(columns, rows)
    else:
        header = [gettext(_COLUMNS[column]) for column in columns]
        file = sheets.write_xlsx(gettext(title), header, rows, rtl=text_direction() == "rtl")
    return send_file(file, mimetype=_TYPES[form], as_attachment=True, download_name=f"{name}.{form}")


class _Codes:
    """What a program reads."""

    def __init__(self, translate: Callable[[str], str]) -> None:
        self.translate = translate

    def band(self, row: PairRow) -> str:
        return row.band

    def state(self, row: PairRow) -> str:
        return row.state.value

    def answer(self, given: bool | None) -> str:  # noqa: FBT001 - it is the value, not an option
        return "" if given is None else "yes" if given else "no"

    def kind(self, profile: Profile) -> str:
        return profile.kind

    def sentences(self, messages: Iterable[Message]) -> str:
        """People read these, in either form of the sheet."""
        return "; ".join(message.render(self.translate, name_term) for message in messages)


class _Words(_Codes):
    """What a person reads."""

    def band(self, row: PairRow) -> str:
        return band_name(row.band) if row.band else ""

    def state(self, row: PairRow) -> str:
        return state_name(row.state)

    def kind(self, profile: Profile) -> str:
        return kind_name(profile.kind)

    def answer(self, given: bool | None) -> str:  # noqa: FBT001 - as above
        return "" if given is None else self.translate(_YES if given else _NO)


def _columns(kind: Kind, which: Which, *, private: bool) -> list[str]:
    side = _SIDES[kind]
    names = ["startup_ref", "startup", f"{side}_ref", side, "score", "fit", "reasons", "status"]
    if which is Which.MATCHES:
        names += ["startup_answer", f"{side}_answer", "offered_at", "decided_at"]
    return [*names, "private_note"] if private else names


def _cells(row: PairRow, which: Which, said: _Codes, *, private: bool) -> Iterator[sheets.Value]:
    yield from (row.startup_ref, row.startup, row.counterpart_ref, row.counterpart)
    yield from (row.score, said.band(row), said.sentences(row.reasons), said.state(row))
    if which is Which.MATCHES:
        yield from (said.answer(row.startup_answer), said.answer(row.counterpart_answer))
        yield from (row.offered_at, row.decided_at)
    if private:
        yield row.note


def _left_cells(row: Left, said: _Codes) -> Iterator[sheets.Value]:
    yield from (row.profile.ref, row.profile.name, said.kind(row.profile), row.pairs)
    yield said.sentences([row.reason] if row.reason else [])
    yield said.sentences(row.remedies)


def _filename(programme: Programme, kind: Kind, what: str) -> str:
    """Its programme, what it has, and the day; Werkzeug adds an ASCII form for old clients."""
    name = "".join(c if _is_safe(c) else " " for c in sheets.plain(programme_name(programme)))[:80]
    return " ".join(("Tandem", *name.split(), PLURALS[kind], what, f"{utcnow():%Y-%m-%d}"))


def _is_safe(character: str) -> bool:
    """Whether it is a letter, mark or digit of any script, which no shell and no file system minds."""
    return character in "-_" or unicodedata.category(character)[0] in "LMN"
