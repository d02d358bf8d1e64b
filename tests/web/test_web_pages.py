"""Every page opens in each direction of writing, is small and safe, and changes nothing."""

import re
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text

from config.catalogues import compile_all
from matcher.db import unit_of_work
from matcher.models import Base, Funder, Job, JobKind, Programme, Startup, utcnow
from matcher.profiles.places import WORLD, country_name
from tests.web.world import HOSTILE, World
from web.i18n import LOCALES

PAGES = (
    "/p/{w.slug}",
    "/p/{w.slug}/startups",
    "/p/{w.slug}/mentors",
    "/p/{w.slug}/funders",
    "/p/{w.slug}/startups?q=solar",
    "/p/{w.slug}/startups?q=nothing-like-it",
    "/p/{w.slug}/startups/{w.startup}",
    "/p/{w.slug}/startups/{w.startup}?all=mentor",
    "/p/{w.slug}/startups/{w.lonely}",
    "/p/{w.slug}/startups/{w.hostile}",
    "/p/{w.slug}/mentors/{w.mentor}",
    "/p/{w.slug}/funders/{w.funder}",
    "/p/{w.slug}/startups/new",
    "/p/{w.slug}/mentors/new",
    "/p/{w.slug}/funders/new",
    "/p/{w.slug}/startups/{w.startup}/edit",
    "/p/{w.slug}/startups/{w.hostile}/edit",
    "/p/{w.slug}/mentors/{w.mentor}/edit",
    "/p/{w.slug}/funders/{w.funder}/edit",
    "/p/{w.slug}/startups/{w.startup}/remove",
    "/p/{w.slug}/startups/{w.hostile}/remove",
    "/p/{w.slug}/cohort/mentors",
    "/p/{w.slug}/cohort/funders",
    "/p/{w.slug}/cohort/mentors/{w.startup}/{w.mentor}",
    "/p/{w.slug}/cohort/mentors/{w.hostile}/{w.mentor}",
    "/p/{w.slug}/cohort/mentors/approve/good",
    "/p/{w.slug}/cohort/mentors/publish",
    "/p/{w.slug}/matches",
    "/p/{w.slug}/mail",
    "/p/{w.slug}/log",
    "/p/{w.slug}/mentors/{w.mentor}/leave",
    "/p/{w.slug}/import",
    "/p/{w.slug}/remove",
    "/programmes",
    "/notices",
    "/account/mail",
    "/p/{w.slug}/messages",
    "/new",
    "/p/{w.slug}/import?kind=mentor",
    "/p/{w.slug}/rules",
    "/p/{w.slug}/rules/versions",
    "/p/{w.slug}/wishes",
    "/p/{w.slug}/cohort/mentors/report",
    "/p/{w.slug}/cohort/funders/report",
    "/p/{w.slug}/startups/{w.hostile}/wishes",
    "/p/{w.slug}/mentors/{w.mentor}/wishes",
)


