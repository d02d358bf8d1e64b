"""The log reads what it shows, and counts the rest."""

from sqlalchemy.orm import Session

from matcher.models import Kind, MatchState, Programme
from matcher.services.logbook import history_of, read_log
from matcher.services.profiles import find_by_id
from matcher.services.review import decide
from matcher.services.steps import in_state, take
from tests.matcher.factories import add, draft


def _run(session: Session, programme: Programme, size: int = 5) -> dict[str, int]:
    people = add(
        session, programme, *(draft(kind, f"{kind[0]}{n}") for kind in (Kind.STARTUP, Kind.MENTOR)
                              for n in range(size))
    )  # fmt: skip
    images = {
        (people[f"s{n}"], people[f"m{n}"]): in_state(MatchState.PROPOSED, note=f"note {n}")
        for n in range(size)
    }
    take(session, programme, "tandem", "proposal.made", images)
    return people


def test_a_large_step_is_told_by_its_first_pairs_and_their_number(
    session: Session, programme: Programme
) -> None:
    _run(session, programme)
    line = read_log(session, programme).items[0]
    assert (line.pairs, line.can_undo) == (5, True)
    assert [(c.startup.ref, c.counterpart.ref, c.before, c.after, c.note) for c in line.changes] == [
        (f"s{n}", f"m{n}", "", "proposed", f"note {n}") for n in range(3)
    ]


def test_a_pairs_history_has_its_own_part_of_a_large_step(session: Session, programme: Programme) -> None:
    people = _run(session, programme)
    (line,) = history_of(session, programme, (people["s4"], people["m4"]))
    assert [change.startup.ref for change in line.changes] == ["s4"]
    assert line.pairs == 5


def test_a_step_one_of_whose_unshown_pairs_was_decided_about_since_cannot_be_undone(
    session: Session, programme: Programme
) -> None:
    people = _run(session, programme)
    decide(session, programme, people["s4"], people["m4"], "approved", actor="a")
    assert [line.can_undo for line in read_log(session, programme).items[:2]] == [True, False]


def test_more_ids_than_a_statement_takes_are_looked_up(session: Session, programme: Programme) -> None:
    people = _run(session, programme)
    assert find_by_id(session, programme, range(70_000)).keys() == set(people.values())
