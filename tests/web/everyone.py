"""A world with everybody and everything in it, and what each argument of an address may be in it.

`tests/web/test_web_matrix.py` and its neighbours take every address from the application's URL map, so a new
page is tested as soon as it is there. What they cannot guess, they ask for: see `VALUES` and `values.py`.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, delete, event, select, update
from sqlalchemy.orm import Session

from config.keys import derived, secret_key
from config.settings import Settings
from matcher.db import unit_of_work
from matcher.models import (
    Account,
    Announcement,
    IntroductionState,
    Job,
    JobState,
    Kind,
    Match,
    MatchState,
    Membership,
    MembershipState,
    Profile,
    Programme,
    Role,
    Side,
    Startup,
    Wish,
    utcnow,
)
from matcher.services import jobs, paces
from matcher.services.filtering import Filters
from matcher.services.notices import notify_accounts
from matcher.services.plan import Figures
from matcher.services.proposals import WhatIf
from matcher.services.review import decide
from matcher.services.rules import CohortRules, save_rules
from matcher.services.search_jobs import ask
from matcher.services.uploads import bad_rows_path, receive
from matcher.wording import N_, Message
from tests.matcher.factories import embed_all
from tests.web import relations
from tests.web.cohort_world import programme_of, run
from tests.web.people import add_account, add_member
from tests.web.relations import Rows
from tests.web.test_web_whynot import SPACE
from tests.web.world import World, _funder, _mentor, build
from web import create_app

ACTORS = ("anonymous", "founder", "mentor", "funder", "manager", "stranger", "admin")
"""Who asks. The stranger manages the other programme."""
PARTICIPANTS = (Role.FOUNDER, Role.MENTOR, Role.FUNDER)
NOBODY = 999_999
_SHEET = b"name;country;languages;expertise\nAwa Ba;SN;fr;Networks\n"


@dataclass
class Everyone:
    """Where everything is. Keys of people are a role, or `second`, `third` … before it."""

    world: World
    accounts: dict[str, int] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    """Numbers of memberships."""
    notices: dict[str, int] = field(default_factory=dict)
    sign_ins: dict[str, int] = field(default_factory=dict)
    profiles: dict[str, int] = field(default_factory=dict)
    pairs: dict[str, Rows] = field(default_factory=dict)
    """`mentor` and `funder`: with the founder; `second`: of two others; `stranger`: the other programme's."""
    ours: dict[str, Any] = field(default_factory=dict)
    theirs: dict[str, Any] = field(default_factory=dict)
    """What the two programmes have, by name."""

    @property
    def slug(self) -> str:
        """The programme that this is about."""
        return self.world.slug

    @property
    def other_slug(self) -> str:
        """The programme that must stay out of sight."""
        return self.world.other_slug


def make_app(folder: Path) -> Flask:
    """An application over an empty database, which waits for no worker."""
    app = create_app(Settings(data=folder, upload_megabytes=1), testing=True)
    app.config["PATIENCE_SECONDS"] = 0.0
    event.listen(
        app.extensions["tandem_engine"], "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF")
    )
    return app


def populate(engine: Engine, settings: Settings) -> Everyone:
    """Write it all."""
    found = Everyone(build(engine))
    with unit_of_work(engine) as session:
        _settle_other(session, found)
        session.execute(update(Profile).values(email=Profile.kind + "-" + Profile.ref + "@example.org"))
    run(engine, found.world)
    run(engine, found.world, Kind.FUNDER)
    with unit_of_work(engine) as session:
        _people(session, found)
        _pairs(session, found)
        _programme(session, found, settings)
        _other_programme(session, found, settings)
        _write_to_all(session, found, settings)
    for slug in (found.slug, found.other_slug):
        with unit_of_work(engine) as session:
            programme = session.scalars(select(Programme).where(Programme.slug == slug)).one()
        embed_all(engine, programme, SPACE)
    with unit_of_work(engine) as session:
        session.execute(delete(Job).where(Job.state == JobState.QUEUED))
    return found


def _write_to_all(session: Session, found: Everyone, settings: Settings) -> None:
    """Everybody got their programme's message, and letters that say how to end them."""
    key = derived(secret_key(settings), paces.PURPOSE)
    for programme, whose in ((found.ours, "founder"), (found.theirs, "their founder")):
        programme["unsubscribe"] = paces.sign(key, found.accounts[whose])
        sent = session.get_one(Announcement, programme["announcement"])
        got = {
            number
            for name, number in found.accounts.items()
            if (name == "stranger" or name.startswith("their ")) is (programme is found.theirs)
        }
        notify_accounts(
            session, got, session.get_one(Programme, sent.programme_id), key=f"announcement:{sent.id}",
            message=Message(N_("Welcome")), path=f"/notices/messages/{sent.id}", mailed=True,
        )  # fmt: skip