class Tags(HTMLParser):
    """The elements and attributes of a page, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


every_page = pytest.mark.parametrize("page", PAGES)


@every_page
@pytest.mark.parametrize(("lang", "direction"), [("en", "ltr"), ("ar", "rtl")])
def test_page_opens_with_one_main_heading(
    client: FlaskClient, world: World, page: str, lang: str, direction: str
) -> None:
    answer = client.get(page.format(w=world), headers={"Accept-Language": lang})

    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1
    assert f'<html lang="{lang}" dir="{direction}">' in answer.text


@every_page
def test_page_runs_no_script_and_carries_the_headers(client: FlaskClient, world: World, page: str) -> None:
    answer = client.get(page.format(w=world))

    tags = Tags(answer.text)
    assert "script" not in tags.names
    assert not {name for name in tags.attributes if name == "style" or name.startswith("on")}
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    for header in ("Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy"):
        assert answer.headers[header]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@every_page
def test_page_and_what_it_loads_are_small(client: FlaskClient, world: World, page: str) -> None:
    html = client.get(page.format(w=world)).text
    loaded = set(re.findall(r'<(?:link|img)[^>]+(?:href|src)="([^"]+)"', html))

    assert all(address.startswith("/static/") for address in loaded)
    assert 1 + len(loaded) <= 5
    answers = [client.get(address) for address in loaded]
    assert all("immutable" in answer.headers["Cache-Control"] for answer in answers)
    assert len(html.encode()) + sum(len(answer.data) for answer in answers) <= 50_000


def test_stylesheet_stays_small_and_turns_around_by_itself(client: FlaskClient) -> None:
    css = client.get("/static/tandem.css").text

    assert len(css.encode()) <= 20_000
    sides = r"(margin|padding|border)-(left|right|top|bottom)|[{;\s](width|height|left|right):"
    assert not re.search(sides, css)
    assert "url(" not in css


def test_no_page_writes(client: FlaskClient, world: World, engine: Engine) -> None:
    before = _contents(engine)
    for page in PAGES:
        client.get(page.format(w=world))
    client.get("/")
    client.get("/health")

    assert _contents(engine) == before


def _contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(text(f"select * from {table.name}"))]  # noqa: S608
            for table in Base.metadata.sorted_tables
        }


def test_hostile_text_is_shown_as_it_is(client: FlaskClient, world: World) -> None:
    for page in PAGES:
        shown = client.get(page.format(w=world), query_string=None).text
        assert HOSTILE not in shown
        assert "<img" not in shown
    assert "&lt;script&gt;" in client.get(f"/p/{world.slug}/startups/{world.hostile}").text


def test_search_words_are_shown_as_they_are(client: FlaskClient, world: World) -> None:
    shown = client.get(f"/p/{world.slug}/startups", query_string={"q": HOSTILE}).text

    assert HOSTILE not in shown


@pytest.mark.parametrize("tail", ["", "/edit", "/remove"])
def test_profile_of_another_programme_is_not_there(client: FlaskClient, world: World, tail: str) -> None:
    answer = client.get(f"/p/{world.slug}/startups/{world.other_startup}{tail}")

    assert answer.status_code == 404
    assert "Secret" not in answer.text
    assert client.get(f"/p/{world.other_slug}/startups/{world.other_startup}{tail}").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/nowhere", "/p/no-such-programme", "/p/rural-links/imports/0000", "/p/rural-links/mentors/1"],
)
def test_what_is_not_there_says_what_to_do(client: FlaskClient, world: World, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert "Go to the overview" in answer.text


def test_profile_of_another_kind_is_not_there(client: FlaskClient, world: World) -> None:
    assert client.get(f"/p/{world.slug}/mentors/{world.startup}").status_code == 404


@pytest.mark.parametrize("lang", LOCALES)
def test_language_is_chosen_by_address_and_remembered(client: FlaskClient, world: World, lang: str) -> None:
    first = client.get(f"/p/{world.slug}?lang={lang}")
    second = client.get(f"/p/{world.slug}", headers={"Accept-Language": "de"})

    assert f'<html lang="{lang}"' in first.text
    assert f'<html lang="{lang}"' in second.text


def test_unknown_language_falls_back(client: FlaskClient, world: World) -> None:
    assert '<html lang="en"' in client.get(f"/p/{world.slug}?lang=xx", headers={"Accept-Language": "de"}).text
    assert '<html lang="fr"' in client.get(f"/p/{world.slug}", headers={"Accept-Language": "fr-CA"}).text


def test_several_programmes_are_listed(client: FlaskClient, world: World) -> None:
    page = client.get("/programmes").text

    assert "Rural Links 2026" in page
    assert "Elsewhere" in page


def test_an_empty_database_says_how_to_begin(client: FlaskClient) -> None:
    assert "Start your own programme" in client.get("/", follow_redirects=True).text


def test_health_is_told(client: FlaskClient) -> None:
    answer = client.get("/health")

    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "database": "ok"}


def test_pages_follow_work_under_way_until_told_to_stop(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    address = f"/p/{world.slug}/startups/{world.startup}"
    assert "Refresh" not in client.get(address).headers
    with unit_of_work(engine) as session:
        session.add(Job(programme_id=1, kind=JobKind.RECOMMEND.value))
        session.get_one(Startup, world.startup).updated_at = utcnow()

    following = client.get(address)
    paused = client.get(address + "?pause=1")

    assert following.headers["Refresh"] == "1"
    assert "Updating the recommendations" in following.text
    assert "Refresh" not in paused.headers
    assert client.get(f"/p/{world.slug}").headers["Refresh"] == "2"
    assert "Refresh" not in client.get(f"/p/{world.other_slug}").headers


@pytest.mark.parametrize("lang", LOCALES)
def test_a_funder_of_the_whole_world_is_shown_as_such(
    client: FlaskClient, world: World, engine: Engine, lang: str
) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Funder, world.funder).countries = [WORLD]

    page = client.get(f"/p/{world.slug}/funders/{world.funder}?lang={lang}").text

    assert f"<bdi>{country_name(WORLD, lang)}</bdi>" in page
    assert f"<bdi>{WORLD}</bdi>" not in page


def test_the_sample_programme_is_named_in_the_language_of_the_page(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    compile_all()
    with unit_of_work(engine) as session:
        session.scalars(select(Programme).where(Programme.slug == world.slug)).one().is_sample = True

    home = client.get("/programmes?lang=es").text  # the choice is remembered
    page = client.get(f"/p/{world.slug}").text
    profile = client.get(f"/p/{world.slug}/startups/{world.startup}").text

    assert "Rural Links 2026" not in home + page + profile
    assert re.search(r"<h2><a [^>]+>Programa de ejemplo</a></h2>", home)
    assert "Elsewhere" in home
    assert "<title>Programa de ejemplo" in page
    assert '<h1 dir="auto">Programa de ejemplo</h1>' in page
    assert '<a class="programme" href="/programmes"><bdi>Programa de ejemplo</bdi>' in profile
