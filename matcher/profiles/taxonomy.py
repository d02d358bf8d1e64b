"""The vocabularies of sectors, stages, goals and kinds of funder, with names in six languages."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from matcher.profiles.text import clean, key

LOCALES = ("ar", "en", "es", "fr", "ru", "zh")


@dataclass(frozen=True)
class Taxonomy:
    """The codes of one vocabulary, in order, with their labels and everything they answer to."""

    name: str
    labels: Mapping[str, Mapping[str, str]]
    index: Mapping[str, str]

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code, in the order of the file."""
        return tuple(self.labels)

    def find(self, text: str) -> str | None:
        """The code that this code, label or synonym stands for, in any of the languages."""
        return self.index.get(key(text))


def load_toml(name: str) -> dict[str, Any]:
    """One data file of `config/taxonomy`."""
    return tomllib.loads((files("config") / "taxonomy" / f"{name}.toml").read_text("utf-8"))


@cache
def taxonomy(name: str) -> Taxonomy:
    """`sectors`, `stages`, `sdgs`, `funder_kinds`, or `needs`, which only suggests words."""
    labels: dict[str, Mapping[str, str]] = {}
    index: dict[str, str] = {}
    for code, entry in load_toml(name).items():
        labels[code] = {locale: entry[locale] for locale in LOCALES}
        for word in (code, *labels[code].values(), *entry.get("synonyms", ())):
            index.setdefault(key(word), code)
    return Taxonomy(name, labels, index)


def label(name: str, code: str | int, locale: str) -> str:
    """The name of a code in a reader's language; a code nobody foresaw is shown as it is."""
    labels = taxonomy(name).labels.get(str(code))
    if labels is None:
        return str(code)
    return labels.get(locale.replace("-", "_").split("_")[0], labels["en"])


def sector(text: str) -> str:
    """A sector's code, or what was typed: a sector nobody foresaw is not a mistake."""
    return taxonomy("sectors").find(text) or clean(text).lower()
