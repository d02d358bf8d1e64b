"""What a programme's managers set for it: its name, its doors, how requests go, and its dates."""

from dataclasses import dataclass, field
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.models import Programme
from matcher.services.errors import NotAllowed
from matcher.services.joining import OPEN_ROLES, open_roles
from matcher.services.programme_settings import (
    ProgrammeSettings,
    add_date,
    list_dates,
    remove_date,
    save_settings,
)
from matcher.wording import N_, Message
from web.database import read, write
from web.notices import tell
from web.permissions import actor

blueprint = Blueprint("settings", __name__, url_prefix="/p/<slug>/settings")

_NO_DATE = N_("Write a date as year-month-day, such as 2026-09-30.")
_SAVED = N_("The settings are saved.")
_SAME = N_("Nothing changed.")
_ADDED = N_("%(title)s is among the dates.")
_REMOVED = N_("%(title)s is no longer among the dates.")


@dataclass
class SettingsForm:
    """What was typed, as text."""

    name: str
    open_to: list[str]
    routed: bool
    starts_on: str
    ends_on: str
    on: str = ""
    title: str = ""
    errors: dict[str, Message] = field(default_factory=dict)

    @classmethod
    def stored(cls, programme: Programme) -> "SettingsForm":
        """What is kept."""
        starts, ends = programme.starts_on, programme.ends_on
        return cls(
            programme.name,
            list(programme.open_to),
            programme.routed,
            starts.isoformat() if starts else "",
            ends.isoformat() if ends else "",
        )

    @classmethod
    def posted(cls, programme_name: str) -> "SettingsForm":
        """What somebody sent; the sample's name is ours, and no field of the form."""
        form = request.form
        return cls(
            form.get("name", programme_name),
            form.getlist("open_to"),
            form.get("routed") == "1",
            form.get("starts_on", "").strip(),
            form.get("ends_on", "").strip(),
        )

    def read_date(self, name: str) -> date | None:
        """The day in a field; what is wrong with it is noted."""
        text = str(getattr(self, name))
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.errors[name] = Message(_NO_DATE)
            return None


@blueprint.get("")
def edit(slug: str) -> str:
    """The form with what is kept, and the dates."""
    return _page(slug, None)


@blueprint.post("")
def update(slug: str) -> Response | tuple[str, int]:
    """Keep it, or give it back with what is wrong."""
    with read(slug) as (_, programme):
        form = SettingsForm.posted(programme.name)
    wanted = ProgrammeSettings(
        form.name, form.open_to, form.routed, form.read_date("starts_on"), form.read_date("ends_on")
    )
    if form.errors:
        return _page(slug, form), 422
    try:
        with write(slug) as (session, programme):
            changed = save_settings(session, programme, wanted, actor())
    except NotAllowed as error:
        late = wanted.starts_on and wanted.ends_on and wanted.ends_on < wanted.starts_on
        form.errors["ends_on" if late else "name"] = error.message
        return _page(slug, form), 422
    tell("success", Message(_SAVED if changed else _SAME))
    return redirect(url_for(".edit", slug=slug), 303)


@blueprint.post("/dates")
def add(slug: str) -> Response | tuple[str, int]:
    """Put a day into the programme."""
    with read(slug) as (_, programme):
        form = SettingsForm.stored(programme)
    form.on, form.title = request.form.get("on", "").strip(), request.form.get("title", "")
    day = form.read_date("on")
    if day is None:
        form.errors["on"] = Message(_NO_DATE)
        return _page(slug, form), 422
    try:
        with write(slug) as (session, programme):
            made = add_date(session, programme, day, form.title, actor())
    except NotAllowed as error:
        form.errors["title"] = error.message
        return _page(slug, form), 422
    tell("success", Message(_ADDED, {"title": made.title}))
    return redirect(url_for(".edit", slug=slug, _anchor="dates"), 303)


@blueprint.post("/dates/<id:date_id>/remove")
def remove(slug: str, date_id: int) -> Response:
    """Take a day out of the programme."""
    with write(slug) as (session, programme):
        found = remove_date(session, programme, date_id, actor())
    tell("success", Message(_REMOVED, {"title": found.title}))
    return redirect(url_for(".edit", slug=slug, _anchor="dates"), 303)


def _page(slug: str, form: SettingsForm | None) -> str:
    with read(slug) as (session, programme):
        doors = open_roles(programme)
        return render_template(
            "settings.html",
            programme=programme,
            form=form or SettingsForm.stored(programme),
            roles=OPEN_ROLES,
            dates=list_dates(session, programme),
            join=url_for("joining.show", slug=slug, _external=True) if doors else None,
        )
