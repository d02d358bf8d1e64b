"""Saying what proposals must keep: in plain words, with bounds, and with every version kept."""

import gzip
import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Programme, RulesVersion
from matcher.services import introductions
from matcher.services.answers import answer_for
from matcher.services.rules import CohortRules, Group, QuotaRule, current_rules, save_rules
from tests.web.cohort_world import programme_of, states
from tests.web.conftest import submit, token
from tests.web.world import HOSTILE, World
from web.rule_inputs import FIELDS

FORM = {
    "mentors_least": "1", "mentors_most": "2", "startups_least": "0", "startups_most": "3",
    "funders_most": "3", "introductions_most": "5", "language": "unless-unstated", "hours_apart": "",
    "prefer_sector": "0.0", "prefer_timezone": "0.0", "wishes": "0.2", "repeat_failed": "no", "floor": "",
    "objective": "total",
}  # fmt: skip
QUOTA = {
    "quota-0-name": "The francophone", "quota-0-startups-by": "country", "quota-0-startups": "Senegal; Kenya",
    "quota-0-counterparts-by": "language", "quota-0-counterparts": "French", "quota-0-least": "1",
    "quota-0-each": "each",
}  # fmt: skip


def _words(html: str) -> str:
    """What a page says, without its elements."""
    return unescape(re.sub("<[^>]+>", "", html))


def _rules(engine: Engine, world: World) -> tuple[int, CohortRules]:
    with reading(engine) as session:
        return current_rules(session, _programme(session, world))


def _programme(session, world: World) -> Programme:  # type: ignore[no-untyped-def]
    return session.scalars(select(Programme).where(Programme.slug == world.slug)).one()


def _save(engine: Engine, world: World, **values: object) -> None:
    with unit_of_work(engine) as session:
        programme = _programme(session, world)
        seen, _ = current_rules(session, programme)
        save_rules(session, programme, CohortRules.model_validate(values), seen=seen, actor="somebody@else")


def test_every_rule_is_asked_for_with_what_it_does_to_people(client: FlaskClient, world: World) -> None:
    page = client.get(f"/p/{world.slug}/rules").text

    assert {entry.name for entry in FIELDS} | {"quotas"} == set(CohortRules.model_fields)
    for entry in FIELDS:
        assert f'name="{entry.name}"' in page
        assert entry.hint in unescape(page)
    assert "Each start-up is promised this many mentors" in page
    assert re.search(r'name="objective" value="total"[^>]* checked>', page)


def test_what_is_chosen_holds_from_then_on(client: FlaskClient, world: World, engine: Engine) -> None:
    chosen = {**FORM, "objective": "fairest", "hours_apart": "4", "floor": "0,5", "introductions_most": "",
              "prefer_sector": "0.1", "repeat_failed": "yes", "startups_most": "١٢"}  # fmt: skip
    answer = submit(client, f"/p/{world.slug}/rules", **chosen)

    assert (answer.status_code, answer.location) == (303, f"/p/{world.slug}/rules")
    assert "The rules were saved" in client.get(answer.location).text
    assert _rules(engine, world) == (
        1,
        CohortRules(mentors_most=2, objective="fairest", hours_apart=4, floor=0.5, introductions_most=None,
                    prefer_sector=0.1, repeat_failed=True, startups_most=12),
    )  # fmt: skip


