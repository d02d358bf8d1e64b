"""What each type of cell is read as, and what is refused."""

from decimal import Decimal
from typing import Any

import pytest

from matcher.models.kinds import Kind
from matcher.profiles.cell import parse_cell
from matcher.profiles.errors import CellError
from matcher.profiles.fields import FIELDS, FieldType, field

S, M, F = Kind.STARTUP, Kind.MENTOR, Kind.FUNDER

READ: list[tuple[Kind, str, str, Any]] = [
    (S, "name", " Café\u200b \u202e", "Café"),
    (S, "name", "Cafe\u0301", "Café"),
    (S, "name", "N/A", "N/A"),
    (S, "name", "می\u200cخواهم", "می\u200cخواهم"),
    (S, "pitch", "one\r\ntwo\tthree\x00", "one\ntwo three"),
    (S, "pitch", "n/a", None),
    (S, "needs", "sales; pricing\n- hiring; sales", ("sales", "pricing", "hiring")),
    (S, "city", "desconocido", None),
    (S, "needs", "; ;", None),
    (S, "needs", "sales; n/a\n- • hiring\n- \n-5 °C", ("sales", "hiring", "-5 °C")),
    (S, "needs", "销售；招聘", ("销售", "招聘")),
    (S, "needs", "marketing, in Arabic", ("marketing, in Arabic",)),
    (S, "name", "Amani \n  Health\tLtd", "Amani Health Ltd"),
    (S, "ref", "S  1", "S 1"),
    (S, "conflicts", "M1; M2\nM3", ("M1", "M2", "M3")),
    (S, "conflicts", "M1, M2", ("M1", "M2", "M1, M2")),
    (S, "conflicts", "M1،M2、M3，M4/M5", ("M1", "M2", "M3", "M4", "M5", "M1،M2、M3，M4/M5")),
    (S, "conflicts", "M1; None", ("M1", "None")),
    (S, "conflicts", "Doe, Jane; M2", ("Doe, Jane", "M2")),
    (S, "sectors", "E-Commerce, Big Data, Foo Bar", ("e-commerce", "ai-data", "foo bar")),
    (S, "sectors", "Arts, crafts and more; SaaS", ("arts, crafts and more", "business-software")),
    (S, "sectors", "الزراعة، الصحة", ("agritech", "health")),
    (S, "sectors", "教育、医疗", ("edtech", "health")),
    (S, "sectors", "Santé; образование; Finanzas", ("health", "edtech", "fintech")),
    (S, "sectors", "foo, bar;", ("foo", "bar")),
    (S, "sectors", "foo, bar; -", ("foo", "bar")),
    (S, "sectors", "Straßenbau", ("straßenbau",)),
    (S, "stage", "MVP", "prototype"),
    (S, "stage", "Série A", "growth"),
    (S, "stage", "种子轮", "early-revenue"),
    (M, "stages", "idea, pilot", ("idea", "pilot")),
    (S, "languages", "en/fr", ("en", "fr")),
    (S, "languages", "English (fluent); Français - native", ("en", "fr")),
    (S, "languages", "العربية والإنجليزية", ("ar", "en")),
    (S, "languages", "zh-Hans, en-GB, rus", ("zh", "en", "ru")),
    (S, "languages", "English - French", ("en", "fr")),
    (S, "languages", "English – French and Arabic", ("en", "fr", "ar")),
    (S, "languages", "English: fluent; n/a", ("en",)),
    (S, "languages", "none", None),
    (S, "country", "Ivory Coast", "CI"),
    (S, "country", "КЕНИЯ", "KE"),
    (S, "country", "肯尼亚", "KE"),
    (S, "country", "cote d'ivoire", "CI"),
    (S, "country", "KEN", "KE"),
    (S, "country", "NA", "NA"),
    (S, "country", "n/a", None),
    (S, "country", "Congo, Democratic Republic of the", "CD"),
    (S, "markets", "Kenya and Uganda", ("KE", "UG")),
    (S, "markets", "Korea, Republic of", ("KR",)),
    (S, "markets", "Kenya, n/a", ("KE",)),
    (S, "markets", "Kenya; NA", ("KE", "NA")),
    (S, "markets", "EAC", ("BI", "CD", "KE", "RW", "SO", "SS", "TZ", "UG")),
    (S, "markets", "Kenya; worldwide", ("001",)),
    (F, "countries", "全球", ("001",)),
    (M, "timezone", "UTC+3", "Etc/GMT-3"),
    (M, "timezone", "(UTC-05:00) Bogota", "Etc/GMT+5"),
    (M, "timezone", "UTC+5:30", "Asia/Kolkata"),
    (M, "timezone", "africa/nairobi", "Africa/Nairobi"),
    (M, "timezone", "Nairobi", "Africa/Nairobi"),
    (M, "timezone", "Найроби", "Africa/Nairobi"),
    (M, "timezone", "加德满都", "Asia/Kathmandu"),
    (M, "timezone", "Buenos Aires", "America/Argentina/Buenos_Aires"),
    (S, "founded", "2019", 2019),
    (S, "founded", "٢٠١٩", 2019),
    (S, "founded", "2019-05-01", 2019),
    (S, "founded", "-", None),
    (S, "raising", "500k", Decimal(500_000)),
    (S, "raising", "1.5M", Decimal(1_500_000)),
    (S, "raising", "1 200 000", Decimal(1_200_000)),
    (S, "raising", "1.200.000,50", Decimal("1200000.50")),
    (S, "raising", "$250,000", Decimal(250_000)),
    (S, "raising", "250.000 €", Decimal(250_000)),
    (S, "raising", "٢٥٠٬٠٠٠٫٥", Decimal("250000.50")),
    (S, "raising", "100 тыс. руб.", Decimal(100_000)),
    (S, "raising", "50万", Decimal(500_000)),
    (S, "raising", "1,20,000", Decimal(120_000)),
    (S, "raising", "1250.125", Decimal("1250.12")),
    (S, "currency", "eur", "EUR"),
    (S, "currency", "$", "USD"),
    (S, "currency", "FCFA", "XOF"),
    (M, "capacity", "3", 3),
    (M, "capacity", "3.0", 3),
    (F, "capacity", "3", 3),
    (M, "email", "Amina <Amina@Example.ORG>", "amina@example.org"),
    (M, "email", "Strauß@Example.org", "strauß@example.org"),
    (S, "sdgs", "SDG 5, ODD 9", (5, 9)),
    (S, "sdgs", "9: Industry, innovation and infrastructure", (9,)),
    (S, "sdgs", "目标5；1", (1, 5)),
    (S, "sdgs", "Gender equality", (5,)),
    (F, "kind", "Venture capital", "fund"),
]

