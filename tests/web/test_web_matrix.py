"""Every address × method × who asks × whose it is: what must happen follows from the table of permissions.

Nothing here lists pages: they come from the application's URL map. What a new page's argument may be, and
what its form needs beyond what its page shows, has to be said in `values.py` and `browsing.py`, or they fail.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from matcher.models import Role
from tests.web.browsing import FORM_POSTS, Found, Site
from tests.web.everyone import ACTORS
from tests.web.values import UNREACHED, Reach, four, is_for
from tests.web.vault import differences
from web.permissions import ADMIN, GRANTS, TABLE, Permission

_ROLES = {role.value: role for role in Role}
_NOWHERE = "nothing-like-it"
_REFUSED = frozenset({401, 403, 404, 405})
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Cell:
    """One address for somebody: what is varied in it, and whose that is."""

    rule: Rule
    method: str
    actor: str
    path: str
    slug: str | None
    varied: str
    whose: str
    reach: Reach | None

    def __str__(self) -> str:
        varied = f", {self.varied} {self.whose}" if self.varied else f", all {self.whose}"
        return f"{self.actor}{varied}: {self.method} {self.path} ({self.rule.endpoint})"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("matrix"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def forms(site: Site) -> Mapping[str, list[Found]]:
    """The forms that the pages have, by the endpoint that takes them."""
    found: dict[str, list[Found]] = {}
    for actor in ("admin", "manager", "founder", "mentor", "funder", "stranger", "applicant", "anonymous"):
        for form in site.crawl(actor).forms:
            found.setdefault(form.rule.endpoint, []).append(form)
    return found


def test_every_address_is_in_the_table_and_every_entry_has_one(site: Site) -> None:
    endpoints = {rule.endpoint for rule in site.app.url_map.iter_rules()}

    assert endpoints - set(TABLE) == set(), "addresses without an entry in web.permissions.TABLE"
    assert set(TABLE) - endpoints == set(), "entries of web.permissions.TABLE without an address"


def test_every_form_that_is_taken_can_be_filled_in(site: Site, forms: Mapping[str, list[Found]]) -> None:
    taken = {rule.endpoint for rule in site.rules("POST")}

    assert taken - set(forms) - set(FORM_POSTS) == set(), (
        "no page of `everyone` has a form for these: give tests/web/everyone.py what brings it up, or say in "
        "FORM_POSTS of tests/web/browsing.py what it sends"
    )


@pytest.mark.parametrize("actor", ACTORS)
def test_who_may_open_what(site: Site, actor: str) -> None:
    wrong = [fault for cell in _cells(site, "GET", actor) if (fault := _opened(site, cell))]

    assert not wrong, "\n".join(wrong)
    assert not site.written()


@pytest.mark.parametrize("actor", ACTORS)
def test_who_may_send_what(site: Site, forms: Mapping[str, list[Found]], actor: str) -> None:
    wrong = [fault for cell in _cells(site, "POST", actor) if (fault := _sent(site, forms, cell))]

    assert not wrong, "\n".join(wrong)


def test_no_address_takes_other_methods(site: Site) -> None:
    paths = set[str]()
    for rule in site.app.url_map.iter_rules():
        values = site.own(rule, "founder")
        if None not in values.values():
            paths.add(site.address(rule, values))
    wrong = [
        f"{actor}: {method} {path}: {status} instead of 405"
        for path in sorted(paths)
        for method in _METHODS
        if site.match(path, method) is None
        for actor in ("anonymous", "admin")
        if (status := site.ask(actor, path, method).status_code) != 405
    ]

    assert not wrong, "\n".join(wrong)
    assert not site.written()


def _cells(site: Site, method: str, actor: str) -> Iterator[Cell]:
    for rule in site.rules(method):
        yield from _of_rule(site, rule, method, actor)


def _of_rule(site: Site, rule: Rule, method: str, actor: str) -> Iterator[Cell]:
    """All of one's own; one argument after the other somebody else's; all of the other programme's."""
    everyone = site.everyone
    choices = {name: four(everyone, actor, rule, name) for name in rule.arguments if name != "slug"}
    own = {name: choice.own for name, choice in choices.items()}
    theirs = {name: choice.other or choice.own for name, choice in choices.items()}
    at_home, far = own, theirs
    if "slug" in rule.arguments:
        at_home, far = {**own, "slug": everyone.slug}, {**theirs, "slug": everyone.other_slug}

    def cell(values: Mapping[str, object], varied: str, whose: str, reach: Reach | None = None) -> Cell:
        slug = values.get("slug")
        path = site.address(rule, values)
        return Cell(rule, method, actor, path, str(slug) if slug else None, varied, whose, reach)

    yield from [cell(at_home, "", "own")] if None not in at_home.values() else []
    if far != at_home and None not in far.values():
        yield cell(far, "", "other")
    if _is_closed(site, rule, method, actor):  # whatever is in the address: all of it at once will do
        for whose in ("same", "other", "missing"):
            values = {name: getattr(choice, whose) or choice.own for name, choice in choices.items()}
            values = {**at_home, **values}
            yield from [cell(values, "all", whose)] if None not in values.values() else []
        return
    base, foreign = (far, "own") if actor == "stranger" and "slug" in rule.arguments else (at_home, "other")
    for name, choice in choices.items():
        for whose in ("same", foreign, "missing") if base is at_home else (foreign, "missing"):
            value = getattr(choice, whose)
            if value is not None and value != base[name] and None not in {**base, name: value}.values():
                said = "other" if whose == foreign else whose
                yield cell({**base, name: value}, name, said, choice.reach)
    if "slug" in rule.arguments and None not in own.values():
        yield cell({**own, "slug": everyone.other_slug}, "slug", "other")
        yield cell({**own, "slug": _NOWHERE}, "slug", "missing")


