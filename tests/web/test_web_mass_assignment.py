"""No form takes more than it shows, and no page writes by being looked at.

Every form that anybody comes to by crawling is sent twice: as it stands, and with fields added by hand that a
careless form would take over. The database must be the same afterwards.
"""

from collections.abc import Iterator, Mapping

import pytest

from matcher.models import Base
from tests.web.browsing import FORM_POSTS, Crawl, Found, Site
from tests.web.vault import differences, plain

CRAWLERS = ("founder", "mentor", "funder", "manager", "admin", "applicant", "beginner", "anonymous")
ADDED: Mapping[str, str] = {
    "role": "manager", "roles": "manager", "programme_id": "2", "programme": "2", "status": "active",
    "state": "active", "score": "1.0", "band": "strong", "owner_id": "1", "account_id": "1", "user_id": "1",
    "membership_id": "1", "profile_id": "1", "startup_id": "2", "counterpart_id": "9", "mine": "2",
    "is_admin": "1", "is_sample": "1", "is_manager": "1", "active": "1", "email_verified": "1",
    "needs_approval": "0", "decided_by": "nobody", "written_by": "startup", "asked_by": "startup",
    "confirmed_at": "2026-01-01", "expires_at": "2031-01-01", "version_id": "7", "id": "1", "watermark": "9",
}  # fmt: skip
"""What might be columns. Names that a form has itself are left as they are."""
_COLUMNS = {column.name for table in Base.metadata.sorted_tables for column in table.columns}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("mass"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def crawls(site: Site) -> dict[str, Crawl]:
    return {actor: site.crawl(actor) for actor in CRAWLERS}


def test_looking_at_every_page_writes_nothing(site: Site, crawls: dict[str, Crawl]) -> None:
    broken = [
        f"{actor}: {address}: {answer.status_code}"
        for actor, crawl in crawls.items()
        for address, answer in crawl.pages.items()
        if answer.status_code >= 500
    ]

    assert broken == []
    # Who was here and when may be noted, and nothing else.
    changed = site.written()
    site.vault.restore()
    assert not changed, f"a page wrote as it was looked at:\n{changed}"


def test_fields_added_by_hand_change_nothing(site: Site, crawls: dict[str, Crawl]) -> None:
    wrong, seen, sent = [], set(), 0
    for actor, crawl in crawls.items():
        for form in crawl.forms:
            kind = (form.rule.endpoint, form.button, tuple(sorted(form.data())), actor == "admin")
            if kind not in seen:
                seen.add(kind)
                sent += 1
                wrong += _fault(site, actor, form)

    assert not wrong, "\n".join(wrong)
    assert sent > 30


def _fault(site: Site, actor: str, form: Found) -> list[str]:
    """Send it both ways, from the same beginning."""
    data = {**form.data(), **FORM_POSTS.get(form.rule.endpoint, {})}
    more = {name: value for name, value in ADDED.items() if name not in data}
    more |= dict.fromkeys(_COLUMNS - set(data) - set(more) - {c.name for c in form.form.controls}, "1")
    more = {k: v for k, v in more.items() if k not in {c.name for c in form.form.controls}}
    outcomes = []
    for sent in (data, {**data, **more}):
        answer = site.ask(actor, form.path, "POST", sent)
        outcomes.append((answer.status_code, plain(site.vault.dump()) if site.vault.is_changed() else None))
        if outcomes[-1][1] is not None:
            site.vault.restore()
    (status, honest), (again, forged) = outcomes
    told = f"{actor}: POST {form.path} ({form.rule.endpoint}, from {form.address})"
    if again >= 500 or status >= 500:
        return [f"{told}: {status}, then {again}"]
    if honest == forged or again in {400, 403, 404, 422}:
        return []
    changed = differences(honest or {}, forged or {}) or "written or not"
    return [f"{told}: what was added by hand counts:\n{changed}"]