REFUSED = [
    (S, "stage", "unicorn", "idea, prototype, pilot, early-revenue, growth, scale"),
    (S, "stage", "idea; pilot", "one of"),
    (M, "stages", "idea; unicorn", "one or more of"),
    (S, "languages", "English; Klingonish", "ISO 639-1"),
    (S, "country", "Kenya, Uganda", "ISO 3166"),
    (S, "country", "Mars", "ISO 3166"),
    (S, "markets", "Kenya; Mars", "countries or regions"),
    (M, "timezone", "UTC+15", "Nairobi"),
    (M, "timezone", "CST", "Nairobi"),
    (S, "founded", "1850", "from 1900"),
    (S, "founded", "2099", "from 1900"),
    (S, "founded", "2012 or 2013", "one year"),
    (S, "raising", "100-200", "one amount"),
    (S, "raising", "-5", "one amount"),
    (S, "raising", "1.2.3", "one amount"),
    (S, "raising", "a lot", "one amount"),
    (S, "raising", "9" * 30, "one amount"),
    (S, "currency", "¥", "ISO 4217"),
    (S, "currency", "XYZ", "ISO 4217"),
    (S, "currency", "Unknown Currency", "ISO 4217"),
    (M, "capacity", "1001", "0 to 1000"),
    (M, "capacity", "up to 5", "whole number"),
    (M, "email", "amina at example", "e-mail"),
    (M, "email", "a@x.org, b@x.org", "one e-mail"),
    (M, "email", "=?utf-8?q?amina?=@x.org", "one e-mail"),
    (S, "sdgs", "18", "1 to 17"),
    (F, "kind", "wizard", "grant, angel"),
    (S, "pitch", "x" * 20_001, "20000 characters"),
    (S, "name", "x" * 201, "200 characters"),
    (S, "raising", "1" + " k" * 9000, "200 characters"),
    (S, "languages", "(" * 4000, "ISO 639-1"),
    (S, "sdgs", "1" * 4900, "1 to 17"),
    (S, "languages", "en" + " " * 6000 + "fr", "5000 characters"),
]


@pytest.mark.parametrize(("kind", "name", "text", "value"), READ)
def test_a_cell_is_read_as_a_person_means_it(kind: Kind, name: str, text: str, value: Any) -> None:
    assert parse_cell(field(kind, name), text) == value


@pytest.mark.parametrize(("kind", "name", "text", "hint"), REFUSED)
def test_a_bad_cell_is_refused_with_what_would_be_right(kind: Kind, name: str, text: str, hint: str) -> None:
    with pytest.raises(CellError) as refused:
        parse_cell(field(kind, name), text)
    assert hint in str(refused.value.expected)


def test_every_type_of_field_is_read_and_every_closed_type_refuses_something() -> None:
    every = {f.type for fields in FIELDS.values() for f in fields}
    open_types = {FieldType.ENTRIES, FieldType.REFS, FieldType.SECTORS}
    assert every == set(FieldType)
    assert every == {field(kind, name).type for kind, name, *_ in READ}
    assert every - open_types == {field(kind, name).type for kind, name, *_ in REFUSED}
