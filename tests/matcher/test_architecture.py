"""Who may import whom, and what each process keeps out of its memory."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "transformers", "sentence_transformers", "faiss", "celery", "scipy", "sklearn")


def loaded(module: str, folder: Path) -> set[str]:
    """The top-level modules in memory once `module` is imported."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*{{m.partition('.')[0] for m in sys.modules}})"],
        env={"TANDEM_DATA": str(folder), "PATH": "/usr/bin:/bin"},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["web.app", "workers.relay", "matcher.cli.up", "workers.app"])
def test_a_light_process_does_not_load_the_encoder(tmp_path: Path, module: str) -> None:
    assert loaded(module, tmp_path).isdisjoint({"torch", "transformers", "sentence_transformers"})


def test_the_web_loads_nothing_heavy(tmp_path: Path) -> None:
    assert loaded("web.app", tmp_path).isdisjoint(HEAVY)


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
