"""Inviting people to a programme: a list of addresses, or those whose profiles are here."""

from dataclasses import dataclass, field
from math import ceil

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.models import Kind, Role
from matcher.services import invitations
from matcher.services.errors import Conflict, NotAllowed
from matcher.services.inviting import (
    AT_ONCE,
    MOST,
    Line,
    Mistake,
    invite_lines,
    invite_owners,
    read_lines,
    role_of,
    uninvited,
)
from matcher.services.people import PER_PAGE, count_people
from matcher.wording import N_, Message
from web.database import read, write
from web.i18n import LOCALES, locale_code
from web.notices import tell
from web.permissions import actor

blueprint = Blueprint("inviting", __name__, url_prefix="/p/<slug>/people")

_SENT = N_("Invitations written: %(count)s.")
_SENT_LEFT = N_("Invitations written: %(count)s. %(left)s more wait: send again for the next ones.")
_AGAIN = N_("%(email)s is invited again. The link in the earlier letter works no more.")
_REVOKED = N_("The invitation of %(email)s is taken back.")
_NO_ROLE = N_("Say in which role they take part.")


@dataclass
class InviteForm:
    """What was typed."""

    people: str = ""
    role: str = ""
    language: str = ""
    errors: dict[str, Message] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    @classmethod
    def posted(cls) -> "InviteForm":
        """What somebody sent."""
        form = request.form
        language = form.get("language", "")
        return cls(
            form.get("people", ""),
            form.get("role", ""),
            language if language in LOCALES else locale_code(),
        )

    def read(self) -> list[Line]:
        """The people that it names; what is wrong is noted."""
        lines, self.mistakes = read_lines(self.people)
        if self.role not in set(Role):
            self.errors["role"] = Message(_NO_ROLE)
        return lines

    @property
    def is_wrong(self) -> bool:
        """Whether nobody can be invited yet."""
        return bool(self.errors or self.mistakes)


class _Refused(Exception):
    """Takes back what was done so far."""


@blueprint.get("/invited")
def index(slug: str) -> str:
    """Who was invited and has not come yet."""
    wanted = max(1, request.args.get("page", 1, type=int))
    with read(slug) as (session, programme):
        total = invitations.count_invitations(session, programme)
        pages = max(1, ceil(total / PER_PAGE))
        page = min(wanted, pages)
        found = invitations.list_invitations(session, programme, PER_PAGE, (page - 1) * PER_PAGE)
        return render_template(
            "people_invited.html",
            programme=programme,
            counts=count_people(session, programme),
            invited=[(invitation, invitations.state_of(invitation)) for invitation in found],
            queue={"page": page, "pages": pages},
            total=total,
        )


@blueprint.get("/invite")
def new(slug: str) -> str:
    """An empty form, and whose profiles are here already."""
    role = request.args.get("role", "")
    return _form(slug, InviteForm(role=role if role in set(Role) else "", language=locale_code()))


@blueprint.post("/invite")
def create(slug: str) -> Response | tuple[str, int]:
    """Invite everybody in the list, or nobody and say what is wrong with which line."""
    form = InviteForm.posted()
    lines = form.read()
    if form.is_wrong:
        return _form(slug, form), 422
    try:
        with write(slug) as (session, programme):
            form.mistakes = invite_lines(
                session,
                programme,
                lines,
                role=Role(form.role),
                language=form.language,
                actor=actor(),
                link=_link,
            )
            if form.mistakes:
                raise _Refused
    except _Refused:
        return _form(slug, form), 422
    tell("success", Message(_SENT, {"count": len(lines)}))
    return redirect(url_for(".index", slug=slug), 303)


@blueprint.get("/invite/<kind:kind>")
def confirm_owners(slug: str, kind: Kind) -> str:
    """Whom one press would invite, and whom not."""
    with read(slug) as (session, programme):
        found = uninvited(session, programme, kind)
        return render_template(
            "invite_owners.html",
            programme=programme,
            kind=kind,
            role=role_of(kind),
            found=found,
            at_once=AT_ONCE,
        )


@blueprint.post("/invite/<kind:kind>")
def owners(slug: str, kind: Kind) -> Response:
    """Invite them."""
    with write(slug) as (session, programme):
        count, left = invite_owners(session, programme, kind, actor=actor(), link=_link)
    tell("success", Message(_SENT_LEFT if left else _SENT, {"count": count, "left": left}))
    return redirect(url_for(".index", slug=slug), 303)


@blueprint.post("/invited/<id:invitation_id>/resend")
def resend(slug: str, invitation_id: int) -> Response:
    """Write once more, with a new link."""
    try:
        with write(slug) as (session, programme):
            made = invitations.resend(session, programme, invitation_id, actor(), _link)
    except (Conflict, NotAllowed) as error:
        tell("error", error.message)
    else:
        tell("success", Message(_AGAIN, {"email": made.email}))
    return redirect(url_for(".index", slug=slug), 303)


@blueprint.post("/invited/<id:invitation_id>/revoke")
def revoke(slug: str, invitation_id: int) -> Response:
    """Make the link dead."""
    try:
        with write(slug) as (session, programme):
            found = invitations.revoke(session, programme, invitation_id, actor())
    except (Conflict, NotAllowed) as error:
        tell("error", error.message)
    else:
        tell("success", Message(_REVOKED, {"email": found.email}))
    return redirect(url_for(".index", slug=slug), 303)


def _form(slug: str, form: InviteForm) -> str:
    with read(slug) as (session, programme):
        ready = {kind: len(uninvited(session, programme, kind).ready) for kind in Kind}
        return render_template(
            "invite.html", programme=programme, form=form, roles=list(Role), ready=ready, most=MOST
        )


def _link(secret: str) -> str:
    return url_for("invitations.show", secret=secret, _external=True)
