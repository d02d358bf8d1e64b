"""Which column is taken for which field."""

import pytest

from matcher.models.kinds import Kind
from matcher.profiles.errors import SheetError
from matcher.profiles.fields import FIELDS
from matcher.profiles.mapping import match_columns

S, M, F = Kind.STARTUP, Kind.MENTOR, Kind.FUNDER


def fields_of(kind: Kind, headers: str, **overrides: str) -> list[str | None]:
    return [match.field for match in match_columns(kind, headers.split(","), overrides)]


@pytest.mark.parametrize(
    ("kind", "headers", "fields"),
    [
        (
            S,
            "Ref,Company,What they do,Categories,Country,Founded",
            ["ref", "name", "pitch", "sectors", "country", "founded"],
        ),
        (F, "Ref,Funding partner,Already funded", ["ref", "name", "portfolio"]),
        (S, "Société,Année de création,Besoins", ["name", "founded", "needs"]),
        (S, "Empresa,Descripción,Correo electrónico", ["name", "pitch", "email"]),
        (S, "Компания,Страна,Отрасль", ["name", "country", "sectors"]),
        (S, "اسم الشركة,البلد,القطاع", ["name", "country", "sectors"]),
        (S, "公司名称,国家,行业", ["name", "country", "sectors"]),
        (M, "Full Name *,E-MAIL:,time_zone,Company", ["name", "email", "timezone", "organisation"]),
        (F, "Investor,TicketMin,Ticket max (USD)", ["name", "ticket_min", "ticket_max"]),
        (M, "Name,Expertize,Langauges", ["name", "expertise", "languages"]),
    ],
)
def test_columns_are_matched_in_six_languages_and_with_slips(
    kind: Kind, headers: str, fields: list[str]
) -> None:
    assert fields_of(kind, headers) == fields


@pytest.mark.parametrize("kind", Kind)
def test_every_canonical_header_is_its_own_field(kind: Kind) -> None:
    names = [f.name for f in FIELDS[kind]]
    assert fields_of(kind, ",".join(names)) == names


@pytest.mark.parametrize(
    "header",
    [
        "Country of birth",
        "Phone",
        "Gender",
        "Notes",
        "First name",
        "Age",
        "Founder",
        "Founders",
        "Website",
        "LinkedIn",
    ],
)
@pytest.mark.parametrize("kind", Kind)
def test_a_column_that_only_resembles_a_field_is_kept_as_a_note(kind: Kind, header: str) -> None:
    assert fields_of(kind, header) == [None]


def test_the_better_of_two_columns_wins_and_the_other_is_a_note() -> None:
    matches = match_columns(S, ["Company", "Name", "Name", ""])
    assert [(m.header, m.field) for m in matches] == [
        ("Company", None),
        ("Name", "name"),
        ("Name (2)", None),
        ("column 4", None),
    ]


def test_every_header_gets_a_name_of_its_own() -> None:
    headers = ["x", "x", "x (2)", "x", "x (2)", "", "column 6"]
    names = [match.header for match in match_columns(S, headers)]
    assert names == ["x", "x (2)", "x (2) (2)", "x (3)", "x (2) (3)", "column 6", "column 6 (2)"]


def test_an_override_goes_before_everything_and_a_dash_keeps_a_note() -> None:
    matches = match_columns(S, ["Name", "Alias", "City"], {"alias": "name", "City": "-"})
    assert [(m.field, m.how) for m in matches] == [
        (None, "note"),
        ("name", "override"),
        (None, "note"),
    ]


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"Nom": "name"}, "There is no column “Nom” to map. The sheet has: Alias, City."),
        ({"Alias": "nickname"}, "There is no field “nickname”"),
        ({"Alias": "name", "City": "name"}, "Two columns are mapped to “name”"),
    ],
)
def test_an_override_of_nothing_lists_what_there_is(overrides: dict[str, str], told: str) -> None:
    with pytest.raises(SheetError, match=told):
        match_columns(S, ["Alias", "City"], overrides)
