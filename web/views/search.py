"""Search by meaning: asked for by a form, answered by a worker; by words alone if none answers in time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.models import Kind
from matcher.profiles.cell import parse_cell
from matcher.profiles.errors import CellError
from matcher.profiles.fields import field as field_of
from matcher.profiles.text import clean
from matcher.services.errors import Conflict
from matcher.services.filtering import Filters
from matcher.services.search_jobs import Search, get_search, read_hits
from matcher.services.search_jobs import ask as ask_worker
from matcher.wording import N_, Message
from web.database import read, write
from web.waiting import wait

blueprint = Blueprint("search", __name__, url_prefix="/p/<slug>/search")

_EXPECTED = N_("This should be %(expected)s.")
_FIELDS = {
    "languages": field_of(Kind.MENTOR, "languages"),
    "sectors": field_of(Kind.MENTOR, "sectors"),
    "countries": field_of(Kind.MENTOR, "markets"),
}
"""Filters that are written like the cells of a sheet, and understood like them."""


@dataclass
class SearchForm:
    """What somebody wrote, and what is wrong with it, by the name of the input."""

    query: str = ""
    kind: Kind | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    places: bool = False
    errors: dict[str, Message] = field(default_factory=dict)

    @classmethod
    def posted(cls) -> "SearchForm":
        """What was sent."""
        return cls(
            query=request.form.get("q", ""),
            kind=_kind(request.form.get("kind", "")),
            typed={name: clean(request.form.get(name, "")) for name in _FIELDS},
            places=request.form.get("places") == "1",
        )

    @classmethod
    def asked(cls, search: Search) -> "SearchForm":
        """What an earlier search was."""
        return cls(search.query, search.filters.kind, search.typed, search.filters.places)

    def filters(self) -> Filters:
        """What the profiles must state; `errors` says what could not be understood."""
        codes: dict[str, tuple[str, ...]] = {}
        for name, text in self.typed.items():
            try:
                codes[name] = parse_cell(_FIELDS[name], text) or ()
            except CellError as error:
                self.errors[name] = Message(_EXPECTED, {"expected": error.expected})
        return Filters(kind=self.kind, places=self.places, **codes)


@blueprint.get("")
def new(slug: str) -> str:
    """An empty form."""
    with read(slug):
        return _page(slug, SearchForm(kind=_kind(request.args.get("kind", ""))))


@blueprint.post("")
def ask(slug: str) -> Response | tuple[str, int]:
    """Ask the worker, or give the form back with what is wrong."""
    form = SearchForm.posted()
    filters = form.filters()
    if not form.errors:
        try:
            with write(slug) as (session, programme):
                job = ask_worker(session, programme, form.query, filters, form.typed)
            return redirect(url_for("search.show", slug=slug, job_id=job.id), 303)
        except Conflict as error:
            form.errors["q"] = error.message
    with read(slug):
        return _page(slug, form), 422


@blueprint.get("/<id:job_id>")
def show(slug: str, job_id: int) -> str:
    """What was found: by meaning, once the worker has answered; else by words, and the page says so."""
    wait(slug, lambda session, programme: not get_search(session, programme, job_id).pending)
    number = max(1, request.args.get("page", 1, type=int))
    with read(slug) as (session, programme):
        search = get_search(session, programme, job_id)
        hits = read_hits(session, programme, search, number)
        return _page(slug, SearchForm.asked(search), search=search, hits=hits, job_id=job_id)


def _kind(text: str) -> Kind | None:
    """The kind that a form names; none: all kinds."""
    if text and text not in set(Kind):
        abort(400)
    return Kind(text) if text else None


def _page(slug: str, form: SearchForm, **found: object) -> str:
    values = {"search": None, "hits": None, **found}
    return render_template("search.html", slug=slug, form=form, **values)