def test_fewer_places_close_the_requests_that_have_none_left(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    def ask(session: Session, mentor: int) -> None:
        introductions.ask(
            session, programme_of(session, world), (world.startup, mentor), "startup", message="Help?",
            account_id=None, link=str,
        )  # fmt: skip

    submit(client, f"/p/{world.slug}/rules", **FORM)
    with unit_of_work(engine) as session:
        ask(session, world.mentor)
        ask(session, world.mentor + 1)
        pair = (world.startup, world.mentor)
        answer_for(session, programme_of(session, world), pair, "counterpart", accepted=True, actor="M1")
    assert list(states(engine).values()) == ["active", "offered"]
    submit(client, f"/p/{world.slug}/rules", **{**FORM, "mentors_most": "1", "version": "1"})
    assert list(states(engine).values()) == ["active", "withdrawn"]


def test_saving_what_holds_already_makes_no_version(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    answer = submit(client, f"/p/{world.slug}/rules", **{**FORM, "mentors_most": "1"})

    assert "Nothing changed" in client.get(answer.location).text
    assert _rules(engine, world)[0] == 0


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("startups_most", "51", "a whole number from 1 to 50"),
        ("startups_most", "", "a whole number from 1 to 50"),
        ("startups_most", "a few", "a whole number from 1 to 50"),
        ("introductions_most", "0", "a whole number from 1 to 1000"),
        ("mentors_most", "99", "a whole number from 1 to 10"),
        ("floor", "nan", "a number from 0 to 10"),
        ("floor", "-1", "a number from 0 to 10"),
        ("wishes", "7", "a number from 0 to 0.5"),
        ("objective", "best", "Choose one of these"),
        ("repeat_failed", "", "Choose one of these"),
        ("mentors_least", "5", "more mentors than a start-up may have"),
    ],
)
def test_what_is_out_of_bounds_is_told_at_its_field_and_nothing_is_lost(
    client: FlaskClient, world: World, engine: Engine, name: str, typed: str, told: str
) -> None:
    answer = submit(
        client, f"/p/{world.slug}/rules", **{**FORM, **QUOTA, "quota-0-name": HOSTILE, name: typed}
    )

    assert answer.status_code == 422
    assert f'<a href="#{name}">' in answer.text
    assert f'id="{name}-error"' in answer.text
    assert told in _words(answer.text)
    assert HOSTILE in unescape(answer.text)
    assert HOSTILE not in answer.text
    assert 'value="Senegal; Kenya"' in answer.text
    assert _rules(engine, world)[0] == 0


@pytest.mark.parametrize(
    ("lang", "countries", "language", "kept"),
    [
        ("en", "Senegal; KE", "French", ("SN", "KE")),
        ("fr", "Sénégal ; Kenya", "français", ("SN", "KE")),
        ("ar", "السنغال؛ كينيا", "الفرنسية", ("SN", "KE")),
        ("en", "East African Community", "fr", ("BI", "CD", "KE", "RW", "SO", "SS", "TZ", "UG")),
    ],
)
def test_a_quota_is_written_in_the_readers_words_and_kept_in_codes(
    client: FlaskClient, world: World, engine: Engine, lang: str, countries: str, language: str,
    kept: tuple[str, ...],
) -> None:  # fmt: skip
    typed = {**QUOTA, "quota-0-startups": countries, "quota-0-counterparts": language}
    answer = submit(client, f"/p/{world.slug}/rules?lang={lang}", **FORM, **typed)

    assert answer.status_code == 303
    (quota,) = _rules(engine, world)[1].quotas
    assert quota == QuotaRule(
        name="The francophone",
        startups=Group(attribute="country", values=kept),
        counterparts=Group(attribute="language", values=("fr",)),
    )


def test_a_quota_says_in_words_what_it_asks_for(client: FlaskClient, world: World) -> None:
    submit(client, f"/p/{world.slug}/rules", **FORM, **QUOTA)

    page = _words(client.get(f"/p/{world.slug}/rules").text)
    assert "Each start-up (Country: Senegal, Kenya) gets mentors" in page
    assert "(Working language: French): at least 1." in page