def _settle_other(session: Session, found: Everyone) -> None:
    """The other programme gets a mentor and a funding partner for its one start-up, and a second of each."""
    programme = session.scalars(select(Programme).where(Programme.slug == found.other_slug)).one()
    session.get_one(Startup, found.world.other_startup).stage = "pilot"  # which their funding partner wants
    mentor = _mentor(session, programme, 1, "Their Mentor", "KE", ["en"], "Secret skills")
    funder = _funder(session, programme, 1, "Their Money", "angel")
    found.profiles |= {
        "their founder": found.world.other_startup, "their mentor": mentor.id, "their funder": funder.id,
    }  # fmt: skip


def _people(session: Session, found: Everyone) -> None:
    """Two of each kind in the one programme, one of each in the other, and somebody who runs it all."""
    world = found.world
    first = {"founder": world.startup, "mentor": world.mentor, "funder": world.funder}
    for role in PARTICIPANTS:
        found.profiles[role.value] = first[role.value]
        found.profiles[f"second {role.value}"] = first[role.value] + 1
        for key, slug in (("", found.slug), ("second ", found.slug), ("their ", found.other_slug)):
            name = f"{key}{role.value}"
            _member(session, found, name, slug, role, profile_id=found.profiles[name])
    _member(session, found, "manager", found.slug, Role.MANAGER)
    _member(session, found, "second manager", found.slug, Role.MANAGER)
    _member(session, found, "stranger", found.other_slug, Role.MANAGER)
    applying = _member(session, found, "applicant", found.slug, Role.FOUNDER, state=MembershipState.APPLYING)
    relations.add_application(session, applying, sent=True)
    waiting = _member(session, found, "beginner", found.slug, Role.MENTOR, state=MembershipState.APPLYING)
    relations.add_application(session, waiting, sent=False)
    theirs = _member(
        session, found, "their applicant", found.other_slug, Role.FOUNDER, state=MembershipState.APPLYING
    )
    relations.add_application(session, theirs, sent=True)
    for state in (MembershipState.LEFT, MembershipState.REFUSED):
        _member(session, found, state.value, found.slug, Role.FUNDER, state=state)
    found.accounts["admin"] = add_account(
        session, "admin@example.org", is_admin=True, tf_primary_method="authenticator"
    ).id


def _member(session: Session, found: Everyone, key: str, slug: str, role: Role, **values: Any) -> Membership:
    email = f"{key.replace(' ', '-')}@people.example.org"
    membership = add_member(session, slug, role, email=email, **values)
    membership.seen_at = utcnow()  # opening a page notes it once an hour, and no page may write here
    programme = session.get_one(Programme, membership.programme_id)
    found.accounts[key], found.members[key] = membership.account_id, membership.id
    found.notices[key] = relations.add_personal(session, programme, membership)
    relations.add_reader(session, session.get_one(Account, membership.account_id))
    return membership


def _pairs(session: Session, found: Everyone) -> None:
    """Each state that a pair can be in, and three pairs that have done everything together."""
    programme = programme_of(session, found.world)
    rows = list(session.scalars(select(Match).where(Match.programme_id == programme.id).order_by(Match.id)))
    by_pair = {(row.startup_id, row.counterpart_id): row for row in rows}
    people = found.profiles
    together = {
        "mentor": (people["founder"], people["mentor"]),
        "funder": (people["founder"], people["funder"]),
        "second": (people["second founder"], people["second mentor"]),
    }
    for key, pair in together.items():
        by = Side.COUNTERPART if key == "funder" else Side.STARTUP
        found.pairs[key] = relations.add_relation(session, by_pair.pop(pair), by)
    states = [state for state in MatchState if state is not MatchState.PROPOSED]
    for match, state in zip(list(by_pair.values())[:-2], states, strict=False):
        match.state = state.value
        if state not in {MatchState.LOCKED, MatchState.APPROVED, MatchState.REJECTED}:
            match.offered_at = utcnow() - timedelta(days=2)
            match.startup_token = relations.token(f"open-{match.startup_id}-{match.counterpart_id}")
    session.flush()
    offered = next(m for m in by_pair.values() if m.state == MatchState.OFFERED)
    found.ours |= {"offered": (offered.startup_id, offered.counterpart_id)}
    found.ours["secret"] = f"open-{offered.startup_id}-{offered.counterpart_id}"
    # A decision that can be taken back is the last step of its pair.
    open_pair = next(pair for pair, match in by_pair.items() if match.state == MatchState.PROPOSED)
    found.ours["event"] = decide(session, programme, *open_pair, "rejected", actor="manager@example.org").id
    found.ours["proposed"] = next(p for p, m in by_pair.items() if m.state == MatchState.PROPOSED)


