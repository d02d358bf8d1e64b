"""Pairs as sheets: for programs and for people, without anything that runs, hides or is lost."""

import csv
import io
import re
import zipfile
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, delete, select, update

from matcher.db import unit_of_work
from matcher.models import Match, MatchState, Mentor, Profile, Programme, Startup
from matcher.ranking.explanation import Reason, Tone
from matcher.services.recommendations import dump_reasons
from matcher.services.rules import CohortRules, save_rules
from matcher.wording import N_, Message, Term
from tests.web.cohorts import propose, run_of
from tests.web.world import HOSTILE, World
from web import sheets

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "＝1")
_REASONS = dump_reasons(
    [
        Reason(
            Tone.FITS, Message(N_("Shared sectors: %(sectors)s"), {"sectors": [Term("sector", "agritech")]})
        ),
        Reason(Tone.LACKS, Message(N_("No market in common"))),
    ]
)
_WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def pairs(engine: Engine, world: World) -> World:
    """One pair in each state that matters, one of a funding partner, one of another programme."""
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        states = [
            (0, "proposed", 0.71, "strong"), (1, "locked", None, None), (2, "approved", 0.5, "good"),
            (3, "offered", 0.4, "possible"), (4, "declined", 0.3, "possible"),
            (5, "rejected", 0.2, "possible"),
        ]  # fmt: skip
        for at, state, score, band in states:
            _add(session, programme.id, world.startup + at, world.mentor + at, state, score, band)
        _add(session, programme.id, world.startup, world.funder, "proposed", 0.6, "strong")
        other = session.get_one(Profile, world.other_startup)
        stranger = Mentor(programme_id=other.programme_id, ref="M1", name="Somebody Else's Mentor")
        session.add(stranger)
        session.flush()
        _add(session, other.programme_id, other.id, stranger.id, "proposed", 0.5, "good")
    return world


def _add(session, programme_id: int, ours: int, theirs: int, state: str, score, band) -> None:  # type: ignore[no-untyped-def]
    declined = state == MatchState.DECLINED
    session.add(
        Match(
            programme_id=programme_id, startup_id=ours, counterpart_id=theirs, state=state, score=score,
            band=band, reasons=_REASONS, note="Too far away" if declined else "", decided_by="x",
            startup_answer=True if declined else None, counterpart_answer=False if declined else None,
            offered_at=_WHEN if state in {"offered", "declined"} else None, decided_at=_WHEN,
        )
    )  # fmt: skip


def _rename(engine: Engine, profile_id: int, name: str) -> None:
    with unit_of_work(engine) as session:
        session.execute(update(Profile).where(Profile.id == profile_id).values(name=name))


