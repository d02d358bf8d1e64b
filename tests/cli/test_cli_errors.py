"""What an operator can mend is told in a sentence, with an exit status, and never as a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TANDEM = Path(sys.executable).with_name("tandem")


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, with these settings."""
    return subprocess.run(
        [str(TANDEM), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **environment},
    )


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps({"ref": "N1", "texts": ["a text"]}) + "\n")
    return path


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("TANDEM_HOST", "0.0.0.0", "TANDEM_URL"),  # noqa: S104 - refused
        ("TANDEM_LOG_LEVEL", "LOUD", "TANDEM_LOG_LEVEL"),
        ("TANDEM_DATABASE_URL", "nonsense", "TANDEM_DATABASE_URL"),
        ("TANDEM_DATABASE_URL", "postgresql://127.0.0.1:1/none", "database"),
        ("TANDEM_REDIS_URL", "nonsense", "TANDEM_REDIS_URL"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str, word: str) -> None:
    found = run("up", "--data", tmp_path / "data", **{name: value})
    assert found.returncode in {1, 2}
    assert word in found.stderr
    assert "Traceback" not in found.stderr


def test_a_model_that_is_not_there_is_named(tmp_path: Path, lines: Path) -> None:
    options = ("--needs", lines, "--offers", lines, "--out", tmp_path / "o.csv")
    found = run("score", *options, TANDEM_MODEL="/no/such/model")
    assert found.returncode == 2
    assert "/no/such/model" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, lines: Path) -> None:
    found = run("score", "--needs", lines, "--offers", lines, "--out", lines / "sub" / "o.csv")
    assert found.returncode == 1
    assert str(lines) in found.stderr
    assert "Traceback" not in found.stderr


def test_a_terminal_without_our_letters_stops_nothing(tmp_path: Path) -> None:
    sheet = tmp_path / "s.csv"
    sheet.write_text("ref,name,stage\nS1,Новый,who knows\n", encoding="utf-8")
    found = run(
        "match", "--startups", sheet, "--mentors", sheet, "--out", tmp_path / "o", PYTHONIOENCODING="latin-1"
    )
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'{"ref": "A", "texts": ["\\ud800"]}\n', 1),
        (b'{"ref": "A", "texts": ["x"]}\n{"ref": "B", "texts": ["\xff"]}\n', 2),
    ],
)
def test_broken_text_is_named_by_its_line(tmp_path: Path, lines: Path, content: bytes, line: int) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(content)
    found = run("score", "--needs", broken, "--offers", lines, "--out", tmp_path / "o.csv")
    assert found.returncode == 2
    assert f"line {line}:" in found.stderr


def test_a_file_that_would_not_fit_is_refused_unread(tmp_path: Path, lines: Path) -> None:
    huge = tmp_path / "huge.jsonl"
    with huge.open("wb") as file:
        file.truncate(2 << 30)
    found = run("score", "--needs", huge, "--offers", lines, "--out", tmp_path / "o.csv")
    assert found.returncode == 2
    assert "larger than" in found.stderr