def _is_closed(site: Site, rule: Rule, method: str, actor: str) -> bool:
    """Whether the table keeps them out, also where everything is their own."""
    permission = TABLE[rule.endpoint]
    if actor == "anonymous":
        return permission is not Permission.ANYONE
    home = site.everyone.slug if "slug" in rule.arguments else None
    own = Cell(rule, method, actor, "", home, "", "own", None)
    return (
        actor != "stranger"
        and permission is not Permission.ANYONE
        and bool(_by_permission(site, own, permission))
    )


def _expected(site: Site, cell: Cell) -> str:
    """`ok`, a status, or `none`: anything but a page or a breakdown."""
    matched = site.match(cell.path, cell.method)
    if matched is None:
        return "404"
    if matched.endpoint != cell.rule.endpoint:
        return "skip"
    permission = TABLE[cell.rule.endpoint]
    if permission is not Permission.ANYONE:
        if cell.actor == "anonymous":
            return "sign in" if cell.method == "GET" else "401"
        refused = _by_permission(site, cell, permission)
        if refused:
            return refused
    if cell.rule.endpoint in UNREACHED or (cell.reach is Reach.SECRET and cell.whose == "missing"):
        return "none"
    return _by_object(site, cell)


def _by_permission(site: Site, cell: Cell, permission: Permission) -> str:
    """What the table says: 404 to who has no part in the programme, 403 to who has the wrong one."""
    homes = {
        site.everyone.slug: {"founder", "mentor", "funder", "manager"},
        site.everyone.other_slug: {"stranger"},
    }
    granted = {Permission.ACCOUNT, Permission.SIGNING}
    if cell.actor == "admin":
        granted |= ADMIN
    elif cell.slug is not None:
        if cell.actor not in homes.get(cell.slug, ()):
            return "404"
        granted |= GRANTS[_ROLES.get(cell.actor, Role.MANAGER)]
    if permission not in granted:
        return "403"
    is_elsewhere = permission is Permission.TAKE_PART and not is_for(cell.rule, _ROLES[cell.actor])
    return "404" if is_elsewhere else ""


def _by_object(site: Site, cell: Cell) -> str:
    reaches = {
        four(site.everyone, cell.actor, cell.rule, name).reach
        for name in cell.rule.arguments
        if name != "slug"
    }
    bound = bool(reaches & {Reach.PROGRAMME, Reach.PERSONAL})
    if cell.varied == "slug":
        return "404" if bound or cell.whose == "missing" else "ok"
    if cell.whose == "missing":
        return "404"
    if cell.reach is Reach.PERSONAL:
        return "404"
    if cell.reach is Reach.PROGRAMME and cell.whose == "other":
        return "404"
    if not cell.varied and cell.whose == "other" and cell.slug is None and Reach.PERSONAL in reaches:
        return "404"
    return "ok"


def _fault(expected: str, answer: TestResponse, cell: Cell) -> str:
    status = answer.status_code
    to_sign_in = status in {302, 303} and answer.location.startswith("/sign-in")
    right = {
        "skip": True,
        "ok": status < 500 and status not in _REFUSED and (not to_sign_in or _is_signing(cell)),
        "none": status < 500 and status != 200,
        "sign in": status == 303 and to_sign_in,
    }.get(expected, str(status) == expected)
    return "" if right else f"{cell}: {status} instead of {expected}"


def _is_signing(cell: Cell) -> bool:
    return cell.rule.endpoint.startswith("security.")


def _opened(site: Site, cell: Cell) -> str:
    expected = _expected(site, cell)
    return "" if expected == "skip" else _fault(expected, site.ask(cell.actor, cell.path), cell)


def _sent(site: Site, forms: Mapping[str, list[Found]], cell: Cell) -> str:
    """Send it, see what happens, see that it happened to nobody else's data, and put everything back."""
    expected = _expected(site, cell)
    if expected == "skip":
        return ""
    data, is_exact = _data(forms, cell)
    answer = site.ask(cell.actor, cell.path, "POST", data)
    fault = _fault(expected, answer, cell)
    if fault and expected == "ok" and answer.status_code == 404 and not is_exact:
        fault = ""  # the form is from another page, and what it means is nowhere near
    if site.vault.is_changed():
        if expected != "ok" and not fault and (written := site.written()):
            fault = f"{cell}: {answer.status_code}, but something was written:\n{written}"
        apart = {site.everyone.slug: 2, site.everyone.other_slug: 1}.get(cell.slug or "")
        if apart and (changed := differences(site.kept(apart), site.vault.dump(apart))):
            fault = f"{fault or cell}\n  and the other programme's data changed:\n{changed}"
        site.vault.restore()
    return fault


def _data(forms: Mapping[str, list[Found]], cell: Cell) -> tuple[Mapping[str, object], bool]:
    """What the form at this very address says, or else another one for the endpoint; and which it is."""
    found = forms.get(cell.rule.endpoint, [])
    exact = next((form for form in found if form.path.partition("?")[0] == cell.path), None)
    chosen = exact or (found[0] if found else None)
    extra = FORM_POSTS.get(cell.rule.endpoint, {})
    return {**(chosen.data() if chosen else {}), **extra}, exact is not None
