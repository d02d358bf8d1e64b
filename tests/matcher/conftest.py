"""What property tests share: one database for all examples, as making one takes longer than using it."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from matcher.db import make_engine


@pytest.fixture(scope="module")
def one_engine(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    copy = tmp_path_factory.mktemp("one") / "tandem.db"
    shutil.copy(sqlite_template, copy)
    return make_engine(f"sqlite:///{copy}")


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("snapshots")
