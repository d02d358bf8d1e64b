"""The data files of config/taxonomy agree with the code and with themselves."""

import csv
from datetime import date
from pathlib import Path

import pytest

from matcher.models.kinds import Kind
from matcher.profiles.cell import parse_cell
from matcher.profiles.fields import FIELDS, field
from matcher.profiles.labels import Width, day_name
from matcher.profiles.places import WORLD, countries, country_name, region
from matcher.profiles.taxonomy import LOCALES, label, load_toml, taxonomy
from matcher.profiles.text import key
from matcher.profiles.timezones import city
from matcher.profiles.tongues import language_name

REAL = Path("/work/shared/data/real/startups.csv")
NAMES = ("sectors", "stages", "sdgs", "funder_kinds")


@pytest.mark.parametrize("name", [*NAMES, "needs"])
def test_every_code_has_a_label_in_six_languages_and_is_found_by_each(name: str) -> None:
    for code, labels in taxonomy(name).labels.items():
        assert set(labels) == set(LOCALES)
        assert {taxonomy(name).find(text) for text in labels.values()} == {code}


@pytest.mark.parametrize("name", NAMES)
def test_no_word_stands_for_two_codes(name: str) -> None:
    owners: dict[str, set[str]] = {}
    for code, entry in load_toml(name).items():
        for word in entry["synonyms"]:
            owners.setdefault(key(word), set()).add(code)
    assert {word: codes for word, codes in owners.items() if len(codes) > 1} == {}


@pytest.mark.parametrize("kind", Kind)
def test_no_header_stands_for_two_fields(kind: Kind) -> None:
    table = load_toml("headers")
    fields = {f.name for f in FIELDS[kind]}
    owners: dict[str, set[str]] = {}
    for part in (table["all"], table[kind.value]):
        for name, words in part.items():
            for word in words if name in fields else ():
                owners.setdefault(key(word), set()).add(name)
    assert {word: names for word, names in owners.items() if len(names) > 1} == {}
    assert fields == {n for names in owners.values() for n in names}


def test_regions_are_made_of_countries() -> None:
    for code in load_toml("regions"):
        assert set(region(code) or ()) <= countries() | {WORLD}
    assert region("worldwide") == region("001") == ("001",)
    assert len(region("Африка") or ()) == 55


@pytest.mark.parametrize(
    ("zone", "locale", "name"),
    [
        ("Africa/Nairobi", "ru", "Найроби"),
        ("Asia/Kolkata", "ar", "كالكتا"),
        ("America/Argentina/Buenos_Aires", "fr", "Buenos Aires"),
        ("Etc/GMT-3", "zh", "UTC+3"),
        ("Etc/UTC", "en", "UTC"),
    ],
)
def test_a_time_zone_is_called_by_its_city(zone: str, locale: str, name: str) -> None:
    assert city(zone, locale) == name


@pytest.mark.parametrize(
    ("day", "width", "locale", "said"),
    [
        (date(2026, 4, 1), "long", "fr", "1er avril 2026"),
        (date(2026, 4, 1), "full", "fr", "mercredi 1er avril 2026"),
        (date(2026, 4, 21), "long", "fr", "21 avril 2026"),
        (date(2026, 4, 1), "long", "es", "1 de abril de 2026"),
    ],
)
def test_the_first_of_a_month_is_counted_in_french(day: date, width: Width, locale: str, said: str) -> None:
    assert day_name(day, width, locale) == said


def test_codes_are_shown_in_the_readers_language() -> None:
    assert label("sectors", "agritech", "fr") == "Agriculture et alimentation"
    assert label("sdgs", 5, "es") == "Igualdad de género"
    assert label("sectors", "falconry", "fr") == "falconry"
    assert country_name("CI", "fr") == "Côte d’Ivoire"
    assert language_name("sw", "zh") == "斯瓦希里语"


@pytest.mark.parametrize(
    ("locale", "name"),
    [
        ("en", "worldwide"),
        ("fr", "monde entier"),
        ("es", "todo el mundo"),
        ("ru", "весь мир"),
        ("ar", "جميع أنحاء العالم"),
        ("zh-Hans", "全球"),
    ],
)
def test_the_whole_world_is_called_so_in_every_language_and_read_back(locale: str, name: str) -> None:
    assert country_name(WORLD, locale) == name
    assert parse_cell(field(Kind.FUNDER, "countries"), name) == (WORLD,)


@pytest.mark.skipif(not REAL.exists(), reason="the real sheets are not on this machine")
def test_nearly_every_sector_of_a_real_sheet_is_known() -> None:
    with REAL.open(encoding="utf-8") as file:
        cells = [cell for row in csv.DictReader(file) for cell in row["Categories"].split(",")]
    typed = [cell for cell in cells if cell.strip()]
    assert sum(taxonomy("sectors").find(cell) is not None for cell in typed) > 0.98 * len(typed)
