"""The pages that answer “why not this one?” for any pair that the reader names."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, select, update

from matcher.db import unit_of_work
from matcher.models import (
    Job,
    Kind,
    Mentor,
    Profile,
    Programme,
    Recommendation,
    RecommendationList,
    VectorSpace,
)
from tests.matcher.factories import add, draft, embed_all
from tests.web.test_web_pages import Tags
from tests.web.world import HOSTILE, World
from web.i18n import LOCALES

SPACE = VectorSpace("test", "1", 8)
"""That of the lists in the world."""
PAIRS = (
    "startups/{w.startup}/why/mentors/{w.mentor}",
    "startups/{w.startup}/why/funders/{w.funder}",
    "startups/{w.lonely}/why/mentors/{w.mentor}",
    "startups/{w.hostile}/why/mentors/{w.mentor}",
    "mentors/{w.mentor}/why/startups/{w.startup}",
    "mentors/{w.mentor}/why/startups/{w.hostile}",
    "funders/{w.funder}/why/startups/{w.lonely}",
)
CHOICES = (
    "startups/{w.startup}/why/mentors",
    "startups/{w.startup}/why/funders?q=grants",
    "startups/{w.hostile}/why/mentors?q=nobody-like-that",
    "mentors/{w.mentor}/why/startups",
    "funders/{w.funder}/why/startups",
)

every_page = pytest.mark.parametrize("page", [*PAIRS, *CHOICES])


@pytest.fixture
def read_world(world: World, engine: Engine) -> World:
    """The world with a vector for each text and no work waiting."""
    embed_all(engine, _programme(engine, world), SPACE)
    with unit_of_work(engine) as session:
        session.execute(delete(Job))
    return world


def _programme(engine: Engine, world: World) -> Programme:
    with unit_of_work(engine) as session:
        return session.scalars(select(Programme).where(Programme.slug == world.slug)).one()


def _text(html: str) -> str:
    """What a reader reads of a page."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def _get(client: FlaskClient, world: World, page: str) -> str:
    answer = client.get(f"/p/{world.slug}/{page.format(w=world)}")
    assert answer.status_code == 200
    return answer.text


@every_page
@pytest.mark.parametrize("lang", ["en", "ar"])
def test_page_opens_safe_and_small(client: FlaskClient, read_world: World, page: str, lang: str) -> None:
    answer = client.get(
        f"/p/{read_world.slug}/{page.format(w=read_world)}", headers={"Accept-Language": lang}
    )
    tags = Tags(answer.text)

    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1
    assert HOSTILE not in answer.text
    assert not {"script", "img"} & tags.names
    assert not {name for name in tags.attributes if name == "style" or name.startswith("on")}
    assert len(answer.data) <= 38_000


def test_every_list_leads_to_its_question(client: FlaskClient, world: World) -> None:
    for page, kinds in (
        (f"startups/{world.startup}", ("mentors", "funders")),
        (f"mentors/{world.mentor}", ("startups",)),
        (f"funders/{world.funder}", ("startups",)),
    ):
        found = re.findall(r'href="/p/[^"]+/why/(\w+)"', _get(client, world, page))
        assert tuple(found) == kinds


def test_somebody_is_found_by_words_and_leads_to_the_answer(client: FlaskClient, world: World) -> None:
    shown = _get(client, world, "startups/{w.startup}/why/mentors?q=last-mile connectivity")

    assert re.findall(r"/why/mentors/(\d+)\"", shown) == [str(world.mentor)]
    assert "Amara Diop" in shown


def test_words_that_nobody_has_say_so(client: FlaskClient, world: World) -> None:
    assert "Nothing matches these words" in _get(client, world, "startups/{w.startup}/why/mentors?q=zzz")


def test_more_than_twenty_are_cut_and_said_to_be(client: FlaskClient, world: World, engine: Engine) -> None:
    programme = _programme(engine, world)
    with unit_of_work(engine) as session:
        add(session, programme, *(draft(Kind.MENTOR, f"X{n:02}", f"Extra {n:02}") for n in range(30)))

    shown = _get(client, world, "startups/{w.startup}/why/mentors?q=extra")

    assert len(re.findall(r"/why/mentors/\d+\"", shown)) == 20
    assert "These are the first 20." in shown


def test_an_empty_kind_says_how_to_begin(client: FlaskClient, world: World) -> None:
    shown = client.get(f"/p/{world.other_slug}/startups/{world.other_startup}/why/mentors").text

    assert "Nobody is here yet" in shown


