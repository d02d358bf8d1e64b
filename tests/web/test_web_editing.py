"""Profiles by form: same rules as a sheet, nothing typed is ever lost."""

from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from matcher.db import reading
from matcher.models import AuditEvent, Job, Profile, Startup
from tests.web.conftest import submit, token
from tests.web.world import HOSTILE, World

_GOOD = {"ref": "S500", "name": "New Dawn", "pitch": "Radio for the hills.", "needs": "Antennas\nMoney"}


class _Filled(HTMLParser):
    """What a browser would send of the form of a page, untouched."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self._area = self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        ticked = found.get("type") not in {"checkbox", "radio"} or "checked" in found
        if tag == "input" and ticked:
            self.data.setdefault(found["name"], []).append(found.get("value", ""))
        elif tag == "select":
            self._select = found["name"]
        elif tag == "option" and "selected" in found:
            self.data[self._select] = [found["value"]]
        elif tag == "textarea":
            self._area = found["name"]
            self.data[self._area] = [""]

    def handle_data(self, data: str) -> None:
        if self._area:
            self.data[self._area][0] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""


def _named(engine: Engine, name: str) -> Startup | None:
    with reading(engine) as session:
        return session.scalars(select(Startup).where(Startup.name == name)).first()


def test_a_profile_is_added_and_its_page_follows(client: FlaskClient, world: World, engine: Engine) -> None:
    answer = submit(client, f"/p/{world.slug}/startups/new", **_GOOD, stage="pilot", sdgs=["2", "9"])

    assert answer.status_code == 303
    saved = _named(engine, "New Dawn")
    assert saved is not None
    assert (saved.ref, saved.stage, saved.sdgs) == ("S500", "pilot", [2, 9])
    page = client.get(answer.location)
    assert "was saved" in page.text
    assert "Updating the recommendations" in page.text


def test_a_form_without_a_ref_gets_one(client: FlaskClient, world: World, engine: Engine) -> None:
    submit(client, f"/p/{world.slug}/startups/new", name="No Ref", ref=" ")

    saved = _named(engine, "No Ref")
    assert saved is not None
    assert saved.ref.startswith("S")


def test_errors_come_back_with_everything_that_was_typed(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    wrong = {**_GOOD, "name": "", "founded": "long ago", "country": "Atlantis", "city": HOSTILE}

    answer = submit(client, f"/p/{world.slug}/startups/new", **wrong, sdgs=["2"])

    assert answer.status_code == 422
    for field in ("name", "founded", "country"):
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}-error"' in answer.text
    assert 'value="Atlantis"' in answer.text
    assert "Radio for the hills." in answer.text
    assert 'value="2" checked' in answer.text
    assert "<title>Error:" in answer.text
    assert HOSTILE not in answer.text
    assert _named(engine, "") is None


def test_limits_that_go_over_two_fields_are_checked_as_in_a_sheet(client: FlaskClient, world: World) -> None:
    answer = submit(
        client, f"/p/{world.slug}/funders/new", name="Upside Down", ticket_min="500", ticket_max="100"
    )

    assert answer.status_code == 422
    assert 'id="ticket_min-error"' in answer.text


def test_a_taken_ref_is_an_error_beside_the_ref(client: FlaskClient, world: World) -> None:
    answer = submit(client, f"/p/{world.slug}/startups/new", **{**_GOOD, "ref": "S001"})

    assert answer.status_code == 409
    assert 'id="ref-error"' in answer.text
    assert "Radio for the hills." in answer.text


def test_saving_an_unchanged_form_changes_nothing(client: FlaskClient, world: World, engine: Engine) -> None:
    address = f"/p/{world.slug}/startups/{world.startup}"
    with reading(engine) as session:
        before = session.get_one(Startup, world.startup)
    form = {
        "ref": "S001",
        "name": "Umeme Soko",
        "email": "team1@example.org",
        "country": "KE",
        "languages": "en",
        "sectors": "agritech; connectivity",
        "stage": "pilot",
        "founded": "2021",
        "pitch": "We bring pay-as-you-go solar freezers to fish markets.",
        "needs": "Somebody who has negotiated with a national operator\nTariffs that villages can pay",
        "sdgs": ["2", "9"],
        "raising": "250,000.00",
        "currency": "USD",
    }

    answer = submit(client, f"{address}/edit", **form)

    assert answer.status_code == 303
    with reading(engine) as session:
        assert session.get_one(Startup, world.startup).version == before.version


@pytest.mark.parametrize("lang", ["ar", "en", "es", "fr", "ru", "zh"])
@pytest.mark.parametrize("kind", ["startup", "mentor", "funder"])
def test_the_form_names_what_is_stored_as_codes_and_reads_the_names_back(
    client: FlaskClient, world: World, engine: Engine, kind: str, lang: str
) -> None:
    profile_id = getattr(world, kind)
    address = f"/p/{world.slug}/{kind}s/{profile_id}/edit"
    sent = _Filled(client.get(f"{address}?lang={lang}").text).data

    answer = client.post(address, data=sent)

    assert answer.status_code == 303
    with reading(engine) as session:
        assert session.get_one(Profile, profile_id).version == 1


def test_the_form_names_in_the_language_of_the_page(client: FlaskClient, world: World) -> None:
    address = f"/p/{world.slug}/mentors/{world.mentor}/edit"
    french, arabic = (_Filled(client.get(f"{address}?lang={lang}").text).data for lang in ("fr", "ar"))

    assert (french["country"], french["languages"]) == (["Sénégal"], ["français; anglais"])
    assert (arabic["country"], arabic["languages"]) == (["السنغال"], ["الفرنسية; الإنجليزية"])
    assert (french["timezone"], arabic["timezone"]) == (["Nairobi"], ["نيروبي"])
    assert "Africa/Nairobi" not in client.get(address.removesuffix("/edit")).text


def test_who_saves_second_sees_both_versions_and_loses_nothing(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    address = f"/p/{world.slug}/startups/{world.startup}/edit"
    mine = {"ref": "S001", "name": "Mine", "version": 1, "csrf_token": token(client.get(address))}
    submit(client, address, ref="S001", name="Theirs")

    refused = client.post(address, data=mine)

    assert refused.status_code == 409
    assert "Somebody else changed this profile" in refused.text
    assert "Theirs" in refused.text
    assert 'value="Mine"' in refused.text
    assert 'name="version" value="2"' in refused.text
    assert client.post(address, data={**mine, "version": 2}).status_code == 303
    assert _named(engine, "Mine") is not None


def test_a_form_that_lost_its_version_cannot_overwrite(client: FlaskClient, world: World) -> None:
    answer = submit(
        client, f"/p/{world.slug}/startups/{world.startup}/edit", ref="S001", name="Blind", version=""
    )

    assert answer.status_code == 409


def test_fields_added_by_hand_change_nothing(client: FlaskClient, world: World, engine: Engine) -> None:
    submit(
        client,
        f"/p/{world.slug}/startups/new",
        **_GOOD,
        programme_id="2",
        person_id="1",
        watermark="99",
        id="12345",
        is_admin="1",
    )

    saved = _named(engine, "New Dawn")
    assert saved is not None
    assert (saved.programme_id, saved.watermark, saved.person_id) == (1, 0, None)
    assert saved.id != 12345


def test_editing_keeps_the_notes_of_the_sheet(client: FlaskClient, world: World, engine: Engine) -> None:
    submit(
        client,
        f"/p/{world.slug}/startups/{world.hostile}/edit",
        ref="S066",
        name="Tamed",
    )

    saved = _named(engine, "Tamed")
    assert saved is not None
    assert saved.notes == {HOSTILE: HOSTILE}


def test_a_profile_is_removed_after_asking(client: FlaskClient, world: World, engine: Engine) -> None:
    address = f"/p/{world.slug}/mentors/{world.mentor}/remove"
    assert "cannot be undone" in client.get(address).text

    answer = submit(client, address)

    assert answer.status_code == 303
    assert "was removed" in client.get(answer.location).text
    with reading(engine) as session:
        assert session.get(Profile, world.mentor) is None


def test_nothing_of_another_programme_can_be_changed(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    own = f"/p/{world.slug}/startups/{world.startup}"
    theirs = f"/p/{world.slug}/startups/{world.other_startup}"
    for tail in ("/edit", "/remove"):
        answer = submit(client, own + tail, to=theirs + tail, ref="S001", name="Stolen", version="1")
        assert answer.status_code == 404
    with reading(engine) as session:
        assert session.get_one(Startup, world.other_startup).name == "Somebody Else's"
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 0
        assert session.scalar(select(func.count()).select_from(Job)) == 0
