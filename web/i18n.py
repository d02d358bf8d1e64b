"""The six languages: how one is chosen, and what the templates need to know about it."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from flask import Flask, Response, request
from flask_babel import Babel, get_locale, gettext
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from config.catalogues import FOLDER
from matcher.models import Programme
from web.accounts.identity import identity

LOCALES = {
    "ar": "العربية",
    "zh": "中文",
    "en": "English",
    "fr": "Français",
    "ru": "Русский",
    "es": "Español",
}
_DEFAULT = "en"
_COOKIE = "lang"
_YEAR = 365 * 24 * 3600
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Language:
    """One entry of the language switcher."""

    code: str
    name: str
    href: str
    current: bool


def choose_locale() -> str:
    """`?lang=`, then the cookie that it left, then what the account says, then what the browser asks for."""
    who = identity()
    for wanted in (request.args.get("lang"), request.cookies.get(_COOKIE), who and who.language):
        if wanted in LOCALES:
            return wanted
    return request.accept_languages.best_match(LOCALES) or _DEFAULT


def locale_code() -> str:
    """The code of the language of this page."""
    return str(get_locale() or _DEFAULT)


def text_direction() -> str:
    """`ltr` or `rtl`."""
    return Locale.parse(locale_code()).text_direction


def programme_name(programme: Programme) -> str:
    """What its people call it; the sample, which is ours, is named in the reader's language."""
    return gettext("Sample programme") if programme.is_sample else programme.name


def languages() -> list[Language]:
    """The switcher: this page in each language."""
    rule = request.url_rule
    path = request.path if rule is None or "GET" in (rule.methods or ()) else "/"
    kept = [(k, v) for k, v in request.args.items(multi=True) if k != "lang"]
    return [
        Language(code, name, f"{path}?{urlencode([*kept, ('lang', code)])}", code == locale_code())
        for code, name in LOCALES.items()
    ]


def remember(response: Response, language: str | None) -> None:
    """Have this browser ask for a language from now on; None: for its own."""
    if language is None:
        response.delete_cookie(_COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    else:
        response.set_cookie(
            _COOKIE, language, max_age=_YEAR, httponly=True, samesite="Lax", secure=request.is_secure
        )


def _remember_choice(response: Response) -> Response:
    wanted = request.args.get("lang")
    if wanted in LOCALES:
        remember(response, wanted)
    return response


def _keep_apart(app: Flask) -> None:
    """Have templates leave marks of direction out of what they quote in a sentence.

    A name with one that it does not close would turn the rest of the sentence. What is markup already
    was set apart by whoever made it.
    """
    for name in ("gettext", "ngettext"):
        translate = app.jinja_env.globals[name]

        @pass_context
        def quoting(context: Context, *words: Any, _translate: Any = translate, **quoted: Any) -> Any:
            return _translate(context, *words, **{key: _still(value) for key, value in quoted.items()})

        app.jinja_env.globals[name] = quoting


def _still(value: Any) -> Any:
    is_plain = isinstance(value, str) and not isinstance(value, Markup)
    return _TURNS.sub("", value) if is_plain else value


def init(app: Flask) -> None:
    """Choose the language of each request, and tell the templates."""
    Babel(
        app,
        default_locale=_DEFAULT,
        default_translation_directories=str(FOLDER),
        locale_selector=choose_locale,
    )
    _keep_apart(app)
    app.after_request(_remember_choice)
    app.jinja_env.globals.update(locale_code=locale_code, text_direction=text_direction, languages=languages)
    app.jinja_env.filters["programme_name"] = programme_name