def test_an_excluded_pair_is_told_the_rule_the_facts_and_the_remedy(
    client: FlaskClient, read_world: World, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        session.execute(update(Mentor).where(Mentor.id == read_world.mentor).values(capacity=0))
        session.get_one(Profile, read_world.mentor).languages = ["fr", "sw"]

    told = _text(_get(client, read_world, PAIRS[0]))

    assert "2 things exclude this pair" in told
    assert "They share no working language. Umeme Soko : English . Amara Diop : French , Swahili" in told
    assert "Add a working language that both speak" in told
    assert "Amara Diop takes no start-ups at present" in told
    assert "Its score is" not in told


def test_a_pair_in_the_list_is_told_its_rank_and_its_score(client: FlaskClient, read_world: World) -> None:
    told = _text(_get(client, read_world, PAIRS[0]))

    assert "This pair is number 1 of the 6 in the list. Its score is 0." in told
    assert "Why not higher" not in told
    assert "Needs and expertise" in told


def test_a_pair_below_is_measured_against_the_one_above(
    client: FlaskClient, read_world: World, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        session.execute(update(Recommendation).values(score=0.99, parts={"fit:sector": 0.1, "text": 0.7}))

    told = _text(_get(client, read_world, f"startups/{{w.startup}}/why/mentors/{read_world.mentor + 1}"))

    assert "This pair is number 2 of the 6" in told
    assert "Compared with the one just above: Amara Diop (0.99)" in told
    assert re.search(r"All texts together: not as close, 0\.\d\d of 0\.75 against 0\.70", told)


@pytest.mark.parametrize(("locale", "scored", "part"), [("fr", "0,99", "0,70"), ("en", "0.99", "0.70")])
def test_scores_are_written_as_the_reader_writes_them(
    client: FlaskClient, read_world: World, engine: Engine, locale: str, scored: str, part: str
) -> None:
    with unit_of_work(engine) as session:
        session.execute(update(Recommendation).values(score=0.99, parts={"fit:sector": 0.1, "text": 0.7}))
    path = f"/p/{read_world.slug}/startups/{read_world.startup}/why/mentors/{read_world.mentor + 1}"
    told = _text(client.get(path, headers={"Accept-Language": locale}).text)

    assert f"({scored})" in told
    assert part in told
    assert not re.search(r"\b0\.\d\d\b" if locale == "fr" else r"\b0,\d\d\b", told)


def test_a_pair_outside_the_list_is_measured_against_the_last(
    client: FlaskClient, read_world: World, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        session.execute(delete(Recommendation).where(Recommendation.candidate_id == read_world.mentor))
        session.execute(update(Recommendation).values(score=0.99, parts={"text": 0.74}))

    told = _text(_get(client, read_world, PAIRS[0]))

    assert "No rule excludes this pair, but it is not among the 5 in the list." in told
    assert "Compared with the last in the list: John Mwangi (0.99)" in told


@pytest.mark.parametrize(("price", "said"), [(0.1, True), (0.0, False)])
def test_a_pair_that_gave_way_to_lower_scores_is_told_so(
    client: FlaskClient, read_world: World, engine: Engine, price: float, said: bool
) -> None:
    second = read_world.mentor + 1
    with unit_of_work(engine) as session:
        session.execute(update(Recommendation).values(score=0.01, parts={}))
        session.execute(
            update(RecommendationList).where(RecommendationList.subject_id == second).values(price=price)
        )

    told = _text(_get(client, read_world, f"startups/{{w.startup}}/why/mentors/{second}"))

    assert "By its score alone it would be number 1 here." in told
    assert ("more in demand than those who stand there with a lower score" in told) == said
    assert "Compared with" not in told


def test_texts_that_are_not_read_yet_are_said_to_be(client: FlaskClient, world: World) -> None:
    told = _text(_get(client, world, PAIRS[0]))

    assert "No rule excludes this pair. What the two say is being read" in told
    assert "Its score is" not in told


def test_work_under_way_is_said_to_be(client: FlaskClient, world: World, engine: Engine) -> None:
    embed_all(engine, _programme(engine, world), SPACE)

    assert "What follows may change" in _text(_get(client, world, PAIRS[0]))


def test_the_answer_leads_back_to_the_list(client: FlaskClient, read_world: World) -> None:
    shown = _get(client, read_world, PAIRS[0])
    back = f"/p/{read_world.slug}/startups/{read_world.startup}"

    assert f'href="{back}#for-mentor"' in shown
    assert 'id="for-mentor"' in client.get(back).text


@pytest.mark.parametrize(
    "page",
    [
        "startups/{w.startup}/why/startups",
        "startups/{w.startup}/why/startups/{w.lonely}",
        "mentors/{w.mentor}/why/funders/{w.funder}",
        "funders/{w.funder}/why/mentors",
        "startups/{w.startup}/why/mentors/{w.funder}",
        "mentors/{w.startup}/why/startups/{w.lonely}",
        "mentors/{w.mentor}/why/startups/{w.other_startup}",
        "startups/{w.other_startup}/why/mentors",
        "startups/{w.other_startup}/why/mentors/{w.mentor}",
        "startups/{w.startup}/why/mentors/2147483648",
        "startups/{w.startup}/why/mentors/2147483647",
        "startups/{w.startup}/why/nobody",
    ],
)
def test_pairs_that_cannot_be_are_not_there(client: FlaskClient, read_world: World, page: str) -> None:
    answer = client.get(f"/p/{read_world.slug}/{page.format(w=read_world)}")

    assert answer.status_code == 404
    assert "Secret" not in answer.text


@pytest.mark.parametrize("lang", LOCALES)
def test_no_language_breaks_a_page(client: FlaskClient, read_world: World, lang: str) -> None:
    for page in (PAIRS[0], CHOICES[0]):
        answer = client.get(f"/p/{read_world.slug}/{page.format(w=read_world)}?lang={lang}")
        assert answer.status_code == 200
        assert "%(" not in answer.text
