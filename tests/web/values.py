"""What each argument of an address may be: one's own, somebody else's, another programme's, nobody's.

A new argument fails the tests until it is here. Add it under its name, or, if another page uses the name for
something else, under `blueprint:name` or `blueprint.endpoint:name`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from werkzeug.routing import Rule

from matcher.models import Role
from tests.web.everyone import NOBODY, PARTICIPANTS, Everyone


class Reach(StrEnum):
    """To whom something belongs, and so who finds it."""

    PROGRAMME = "everybody of the programme whom the table of permissions lets in"
    PERSONAL = "one person, or the two of one pair; all others find nothing"
    WORD = "everybody: it is one of a few words"
    SECRET = "whoever knows it"


@dataclass(frozen=True, slots=True)
class Four:
    """What an argument may be. None: there is no such thing."""

    reach: Reach
    own: Any
    same: Any = None
    """The same programme's, of another person."""
    other: Any = None
    """Another programme's."""
    missing: Any = NOBODY


Choose = Callable[[Everyone, str], Four]
"""The values for whoever asks. Who has nothing of the kind goes to the founder's."""


def _as(actor: str) -> str:
    return actor if actor in set(PARTICIPANTS) else Role.FOUNDER.value


def _pair_of(everyone: Everyone, actor: str) -> Any:
    return everyone.pairs["funder" if actor == Role.FUNDER else "mentor"]


def pair(name: str) -> Choose:
    """Something of a pair's; `Rows` has it under this name."""

    def choose(everyone: Everyone, actor: str) -> Four:
        rows = (_pair_of(everyone, actor), everyone.pairs["second"], everyone.pairs["stranger"])
        return Four(Reach.PERSONAL, *(getattr(row, name) for row in rows))

    return choose


def programmes(name: str, second: str = "") -> Choose:
    """Something of a programme's; `Everyone.ours` and `theirs` have it under this name."""

    def choose(everyone: Everyone, actor: str) -> Four:
        missing = "0" * 32 if isinstance(everyone.ours[name], str) else NOBODY
        same = everyone.ours[second] if second else None
        return Four(Reach.PROGRAMME, everyone.ours[name], same, everyone.theirs[name], missing)

    return choose


def profile(role: Role) -> Choose:
    """A profile of this kind, as managers see it."""

    def choose(everyone: Everyone, actor: str) -> Four:
        keys = (role.value, f"second {role.value}", f"their {role.value}")
        return Four(Reach.PROGRAMME, *(everyone.profiles[key] for key in keys))

    return choose


def seen_by_own(everyone: Everyone, actor: str) -> Four:
    """A profile of the other side, on a participant's pages: whom they were put together with."""
    to = Role.FOUNDER if actor in {Role.MENTOR, Role.FUNDER} else Role.MENTOR
    return Four(Reach.PROGRAMME, everyone.profiles[to.value], None, everyone.profiles[f"their {to.value}"])


def word(own: str, same: str | None = None, missing: str = "nothing-like-it") -> Choose:
    """One of few words."""
    return lambda _everyone, _actor: Four(Reach.WORD, own, same, None, missing)


def secret(key: str, missing: str = "no-such-secret") -> Choose:
    """What a letter's link has; `Everyone.ours` may have it under this name."""
    return lambda everyone, _actor: Four(
        Reach.SECRET, everyone.ours.get(key), None, everyone.theirs.get(key), missing
    )


def _mine(everyone: Everyone, actor: str) -> Four:
    role, members = _as(actor), everyone.members
    return Four(Reach.PERSONAL, members[role], members[f"second {role}"], members[f"their {role}"])


def _of_account(name: str) -> Choose:
    """What an account has, in whichever programme."""

    def choose(everyone: Everyone, actor: str) -> Four:
        rows = getattr(everyone, name)
        own = rows.get(actor, rows.get("founder"))
        return Four(Reach.PERSONAL, own, rows.get("second founder"), rows.get("their founder"))

    return choose


def _membership(everyone: Everyone, actor: str) -> Four:
    members = everyone.members
    return Four(Reach.PROGRAMME, members["applicant"], members["second mentor"], members["their applicant"])


def _participant(everyone: Everyone, actor: str) -> Four:
    members = everyone.members
    return Four(Reach.PROGRAMME, members["second funder"], members["second mentor"], members["their mentor"])


