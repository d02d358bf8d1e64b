"""Which texts repeat each other, and which only speak of one thing."""

from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from matcher.ranking.echo import Repertoire, echoes, wording, words

NEEDS = {
    "en": "Set fair membership tariffs that cover repairs without excluding the poorest households",
    "fr": "Nos marchandises sont bloquées au port depuis des semaines, faute de papiers pour les libérer",
    "es": "Nuestra mercancía lleva semanas retenida en el puerto y no sabemos qué papeles permiten liberarla",
    "ru": "Наш груз неделями стоит в порту, и мы не знаем, какие документы нужны для его выпуска",
    "ar": "بضائعنا عالقة في الميناء منذ أسابيع ولا نعرف ما الأوراق المطلوبة للإفراج عنها",
    "zh": "我们的货物在港口滞留了好几周，不知道需要哪些文件才能放行。",
}
OWN = {
    "en": "Twenty years of pricing for water utilities, and training of meter readers. I also speak Swahili.",
    "fr": "Vingt ans de tarification dans les services d'eau et formation de releveurs. Je parle wolof.",
    "es": "Veinte años fijando tarifas de agua y formando a lectores de contadores. También hablo quechua.",
    "ru": "Двадцать лет составляю тарифы для водоканалов и обучаю контролёров. Говорю также по-казахски.",
    "ar": "عشرون سنة في تسعير خدمات المياه وتدريب قارئي العدادات. أتكلم الفرنسية أيضا.",
    "zh": "二十年水务定价经验，培训过抄表员。也会讲法语。",
}
FILLERS = {"en": "also", "fr": "aussi", "es": "también", "ru": "также", "ar": "أيضا", "zh": "也"}
LOOKALIKES = str.maketrans("aceopxyiABEHKMOPCTX", "асеорхуіАВЕНКМОРСТХ")
BOLD = {ord(letter): chr(0x1D41A + number) for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
PITCH = (
    "Forty-one households share one uplink, and women traders use it to check prices before the boats land. "
    "Each village elects two technicians who climb the masts and keep the batteries charged."
)


def _units(text: str) -> list[str]:
    """What its writer would cut it into."""
    return text.split() if " " in text else list(text)


def _cut(text: str, begin: float, end: float) -> str:
    units = _units(text)
    part = units[round(begin * len(units)) : round(end * len(units))]
    return (" " if " " in text else "").join(part)


def _filled(text: str, filler: str, every: int) -> str:
    units = _units(text)
    filled = [f"{filler} {unit}" if at and at % every == 0 else unit for at, unit in enumerate(units)]
    return (" " if " " in text else "").join(filled)


COPIES: dict[str, Callable[[str, str], str]] = {
    "verbatim": lambda text, _: text,
    "in capitals": lambda text, _: text.upper(),
    "with other punctuation and breaks": lambda text, _: "* " + text.replace(" ", "!\r\n  – ") + " …",
    "with zero-width spaces between letters": lambda text, _: "\u200b".join(text),
    "with joiners between letters": lambda text, _: "\u200d".join(text),
    "with soft hyphens between letters": lambda text, _: "\u00ad".join(text),
    "with Hangul fillers between letters": lambda text, _: "\u3164".join(text),
    "in look-alike letters": lambda text, _: text.translate(LOOKALIKES),
    "in mathematical letters": lambda text, _: text.lower().translate(BOLD),
    "after other words": lambda text, language: f"{OWN[language]} {text}",
    "between other words": lambda text, language: f"{OWN[language]} {text} {OWN[language][::-1]}",
    "fifty times": lambda text, _: f"{text}. " * 50,
    "without its end": lambda text, _: _cut(text, 0, 2 / 3),
    "without its beginning": lambda text, _: _cut(text, 1 / 3, 1),
    "with a filler after every seventh word": lambda text, language: _filled(text, FILLERS[language], 7),
    "with a filler after every second word": lambda text, language: _filled(text, FILLERS[language], 2),
    "with its halves swapped": lambda text, _: f"{_cut(text, 1 / 2, 1)} {_cut(text, 0, 1 / 2)}",
    "backwards": lambda text, _: " ".join(reversed(_units(text))),
}

COMMON_NAMES = [
    "food safety certification",
    "Go-to-market strategy",
    "Go-to-market strategy and sales",
    "certification de la sécurité alimentaire",
    "Protección de los datos de salud",
    "сертификация пищевой продукции",
    "شهادة سلامة الأغذية",
    "食品安全认证",
    "医疗器械注册审批",
    "การเงิน",
]

HONEST = [  # one subject or one template, said twice
    (
        "Help us get our juice plant certified for food safety",
        "Food safety certification of small plants: HACCP plans, audits",
    ),
    (
        "We need help with a spectrum licence for unused television channels",
        "We need help with a grant application for the training of teachers",
    ),
    (
        "Find low-cost marketing that reaches traders in open markets",
        "Low-cost marketing through radio, fairs and trusted shopkeepers",
    ),
    (
        "Omnisio is an online platform that enables users to annotate and share videos from any website.",
        "ReelSurfer is an online platform that enables users to share short video clips from any website.",
    ),
    (
        "Divvyshot is a photo-sharing platform that enables users to share full size photos with friends.",
        "Picwing is a photo sharing platform that enables users to share photos by print and email.",
    ),
    (
        "Tous nos reçus sont dans une boîte à chaussures et nous ignorons si nous gagnons de l'argent.",
        "Tenue des comptes de petites entreprises : reçus, journal de caisse, savoir si on gagne de l'argent",
    ),
    (
        "Buscamos a alguien que haga que las cajas de nuestro producto atraigan en el estante.",
        "Buscamos a alguien que logre que un teléfono entienda y responda a hablantes de hausa y wólof.",
    ),
    (
        "Построить систему безналичной оплаты для маршрутных такси",
        "Безналичная оплата проезда в городском транспорте: терминалы и расчёты",
    ),
    (
        "نحتاج إلى من يساعدنا على الحصول على شهادة سلامة الأغذية لمصنع العصير",
        "خبيرة في سلامة الأغذية: خطط هاسب وتدقيق المصانع الصغيرة",
    ),
    ("请聋人和视障用户一起做无障碍测试", "为视障和听障用户做无障碍测试，邀请残障用户全程参与设计"),
    ("寻找能让我们产品的盒子在货架上吸引人的人。", "寻找能让手机听懂豪萨语和沃洛夫语并作出回答的人。"),
]

LETTERS = st.sampled_from("abc é\u200bаЖه中あก-.\n")
AROUND = st.text(LETTERS, max_size=25)
TEXTS = st.text(LETTERS, max_size=60) | st.sampled_from([*NEEDS.values()])


def echo(one: str, other: str) -> bool:
    found = echoes(wording(one), wording(other))
    assert echoes(wording(other), wording(one)) == found
    return found


@pytest.mark.parametrize("language", NEEDS)
@pytest.mark.parametrize("way", COPIES)
def test_a_copied_need_is_an_echo(way: str, language: str) -> None:
    assert echo(NEEDS[language], COPIES[way](NEEDS[language], language))


@pytest.mark.parametrize("way", COPIES)
def test_a_copied_pitch_is_an_echo(way: str) -> None:
    assert echo(PITCH, COPIES[way](PITCH, "en"))


def test_a_sentence_of_a_pitch_is_an_echo_alone_and_in_a_long_text() -> None:
    first, second = PITCH.split(". ")
    assert echo(PITCH, f"{second} {first}")
    assert echo(PITCH, second)
    assert echo(PITCH, f"{' '.join(OWN.values())} {first}")


def test_part_of_a_need_is_an_echo_in_a_longer_entry() -> None:
    assert echo(NEEDS["en"], f"{OWN['en']} {_cut(NEEDS['en'], 0, 5 / 6)}")


def test_a_few_changed_words_hide_no_copy() -> None:
    changed = NEEDS["en"].replace("Set", "Setting").replace("without", "not")
    assert echo(NEEDS["en"], changed)


def test_arabic_is_the_same_with_lengthened_letters_and_vowel_marks() -> None:
    need = NEEDS["ar"]
    assert words(need.replace("ا", "ا\u0640\u0640").replace("ع", "ع\u064e")) == words(need)


@pytest.mark.parametrize(("one", "other"), HONEST)
def test_texts_on_one_subject_are_no_echoes(one: str, other: str) -> None:
    assert not echo(one, other)


@pytest.mark.parametrize("name", COMMON_NAMES)
def test_two_people_may_call_a_thing_by_its_name(name: str) -> None:
    assert not echo(name, name)
    assert not echo(name, f"{OWN['en']} {name}")


def test_five_words_are_the_least_that_is_copied() -> None:
    assert not echo("mangrove nursery seedling contracts", "mangrove nursery seedling contracts")
    assert echo("mangrove nursery seedling contracts abroad", "mangrove nursery seedling contracts abroad")
    assert not echo("mangrove nursery seedling contracts " * 9, "mangrove nursery seedling contracts " * 50)
    assert not echo(
        "to me mangrove nursery seedling contracts", f"{PITCH} mangrove nursery seedling contracts"
    )
    assert not echo("红树林苗圃合同书", "红树林苗圃合同书")
    assert echo("红树林苗圃合同书样", "红树林苗圃合同书样")


def test_a_very_long_text_has_any_words() -> None:
    """A need's words, far apart among eight times as many others, are no copy; among fewer they are."""
    need = "seven brown goats climb steep hills"
    assert echo(need, " ".join(f"{word} {word}padding {word}filling" for word in need.split()))
    others = " ".join(f"padding{number} filling{number}" for number in range(30))
    assert not echo(need, " ".join(f"{word} {others.replace('ing', word)}" for word in need.split()))


def test_different_needs_and_profiles_are_no_echoes() -> None:
    texts = [*NEEDS.values(), *OWN.values(), PITCH]
    assert not any(echo(one, other) for one, other in combinations(texts, 2))


@pytest.mark.parametrize("nothing", ["", " ", "…", "\u200b", "🚀🔥"])
def test_nothing_echoes_nothing(nothing: str) -> None:
    assert words(nothing) == ()
    assert not echo(nothing, nothing)
    assert not echo(nothing, PITCH)


@given(TEXTS, TEXTS)
def test_the_order_of_both_is_one(one: str, other: str) -> None:
    assert echoes(wording(one), wording(other)) == echoes(wording(other), wording(one))


@given(TEXTS, AROUND, AROUND)
def test_an_echo_stays_one_whatever_is_written_around_it(text: str, before: str, after: str) -> None:
    assume(echo(text, text))
    assert echo(text, f"{before} {text} {after}")


@given(TEXTS)
def test_words_are_words_already(text: str) -> None:
    said = words(text)
    assert all(word == word.strip() != "" for word in said)
    assert words(" ".join(said)) == said


PIECES = (
    "port papers",
    "weeks",
    "held",
    "tariffs for water",
    "in",
    "our",
    "税",
    "repair of meters",
    "households",
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join)


@given(said=st.lists(TEXTS, max_size=4), theirs=TEXTS)
def test_a_repertoire_echoes_whatever_one_of_its_texts_does(said: list[str], theirs: str) -> None:
    ours = [wording(text) for text in said]
    expected = any(echoes(one, wording(theirs)) for one in ours)
    assert Repertoire(ours).echoes(wording(theirs)) == expected


def test_a_repertoire_finds_a_run_of_few_words_that_come_again_and_again() -> None:
    run = "solar pump solar pump kiosk solar kiosk pump kiosk solar solar pump pump kiosk kiosk"
    ours, theirs = wording(f"{run} for our village"), wording(f"{run} with many years")

    assert echoes(ours, theirs)
    assert Repertoire([ours]).echoes(theirs)
