"""Texts as the encoders see them: one form for what a person reads as one."""

import re
import unicodedata
from itertools import takewhile

FORM = 1
"""Raise it when texts come out otherwise: what was embedded before is of another space then."""

# Marks that nobody sees but that break a word in two for an encoder, or hide words from a reader.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
                        "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]")  # fmt: skip
_REPEATED = re.compile(r"(\b\w[\w'’ -]{2,60}?\b)(?:[\s,;.|/·-]+\1\b){2,}")
_SPACES = re.compile(r"\s+")
# «Acheteur / Acheteuse», «ingeniera/o», "étudiant·e", "chargé(e)": both sexes are named, one is meant.
_DOUBLE = re.compile(r"(\w+(?: \w+){0,2}) ?/ ?(\w+(?: \w+){0,2})")
# What is left of a masculine and a feminine form after their common stem, in French, Spanish and Russian.
_FORMS = {
    ("", "e"), ("", "ne"), ("", "le"), ("", "te"), ("", "sse"), ("r", "se"), ("eur", "rice"),
    ("eur", "eresse"), ("er", "ère"), ("f", "ve"), ("x", "se"), ("c", "que"), ("o", "a"), ("", "a"),
    ("e", "a"), ("or", "riz"), ("", "ка"), ("", "ница"), ("к", "ца"), ("ец", "ка"),
}  # fmt: skip
# Cyrillic letters that look like Latin ones: a word that mixes the two is misspelt or disguised, and the
# encoders see a jumble that comes near to anything.
_CYRILLIC, _LATIN = "асеорхуіѕјһԁԛԝАВЕКМНОРСТХУІЅЈ", "aceopxyisjhdqwABEKMHOPCTXYISJ"
_TO_LATIN, _TO_CYRILLIC = str.maketrans(_CYRILLIC, _LATIN), str.maketrans(_LATIN, _CYRILLIC)
_MIXED = re.compile("[A-Za-zÀ-ɏ][\u0400-\u052f]|[\u0400-\u052f][A-Za-zÀ-ɏ]")
_DISGUISED = re.compile(rf"(?<![^\W\d_])[A-Za-zÀ-ɏ{_CYRILLIC}]+(?![^\W\d_])")
_MIXED_WORD = re.compile("[A-Za-z\u0400-\u052f]*[\u0400-\u052f][A-Za-z\u0400-\u052f]*")
_TELLING = re.compile(f"(?:(?P<latin>[A-Za-z])|[\u0400-\u052f])(?<![{_CYRILLIC}{_LATIN}])")
_ENDING = re.compile(
    r"(?<=[^\W\d_]{3})(?:[·•]\w{1,5}(?:[·•]s)?|\((?:e|a|o|ne|le|te|se|trice|euse|ère|as|os|es)s?\)|/(?:as?|os?|es?|ne|trice|euse))(?!\w)"
)


def normalise(text: str) -> str:
    """`text` compatibility-composed (NFKC), without invisible marks, in lower case and neutral form.

    Case says little about meaning and the multilingual encoders were fed little of it in capitals; a
    doubled form names both sexes of one thing ("acheteur / acheteuse"), so one of them is kept. A phrase said
    three times over in a row is kept once: repeating it must not buy rank.
    """
    text = _one_script(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text))).lower()
    text = _DOUBLE.sub(_one_form, _ENDING.sub("", text))
    return _SPACES.sub(" ", _REPEATED.sub(r"\1", text)).strip()


def _one_script(text: str) -> str:
    """`text` with look-alike letters made those of its own script, if some word mixes two."""
    if not _MIXED.search(text):
        return text
    telling = [found["latin"] is not None for found in _TELLING.finditer(text)]
    if 2 * sum(telling) >= len(telling):
        return _DISGUISED.sub(lambda word: word[0].translate(_TO_LATIN), text)
    return _MIXED_WORD.sub(lambda word: word[0].translate(_TO_CYRILLIC), text)


def _one_form(found: re.Match[str]) -> str:
    """The first form, if what follows the slash says the same words with other endings."""
    ours, theirs = found[1].split(" "), found[2].split(" ")
    for length in range(min(len(ours), len(theirs)), 0, -1):
        if all(_akin(a, b) for a, b in zip(ours[-length:], theirs[:length], strict=True)):
            return " ".join([*ours, *theirs[length:]])
    return found[0]


def _akin(one: str, other: str) -> bool:
    """Whether two words are one, or its forms for either sex."""
    if one.endswith("s") and other.endswith("s"):
        one, other = one[:-1], other[:-1]
    stem = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    endings = one[stem:], other[stem:]
    return one == other or (stem > 2 and (endings in _FORMS or endings[::-1] in _FORMS))
