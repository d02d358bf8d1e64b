"""One whole stack for the tests that only look at it or add to it."""

from collections.abc import Iterator

import pytest

from tests.stack.browserless import Visitor
from tests.stack.running import Stack, tandem_up


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`tandem up` with the sample programme, on a port of its own choosing."""
    with tandem_up(tmp_path_factory.mktemp("stack") / "data") as running:
        yield running


@pytest.fixture
def visitor(stack: Stack) -> Visitor:
    """Somebody on this machine."""
    return Visitor(stack.url)
