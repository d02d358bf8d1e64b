"""The catalogues say all that Tandem says, in five languages, and nothing that it no longer says."""

import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from gettext import GNUTranslations, translation
from html import unescape
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po
from flask import Flask

from config import catalogues
from config.settings import Settings
from matcher.models import Base
from matcher.profiles.fields import FIELDS
from matcher.profiles.mapping import match_columns
from matcher.ranking.eligibility import RULE_MESSAGES, Rule
from matcher.wording import Message as Sentence
from web import create_app

ROOT = Path(__file__).parents[2]
SOURCES = catalogues.FOLDER
"""Where the catalogues are, whichever folder a test makes Tandem look in."""
LOCALES = tuple(locale for locale in catalogues.LOCALES if locale != "en")
_PLACEHOLDER = re.compile(r"%\(\w+\)[-+ #0]*[\d.]*[a-z]")
_VERBATIM = re.compile(r"--[a-z][a-z-]*|TANDEM_[A-Z_]+|HEADER=\w+|</?[a-z]+[^>]*>")
_FORM = re.compile(r"^msgstr\[(\d+)\]", re.MULTILINE)

every_locale = pytest.mark.parametrize("locale", LOCALES)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """All messages as they stand in the sources now, collected as `make messages` does."""
    target = tmp_path_factory.mktemp("messages") / "messages.pot"
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    command = next(line for line in recipe if "pybabel -q extract" in line)
    words = shlex.split(command)[1:]
    words[words.index("-o") + 1] = str(target)
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", *words], cwd=ROOT, check=True)
    with target.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def compiled() -> Path:
    """The catalogues, compiled as `make test` and `make run` do first."""
    catalogues.compile_all()
    return catalogues.FOLDER


@pytest.fixture
def app(compiled: Path, tmp_path: Path) -> Iterator[Flask]:
    made = create_app(Settings(data=tmp_path), testing=True)
    engine = made.extensions["tandem_engine"]
    Base.metadata.create_all(engine)
    yield made
    engine.dispose()


@every_locale
def test_every_message_is_translated(template: Catalog, locale: str) -> None:
    catalogue = _catalogue(locale)
    found = {_key(message): _translations(message) for message in catalogue if message.id}
    assert [key for key in _keys(template) if not all(text.strip() for text in found.get(key, [""]))] == []


@every_locale
def test_no_translation_is_stale(template: Catalog, locale: str) -> None:
    catalogue = _catalogue(locale)
    assert list(catalogue.obsolete) == []
    assert sorted(map(str, set(_keys(catalogue)) - set(_keys(template)))) == []


@every_locale
def test_no_translation_is_fuzzy(locale: str) -> None:
    assert [message.id for message in _catalogue(locale) if message.id and message.fuzzy] == []


@every_locale
def test_every_translation_has_the_placeholders_of_its_message(locale: str) -> None:
    wrong = [
        (message.id, text)
        for message in _catalogue(locale)
        for text in _translations(message)
        if message.id and text and _placeholders(text) != _placeholders(_english(message))
    ]
    assert wrong == []


@every_locale
def test_every_translation_keeps_flags_settings_and_tags_as_they_are(locale: str) -> None:
    wrong = [
        (message.id, text)
        for message in _catalogue(locale)
        for text in _translations(message)
        if message.id and text and Counter(_VERBATIM.findall(text)) != _verbatim(message)
    ]
    assert wrong == []


@every_locale
def test_every_translation_can_be_filled_in(locale: str) -> None:
    for message in _catalogue(locale):
        values = dict.fromkeys(re.findall(r"%\((\w+)\)", _english(message)), 1)
        for text in _translations(message) if message.id else ():
            assert "%(" not in text % values


@every_locale
def test_every_plural_has_the_forms_of_its_language(locale: str) -> None:
    catalogue = _catalogue(locale)
    plurals = sum(message.pluralizable for message in catalogue)
    expected = Catalog(locale=locale)
    written = Counter(int(form) for form in _FORM.findall(_path(locale).read_text(encoding="utf-8")))
    assert plurals
    assert (catalogue.num_plurals, catalogue.plural_expr) == (expected.num_plurals, expected.plural_expr)
    assert written == dict.fromkeys(range(expected.num_plurals), plurals)


@every_locale
def test_a_page_is_in_the_language_that_it_is_asked_for_in(app: Flask, locale: str) -> None:
    page = app.test_client().get("/", headers={"Accept-Language": locale})
    text = unescape(page.text)
    assert page.status_code == 200
    assert f'<html lang="{locale}"' in page.text
    for sentence in ("Sign in", "Mentors, start-ups and funding partners, matched"):
        assert sentence not in text
        assert _catalogue(locale).get(sentence).string in text


@every_locale
def test_a_sentence_within_a_sentence_is_in_the_language_of_the_reader(compiled: Path, locale: str) -> None:
    rule = RULE_MESSAGES[Rule.LANGUAGE]
    sentence = Sentence("%(count)s not eligible because %(rule)s", {"count": "37", "rule": rule})
    with (compiled / locale / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        translations = GNUTranslations(file)
    said = sentence.render(translations.gettext)
    assert "37" in said
    assert translations.gettext(rule.template) in said
    assert "not eligible" not in said
    assert rule.template not in said


def _path(locale: str) -> Path:
    return SOURCES / locale / "LC_MESSAGES" / "messages.po"


def _catalogue(locale: str) -> Catalog:
    with _path(locale).open("rb") as file:
        return read_po(file, locale=locale)


def _key(message: Message) -> tuple[str | None, str | tuple[str, ...]]:
    return message.context, tuple(message.id) if message.pluralizable else message.id


def _keys(catalogue: Catalog) -> list[tuple[str | None, str | tuple[str, ...]]]:
    return [_key(message) for message in catalogue if message.id]


def _translations(message: Message) -> list[str]:
    return list(message.string) if message.pluralizable else [message.string]


def _english(message: Message) -> str:
    """The message itself; of a plural, the form for many."""
    return str(message.id[-1] if message.pluralizable else message.id)


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _verbatim(message: Message) -> Counter[str]:
    return Counter(_VERBATIM.findall(_english(message)))


@every_locale
def test_a_sheet_may_be_headed_with_our_own_labels(locale: str, compiled: Path) -> None:
    translate = translation("messages", str(compiled), languages=[locale]).gettext
    for kind, fields in FIELDS.items():
        headers = [translate(field.label) for field in fields]
        assert [m.field for m in match_columns(kind, headers)] == [f.name for f in fields], kind


def test_no_template_joins_words_with_marks_of_one_language() -> None:
    """Chinese and Arabic have commas and colons of their own, which stand in gettext."""
    joined = re.compile(r"(?:\}\}|</\w+>|%\})[,:] ")
    found = {
        path.name: hits
        for path in (ROOT / "web" / "templates").rglob("*.html")
        if (hits := joined.findall(path.read_text(encoding="utf-8")))
    }
    assert found == {}