def _counterpart(everyone: Everyone, actor: str) -> Four:
    """The other side of their match; nobody else's page of that kind is theirs."""
    side = "startup" if actor in {Role.MENTOR, Role.FUNDER} else "counterpart"
    rows = (_pair_of(everyone, actor), everyone.pairs["second"], everyone.pairs["stranger"])
    return Four(Reach.PERSONAL, *(getattr(row, side) for row in rows))


def _by_side(startup: str, counterpart: str) -> Choose:
    """What the start-up does it with, and what the other side does."""

    def choose(everyone: Everyone, actor: str) -> Four:
        name = counterpart if actor in {Role.MENTOR, Role.FUNDER} else startup
        return pair(name)(everyone, actor)

    return choose


def _faced(everyone: Everyone, actor: str) -> Four:
    own = "startups" if actor in {Role.MENTOR, Role.FUNDER} else "mentors"
    return Four(Reach.WORD, own, None, None, "ministers")


def _open(everyone: Everyone, actor: str) -> Four:
    """Somebody whom they can ask, or who waits for their answer."""
    own = {Role.MENTOR: everyone.ours["offered"][0], Role.FUNDER: everyone.profiles["second founder"]}
    theirs = everyone.profiles["their founder" if actor in own else "their mentor"]
    return Four(Reach.PROGRAMME, own.get(Role(_as(actor)), everyone.ours["free mentor"]), None, theirs)


def _asked(*, asking: bool) -> Choose:
    """A request that they sent, or one that was sent to them."""

    def choose(everyone: Everyone, actor: str) -> Four:
        role = _as(actor)
        key = role if role != Role.FOUNDER else "mentor" if asking else "funder"
        own = everyone.pairs[key].introduction
        if not asking and actor == Role.FUNDER:
            own = everyone.ours["second introduction"]
        seconds, strangers = everyone.pairs["second"].introduction, everyone.pairs["stranger"].introduction
        return Four(Reach.PERSONAL, own, seconds, strangers)

    return choose


def _message(everyone: Everyone, actor: str) -> Four:
    """A message that was sent to them."""
    ours, theirs = everyone.ours["announcement"], everyone.theirs["announcement"]
    own, other = (theirs, ours) if actor == "stranger" else (ours, theirs)
    return Four(Reach.PERSONAL, None if actor in {"admin"} else own, None, other)


VALUES: Mapping[str, Choose] = {
    "mine": _mine,
    "startup_id": profile(Role.FOUNDER),
    "counterpart_id": profile(Role.MENTOR),
    "relationships:startup_id": pair("startup"),
    "relationships:counterpart_id": pair("counterpart"),
    "matches:startup_id": pair("startup"),
    "matches:counterpart_id": pair("counterpart"),
    "candidates:other": seen_by_own,
    "candidates:kind": _faced,
    "requests:kind": _faced,
    "requests:other": _open,
    "requests:number": _asked(asking=True),
    "requests.question:number": _asked(asking=False),
    "relationship:other": _counterpart,
    "meetings:other": _counterpart,
    "session_logs:other": _counterpart,
    "goals:other": _counterpart,
    "surveys:other": _counterpart,
    "meeting": pair("meeting"),
    "meetings.calendar:meeting": pair("agreed"),
    "meetings.choose:meeting": _by_side("meeting", "proposal_of_startup"),
    "log": _by_side("log", "log_of_startup"),
    "session_logs.edit:log": _by_side("log_of_startup", "log"),
    "session_logs.update:log": _by_side("log_of_startup", "log"),
    "session_logs.remove:log": _by_side("log_of_startup", "log"),
    "goal": pair("goal"),
    "how": word("done", "dropped"),
    "occasion": word("day-30", None, "day-31"),
    "sign_in": _of_account("sign_ins"),
    "membership": _membership,
    "people.make_manager:membership_id": _participant,
    "people.remove:membership_id": _participant,
    "people.confirm_removal:membership_id": _participant,
    "invitation": programmes("invitation"),
    "notices:announcement_id": _message,
    "questions:kind": word("startups", "mentors", "ministers"),
    "inviting:kind": word("startups", "mentors", "ministers"),
    "name": word("languages"),
    "mentor_id": profile(Role.MENTOR),
    "profile_id": profile(Role.FOUNDER),
    "other_id": profile(Role.MENTOR),
    "kind": word("mentors", missing="ministers"),
    "editing:kind": word("startups", missing="ministers"),
    "profiles:kind": word("startups", missing="ministers"),
    "decisions:kind": word("startups", missing="ministers"),
    "wishes:kind": word("startups", missing="ministers"),
    "whynot:kind": word("startups", missing="ministers"),
    "other_kind": word("mentors", missing="ministers"),
    "form": word("csv", "xlsx", "exe"),
    "band": word("possible", "good"),
    "role": word("founder", "manager", "god"),
    "filename": word("js/webauthn.js"),
    "token": secret("token"),
    "secret": secret("secret"),
    "invitations:secret": lambda _everyone, _actor: Four(
        Reach.SECRET, "ours-invitation", None, "theirs-invitation", "no-such-secret"
    ),
    "event_id": programmes("event"),
    "routed:number": programmes("introduction", "second introduction"),
    "number": lambda everyone, _actor: Four(Reach.WORD, everyone.ours["version"]),
    "upload_id": programmes("upload", "imported"),
    "search:job_id": programmes("search"),
    "whatif:job_id": programmes("what-if"),
    # What other pages of this kind will ask for.
    "match_id": pair("match"),
    "meeting_id": pair("meeting"),
    "log_id": pair("log"),
    "session_id": pair("log"),
    "goal_id": pair("goal"),
    "survey_id": pair("survey"),
    "introduction_id": programmes("introduction", "second introduction"),
    "membership_id": _membership,
    "member_id": _membership,
    "notice_id": _of_account("notices"),
    "sign_in_id": _of_account("sign_ins"),
    "invitation_id": programmes("invitation"),
    "question_id": programmes("question"),
    "date_id": programmes("date"),
    "announcement_id": programmes("announcement"),
    "unsubscribe:secret": secret("unsubscribe"),
    "mail_id": programmes("letter"),
    "letter_id": programmes("letter"),
}

