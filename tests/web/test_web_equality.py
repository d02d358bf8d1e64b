"""Equality information: theirs alone, deleted by one button, and counted only where nobody can be told."""

import ast
from itertools import product
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from matcher.db import reading, unit_of_work
from matcher.models import Equality, Role
from matcher.services.equality import LEAST, disclosed
from tests.web.conftest import submit
from tests.web.people import add_member, sign_in
from tests.web.world import HOSTILE, World

ROOT = Path(__file__).parents[2]
_ALLOWED = {
    "matcher/models/__init__.py",
    "matcher/models/membership.py",
    "matcher/services/equality.py",
    "web/__init__.py",
    "web/views/equality.py",
}


@pytest.fixture
def person(app: Flask, engine: Engine, world: World) -> tuple[FlaskClient, str]:
    with unit_of_work(engine) as session:
        member = add_member(session, world.slug, Role.FOUNDER, profile_id=world.startup)
    return sign_in(app, member.account_id), f"/p/{world.slug}/mine/{member.id}/equality"


def stored(engine: Engine) -> list[dict[str, str]]:
    with reading(engine) as session:
        return list(session.scalars(select(Equality.answers)))


def test_what_is_said_is_kept_changed_and_deleted_without_a_trace(
    person: tuple[FlaskClient, str], engine: Engine
) -> None:
    client, at = person
    assert "You need not answer any of this" in client.get(at).text
    said = {"age": "25-34", "gender": "own", "gender-words": HOSTILE, "place": "the moon", "score": "1"}
    submit(client, at, **said)
    assert stored(engine) == [{"age": "25-34", "gender": "own", "gender-words": HOSTILE[:100]}]
    page = client.get(at).text
    assert 'value="25-34" checked' in page
    assert "<script>alert" not in page
    submit(client, at, gender="unsaid")
    assert stored(engine) == [{"gender": "unsaid"}]

    gone = submit(client, at, f"{at}/empty")

    assert gone.status_code == 303
    assert stored(engine) == []


def test_managers_see_groups_of_five_and_nothing_to_compute_another_from(
    app: Flask, engine: Engine, client: FlaskClient, world: World
) -> None:
    choices = ["25-34"] * 7 + ["35-44"] * 6 + ["55-64"] + [""] * 6
    with unit_of_work(engine) as session:
        for number, age in enumerate(choices):
            member = add_member(session, world.slug, Role.MENTOR, email=f"p{number}@example.org")
            if age:
                row = Equality(programme_id=member.programme_id, account_id=member.account_id)
                row.answers = {"age": age, "gender": "own", "gender-words": "Nobody reads this"}
                session.add(row)
    page = client.get(f"/p/{world.slug}/equality").text
    table = page.partition("How old are you?")[2].partition("</table>")[0]

    assert ">7<" in table
    assert "25 to 34" in table
    assert ">6<" in table
    assert table.count("Left out") == 5, "four groups under five, and those who said nothing"
    assert "Too few people" in page.partition("Where do you live?")[2]
    assert "Nobody reads this" not in page
    assert "p1@example.org" not in page


def test_managers_find_the_figures_among_the_people_and_the_questions_among_the_settings(
    client: FlaskClient, world: World
) -> None:
    at = f"/p/{world.slug}"
    assert f'href="{at}/equality"' in client.get(f"{at}/people").text
    assert f'href="{at}/equality" aria-current="page"' in client.get(f"{at}/equality").text
    assert f'href="{at}/questions"' in client.get(f"{at}/settings").text


@pytest.mark.parametrize("groups", [2, 3, 4])
def test_no_group_can_be_computed_from_what_is_disclosed(groups: int) -> None:
    """For every output and total there are several worlds that would have given it, in each hidden group."""
    most = {2: 24, 3: 24, 4: 17}[groups]
    worlds: dict[tuple[int, tuple[int | None, ...]], list[tuple[int, ...]]] = {}
    for counts in product(range(most + 1), repeat=groups):
        said = tuple(disclosed(counts))
        assert all(count is None or count >= LEAST for count in said)
        if 0 < sum(counts) <= most:
            worlds.setdefault((sum(counts), said), []).append(counts)
    for (_, said), possible in worlds.items():
        for at, count in enumerate(said):
            assert count is not None or len({world[at] for world in possible}) > 1, (said, possible)


def _knows(tree: ast.Module) -> bool:
    """Whether a module imports the table or the service, or reaches for either through another module."""
    names = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
    return any(name == "Equality" or name.rpartition(".")[2] == "equality" for name in names)


def test_no_module_but_its_own_knows_of_equality_information() -> None:
    """So neither ranking nor cohort, nor any service that recommends or proposes, can read it."""
    found = {
        str(path.relative_to(ROOT))
        for folder in ("matcher", "workers", "web")
        for path in ROOT.glob(f"{folder}/**/*.py")
        if "quality" in (source := path.read_text("utf-8")) and _knows(ast.parse(source))
    }
    assert found <= _ALLOWED, f"{found - _ALLOWED} must not know of equality information"
    assert "matcher/services/equality.py" in found, "or else this test sees nothing"
