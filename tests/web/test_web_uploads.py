"""Importing a sheet through the pages: choose, look, confirm, watch, mend."""

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import Job, JobState, Upload
from matcher.services.uploads import import_reading, read_upload
from tests.web.conftest import submit
from tests.web.world import HOSTILE, World

_SHEET = "Nom;Pays;Langues;Expertise;Shoe size\nAwa Ba;Sénégal;fr;Réseaux;38\nBo Li;Chine;zh;5G;41\n"
_BAD = "name,country\nGood,KE\nWrong,Atlantis\n"


def _send(
    client: FlaskClient, world: World, sheet: str, kind: str = "mentor", filename: str = "../my sheet.csv"
) -> TestResponse:
    file = (BytesIO(sheet.encode()), filename)
    return submit(client, f"/p/{world.slug}/import", kind=kind, sheet=file)


def _work(engine: Engine, settings: Settings) -> None:
    """What a worker does with the one import that waits."""
    with unit_of_work(engine) as session:
        job = session.scalars(select(Job).where(Job.kind == "import")).one()
        upload = session.get_one(Upload, job.payload["upload_id"])
        found = read_upload(upload, settings.uploads)
        job.result = import_reading(session, upload, found, actor="test")
        job.state, job.done, job.total = JobState.DONE.value, 2, 2


def _mapping(html: str) -> dict[str, str]:
    """Header to the field that is preset for it."""
    found = {}
    for part in html.split("<li>")[1:]:
        header = re.search(r'<label for="column-\d+"><bdi>(.*?)</bdi>', part)
        chosen = re.search(r'<option value="(\w*)" selected', part)
        if header:
            found[header[1]] = chosen[1] if chosen else ""
    return found


