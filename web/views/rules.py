"""What proposals must keep and what they seek: one form, its versions, and an earlier one again."""

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.models import Programme
from matcher.services.closing import close_surplus
from matcher.services.errors import Conflict, NotFound
from matcher.services.groups import headers, quota_warnings
from matcher.services.rules import CohortRules, current_rules, get_rules, list_versions, save_rules
from matcher.services.rulewords import LABELS, RuleChange, changes
from matcher.wording import N_, Message
from web import quota_rows
from web.database import read, write
from web.notices import tell
from web.permissions import actor
from web.rule_inputs import GROUPS
from web.rules_form import RulesForm, choices

blueprint = Blueprint("rules", __name__, url_prefix="/p/<slug>/rules")

_SAVED = N_("The rules were saved. The next proposal keeps them; pairs that are there stay as they are.")
_NOTHING = N_("Nothing changed.")
_GONE = N_("There is no such version of the rules.")


@blueprint.get("")
def edit(slug: str) -> str:
    """The form with the rules that hold."""
    with read(slug) as (session, programme):
        return _page(session, programme, RulesForm.stored(*current_rules(session, programme)))


@blueprint.post("")
def update(slug: str) -> Response | str | tuple[str, int]:
    """Save, or give the form back with what is wrong, what somebody else saved, or one row more."""
    form = RulesForm.posted(request.form)
    if "add" in request.form:
        with read(slug) as (session, programme):
            return _page(session, programme, form)
    if not form.validate() or form.rules is None:
        with read(slug) as (session, programme):
            return _page(session, programme, form), 422
    try:
        with write(slug) as (session, programme):
            done = _save(session, programme, form.rules, form.version)
    except Conflict:
        return _conflict(slug, form, form.rules)
    tell("success", Message(done))
    return redirect(url_for("rules.edit", slug=slug), 303)


@blueprint.get("/versions")
def versions(slug: str) -> str:
    """Who saved what, and when; the latest first."""
    with read(slug) as (session, programme):
        found = list_versions(session, programme)
        said = [CohortRules.model_validate(version.data) for version in found]
        before = [*said[1:], CohortRules()]
        return render_template(
            "rules_versions.html",
            programme=programme,
            versions=[
                (version, changes(old, new)) for version, old, new in zip(found, before, said, strict=False)
            ],
            current=found[0].version if found else 0,
        )


@blueprint.post("/versions/<id:number>")
def restore(slug: str, number: int) -> Response:
    """Save once more what an earlier version said; 0 stands for the rules that a programme starts with."""
    with write(slug) as (session, programme):
        if number and number not in {version.version for version in list_versions(session, programme)}:
            raise NotFound(Message(_GONE))
        seen = request.form.get("version", -1, type=int)
        done = _save(session, programme, get_rules(session, programme, number), seen)
    tell("success", Message(done))
    return redirect(url_for("rules.edit", slug=slug), 303)


def _save(session: Session, programme: Programme, rules: CohortRules, seen: int) -> str:
    """Save what is new, and say what was done."""
    if current_rules(session, programme) == (seen, rules):
        return _NOTHING
    save_rules(session, programme, rules, seen=seen, actor=actor())
    close_surplus(session, programme)
    return _SAVED


def _conflict(slug: str, form: RulesForm, yours: CohortRules) -> tuple[str, int]:
    """Both versions side by side; saving once more is a decision, made with both in view."""
    with read(slug) as (session, programme):
        form.version, theirs = current_rules(session, programme)
        return _page(session, programme, form, differences=changes(theirs, yours)), 409


def _page(
    session: Session,
    programme: Programme,
    form: RulesForm,
    differences: Sequence[RuleChange] | None = None,
) -> str:
    _warn(session, programme, form)
    return render_template(
        "rules.html",
        programme=programme,
        form=form,
        rows=form.with_empty_row(),
        groups=GROUPS,
        labels=LABELS,
        choices=choices,
        by=quota_rows.choices,
        headers=headers(session, programme),
        most=quota_rows.MOST,
        differences=differences,
    )


def _warn(session: Session, programme: Programme, form: RulesForm) -> None:
    """Say beside each quota how few it is about, where that means that it cannot be kept."""
    rows = [row for row in form.rows if row.rule is not None]
    rules = form.rules or current_rules(session, programme)[1]
    quotas = [row.rule for row in rows if row.rule]
    found = quota_warnings(session, programme, quotas, rules.mentors_most)
    for row, warnings in zip(rows, found, strict=True):
        row.warnings = warnings
