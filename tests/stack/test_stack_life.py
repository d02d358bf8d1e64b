"""Starting, stopping and refusing to start."""

import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.stack.browserless import Visitor, text_of
from tests.stack.running import TANDEM, Stack


def test_a_second_run_keeps_the_data_and_does_not_load_the_sample_again(
    stack: Stack, visitor: Visitor
) -> None:
    assert "loading the sample" not in stack.printed()
    assert "84" in text_of(visitor.get("/p/sample"))


def test_a_second_stack_on_the_same_data_is_refused(stack: Stack) -> None:
    again = [str(TANDEM), "up", "--data", str(stack.data)]
    second = subprocess.run(again, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert "already running" in second.stderr


def test_a_network_is_not_served_by_accident(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data", environment={"TANDEM_HOST": "0.0.0.0"})  # noqa: S104
    assert stack.process.wait(timeout=60) == 2
    assert "TANDEM_URL" in stack.printed()


def test_a_page_that_another_site_points_at_us_is_refused(stack: Stack) -> None:
    request = urllib.request.Request(stack.url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 403
