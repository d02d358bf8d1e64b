"""What somebody answered in their own form, as they read it before sending and managers before deciding."""

from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy.orm import Session

from matcher.models import Membership, Programme
from matcher.profiles.fields import Field, FieldType
from matcher.profiles.pages import ASKED, Page
from matcher.services.drafts import Draft, open_draft
from matcher.services.profiles import draft_of
from web.forms import Difference
from web.pages_form import PageInput, shown


@dataclass(frozen=True)
class Answered:
    """One field, by its label, with its values; none: not answered, or not known yet."""

    label: str
    values: list[str]
    is_unknown: bool
    is_quoted: bool
    """Whether it is in somebody's own words, and so in their direction."""


@dataclass(frozen=True)
class AnsweredPage:
    """One page with its fields."""

    name: str
    title: str
    by_hand: bool
    state: str
    fields: list[Answered]


def answered_pages(draft: Draft) -> list[AnsweredPage]:
    """All pages, in their order."""
    return [
        AnsweredPage(
            page.name,
            page.title if page.by_hand else gettext(page.title),
            page.by_hand,
            draft.state(page).value,
            [_answered(draft, page, each) for each in page.fields],
        )
        for page in draft.pages
    ]


def application_facts(session: Session, programme: Programme, membership: Membership) -> list[Answered]:
    """What somebody who would like to be let in says of themselves, for `_application.html`."""
    return [
        each for page in answered_pages(open_draft(session, programme, membership)) for each in page.fields
    ]


def draft_differences(draft: Draft) -> list[Difference]:
    """Where somebody's draft and their profile, as it is now, disagree."""
    if draft.profile is None:
        return []
    cells = draft_of(draft.profile)
    found = []
    for page in draft.pages:
        for each in page.fields:
            if each.name in ASKED[draft.kind]:
                theirs, yours = shown(each, cells[each.name]), shown(each, draft.answers.get(each.name))
                if theirs != yours:
                    found.append(Difference(gettext(each.label), "; ".join(theirs), "; ".join(yours)))
    return found


def page_differences(draft: Draft, inputs: list[PageInput]) -> list[Difference]:
    """Where what somebody sent and what was saved meanwhile disagree."""
    found = []
    for each in inputs:
        sent = "\n".join(each.items) if each.control == "list" else each.value
        theirs, yours = shown(each.field, draft.answers.get(each.name)), shown(each.field, sent)
        if theirs != yours:
            found.append(Difference(each.label, "; ".join(theirs), "; ".join(yours)))
    return found


def _answered(draft: Draft, page: Page, each: Field) -> Answered:
    answer = draft.answers.get(each.name, "")
    label = PageInput(each).label
    quoted = each.type in {FieldType.TEXT, FieldType.ENTRIES}
    return Answered(label, shown(each, answer), answer is None and page.name in draft.steps, quoted)
