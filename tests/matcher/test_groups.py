"""Who is in a quota's group: the form that warns and the run that keeps quotas agree."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import selectinload

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Profile, Programme
from matcher.services.cohort_limits import members
from matcher.services.cohort_reading import Decisions
from matcher.services.groups import headers, is_member
from matcher.services.roster import facts_of
from matcher.services.rules import Group
from tests.matcher.factories import add, draft

_GROUPS = [
    ({"attribute": "country", "values": ("KE", "SN")}, {"S1", "M1"}),
    ({"attribute": "stage", "values": ("pilot",)}, {"S1", "M2"}),
    ({"attribute": "sector", "values": ("agritech",)}, {"S1", "S2", "M1"}),
    ({"attribute": "language", "values": ("fr", "ar")}, {"S2", "M1"}),
    ({"attribute": "ref", "values": ("s1", "M2")}, {"S1", "M2"}),
    ({"attribute": "note", "header": "Wohn-Ort", "values": ("ländlich",)}, {"S3"}),
    ({"attribute": "note", "header": "Place", "values": ("none",)}, set()),
    ({"attribute": "country", "values": ("-",)}, set()),
]


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    drafts = [
        draft(Kind.STARTUP, "S1", country="KE", stage="pilot", sectors=("agritech",)),
        draft(Kind.STARTUP, "S2", languages=("fr",), sectors=("agritech", "health")),
        draft(Kind.STARTUP, "S3"),
        draft(Kind.MENTOR, "M1", country="SN", languages=("ar", "en"), sectors=("agritech",)),
        draft(Kind.MENTOR, "M2", stages=("pilot", "growth")),
    ]
    with unit_of_work(engine) as session:
        found = add(session, programme, *drafts)
        session.get_one(Profile, found["S3"]).notes = {"Wohn-ort": "Ländlich", "Zahl": 3}
        return found


@pytest.mark.parametrize(("values", "expected"), _GROUPS)
def test_form_and_run_agree_on_who_is_in_a_group(
    engine: Engine, programme: Programme, people: dict[str, int], values: dict[str, Any], expected: set[str]
) -> None:
    group = Group(**values)
    with reading(engine) as session:
        query = select(Profile).options(selectinload(Profile.entries)).order_by(Profile.id)
        profiles = list(session.scalars(query.where(Profile.programme_id == programme.id)))
        assert {p.ref for p in profiles if is_member(group, p)} == expected

        notes = {p.id: {name: str(value) for name, value in p.notes.items()} for p in profiles}
        decisions = cast(Decisions, SimpleNamespace(notes=notes))
        inside = members(group, [facts_of(p) for p in profiles], decisions)
        assert {p.ref for p, is_in in zip(profiles, inside, strict=True) if is_in} == expected


def test_the_columns_of_sheets_are_offered_by_name(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with reading(engine) as session:
        assert headers(session, session.merge(programme, load=False)) == ["Wohn-ort", "Zahl"]