def test_the_preview_shows_what_each_column_was_taken_for(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    answer = _send(client, world, _SHEET)

    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert _mapping(page) == {
        "Nom": "name",
        "Pays": "country",
        "Langues": "languages",
        "Expertise": "expertise",
        "Shoe size": "",
    }
    assert "Another word for it" in page
    assert "Kept as a note" in page
    assert "Awa Ba" in page
    assert "my sheet.csv" in page
    with reading(engine) as session:
        assert session.scalars(select(Job)).all() == []


def test_the_import_does_what_the_page_showed(
    client: FlaskClient, world: World, engine: Engine, settings: Settings
) -> None:
    address = _send(client, world, _SHEET).location
    columns = {"column-0": "name", "column-1": "", "column-2": "languages", "column-3": "interests"}

    confirmed = submit(client, address, **columns, **{"column-4": ""})
    waiting = client.get(confirmed.location)
    _work(engine, settings)
    done = client.get(confirmed.location)

    assert confirmed.location == address
    assert waiting.headers["Refresh"] == "2"
    assert "<progress" in waiting.text
    assert "Refresh" not in done.headers
    assert "Every row is in" in done.text
    listed = client.get(f"/p/{world.slug}/mentors?q=Awa").text
    assert "Awa Ba" in listed
    with reading(engine) as session:
        upload = session.scalars(select(Upload)).one()
        assert upload.overrides["Expertise"] == "interests"
        assert upload.overrides["Pays"] == "-"


def test_pressing_import_twice_imports_once(client: FlaskClient, world: World, engine: Engine) -> None:
    address = _send(client, world, _SHEET).location
    page = client.get(address)
    hidden = {"csrf_token": re.findall(r'csrf_token" value="([^"]+)', page.text)[0], "column-0": "name"}

    first, second = client.post(address, data=hidden), client.post(address, data=hidden)

    assert (first.status_code, second.status_code) == (303, 303)
    with reading(engine) as session:
        assert len(session.scalars(select(Job)).all()) == 1


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"column-0": "", "column-1": "country"}, "Choose which column gives the name"),
        ({"column-0": "name", "column-1": "name"}, "Two columns are mapped to"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_and_kept(
    client: FlaskClient, world: World, engine: Engine, columns: dict[str, str], said: str
) -> None:
    address = _send(client, world, _BAD).location

    answer = submit(client, address, **columns)

    assert answer.status_code == 422
    assert said in answer.text
    assert list(_mapping(answer.text).values()) == list(columns.values())


@pytest.mark.parametrize(
    ("skip", "heading"), [({}, "Nothing was imported"), ({"skip_bad_rows": "1"}, "Imported")]
)
def test_bad_rows_are_told_with_what_would_be_right(
    client: FlaskClient,
    world: World,
    engine: Engine,
    settings: Settings,
    skip: dict[str, str],
    heading: str,
) -> None:
    address = _send(client, world, _BAD).location
    submit(client, address, **{"column-0": "name", "column-1": "country"}, **skip)
    _work(engine, settings)

    page = client.get(address).text
    sheet = client.get(f"{address}/bad-rows.csv")

    assert f"<h1>{heading}</h1>" in page
    assert "Atlantis" in page
    assert "ISO 3166" in page
    assert sheet.mimetype == "text/csv"
    assert "Wrong,Atlantis" in sheet.text


def test_without_bad_rows_there_is_no_file_of_them(client: FlaskClient, world: World) -> None:
    address = _send(client, world, _SHEET).location

    assert client.get(f"{address}/bad-rows.csv").status_code == 404


def test_what_is_missing_is_said_beside_the_field(client: FlaskClient, world: World) -> None:
    answer = submit(client, f"/p/{world.slug}/import")

    assert answer.status_code == 422
    assert "Choose what the sheet lists." in answer.text
    assert "Choose a file." in answer.text


@pytest.mark.parametrize("sheet", ["", "\x00\x01\x02" * 50, "1,2,3\n4,5,6\n"])
def test_what_is_no_sheet_is_said_in_words(client: FlaskClient, world: World, sheet: str) -> None:
    answer = _send(client, world, sheet)
    page = answer if answer.status_code == 422 else client.get(answer.location)

    assert "cannot be read" in page.text or "There is a problem" in page.text
    assert page.status_code in {200, 422}


def test_a_sheet_whose_file_is_gone_is_said_in_words(
    client: FlaskClient, world: World, settings: Settings
) -> None:
    address = _send(client, world, _SHEET).location
    for file in settings.uploads.iterdir():
        file.unlink()

    assert "cannot be read" in client.get(address).text


def test_a_hostile_sheet_is_shown_as_it_is(client: FlaskClient, world: World) -> None:
    address = _send(
        client, world, f'name,"{HOSTILE.replace(chr(34), chr(34) * 2)}"\n<b>A</b>,<i>B</i>\n'
    ).location

    page = client.get(address).text

    assert HOSTILE not in page
    assert "<b>A" not in page


def test_an_upload_of_another_programme_is_not_there(client: FlaskClient, world: World) -> None:
    name = _send(client, world, _SHEET).location.rpartition("/")[2]

    assert client.get(f"/p/{world.other_slug}/imports/{name}").status_code == 404


def test_too_large_an_upload_is_refused_in_words(
    client: FlaskClient, world: World, settings: Settings
) -> None:
    limit = settings.upload_megabytes * 1024 * 1024

    a_little = _send(client, world, "name\n" + "x" * limit)
    far = _send(client, world, "name\n" + "x" * 3 * limit)

    assert (a_little.status_code, far.status_code) == (422, 413)
    assert "larger than 1 MB" in a_little.text
    assert "at most 1 MB" in far.text
    assert not list(settings.uploads.iterdir())


@pytest.mark.parametrize("column", ["9" * 5000, "9" * 25, "-1", "٣", ""])
def test_a_column_that_no_sheet_can_have_is_not_looked_at(
    client: FlaskClient, world: World, column: str
) -> None:
    address = _send(client, world, _SHEET).location

    answer = submit(client, address, **{"column-0": "name", f"column-{column}": "country"})

    assert answer.status_code == 303


@pytest.mark.parametrize(
    "filename", ['x"; filename="evil.html', "x%0d%0aX-Evil: 1.csv", "../../evil.html", HOSTILE, "مسار.csv"]
)
def test_the_bad_rows_are_a_download_of_our_own_name(
    client: FlaskClient, world: World, engine: Engine, settings: Settings, filename: str
) -> None:
    address = _send(client, world, _BAD, filename=filename).location
    submit(client, address, **{"column-0": "name", "column-1": "country"})
    _work(engine, settings)

    sheet = client.get(f"{address}/bad-rows.csv")

    assert sheet.status_code == 200
    assert sheet.headers["Content-Disposition"] == "attachment; filename=bad-rows.csv"
    assert sheet.mimetype == "text/csv"
    assert sheet.headers["X-Content-Type-Options"] == "nosniff"
    assert sheet.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "X-Evil" not in sheet.headers


@pytest.mark.parametrize(
    ("kind", "poor", "rich"),
    [
        ("startup", "name,country\nA,KE\n", ("name,needs\nA,Money\n", "name,pitch\nA,Radio\n")),
        ("mentor", "name,experience\nA,Long\n", ("name,expertise\nA,5G\n",)),
        ("funder", "name,country\nA,KE\n", ("name,thesis\nA,Reach\n", "name,portfolio\nA,S001\n")),
    ],
)
def test_the_preview_warns_when_little_could_be_matched(
    client: FlaskClient, world: World, kind: str, poor: str, rich: tuple[str, ...]
) -> None:
    page = client.get(_send(client, world, poor, kind).location).text

    assert "little can be matched" in page
    assert page.index("little can be matched") < page.index('class="mapping"')
    for sheet in rich:
        assert "little can be matched" not in client.get(_send(client, world, sheet, kind).location).text
