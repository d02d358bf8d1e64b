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
    return lambda everyone, actor: Four(Reach.WORD, own, same, None, missing)


def secret(key: str, missing: str = "no-such-secret") -> Choose:
    """What a letter's link has; `Everyone.ours` may have it under this name."""
    return lambda everyone, actor: Four(
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


VALUES: Mapping[str, Choose] = {
    "mine": _mine,
    "startup_id": profile(Role.FOUNDER),
    "counterpart_id": profile(Role.MENTOR),
    "matches:startup_id": pair("startup"),
    "matches:counterpart_id": pair("counterpart"),
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
    "event_id": programmes("event"),
    "number": lambda everyone, actor: Four(Reach.WORD, everyone.ours["version"]),
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
    "mail_id": programmes("letter"),
    "letter_id": programmes("letter"),
}

PAGES_OF: Mapping[str, frozenset[Role]] = {}
"""Participants' pages that are not for all three kinds of them, by endpoint or blueprint: for whom they are."""

FILES = frozenset({"security.static", "health.health", "documents.export", "uploads.bad_rows"})
"""Endpoints that answer with something else than a page."""

NO_PAGES: Mapping[str, str] = {
    "security.two_factor_token_validation": "only between a password and a code: tests/web/test_web_accounts.py",
    "security.two_factor_rescue": "offers nothing",
    "security.tf_select": "only between a password and a code",
    "security.mf_recovery": "only between a password and a code",
    "security.reset_password": "needs a link that was sent: tests/web/test_web_accounts.py",
    "security.wan_delete": "needs a passkey",
}
"""Endpoints that show nobody of `everyone` a page, and why."""

UNREACHED: Mapping[str, str] = {
    "sample.sign_in": "there is no sample here; tests/web/test_web_sample.py has one",
    "security.two_factor_rescue": "offers nothing, and so finds nothing",
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
