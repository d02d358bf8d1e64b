"""Somebody's own profile as a form in steps: a page for each thing, check, send; and a break by one click."""

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from matcher.models import Role
from matcher.profiles.cell import parse_cell
from matcher.profiles.errors import CellError
from matcher.profiles.fields import field
from matcher.profiles.pages import Page
from matcher.services import applications
from matcher.services.applications import Sent, Unreadable
from matcher.services.completeness import hints
from matcher.services.drafts import Draft, open_draft
from matcher.services.errors import Conflict, NotAllowed
from matcher.services.pausing import set_capacity, set_paused
from matcher.wording import N_, Message
from web.answered import answered_pages, draft_differences, page_differences
from web.forms import Difference
from web.notices import tell
from web.own import Own, read_own, write_own
from web.pages_form import PageForm
from web.permissions import actor

blueprint = Blueprint("application", __name__, url_prefix="/p/<slug>/mine/<id:mine>/profile")

_TAKERS = (Role.MENTOR, Role.FUNDER)
"""Who takes start-ups, and so may stop."""
_AT_ONCE = N_("Somebody else changed your profile at this very moment. Save once more.")
_PAUSED = N_("You take nobody new for now. Whoever you have stays with you.")
_RESUMED = N_("You take people again. The recommendations follow within a minute.")
_CAPACITY = N_("The number was saved. The recommendations follow within a minute.")
_EXPECTED = N_("This should be %(expected)s.")
_SAVED = N_("Your profile was saved. The recommendations follow within a minute.")
_KEPT = N_("Your answers so far are saved. Come back when you like.")
_ELSEWHERE = N_("Your answers changed in another window meanwhile. Look at them once more, then send.")


def _draft(own: Own) -> Draft:
    return open_draft(own.session, own.programme, own.membership)


@blueprint.get("")
def show(slug: str, mine: int) -> str:
    """The pages with how far each is, and what would improve the matches."""
    with read_own(slug, mine, active=False) as own:
        return _overview(own)


def _overview(own: Own, capacity: str | None = None, error: Message | None = None) -> str:
    draft = _draft(own)
    return render_template(
        "application.html",
        own=own,
        programme=own.programme,
        draft=draft,
        pages=answered_pages(draft),
        hints=hints(draft),
        capacity=capacity,
        error=error,
    )


@blueprint.get("/<name>")
def step(slug: str, mine: int, name: str) -> str:
    """One page, with what was answered."""
    with read_own(slug, mine, active=False) as own:
        draft = _draft(own)
        return _page(own, draft, PageForm.stored(draft, draft.page(name)))


@blueprint.post("/<name>")
def save(slug: str, mine: int, name: str) -> Response | tuple[str, int]:
    """Keep the answers and go on, or give the page back with what is wrong."""
    do = request.form.get("do", "continue")
    stays = do == "add" or do.startswith("remove-")
    try:
        with write_own(slug, mine, active=False) as own:
            form = PageForm.posted(_draft(own).page(name), request.form)
            draft = applications.save_step(
                own.session,
                own.programme,
                own.membership,
                name,
                None if do == "unknown" else form.answers,
                form.stamp,
                later=stays or do == "later",
            )
            page = draft.page(name)
    except Unreadable as error:
        return _again(slug, mine, name, 422, error)
    except (Conflict, StaleDataError):
        return _again(slug, mine, name, 409)
    return redirect(_after(slug, mine, draft, page, "stay" if stays else do), 303)


def _after(slug: str, mine: int, draft: Draft, page: Page, do: str) -> str:
    """Where to go from a page that was saved."""
    back = "check" if request.form.get("back") == "check" else None
    if do == "stay":
        anchor = page.fields[0].name
        return url_for("application.step", slug=slug, mine=mine, name=page.name, back=back, _anchor=anchor)
    if do == "later":
        tell("success", Message(_KEPT))
        return url_for("application.show", slug=slug, mine=mine)
    number = draft.pages.index(page)
    ahead = [each for each in draft.missing if draft.pages.index(each) > number]
    following = ahead[0] if ahead else draft.following
    if back or following is None or draft.is_in:
        return url_for("application.check", slug=slug, mine=mine)
    return url_for("application.step", slug=slug, mine=mine, name=following.name)


def _page(own: Own, draft: Draft, form: PageForm, differences: list[Difference] | None = None) -> str:
    number = draft.pages.index(form.page)
    return render_template(
        "application_step.html",
        own=own,
        programme=own.programme,
        form=form,
        differences=differences,
        number=number + 1,
        pages=len(draft.pages),
        before=draft.pages[number - 1] if number else None,
        to_check="check" in (request.args.get("back"), request.form.get("back")),
    )


