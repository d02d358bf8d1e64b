"""A programme's people: who waits to be let in, who takes part, and who has gone quiet."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.models import MembershipState, Programme, Role
from matcher.services import admitting, applications
from matcher.services.errors import NotAllowed
from matcher.services.leaving import pairs_of
from matcher.services.people import (
    QUIET,
    Person,
    count_people,
    get_person,
    list_members,
    list_unsent,
    list_waiting,
    runs,
)
from matcher.wording import N_, Message
from web.answered import application_facts
from web.database import read, write
from web.notices import tell
from web.permissions import actor

blueprint = Blueprint("people", __name__, url_prefix="/p/<slug>/people")

_ADMITTED = N_("%(name)s takes part now, and is told.")
_REFUSED = N_("%(name)s is not admitted, and is told why.")
_REMOVED = N_("%(name)s takes part no more, and is told.")
_PROMOTED = N_("%(name)s can run the programme now, and is told.")


@blueprint.get("")
def waiting(slug: str) -> str:
    """Who waits to be let in, and who has not sent a profile yet."""
    with read(slug) as (session, programme):
        return render_template(
            "people_waiting.html",
            programme=programme,
            counts=count_people(session, programme),
            waiting=list_waiting(session, programme),
            unsent=list_unsent(session, programme),
        )


@blueprint.get("/members")
def members(slug: str) -> str:
    """Who takes part, by role, and when they were last here."""
    role = request.args.get("role", "")
    quiet = request.args.get("quiet") == "1"
    with read(slug) as (session, programme):
        page = list_members(
            session,
            programme,
            Role(role) if role in set(Role) else None,
            quiet=quiet,
            page=request.args.get("page", 1, type=int),
        )
        return render_template(
            "people_members.html",
            programme=programme,
            counts=count_people(session, programme),
            queue=page,
            role=role,
            quiet=quiet,
            days=QUIET.days,
        )


@blueprint.get("/<id:membership_id>")
def show(slug: str, membership_id: int) -> str:
    """One person: who they are, what they sent, and what to do about them."""
    return _page(slug, membership_id)


@blueprint.post("/<id:membership_id>/approve")
def approve(slug: str, membership_id: int) -> Response:
    """Let them in."""
    page = url_for("mine.show", slug=slug, mine=membership_id, _external=True)
    return _step(
        slug,
        membership_id,
        lambda session, programme: admitting.approve(
            session, programme, membership_id, actor=actor(), sign_in=page
        ),
        _ADMITTED,
        "people.waiting",
    )


@blueprint.post("/<id:membership_id>/refuse")
def refuse(slug: str, membership_id: int) -> Response | tuple[str, int]:
    """Do not let them in, and say why."""
    reason = request.form.get("reason", "")
    try:
        with write(slug) as (session, programme):
            person = admitting.refuse(session, programme, membership_id, reason, actor=actor())
    except NotAllowed as error:
        return _page(slug, membership_id, reason=reason, error=error.message), 422
    tell("success", Message(_REFUSED, {"name": person.account.name}))
    return redirect(url_for(".waiting", slug=slug), 303)


@blueprint.get("/<id:membership_id>/remove")
def confirm_removal(slug: str, membership_id: int) -> str:
    """Say what goes with them, and ask."""
    with read(slug) as (session, programme):
        person = get_person(session, programme, membership_id)
        return render_template(
            "people_remove.html",
            programme=programme,
            person=person,
            pairs=len(pairs_of(session, person.profile)) if person.profile else 0,
            refusal=admitting.why_not_removed(session, programme, person),
        )


@blueprint.post("/<id:membership_id>/remove")
def remove(slug: str, membership_id: int) -> Response:
    """They take part no more."""
    return _step(
        slug,
        membership_id,
        lambda session, programme: admitting.remove(session, programme, membership_id, actor=actor()),
        _REMOVED,
        "people.members",
    )


@blueprint.post("/<id:membership_id>/manager")
def make_manager(slug: str, membership_id: int) -> Response:
    """They run the programme, too."""
    page = url_for("security.login", _external=True)
    return _step(
        slug,
        membership_id,
        lambda session, programme: admitting.make_manager(
            session, programme, membership_id, actor=actor(), sign_in=page
        ),
        _PROMOTED,
        "people.members",
    )


def _step(
    slug: str, membership_id: int, work: Callable[[Session, Programme], Person], done: str, then: str
) -> Response:
    """Do it and say so, or come back to the person with why not."""
    try:
        with write(slug) as (session, programme):
            person = work(session, programme)
    except NotAllowed as error:
        tell("error", error.message)
        return redirect(url_for(".show", slug=slug, membership_id=membership_id), 303)
    tell("success", Message(done, {"name": person.account.name}))
    return redirect(url_for(then, slug=slug), 303)


def _page(slug: str, membership_id: int, *, reason: str = "", error: Message | None = None) -> str:
    with read(slug) as (session, programme):
        person = get_person(session, programme, membership_id)
        waits = _has_sent(person) and person.profile is None
        return render_template(
            "people_show.html",
            known=applications.unclaimed(session, programme, person.membership) if waits else None,
            programme=programme,
            person=person,
            answered=application_facts(session, programme, person.membership) if _has_sent(person) else None,
            runs=runs(session, programme, person),
            reason=reason,
            error=error,
        )


def _has_sent(person: Person) -> bool:
    """Whether there is something of theirs to look at; what somebody still writes is theirs alone."""
    waits = person.membership.state in {MembershipState.APPLYING, MembershipState.REFUSED}
    return person.sent_at is not None and waits and person.membership.role != Role.MANAGER
