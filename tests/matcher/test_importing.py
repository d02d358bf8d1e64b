"""Importing, saving and removing profiles, on both databases."""

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    AuditEvent,
    Entry,
    Facet,
    Job,
    JobKind,
    Kind,
    Mentor,
    Person,
    Profile,
    Programme,
    Vector,
)  # fmt: skip
from matcher.services.errors import Conflict, NotFound
from matcher.services.importing import ImportCounts
from matcher.services.profiles import draft_of, get_profile, next_ref, remove_profile, save_draft
from tests.matcher.factories import add, draft, embed_all, ids, import_sheet, make_programme

ADA = draft(
    Kind.MENTOR, "M1", "Ada Obi", email="ada@example.org", organisation="Acme Radio", languages=("en",),
    expertise=("Radio masts", "Pricing"), experience="She built masts with Acme Radio in Kenya.", capacity=2,
)  # fmt: skip


def entry(session: Session, facet: Facet) -> Entry:
    return session.scalars(select(Entry).where(Entry.facet == facet)).one()


def embed_jobs(session: Session) -> list[list[int]]:
    jobs = session.scalars(select(Job).where(Job.kind == JobKind.EMBED).order_by(Job.id))
    return [job.payload["profile_ids"] for job in jobs]


def test_importing_a_sheet_twice_changes_nothing_the_second_time(
    engine: Engine, programme: Programme
) -> None:
    with unit_of_work(engine) as session:
        assert import_sheet(session, programme, Kind.MENTOR, ADA) == ImportCounts(1, 0, 0)
        before = session.scalars(select(Profile.version)).all()
    with unit_of_work(engine) as session:
        assert import_sheet(session, programme, Kind.MENTOR, ADA) == ImportCounts(0, 0, 1)
    with reading(engine) as session:
        assert session.scalars(select(Profile.version)).all() == before
        assert len(embed_jobs(session)) == 1


