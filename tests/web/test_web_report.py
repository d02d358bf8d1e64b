"""A cohort's report: figures with pictures beside them, small, safe, and fit for paper."""

import gzip
import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from matcher.db import unit_of_work
from matcher.models import Proposal
from tests.web.cohorts import propose
from tests.web.test_web_pages import Tags
from tests.web.world import HOSTILE, World


@pytest.fixture
def cohort(engine: Engine, world: World) -> World:
    with unit_of_work(engine) as session:
        propose(session, world)
    return world


def _words(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", html)).split())


def _report(client: FlaskClient, world: World, kind: str = "mentors", query: str = "") -> str:
    answer = client.get(f"/p/{world.slug}/cohort/{kind}/report{query}")
    assert answer.status_code == 200
    return answer.text


def test_the_headlines_come_first(client: FlaskClient, cohort: World) -> None:
    words = _words(_report(client, cohort))

    for said in ("5 of 9 start-ups have somebody", "5 pairs", "4 start-ups have nobody", "9 places are left",
                 "2 mentors have nobody", "0.00 score of the worst-off"):  # fmt: skip
        assert said in words


def test_who_has_nobody_is_named_with_the_reason_and_what_would_help(
    client: FlaskClient, cohort: World
) -> None:
    words = _words(_report(client, cohort))

    assert f"{HOSTILE} No mentor who shares a working language has a place left." in words
    assert f"What would help: Give {HOSTILE} one place more." in words
    assert "Quiet Hills Decisions since the proposal left it with fewer than the rules promise." in words
    assert "Waiting list" in words


def test_every_picture_has_its_numbers_beside_it(client: FlaskClient, cohort: World) -> None:
    page = _report(client, cohort)

    (chart,) = re.findall(r'<svg class="chart".*?</svg>', page, re.DOTALL)
    assert 'role="img" aria-label="How many pairs have which score' in chart
    assert chart.count('<rect class="fill"') == 3
    words = _words(page)
    for said in ("Score from 0.3 to 0.4 1", "Score from 0.5 to 0.6 2", "Strong match 1", "Good match 2",
                 "Put together by hand, without a score 1", "Connectivity 4 3 14", "Eastern Africa 2 1 3",
                 "Wei Zhang 2 0", "Ольга Ким 0 3"):  # fmt: skip
        assert said in words
    other = [svg for svg in re.findall(r"<svg[^>]*>", page) if "chart" not in svg and "mark" not in svg]
    assert all('aria-hidden="true"' in svg for svg in other)


def test_the_run_and_its_rules_are_on_record(client: FlaskClient, cohort: World) -> None:
    words = _words(_report(client, cohort))

    for said in ("Number 3", "Version 1", "At most 0.02 below the best possible", "min-cost flow",
                 "test-model", "abcdef012345", "The best for the worst-off", "Country: Senegal",
                 "Not all rules could be kept at once"):  # fmt: skip
        assert said in words
    assert "abcdef0123456" not in words


def test_a_proven_run_is_called_so(client: FlaskClient, cohort: World, engine: Engine) -> None:
    with unit_of_work(engine) as session:
        session.execute(update(Proposal).values(is_optimal=True))

    assert "Proven to be the best possible" in _words(_report(client, cohort))


def test_shortlists_of_funding_partners_have_a_report_of_their_own(
    client: FlaskClient, cohort: World
) -> None:
    words = _words(_report(client, cohort, "funders"))

    assert "1 of 9 start-ups have somebody" in words
    assert "Introductions to each funding partner" in words
    assert "1 of 10 places are used." in words
    assert "No proposal has been made yet." in words
    assert "Amara Diop" not in words
    assert client.get(f"/p/{cohort.slug}/cohort/startups/report").status_code == 404


@pytest.mark.parametrize("lang", ["en", "ar", "zh", "fr", "ru", "es"])
def test_the_report_is_harmless_and_light_in_every_language(
    client: FlaskClient, cohort: World, lang: str
) -> None:
    page = _report(client, cohort, query=f"?lang={lang}")

    tags = Tags(page)
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert not {"script", "img", "style"} & tags.names
    assert not {name for name in tags.attributes if name == "style" or name.startswith("on")}
    css = client.get("/static/tandem.css").data
    assert len(gzip.compress(page.encode())) + len(gzip.compress(css)) <= 15_000


def test_regions_and_sectors_are_named_in_the_readers_language(client: FlaskClient, cohort: World) -> None:
    assert "Afrique orientale" in _report(client, cohort, query="?lang=fr")


def test_its_links_lead_to_every_export(client: FlaskClient, cohort: World) -> None:
    links = re.findall(r'href="([^"]+/(?:export|left-out)\.[^"]+)"', _report(client, cohort))

    assert len(links) == 11
    for link in links:
        assert client.get(unescape(link)).status_code == 200


def test_an_empty_programme_has_a_report_that_says_so(client: FlaskClient, world: World) -> None:
    words = _words(_report(client, World(**{**vars(world), "slug": world.other_slug})))

    assert "There are no pairs yet." in words
    assert "Umeme Soko" not in words


def test_a_report_of_no_programme_is_not_there(client: FlaskClient, cohort: World) -> None:
    assert client.get("/p/nowhere/cohort/mentors/report").status_code == 404