_ASKERS = frozenset({Role.FOUNDER, Role.FUNDER})
_HELPERS = frozenset({Role.MENTOR, Role.FUNDER})

PAGES_OF: Mapping[str, frozenset[Role]] = {
    "requests.new": _ASKERS,
    "requests.ask": _ASKERS,
    "requests.withdraw": _ASKERS,
    "requests.reply": _ASKERS,
    "application.capacity": _HELPERS,
    "application.pause": _HELPERS,
}
"""Participants' pages that are not for all three kinds of them, by endpoint or blueprint, and for whom."""

FILES = frozenset(
    {
        "security.static",
        "health.health",
        "documents.export",
        "documents.left_out",
        "uploads.bad_rows",
        "meetings.calendar",
    }
)
"""Endpoints that answer with something else than a page."""

NO_PAGES: Mapping[str, str] = {
    "account.protected": "leads to where it was asked for, or to the password again",
    "security.two_factor_rescue": "offers nothing",
    "security.wan_delete": "takes a form from the page of passkeys, and leads back to it",
}
"""Endpoints that never show a page, and why."""

UNREACHED: Mapping[str, str] = {
    "sample.sign_in": "there is no sample here; tests/web/test_web_sample.py has one",
    "welcome.show": "there is an administrator; tests/web/test_web_invitations.py has none",
    "welcome.make": "likewise",
    "security.two_factor_rescue": "offers nothing, and so finds nothing",
    "security.two_factor_setup_validate": "is shut: our pages finish codes elsewhere",
}
"""Endpoints that find nothing even with everything right, and why."""


def four(everyone: Everyone, actor: str, rule: Rule, argument: str) -> Four:
    """The values of one argument of a rule, for whoever asks."""
    blueprint = rule.endpoint.partition(".")[0]
    for key in (f"{rule.endpoint}:{argument}", f"{blueprint}:{argument}", argument):
        if key in VALUES:
            return VALUES[key](everyone, actor)
    raise LookupError(
        f"{rule.rule} ({rule.endpoint}) has the argument “{argument}”, and nobody said what it may be. "
        f"Add “{argument}” (or “{blueprint}:{argument}”) to VALUES in tests/web/values.py: the value that is "
        "one's own, another person's of the same programme, another programme's, and nobody's. Rows that do "
        "not exist yet are made in tests/web/relations.py."
    )


def is_for(rule: Rule, role: Role) -> bool:
    """Whether a participants' page is for this kind of them."""
    blueprint = rule.endpoint.partition(".")[0]
    return role in PAGES_OF.get(rule.endpoint, PAGES_OF.get(blueprint, frozenset(PARTICIPANTS)))
