"""Whoever changes a profile waits for the programme first, as steps do: or each would wait for the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import Kind, Profile, Programme
from matcher.services.importing import import_drafts
from matcher.services.locking import lock_programme
from matcher.services.pausing import set_capacity, set_paused
from matcher.services.profiles import save_draft
from matcher.services.watermarks import mark_changed
from tests.matcher.factories import add, draft

Work = Callable[[Session, Programme, Profile], object]
_CHANGED = draft(Kind.MENTOR, "M1", "Ada L.")


@pytest.mark.parametrize(
    "work",
    [
        lambda s, p, mentor: set_paused(s, p, mentor, paused=True, actor="a"),
        lambda s, p, mentor: set_capacity(s, p, mentor, 3, actor="a"),
        lambda s, p, mentor: save_draft(s, p, _CHANGED, actor="a", profile_id=mentor.id),
        lambda s, p, _: import_drafts(s, p, Kind.MENTOR, [_CHANGED], actor="a", subject="s"),
    ],
    ids=["pause", "capacity", "edit", "import"],
)
def test_a_change_of_a_profile_and_a_step_about_it_both_go_through(
    engine: Engine, programme: Programme, work: Work
) -> None:
    with unit_of_work(engine) as session:
        mine = add(session, programme, draft(Kind.MENTOR, "M1", "Ada"))["M1"]

    def change() -> None:
        with unit_of_work(engine) as session:
            work(session, session.get_one(Programme, programme.id), session.get_one(Profile, mine))

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            lock_programme(session, programme)
            changing = pool.submit(change)
            wait([changing], timeout=1)
            mark_changed(session, programme.id, Profile.id == mine)
        assert changing.exception() is None
