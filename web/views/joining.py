"""The open door: whoever a programme takes in without an invitation asks for a letter with a link."""

from dataclasses import dataclass, field

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.db import reading, unit_of_work
from matcher.models import Programme, Role
from matcher.services.invitations import read_address, read_name
from matcher.services.joining import apply, open_roles
from matcher.services.programmes import get_programme
from matcher.wording import N_, Message
from web.accounts.identity import identity
from web.database import engine
from web.i18n import LOCALES, locale_code

blueprint = Blueprint("joining", __name__, url_prefix="/join/<slug>")

_NO_ADDRESS = N_("Write your e-mail address, such as amina@example.org.")
_NO_NAME = N_("Write your name.")
_NO_ROLE = N_("Say in which role you want to take part.")


@dataclass
class DoorForm:
    """What was typed."""

    email: str = ""
    name: str = ""
    role: str = ""
    language: str = ""
    errors: dict[str, Message] = field(default_factory=dict)

    @classmethod
    def posted(cls) -> "DoorForm":
        """What somebody sent."""
        form = request.form
        language = form.get("language", "")
        return cls(
            form.get("email", "").strip(),
            read_name(form.get("name", "")),
            form.get("role", ""),
            language if language in LOCALES else locale_code(),
        )

    def validate(self, roles: list[Role]) -> bool:
        """Whether a letter can be written."""
        if not read_address(self.email):
            self.errors["email"] = Message(_NO_ADDRESS)
        if not self.name:
            self.errors["name"] = Message(_NO_NAME)
        if self.role not in roles:
            self.errors["role"] = Message(_NO_ROLE)
        return not self.errors


@blueprint.get("")
def show(slug: str) -> str:
    """The form; once it was sent, what to do next."""
    who = identity()
    with reading(engine()) as session:
        programme, roles = _open(session, slug)
    if request.args.get("sent"):
        return render_template("join_sent.html", programme=programme)
    form = DoorForm(language=locale_code(), role=roles[0].value if len(roles) == 1 else "")
    if who:
        form.email, form.name = who.email, who.name
    return render_template("join.html", programme=programme, roles=roles, form=form)


@blueprint.post("")
def ask(slug: str) -> Response | tuple[str, int]:
    """Write the letter. The answer is the same whatever account the address has, and whatever was written.

    How often one machine may ask is not limited here but where all such limits are (Flask-Limiter); how
    often one address is written to is, in `services.joining.apply`.
    """
    form = DoorForm.posted()
    with reading(engine()) as session:
        programme, roles = _open(session, slug)
    if not form.validate(roles):
        return render_template("join.html", programme=programme, roles=roles, form=form), 422
    with unit_of_work(engine()) as session:
        programme, _ = _open(session, slug)
        apply(
            session,
            programme,
            email=form.email,
            role=Role(form.role),
            name=form.name,
            language=form.language,
            link=lambda secret: url_for("invitations.show", secret=secret, _external=True),
            sign_in=url_for("security.login", _external=True),
        )
    return redirect(url_for(".show", slug=slug, sent=1), 303)


def _open(session: Session, slug: str) -> tuple[Programme, list[Role]]:
    """The programme and the roles that it takes in; without any it looks as if there were none."""
    programme = get_programme(session, slug)
    roles = list(open_roles(programme))
    return (programme, roles) if roles else abort(404)