def test_a_quota_by_a_column_of_the_sheet_finds_its_people(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    column = {"quota-0-startups-by": f"note:{HOSTILE}", "quota-0-startups": HOSTILE}
    answer = submit(client, f"/p/{world.slug}/rules", **FORM, **{**QUOTA, **column})
    page = client.get(answer.location).text

    assert _rules(engine, world)[1].quotas[0].startups == Group(
        attribute="note", header=HOSTILE, values=(HOSTILE,)
    )
    assert HOSTILE not in page
    assert "No start-up of this programme fits" not in page


def test_quotas_that_nobody_fits_are_warned_about_with_the_count(client: FlaskClient, world: World) -> None:
    nobody = {**QUOTA, "quota-0-startups": "Norway", "quota-0-counterparts": "Icelandic"}
    few = {name.replace("0", "1"): value for name, value in QUOTA.items()} | {"quota-1-least": "2"}
    submit(client, f"/p/{world.slug}/rules", **FORM, **nobody, **few)

    page = client.get(f"/p/{world.slug}/rules").text
    assert "No start-up of this programme fits" in page
    assert "No mentor fits" in page
    assert "asks for <bdi>2</bdi>, but only this many mentors fit: <bdi>1</bdi>" in page
    assert "no start-up may have more" not in page


def test_a_quota_of_more_mentors_than_a_startup_may_have_is_warned_about(
    client: FlaskClient, world: World
) -> None:
    english = {"quota-0-counterparts": "English", "quota-0-least": "3"}
    submit(client, f"/p/{world.slug}/rules", **FORM, **{**QUOTA, **english})

    page = client.get(f"/p/{world.slug}/rules").text
    assert "no start-up may have more mentors than this: <bdi>2</bdi>" in page
    assert "only this many mentors fit" not in page


@pytest.mark.parametrize(
    ("part", "typed", "told"),
    [
        ("name", "", "Give the quota a name"),
        ("name", "x" * 201, "At most"),
        ("startups", "Atlantis", "This should be"),
        ("startups", "", "Say whom you mean"),
        ("counterparts", " ; ", "Say whom you mean"),
        ("least", "0", "a whole number from 1 to 10000"),
    ],
)
def test_what_is_wrong_in_a_quota_is_told_beside_it(
    client: FlaskClient, world: World, engine: Engine, part: str, typed: str, told: str
) -> None:
    answer = submit(client, f"/p/{world.slug}/rules", **FORM, **{**QUOTA, f"quota-0-{part}": typed})

    assert answer.status_code == 422
    assert f'<a href="#quota-0-{part}">' in answer.text
    assert f'id="quota-0-{part}-error"' in answer.text
    assert told in _words(answer.text)
    assert _rules(engine, world)[0] == 0


def test_another_row_comes_without_saving_and_keeps_what_is_typed(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    answer = submit(client, f"/p/{world.slug}/rules", **{**FORM, **QUOTA, "startups_most": "none"}, add="1")

    assert answer.status_code == 200
    assert 'value="The francophone"' in answer.text
    assert 'value="none"' in answer.text
    assert 'name="quota-1-name"' in answer.text
    assert 'name="quota-2-name"' not in answer.text
    assert _rules(engine, world)[0] == 0


def test_a_ticked_quota_goes_and_an_empty_row_is_no_quota(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    blank = {f"quota-1-{part}": "" for part in ("name", "startups", "counterparts", "least")}
    submit(client, f"/p/{world.slug}/rules", **FORM, **QUOTA, **blank)
    assert len(_rules(engine, world)[1].quotas) == 1

    submit(client, f"/p/{world.slug}/rules", **FORM, **QUOTA, **{"quota-0-remove": "1"})
    assert _rules(engine, world)[1].quotas == ()


def test_a_stale_form_overwrites_nothing_and_says_what_changed(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    page = client.get(f"/p/{world.slug}/rules")
    stale = {"csrf_token": token(page), "version": "0", **FORM, "objective": "fairest"}
    _save(engine, world, startups_least=2)

    answer = client.post(f"/p/{world.slug}/rules", data=stale)

    assert answer.status_code == 409
    assert "Somebody else changed the rules meanwhile" in answer.text
    assert "The best for the worst-off" in answer.text
    assert "Start-ups promised to each mentor" in answer.text
    assert _rules(engine, world)[1].startups_least == 2
    again = {**stale, "version": re.findall(r'name="version" value="(\d+)"', answer.text)[0]}
    assert client.post(f"/p/{world.slug}/rules", data=again).status_code == 303
    assert _rules(engine, world) == (2, CohortRules(mentors_most=2, objective="fairest"))


def test_versions_say_who_changed_what_and_an_earlier_one_can_hold_again(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    _save(engine, world, mentors_most=4)
    _save(engine, world, mentors_most=4, objective="stable")

    address = f"/p/{world.slug}/rules/versions"
    page = client.get(address).text
    assert page.count("<bdi>somebody@else</bdi>") == 2
    assert "Pairs that hold, by wishes" in page

    submit(client, address, to=f"{address}/1")
    assert _rules(engine, world) == (3, CohortRules(mentors_most=4))
    submit(client, address, to=f"{address}/0")
    assert _rules(engine, world) == (4, CohortRules())
    assert submit(client, address, to=f"{address}/99").status_code == 404


def test_another_programmes_versions_are_not_there(client: FlaskClient, world: World, engine: Engine) -> None:
    with unit_of_work(engine) as session:
        other = session.scalars(select(Programme).where(Programme.slug == world.other_slug)).one()
        session.add(RulesVersion(programme_id=other.id, version=7, data={}, saved_by="x"))

    address = f"/p/{world.slug}/rules/versions"
    assert "Version 7" not in client.get(address).text
    _save(engine, world, mentors_most=2)
    _save(engine, world, mentors_most=3)
    assert submit(client, address, to=f"{address}/7").status_code == 404
    assert client.get("/p/nowhere/rules").status_code == 404


def test_the_form_is_light_on_a_slow_link(client: FlaskClient, world: World) -> None:
    html = client.get(f"/p/{world.slug}/rules?lang=ar").data
    css = client.get("/static/tandem.css").data

    assert len(gzip.compress(html)) + len(gzip.compress(css)) <= 15_000
