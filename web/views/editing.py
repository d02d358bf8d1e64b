"""Adding, changing and removing one profile by form."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from matcher.models import Kind, Profile
from matcher.services.errors import Conflict, NotAllowed
from matcher.services.locking import lock_programme
from matcher.services.profiles import draft_of, get_profile, next_ref, remove_profile, save_draft
from matcher.services.removal import foresee_removal
from matcher.wording import N_, Message
from web.database import read, write
from web.forms import ProfileForm, differences
from web.notices import tell
from web.permissions import actor

blueprint = Blueprint("editing", __name__, url_prefix="/p/<slug>/<kind:kind>")


@blueprint.get("/new")
def new(slug: str, kind: Kind) -> str:
    """An empty form."""
    with read(slug) as (session, programme):
        form = ProfileForm.filled(kind, {"ref": next_ref(session, programme, kind)})
        return render_template("edit.html", programme=programme, kind=kind, form=form)


@blueprint.post("/new")
def create(slug: str, kind: Kind) -> Response | tuple[str, int]:
    """Add the profile, or give the form back with what is wrong."""
    form = ProfileForm.posted(kind, request.form)
    if not form.validate():
        return _again(slug, kind, form, 422)
    try:
        with write(slug) as (session, programme):
            lock_programme(session, programme)  # nobody who is let in meanwhile gets the same ref
            draft = form.draft(next_ref(session, programme, kind), {})
            saved = save_draft(session, programme, draft, actor=actor())
    except Conflict as error:
        form.blame("ref", error.message)
        return _again(slug, kind, form, 409)
    return _saved(slug, kind, saved)


@blueprint.get("/<id:profile_id>/edit")
def edit(slug: str, kind: Kind, profile_id: int) -> str:
    """The form with what is stored."""
    with read(slug) as (session, programme):
        profile = get_profile(session, programme, kind, profile_id)
        form = ProfileForm.stored(kind, draft_of(profile), profile.version)
        return render_template("edit.html", programme=programme, kind=kind, form=form, profile=profile)


@blueprint.post("/<id:profile_id>/edit")
def update(slug: str, kind: Kind, profile_id: int) -> Response | tuple[str, int]:
    """Save the changes, unless something is wrong or somebody else was faster."""
    form = ProfileForm.posted(kind, request.form)
    if not form.validate():
        return _again(slug, kind, form, 422, profile_id)
    try:
        with write(slug) as (session, programme):
            profile = get_profile(session, programme, kind, profile_id)
            saved = save_draft(
                session,
                programme,
                form.draft(profile.ref, profile.notes),
                actor=actor(),
                profile_id=profile_id,
                version=form.version or 0,
            )
    except Conflict as error:
        return _conflict(slug, kind, form, profile_id, error.message)
    except StaleDataError:  # somebody saved between our read and our write
        return _conflict(slug, kind, form, profile_id, None)
    return _saved(slug, kind, saved)


@blueprint.get("/<id:profile_id>/remove")
def confirm_removal(slug: str, kind: Kind, profile_id: int) -> str:
    """Ask first, and say what goes with it."""
    with read(slug) as (session, programme):
        profile = get_profile(session, programme, kind, profile_id)
        removal = foresee_removal(session, programme, profile)
        return render_template(
            "remove.html", programme=programme, kind=kind, profile=profile, removal=removal
        )


@blueprint.post("/<id:profile_id>/remove")
def remove(slug: str, kind: Kind, profile_id: int) -> Response | tuple[str, int]:
    """Remove the profile with everything that was made of it, or say what has to be done before."""
    try:
        with write(slug) as (session, programme):
            name = remove_profile(session, programme, kind, profile_id, actor=actor()).name
    except NotAllowed:
        return confirm_removal(slug, kind, profile_id), 409
    tell("success", Message(N_("%(name)s was removed."), {"name": name}))
    return redirect(url_for("profiles.index", slug=slug, kind=kind), 303)


def _saved(slug: str, kind: Kind, profile: Profile) -> Response:
    tell("success", Message(N_("%(name)s was saved."), {"name": profile.name}))
    return redirect(url_for("profiles.show", slug=slug, kind=kind, profile_id=profile.id), 303)


def _again(
    slug: str,
    kind: Kind,
    form: ProfileForm,
    status: int,
    profile_id: int | None = None,
    theirs: Mapping[str, str] | None = None,
) -> tuple[str, int]:
    """The form with everything that was typed, and what to mend."""
    with read(slug) as (session, programme):
        profile = profile_id and get_profile(session, programme, kind, profile_id)
        page = render_template(
            "edit.html",
            programme=programme,
            kind=kind,
            form=form,
            profile=profile,
            differences=None if theirs is None else differences(form, theirs),
        )
    return page, status


def _conflict(
    slug: str, kind: Kind, form: ProfileForm, profile_id: int, message: Message | None
) -> tuple[str, int]:
    with read(slug) as (session, programme):
        stored = get_profile(session, programme, kind, profile_id)
        theirs, version = draft_of(stored), stored.version
    if message and version == form.version:  # not stale: the ref is somebody else's
        form.blame("ref", message)
        return _again(slug, kind, form, 409, profile_id)
    form.version = version  # saving once more is a decision, made with both versions in view
    return _again(slug, kind, form, 409, profile_id, theirs)
