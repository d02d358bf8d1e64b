"""The command line speaks the language of the shell, by the same catalogues as the web."""

import gettext
from functools import lru_cache
from importlib.resources import files

from matcher.profiles.labels import label
from matcher.wording import Message, Term

_LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es")


@lru_cache(maxsize=1)
def _catalogue() -> gettext.NullTranslations:
    return gettext.translation("messages", str(files("config") / "translations"), fallback=True)


def _(text: str) -> str:
    """A sentence in the shell's language, or in English."""
    return _catalogue().gettext(text)


def language() -> str:
    """The language that `_` speaks: the catalogue's, or English without one."""
    found = str(_catalogue().info().get("language", "en")).partition("_")[0]
    return found if found in _LANGUAGES else "en"


def say(message: Message) -> str:
    """A message in the shell's language."""
    return message.render(_, term)


def term(term: Term) -> str:
    """The name of a term in the shell's language."""
    return label(term, language())