def _programme(session: Session, found: Everyone, settings: Settings) -> None:
    """What the programme's managers work with, and requests in each state."""
    programme = programme_of(session, found.world)
    found.ours |= relations.add_common(session, programme, "ours")
    found.ours |= _work(session, programme, found.world.startup, found.world.mentor, settings)
    programme.open_to = [Role.FOUNDER.value, Role.MENTOR.value]
    found.ours |= {"invitation secret": "ours-invitation", "free mentor": found.world.mentor + 4}
    found.theirs["invitation secret"] = "theirs-invitation"
    get = session.get_one
    one, two = (get(Profile, found.profiles[name]) for name in ("founder", "second founder"))
    mentors = [get(Profile, found.world.mentor + n) for n in (3, 4, 5)]
    for mentor, state in zip(mentors, (IntroductionState.REFUSED, IntroductionState.WITHDRAWN), strict=False):
        relations.add_introduction(session, one, mentor, state)
    funder = get(Profile, found.profiles["second funder"])
    found.ours["introduction"] = relations.add_introduction(session, one, funder, IntroductionState.ROUTED)
    found.ours["second introduction"] = relations.add_introduction(
        session, two, get(Profile, found.profiles["funder"]), IntroductionState.ROUTED
    )
    session.add(Wish(programme_id=programme.id, subject_id=one.id, candidate_id=mentors[0].id, rank=1))
    session.add(Wish(programme_id=programme.id, subject_id=two.id, candidate_id=mentors[1].id, rank=1))


def _other_programme(session: Session, found: Everyone, settings: Settings) -> None:
    programme = session.scalars(select(Programme).where(Programme.slug == found.other_slug)).one()
    programme.open_to = [Role.FOUNDER.value]
    startup, mentor, funder = (found.profiles[f"their {role.value}"] for role in PARTICIPANTS)
    matches = []
    for counterpart in (mentor, funder):
        decide(session, programme, startup, counterpart, "approved", actor="stranger@example.org")
        matches.append(
            session.scalars(
                select(Match).where(Match.startup_id == startup, Match.counterpart_id == counterpart)
            ).one()
        )
    event = decide(session, programme, startup, mentor, "rejected", actor="stranger@example.org")
    found.pairs["stranger"] = relations.add_relation(session, matches[0])
    found.theirs |= relations.add_common(session, programme, "theirs")
    found.theirs |= _work(session, programme, startup, mentor, settings, versions=2)
    found.theirs |= {"event": event.id, "secret": found.pairs["stranger"].secret}
    get = session.get_one
    found.theirs["introduction"] = relations.add_introduction(
        session, get(Profile, startup), get(Profile, funder), IntroductionState.ROUTED
    )


def _work(
    session: Session, programme: Programme, startup: int, mentor: int, settings: Settings, versions: int = 1
) -> dict[str, Any]:
    """A search, a what-if, an upload and rules; their numbers."""
    for seen in range(versions):
        rules = CohortRules(mentors_most=seen + 2)
        save_rules(session, programme, rules, seen=seen, actor="manager@example.org")
    search = ask(session, programme, "networks", Filters(), {})
    search.state = JobState.DONE.value
    search.result = {"found": [{"profile": mentor, "entry": 0, "score": 0.4}]}
    upload = receive(
        session, programme, Kind.MENTOR, BytesIO(_SHEET), "mentors.csv", settings.uploads, 1 << 20,
        actor="manager@example.org",
    )  # fmt: skip
    bad_rows_path(upload, settings.uploads).write_text("name,reason\nX,wrong\n")
    failed = jobs.enqueue(session, programme.id, jobs.JobKind.IMPORT, {"upload_id": upload.id})
    failed.state, failed.error = JobState.FAILED.value, Message("It broke.").to_json()
    imported = receive(
        session, programme, Kind.MENTOR, BytesIO(_SHEET), "again.csv", settings.uploads, 1 << 20,
        actor="manager@example.org",
    )  # fmt: skip
    imported.job_id = failed.id
    bad_rows_path(imported, settings.uploads).write_text("name,reason\nY,wrong\n")
    return {
        "version": versions, "search": search.id, "upload": upload.id, "imported": imported.id,
        "what-if": _what_if(session, programme, startup, mentor),
    }  # fmt: skip


def _what_if(session: Session, programme: Programme, startup: int, mentor: int) -> int:
    """An answered one; in a programme without a run the job alone."""
    figures = Figures(4.0, 0.3, 8, 8)
    answer = WhatIf(startup, mentor, figures, figures, [], [(startup, mentor)], [], Message("It can be."))
    payload = {"kind": Kind.MENTOR.value, "startup": startup, "counterpart": mentor, "actor": "manager"}
    job = jobs.enqueue(session, programme.id, jobs.JobKind.WHAT_IF, payload)
    job.state, job.result = JobState.DONE.value, answer.to_json()
    session.flush()
    return job.id
