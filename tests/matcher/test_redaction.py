"""What says who somebody is never reaches the encoder; what they do always does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.profiles.redaction import redact

TABLE = [
    ("en", "She says he trains herders", ("She", " he "), ("says", "trains herders")),
    ("en", "Mrs Diop repairs masts; ask her", ("Mrs", "her"), ("repairs masts",)),
    (
        "en",
        "Studied at the University of Nairobi, built radios",
        ("University", "Nairobi"),
        ("built radios",),
    ),
    ("en", "A Makerere University spin-off for soil sensors", ("Makerere",), ("soil sensors",)),
    ("en", "Farmers in Kenya and Tanzania", ("Kenya", "Tanzania"), ("Farmers",)),
    ("en", "Write to a.b@example.org or +254 700 123 456", ("example", "254"), ("Write to",)),
    ("en", "See https://example.org/a?b=1 for tariffs", ("example",), ("tariffs",)),
    ("fr", "Elle forme des meuniers au Sénégal", ("Elle", "Sénégal"), ("forme des meuniers",)),
    ("fr", "Madame la directrice répare les pompes", ("Madame",), ("répare les pompes",)),
    ("fr", "Diplômé de l'Université Cheikh Anta Diop, réseaux mobiles", ("Cheikh",), ("réseaux mobiles",)),
    ("fr", "Sa pompe et son réseau", (), ("Sa pompe et son réseau",)),
    ("es", "Ella vende sensores en Colombia", ("Ella", "Colombia"), ("vende sensores",)),
    ("es", "El señor de los cables", ("señor",), ("cables",)),
    ("es", "Estudió en la Universidad Nacional y hace mapas", ("Universidad", "Nacional"), ("mapas",)),
    ("es", "Su red y el mercado", (), ("Su red y el mercado",)),
    ("ru", "Она строит сети в России", ("Она", "Росси"), ("строит сети",)),
    ("ru", "Господин говорит, что ему нужны датчики", ("Господин", "ему"), ("нужны датчики",)),
    ("ru", "Окончил Университет ИТМО, делает датчики", ("Университет", "ИТМО"), ("делает датчики",)),
    ("ar", "هي تبني شبكات في مصر", ("هي", "مصر"), ("تبني شبكات",)),
    ("ar", "السيد يصلح المضخات", ("السيد",), ("يصلح المضخات",)),
    ("zh", "她在清华大学学习传感器", ("她", "清华"), ("学习传感器",)),
    ("zh", "他在肯尼亚修水泵", ("肯尼亚",), ("修水泵",)),
    ("zh", "为大学生提供培训", (), ("为大学生提供培训",)),
]


@pytest.mark.parametrize(("language", "text", "gone", "kept"), TABLE)
def test_who_goes_and_what_stays(
    language: str, text: str, gone: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    found = f" {redact(text)} "
    assert [word for word in gone if word in found] == []
    assert [word for word in kept if word not in found] == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Licenciada de la Universidad de los Andes", "Andes"),
        ("Ingénieur de l'Université de la Réunion", "Réunion"),
        ("Учился в Московском государственном университете", "Московском"),
        ("درس في جامعة القاهرة", "القاهرة"),
        ("We ship to Turkey", "Turkey"),
        ("نعمل في الجزائر والمغرب", "المغرب"),
    ],
)
def test_schools_and_countries_go_in_any_usual_form(text: str, gone: str) -> None:
    assert gone not in redact(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("He trains herders", "She trains herders"),
        ("Il conseille, dit monsieur", "Il conseille, dit madame"),
        ("Él vende sensores", "Ella vende sensores"),
        ("Он строит сети", "Она строит сети"),
        ("هو يبني شبكات", "هي يبني شبكات"),
        ("他修水泵", "她修水泵"),
        ("Sensors from Kenya", "Sensors from Peru"),
        ("Capteurs du Sénégal", "Capteurs du Gabon"),
    ],
)
def test_texts_that_differ_in_who_alone_become_one(one: str, other: str) -> None:
    assert redact(one) == redact(other) != ""


@pytest.mark.parametrize(
    ("text", "people", "kept"),
    [
        ("Ada Lovelace and lovelace, A.", ["Ada Lovelace"], "and , A."),
        ("Adapters for Adamawa", ["Ada Lovelace"], "Adapters for Adamawa"),
        ("王伟做传感器", ["王伟"], "做传感器"),
        ("Ольга Ким учит", ["Ольга Ким"], "учит"),
    ],
)
def test_every_word_of_a_persons_name_goes_and_no_part_of_another(
    text: str, people: list[str], kept: str
) -> None:
    assert redact(text, people=people) == redact(kept)


def test_a_ventures_name_goes_as_a_whole_only() -> None:
    assert redact("Green Valley sells green power in a valley", names=["Green Valley"]) == (
        "sells green power in a valley"
    )


@pytest.mark.parametrize("text", ["", "   ", "Kenya", "Kenya, Peru.", "she", "https://example.org", "—"])
def test_a_text_that_says_nothing_else_becomes_nothing(text: str) -> None:
    assert redact(text) == ""


@pytest.mark.parametrize("sign", ["(", "[a-z", "a|b", "\\", "$", "C++"])
def test_a_name_may_hold_any_sign(sign: str) -> None:
    assert redact("Radio masts", names=[sign + "x"]) == "Radio masts"


@given(st.text(max_size=80), st.lists(st.text(max_size=12), max_size=3))
def test_any_text_and_any_name_can_be_redacted(text: str, names: list[str]) -> None:
    found = redact(text, people=names, names=names)
    assert len(found) <= len(text)
    assert "  " not in found