def _csv(client: FlaskClient, world: World, query: str = "", kind: str = "mentors") -> list[dict[str, str]]:
    answer = client.get(f"/p/{world.slug}/cohort/{kind}/export.csv{query}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def _xlsx(client: FlaskClient, world: World, query: str = "", kind: str = "mentors") -> list[list[object]]:
    answer = client.get(f"/p/{world.slug}/cohort/{kind}/export.xlsx{query}")
    assert answer.status_code == 200
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()


def test_a_proposal_is_exported_with_its_columns_scores_and_reasons(
    client: FlaskClient, pairs: World
) -> None:
    rows = _csv(client, pairs)

    assert list(rows[0]) == [
        "startup_ref", "startup", "mentor_ref", "mentor", "score", "fit", "reasons", "status",
    ]  # fmt: skip
    assert {row["status"] for row in rows} == {"proposed", "locked", "approved"}
    assert next(row for row in rows if row["status"] == "proposed") == {
        "startup_ref": "S001", "startup": "Umeme Soko", "mentor_ref": "M001", "mentor": "Amara Diop",
        "score": "0.7100", "fit": "strong", "status": "proposed",
        "reasons": "Shared sectors: Agriculture and food; No market in common",
    }  # fmt: skip
    assert next(row for row in rows if row["status"] == "locked")["score"] == ""


@pytest.mark.parametrize(
    ("which", "states"),
    [
        ("approved", ["approved"]),
        ("matches", ["declined", "offered"]),
        ("proposal", ["approved", "locked", "proposed"]),
    ],
)
def test_each_export_has_its_states_alone_in_both_forms(
    client: FlaskClient, pairs: World, which: str, states: list[str]
) -> None:
    assert sorted(row["status"] for row in _csv(client, pairs, f"?which={which}")) == states
    assert len(_xlsx(client, pairs, f"?which={which}")) == 1 + len(states)


def test_matches_come_with_both_answers_and_their_dates(client: FlaskClient, pairs: World) -> None:
    row = next(row for row in _csv(client, pairs, "?which=matches") if row["status"] == "declined")

    assert (row["startup_answer"], row["mentor_answer"]) == ("yes", "no")
    assert (row["offered_at"], row["decided_at"]) == ("2026-03-01T09:30:00+00:00",) * 2
    header, *rows = _xlsx(client, pairs, "?which=matches")
    declined = dict(zip(header, next(r for r in rows if "Declined" in r), strict=True))
    assert (declined["Answer of the start-up"], declined["Answer of the mentor"]) == ("Yes", "No")
    assert declined["Offered (UTC)"] == _WHEN.replace(tzinfo=None)


def test_shortlists_of_funding_partners_have_their_own_columns(client: FlaskClient, pairs: World) -> None:
    (row,) = _csv(client, pairs, kind="funders")
    assert (row["funder_ref"], row["funder"]) == ("F001", "Horizon Grants")
    assert "Funding partner" in _xlsx(client, pairs, kind="funders")[0]
    assert client.get(f"/p/{pairs.slug}/cohort/startups/export.csv").status_code == 404


def test_a_workbook_speaks_the_readers_language_and_a_csv_keeps_its_headers(
    client: FlaskClient, pairs: World
) -> None:
    header, *rows = _xlsx(client, pairs, "?lang=fr")
    assert "Start-up" in header
    assert any("Approuvé" in str(row) for row in rows)
    assert 0.71 in {row[4] for row in rows}
    assert "startup_ref" in _csv(client, pairs, "?lang=fr")[0]


@pytest.mark.parametrize("name", FORMULAS)
def test_no_name_runs_as_a_formula(client: FlaskClient, pairs: World, engine: Engine, name: str) -> None:
    _rename(engine, pairs.startup, name)
    answer = client.get(f"/p/{pairs.slug}/cohort/mentors/export.xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        sheet, styles = (book.read(f"xl/{part}.xml").decode() for part in ("worksheets/sheet1", "styles"))

    row = next(row for row in _csv(client, pairs) if row["startup_ref"] == "S001")
    assert row["startup"].startswith("'")
    assert "<f>" not in sheet
    formats = re.findall("<xf [^>]*>", styles[styles.index("<cellXfs") :])
    texts = re.findall(r'<c r="[A-Z]+\d+" s="(\d+)" t="inlineStr">', sheet)
    assert len(texts) == 8 + 3 * 7
    assert all('quotePrefix="1"' in formats[int(number)] for number in texts)  # also when it is edited
    (ours,) = [row for row in _xlsx(client, pairs) if row[0] == "S001"]
    assert ours[1] == sheets.plain(name)
    assert isinstance(ours[1], str)


def test_a_semicolon_starts_no_formula_where_sheets_are_split_at_it(
    client: FlaskClient, pairs: World, engine: Engine
) -> None:
    _rename(engine, pairs.startup, 'x; =HYPERLINK("http://evil.example")')

    row = next(row for row in _csv(client, pairs) if row["startup_ref"] == "S001")
    assert row["startup"] == 'x; \'=HYPERLINK("http://evil.example")'


def test_hidden_and_turning_characters_do_not_leave(
    client: FlaskClient, pairs: World, engine: Engine
) -> None:
    _rename(engine, pairs.startup, f"Good\u202egnp.exe\u200b\x00\n{HOSTILE}")

    for answer in (_csv(client, pairs), _xlsx(client, pairs)):
        text = str(answer)
        assert HOSTILE[:20] in text
        assert not {"\u202e", "\u200b", "\x00"} & set(
            "".join(str(c) for row in answer for c in (row.values() if isinstance(row, dict) else row))
        )


def test_a_text_longer_than_a_cell_is_cut_in_sight_and_no_row_is_lost(
    client: FlaskClient, pairs: World, engine: Engine
) -> None:
    _rename(engine, pairs.startup, "🌱" * 40_000)

    rows = _xlsx(client, pairs)
    assert len(rows) == 4
    (name,) = [str(row[1]) for row in rows if row[0] == "S001"]
    assert name.endswith("🌱 […]")
    assert len(name.encode("utf-16-le")) <= 2 * 32_767
    assert max(len(row["startup"]) for row in _csv(client, pairs)) == 40_000


def test_a_full_worksheet_is_followed_by_another() -> None:
    file = sheets.write_xlsx("Pairs", ["a"], [["1"], ["2"], ["3"]], rtl=False, rows_a_sheet=3)

    book = CalamineWorkbook.from_filelike(file)
    assert [book.get_sheet_by_name(name).to_python() for name in book.sheet_names] == [
        [["a"], ["1"], ["2"]],
        [["a"], ["3"]],
    ]


def test_managers_notes_are_only_in_the_export_that_asks_for_them(client: FlaskClient, pairs: World) -> None:
    for query in ("?which=matches", "?which=proposal"):
        assert "Too far away" not in str(_csv(client, pairs, query)) + str(_xlsx(client, pairs, query))
    assert "Too far away" in {row["private_note"] for row in _csv(client, pairs, "?which=matches&notes=1")}
    assert "do not pass on" in str(_xlsx(client, pairs, "?which=matches&notes=1")[0][-1])


def test_excel_is_told_that_it_is_utf_8(client: FlaskClient, pairs: World) -> None:
    answer = client.get(f"/p/{pairs.slug}/cohort/mentors/export.csv")

    assert answer.data.startswith(b"\xef\xbb\xbfstartup_ref,")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_file_is_named_for_the_programme_and_the_day(
    client: FlaskClient, pairs: World, engine: Engine
) -> None:
    address = f"/p/{pairs.slug}/cohort/mentors/export.csv?which=approved"
    said = client.get(address).headers["Content-Disposition"]
    assert said.startswith('attachment; filename="Tandem Rural Links 2026 mentors approved 20')

    with unit_of_work(engine) as session:
        session.execute(update(Programme).values(name=f'روابط ريفية/..\r\n"{HOSTILE}'))
    said = client.get(address).headers["Content-Disposition"]
    assert said.isascii()
    assert "filename*=UTF-8''Tandem%20%D8%B1" in said
    for bad in ("/", "<", "\\", "\r", "..", '""'):
        assert bad not in said


def test_another_programmes_pairs_are_not_in_it(client: FlaskClient, pairs: World) -> None:
    assert "Somebody Else" not in str(_csv(client, pairs))
    (row,) = _csv(client, World(**{**vars(pairs), "slug": pairs.other_slug}))
    assert row["mentor"] == "Somebody Else's Mentor"
    for wrong in ("nowhere/cohort/mentors/export.csv", f"{pairs.slug}/cohort/mentors/export.csv?which=all",
                  f"{pairs.slug}/cohort/mentors/export.pdf"):  # fmt: skip
        assert client.get(f"/p/{wrong}").status_code == 404


def test_an_empty_export_still_has_its_header(client: FlaskClient, world: World, engine: Engine) -> None:
    assert _xlsx(client, world) == [
        [
            "Ref of the start-up",
            "Start-up",
            "Ref of the mentor",
            "Mentor",
            "Score",
            "Fit",
            "Reasons",
            "Status",
        ]
    ]


def _left(client: FlaskClient, world: World, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/p/{world.slug}/cohort/mentors/left-out.csv{query}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_everybody_who_is_left_out_is_in_a_sheet_with_the_reason_and_what_would_help(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        propose(session, world)
    rows = _left(client, world)

    assert list(rows[0]) == ["ref", "name", "side", "pairs", "reason", "would_help"]
    assert [row["side"] for row in rows] == ["startup"] * 4 + ["mentor"] * 2
    assert {row["pairs"] for row in rows} == {"0"}
    told = next(row for row in rows if row["would_help"])
    assert told["reason"] == "No mentor who shares a working language has a place left."
    assert told["would_help"].startswith("Give ")
    since = next(row for row in rows if row["name"] == "Quiet Hills")
    assert since["reason"] == "Decisions since the proposal left it with fewer than the rules promise."

    book = client.get(f"/p/{world.slug}/cohort/mentors/left-out.xlsx?lang=fr")
    table = CalamineWorkbook.from_filelike(io.BytesIO(book.data)).get_sheet_by_index(0).to_python()
    assert len(table) == 1 + len(rows)
    assert {row[2] for row in table[1:]} == {"Start-up", "Mentor"}
    assert {row[3] for row in table[1:]} == {0}


def test_more_than_any_page_names_are_in_the_sheet(client: FlaskClient, world: World, engine: Engine) -> None:
    with unit_of_work(engine) as session:
        programme = propose(session, world)
        names = [f"Start-up {n:04}" for n in range(1_200)]
        session.add_all(Startup(programme_id=programme.id, ref=name, name=name) for name in names)
    assert [row["name"] for row in _left(client, world) if row["name"] in set(names)] == names


def test_a_mentor_with_fewer_than_promised_is_in_the_sheet_with_their_number(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    reason = Message(N_("there are no start-ups")).to_json()
    line = {"profile_id": world.mentor, "reason": reason, "remedies": []}
    with unit_of_work(engine) as session:
        programme = propose(session, world)
        save_rules(session, programme, CohortRules(startups_least=2), seen=1, actor="x")
        session.add(run_of(programme, number=4, rules_version=2, unmatched=[line]))
    (row,) = [row for row in _left(client, world) if row["ref"] == "M001"]
    assert (row["pairs"], row["reason"]) == ("1", "there are no start-ups")


def test_the_sheet_of_who_is_left_out_is_empty_but_for_its_header_where_nobody_is(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        session.execute(delete(Profile))
    assert _left(client, world) == []
    assert client.get(f"/p/{world.slug}/cohort/startups/left-out.csv").status_code == 404
    assert client.get("/p/nowhere/cohort/mentors/left-out.csv").status_code == 404