def test_what_was_imported_is_what_the_sheet_says(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        found = add(session, programme, ADA)
    with reading(engine) as session:
        mentor = get_profile(session, programme, Kind.MENTOR, found["M1"])
        assert isinstance(mentor, Mentor)
        assert (mentor.name, mentor.affiliation, mentor.capacity) == ("Ada Obi", "Acme Radio", 2)
        assert mentor.languages == ["en"]
        assert mentor.texts(Facet.EXPERTISE) == ["Radio masts", "Pricing"]
        assert draft_of(mentor)["expertise"] == "Radio masts\nPricing"


def test_what_a_later_sheet_does_not_state_is_emptied(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        add(session, programme, ADA)
    with unit_of_work(engine) as session:
        counts = import_sheet(session, programme, Kind.MENTOR, draft(Kind.MENTOR, "M1", "Ada Obi"))
    assert counts == ImportCounts(0, 1, 0)
    with reading(engine) as session:
        mentor = session.scalars(select(Mentor)).one()
        assert (mentor.capacity, mentor.languages, mentor.email) == (None, [], None)
        assert session.scalar(select(func.count()).select_from(Entry)) == 0


def test_a_profile_that_no_draft_names_is_left_alone(session: Session, programme: Programme) -> None:
    add(session, programme, ADA)
    import_sheet(session, programme, Kind.MENTOR, draft(Kind.MENTOR, "M2"))
    assert set(ids(session, programme)) == {"M1", "M2"}


def test_editing_one_entry_has_only_that_one_embedded_anew(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        add(session, programme, ADA)
    assert embed_all(engine, programme) == 3
    edited = draft(Kind.MENTOR, "M1", "Ada Obi", **{**ADA.values, "expertise": ("Radio masts", "Tariffs")})
    with unit_of_work(engine) as session:
        add(session, programme, edited)
    assert embed_all(engine, programme) == 1
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Vector)) == 3


def test_one_text_of_two_profiles_is_embedded_once(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        add(session, programme, *(draft(Kind.MENTOR, ref, expertise=("Masts",)) for ref in ("M1", "M2")))
    assert embed_all(engine, programme) == 1


def test_the_encoder_sees_no_name_pronoun_or_place(session: Session, programme: Programme) -> None:
    add(session, programme, ADA)
    found = entry(session, Facet.EXPERIENCE)
    assert found.text == "She built masts with Acme Radio in Kenya."
    assert found.redacted.split() == ["built", "masts", "with", "in", "."]


def test_a_renamed_mentor_is_redacted_by_the_new_name(session: Session, programme: Programme) -> None:
    add(session, programme, draft(Kind.MENTOR, "M1", "Ada Obi", experience="Obi and Amal built masts."))
    add(session, programme, draft(Kind.MENTOR, "M1", "Amal Sy", experience="Obi and Amal built masts."))
    assert entry(session, Facet.EXPERIENCE).redacted == "Obi and built masts."


@pytest.mark.parametrize("order", [(Kind.STARTUP, Kind.FUNDER), (Kind.FUNDER, Kind.STARTUP)])
def test_a_ref_in_a_portfolio_stands_for_the_pitch_whichever_sheet_comes_first(
    session: Session, programme: Programme, order: tuple[Kind, Kind]
) -> None:
    drafts = {
        Kind.STARTUP: draft(Kind.STARTUP, "S1", "Umeme", pitch="Solar freezers for fish markets"),
        Kind.FUNDER: draft(Kind.FUNDER, "F1", portfolio=("s1",)),
    }
    for kind in order:
        import_sheet(session, programme, kind, drafts[kind])
    found, pitch = entry(session, Facet.PORTFOLIO), entry(session, Facet.PITCH)
    assert found.refers_to_id == ids(session, programme)["S1"]
    assert (found.redacted, found.content_hash) == (pitch.redacted, pitch.content_hash)
    assert embed_jobs(session)[-1][-1] == ids(session, programme)[drafts[order[1]].ref]


def test_a_portfolio_ref_follows_an_edited_pitch(session: Session, programme: Programme) -> None:
    add(
        session,
        programme,
        draft(Kind.STARTUP, "S1", pitch="Old"),
        draft(Kind.FUNDER, "F1", portfolio=("S1",)),
    )
    add(session, programme, draft(Kind.STARTUP, "S1", pitch="Solar freezers"))
    assert entry(session, Facet.PORTFOLIO).redacted == "Solar freezers"
    assert embed_jobs(session)[-1] == sorted(ids(session, programme).values())


def test_a_ref_that_nobody_answers_to_is_not_embedded(session: Session, programme: Programme) -> None:
    add(session, programme, draft(Kind.FUNDER, "F1", portfolio=("S99",)))
    found = entry(session, Facet.PORTFOLIO)
    assert (found.text, found.redacted, found.refers_to_id) == ("S99", "", None)


def test_text_in_a_portfolio_stays_text(session: Session, programme: Programme) -> None:
    add(session, programme, draft(Kind.FUNDER, "F1", portfolio=("Solar freezers for fish markets",)))
    found = entry(session, Facet.PORTFOLIO)
    assert (found.redacted, found.refers_to_id) == ("Solar freezers for fish markets", None)


def test_profiles_with_one_address_are_one_person(session: Session, programme: Programme) -> None:
    add(session, programme, ADA, draft(Kind.STARTUP, "S1", email="ada@example.org"))
    assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_an_import_is_in_the_audit_log(session: Session, programme: Programme) -> None:
    import_sheet(session, programme, Kind.MENTOR, ADA)
    event = session.scalars(select(AuditEvent)).one()
    assert (event.action, event.after) == ("sheet.imported", {"created": 1, "updated": 0, "unchanged": 0})


def test_many_profiles_are_embedded_by_several_jobs(session: Session, programme: Programme) -> None:
    add(session, programme, *(draft(Kind.MENTOR, f"M{n}", expertise=(f"Skill {n}",)) for n in range(130)))
    assert [len(job) for job in embed_jobs(session)] == [64, 64, 2]


def test_a_form_that_somebody_else_overtook_is_refused(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        saved = save_draft(session, programme, ADA, actor="a")
        seen = saved.version
    with unit_of_work(engine) as session:
        save_draft(
            session, programme, draft(Kind.MENTOR, "M1", "Ada"), actor="b", profile_id=saved.id, version=seen
        )
    with unit_of_work(engine) as session, pytest.raises(Conflict, match="meanwhile"):
        save_draft(session, programme, ADA, actor="a", profile_id=saved.id, version=seen)
    with reading(engine) as session:
        assert session.get_one(Profile, saved.id).name == "Ada"


def test_a_new_profile_cannot_take_a_ref_that_is_taken(session: Session, programme: Programme) -> None:
    save_draft(session, programme, ADA, actor="a")
    with pytest.raises(Conflict, match="M1 is taken by Ada Obi"):
        save_draft(session, programme, draft(Kind.MENTOR, "M1", "Ben"), actor="a")


def test_embedding_is_not_an_edit_that_a_form_would_trip_over(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        saved = save_draft(session, programme, ADA, actor="a")
    embed_all(engine, programme)
    with unit_of_work(engine) as session:
        again = save_draft(session, programme, ADA, actor="a", profile_id=saved.id, version=saved.version)
    assert again.version == saved.version


def test_a_removed_profile_takes_its_entries_and_vectors_with_it(
    engine: Engine, programme: Programme
) -> None:
    with unit_of_work(engine) as session:
        found = add(session, programme, ADA, draft(Kind.MENTOR, "M2", expertise=("Radio masts",)))
    embed_all(engine, programme)
    with unit_of_work(engine) as session:
        remove_profile(session, programme, Kind.MENTOR, found["M1"], actor="a")
    with reading(engine) as session:
        assert session.scalars(select(Entry.text)).all() == ["Radio masts"]
        assert session.scalar(select(func.count()).select_from(Vector)) == 1


def test_a_removed_start_up_leaves_its_ref_in_portfolios(session: Session, programme: Programme) -> None:
    found = add(
        session, programme,
        draft(Kind.STARTUP, "S1", pitch="Freezers"), draft(Kind.FUNDER, "F1", portfolio=("S1",)),
    )  # fmt: skip
    remove_profile(session, programme, Kind.STARTUP, found["S1"], actor="a")
    session.flush()
    session.expire_all()
    left = entry(session, Facet.PORTFOLIO)
    assert (left.text, left.redacted, left.refers_to_id) == ("S1", "", None)
    assert embed_jobs(session)[-1] == [found["F1"]]


def test_another_programmes_profile_cannot_be_reached(session: Session, programme: Programme) -> None:
    other = make_programme(session)
    theirs = add(session, other, ADA)["M1"]
    with pytest.raises(NotFound):
        get_profile(session, programme, Kind.MENTOR, theirs)
    with pytest.raises(NotFound):
        remove_profile(session, programme, Kind.MENTOR, theirs, actor="a")
    with pytest.raises(NotFound):
        save_draft(session, programme, ADA, actor="a", profile_id=theirs)
    assert ids(session, other) == {"M1": theirs}


def test_two_programmes_may_use_one_ref(session: Session, programme: Programme) -> None:
    other = make_programme(session)
    assert add(session, programme, ADA)["M1"] != add(session, other, ADA)["M1"]


def test_the_next_ref_is_free(session: Session, programme: Programme) -> None:
    add(
        session,
        programme,
        draft(Kind.MENTOR, "M001"),
        draft(Kind.MENTOR, "M003"),
        draft(Kind.STARTUP, "S001"),
    )
    assert next_ref(session, programme, Kind.MENTOR) == "M002"
