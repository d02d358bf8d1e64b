"""What happens to a pair, told to both sides and to the managers: as letters, as notices, or as both."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from matcher.models import AuditEvent, Kind, MatchState, Profile, Programme, utcnow
from matcher.services import letters, mailing
from matcher.services.notices import manager_path, notify, notify_managers, own_path, reader_of
from matcher.services.steps import Pair
from matcher.wording import N_, Message

_OUTCOMES: dict[MatchState, str] = {
    MatchState.OFFERED: N_("%(name)s has accepted the proposal to meet %(other)s, who has not answered yet."),
    MatchState.ACTIVE: N_("%(name)s and %(other)s have both accepted."),
    MatchState.DECLINED: N_("%(name)s has declined the proposal to meet %(other)s."),
    MatchState.EXPIRED: N_("The proposal to %(name)s and %(other)s was not answered in time."),
    MatchState.WITHDRAWN: N_("The proposal to %(name)s and %(other)s was withdrawn."),
    MatchState.ENDED: N_("The match of %(name)s and %(other)s has ended."),
}


@dataclass(frozen=True, slots=True)
class Tiding:
    """Something that both sides of a pair are told."""

    letter: Callable[..., letters.Letter]
    notice: str
    at_once: bool = False
    """It asks for an answer, or its letter says more: how to reach each other, whom to ask instead."""


OFFERED = Tiding(
    letters.offered,
    N_("May we put you together with %(other)s? Please answer by %(date)s."),
    at_once=True,
)
REMINDED = Tiding(
    letters.reminded,
    N_("%(other)s is still waiting to hear from you. Please answer by %(date)s."),
    at_once=True,
)
ACCEPTED = Tiding(letters.accepted, N_("You and %(other)s have both accepted."), at_once=True)
CALLED_OFF = Tiding(
    letters.called_off, N_("The proposal to put you together with %(other)s is no longer open.")
)
REQUEST_DECLINED = Tiding(
    letters.request_declined,
    N_("%(other)s cannot accept your request this time."),
    at_once=True,
)
REQUEST_UNANSWERED = Tiding(
    letters.request_unanswered,
    N_("%(other)s has not answered your request in time."),
    at_once=True,
)
FILLED = Tiding(
    letters.filled,
    N_("%(other)s has found somebody meanwhile, so their request to you is closed."),
    at_once=True,
)
ENDED = Tiding(letters.ended, N_("Your match with %(other)s has ended."))


QUESTION_WAITS = N_("%(other)s is still waiting for your reply to their question.")
"""What is told about a request, beside a letter."""


def tell_request(
    session: Session,
    key: str,
    reader: Profile,
    other: Profile,
    letter: letters.Letter,
    notice: str,
    link: str = "",
) -> None:
    """Tell something about a request: by letter at once, as somebody waits, and on the reader's pages."""
    mailing.write(session, reader, key, *letter, link)
    path = own_path(session, reader, "requests")
    notify(session, reader, key=key, message=Message(notice, {"other": other.name}), path=path, mailed=True)


def tell_side(
    session: Session,
    programme: Programme,
    reader: Profile,
    other: Profile,
    key: str,
    tiding: Tiding,
    *,
    until: datetime | None = None,
    link: str = "",
) -> None:
    """Tell one side of a pair, once.

    What is not urgent is mailed as often as its reader chose; whoever has no account gets a letter about it.
    """
    account = reader_of(session, reader)
    at_once = tiding.at_once or account is None or account.is_sample
    params: dict[str, Any] = {"other": other.name}
    if until is not None:
        params["date"] = letters.last_day(until)
    if at_once:
        letter = tiding.letter(programme, reader, other, *([until] if until else []))
        mailing.write(session, reader, key, *letter, link)
    if account is not None:
        told = Message(tiding.notice, params)
        notify(session, reader, key=key, message=told, path=own_path(session, reader), mailed=at_once)


def tell_managers(
    session: Session,
    programme: Programme,
    event: AuditEvent,
    state: MatchState,
    pair: Pair,
    side: str = "startup",
) -> None:
    """Tell the managers, but whoever did it, what became of a proposal by the doing of one side."""
    startup, counterpart = (session.get_one(Profile, profile_id) for profile_id in pair)
    name, other = (startup, counterpart) if side == "startup" else (counterpart, startup)
    notify_managers(
        session,
        programme,
        key=f"{event.action}:{event.id}:{pair[0]}:{pair[1]}",
        message=Message(_OUTCOMES[state], {"name": name.name, "other": other.name}),
        path=_pair_path(programme, counterpart, pair),
        but=event.actor,
    )


def tell_published(session: Session, programme: Programme, event: AuditEvent) -> None:
    """Tell the other managers that offers went out."""
    notify_managers(
        session,
        programme,
        key=f"{event.action}:{event.id}",
        message=Message(
            N_("Proposals were published. Pairs whose sides are told: %(count)s."),
            {"count": event.after["pairs"]},
        ),
        path=manager_path(programme, "matches"),
        but=event.actor,
    )


def tell_suggested(session: Session, programme: Programme, event: AuditEvent, pair: Pair) -> None:
    """Tell the managers whom a start-up is proposed after a loss: they approve it."""
    startup, counterpart = (session.get_one(Profile, profile_id) for profile_id in pair)
    notify_managers(
        session,
        programme,
        key=f"{event.action}:{event.id}",
        message=Message(
            N_("%(startup)s is proposed %(other)s as the next best. Please look at the pair."),
            {"startup": startup.name, "other": counterpart.name},
        ),
        path=_pair_path(programme, counterpart, pair),
    )


def tell_waiting(session: Session, programme: Programme, startup_id: int, kind: Kind) -> None:
    """Tell the managers, once a day, that a start-up lost somebody and there is nobody else for it."""
    startup = session.get_one(Profile, startup_id)
    notify_managers(
        session,
        programme,
        key=f"waiting:{startup_id}:{kind}:{utcnow():%Y-%m-%d}",
        message=Message(
            N_("%(startup)s lost somebody, and nobody else on its list has a place: it waits."),
            {"startup": startup.name},
        ),
        path=manager_path(programme, f"cohort/{kind}s"),
    )


def _pair_path(programme: Programme, counterpart: Profile, pair: Pair) -> str:
    return manager_path(programme, f"cohort/{counterpart.kind}s/{pair[0]}/{pair[1]}")
