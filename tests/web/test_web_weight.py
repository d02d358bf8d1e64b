"""Every page in every role is small enough for a phone on a slow link."""

from collections.abc import Iterator

import pytest

from benchmarks.weight import FIRST_BYTES, ROLES, Scales, table
from tests.web.browsing import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("weight"))
    yield made
    made.close()


def test_every_page_is_light(site: Site) -> None:
    scales = Scales(site)
    found = [weight for role in ROLES for weight in scales.everything(role)]
    heavy = [weight for weight in found if weight.is_too_heavy]

    assert len({weight.endpoint for weight in found}) > 30
    assert not heavy, table(heavy)


def test_what_all_pages_share_leaves_room_for_them(site: Site) -> None:
    weight = Scales(site).weigh("anonymous", "/")

    assert weight is not None
    assert weight.requests >= 3, "the page, its stylesheet and its icon"
    assert weight.first - weight.later < FIRST_BYTES - 15_000
