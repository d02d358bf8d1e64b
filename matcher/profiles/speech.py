"""Sentences in a language that is named, for letters: no request and no shell says which."""

import gettext
from functools import lru_cache
from importlib.resources import files

from matcher.profiles.labels import label
from matcher.wording import Message

LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es")


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> gettext.NullTranslations:
    """The catalogue of one of the six languages; English needs none."""
    folder = str(files("config") / "translations")
    return gettext.translation("messages", folder, [language], fallback=True)


def say_in(language: str, message: Message) -> str:
    """A message in one of the six languages."""
    return message.render(catalogue(language).gettext, lambda term: label(term, language))