def _again(slug: str, mine: int, name: str, status: int, error: Unreadable | None = None) -> tuple[str, int]:
    """The page with everything that was typed, and what to mend."""
    with read_own(slug, mine, active=False) as own:
        draft = _draft(own)
        form = PageForm.posted(draft.page(name), request.form)
        differences = None
        if error is not None:
            form.blame(error.problems)
        else:  # saving once more is a decision, made with both versions in view
            form.stamp = draft.stamp
            differences = page_differences(draft, form.inputs)
        return _page(own, draft, form, differences), status


@blueprint.get("/check")
def check(slug: str, mine: int) -> str:
    """All answers, with a way to change each, before they are sent."""
    with read_own(slug, mine, active=False) as own:
        return _check(own)


def _check(own: Own, error: Message | None = None, *, both: bool = False) -> str:
    draft = _draft(own)
    problems = draft.read().problems
    broken = [page for page in draft.pages if any(each.name in problems for each in page.fields)]
    return render_template(
        "application_check.html",
        own=own,
        programme=own.programme,
        draft=draft,
        pages=answered_pages(draft),
        missing={page.name for page in draft.missing},
        broken={page.name for page in broken},
        error=error,
        differences=draft_differences(draft) if both else None,
    )


@blueprint.post("/send")
def send(slug: str, mine: int) -> Response | tuple[str, int]:
    """Send what was answered, or say what has to be done before."""
    try:
        with write_own(slug, mine, active=False) as own:
            if request.form.get("stamp") != _draft(own).stamp:
                return _check(own, Message(_ELSEWHERE)), 409
            sent = applications.send(
                own.session,
                own.programme,
                own.membership,
                actor=actor(),
                profile_version=request.form.get("profile_version", type=int),
            )
    except (Conflict, StaleDataError):
        with read_own(slug, mine, active=False) as own:
            return _check(own, both=True), 409
    except (Unreadable, NotAllowed) as refused:
        with read_own(slug, mine, active=False) as own:
            return _check(own, refused.message), 422
    if sent is Sent.SAVED:
        tell("success", Message(_SAVED))
        return redirect(url_for("application.show", slug=slug, mine=mine), 303)
    return redirect(url_for("application.sent", slug=slug, mine=mine), 303)


@blueprint.get("/sent")
def sent(slug: str, mine: int) -> Response | str:
    """What happens next."""
    with read_own(slug, mine, active=False) as own:
        draft = _draft(own)
        if not own.is_active and draft.sent_at is None:
            return redirect(url_for("application.show", slug=slug, mine=mine), 303)
        return render_template(
            "application_sent.html", own=own, programme=own.programme, hints=hints(draft)[:3]
        )


@blueprint.post("/pause")
def pause(slug: str, mine: int) -> Response:
    """Take nobody new for now, or take people again."""
    paused = request.form.get("paused") == "1"
    with write_own(slug, mine, *_TAKERS) as own:
        set_paused(own.session, own.programme, own.profile, paused=paused, actor=actor())
    tell("success", Message(_PAUSED if paused else _RESUMED))
    return _back(slug, mine)


@blueprint.post("/capacity")
def capacity(slug: str, mine: int) -> Response | tuple[str, int]:
    """Say how many start-ups they take at once."""
    text = request.form.get("capacity", "")
    with read_own(slug, mine, *_TAKERS) as own:
        try:
            number = parse_cell(field(own.kind, "capacity"), text)
        except CellError as error:
            return _overview(own, text, Message(_EXPECTED, {"expected": error.expected})), 422
    try:
        with write_own(slug, mine, *_TAKERS) as own:
            profile = own.profile
            set_capacity(own.session, own.programme, profile, number, actor=actor())
            stated = "" if number is None else str(number)
            applications.carry(own.session, own.membership, profile, "capacity", stated)
    except StaleDataError:  # somebody saved the profile between our read and our write
        with read_own(slug, mine, *_TAKERS) as own:
            return _overview(own, text, Message(_AT_ONCE)), 409
    tell("success", Message(_CAPACITY))
    return _back(slug, mine)


def _back(slug: str, mine: int) -> Response:
    endpoint = "mine.show" if request.form.get("back") == "mine" else "application.show"
    return redirect(url_for(endpoint, slug=slug, mine=mine), 303)
