"""What the templates call to put our codes, messages and numbers into the reader's words."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask
from flask_babel import format_decimal, format_percent, gettext
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from matcher.models import Entry, Facet, Kind, MatchState, MembershipState, Role
from matcher.profiles import labels
from matcher.profiles.places import country_name
from matcher.profiles.taxonomy import label
from matcher.profiles.tongues import language_name
from matcher.services.audiences import Group
from matcher.services.review import can_decide
from matcher.wording import N_, Message, Term
from web import zones
from web.facts import facts
from web.i18n import locale_code
from web.notices import notices

_ONE = {
    Kind.STARTUP: N_("Start-up"),
    Kind.MENTOR: N_("Mentor"),
    Kind.FUNDER: N_("Funding partner"),
}
_MANY = {
    Kind.STARTUP: N_("Start-ups"),
    Kind.MENTOR: N_("Mentors"),
    Kind.FUNDER: N_("Funding partners"),
}
_FACETS = {
    Facet.PITCH: N_("Pitch"),
    Facet.THESIS: N_("Thesis"),
    Facet.NEED: N_("Needs"),
    Facet.EXPERTISE: N_("Expertise"),
    Facet.EXPERIENCE: N_("Experience"),
    Facet.INTEREST: N_("Interests"),
    Facet.OFFER: N_("Offers besides money"),
    Facet.PORTFOLIO: N_("Portfolio"),
}
_BANDS = {"strong": N_("Strong match"), "good": N_("Good match"), "possible": N_("Possible match")}
_STATES = {
    MatchState.PROPOSED: N_("Proposed"),
    MatchState.LOCKED: N_("Locked"),
    MatchState.APPROVED: N_("Approved"),
    MatchState.REJECTED: N_("Rejected"),
    MatchState.OFFERED: N_("Waiting for answers"),
    MatchState.ACTIVE: N_("Accepted by both"),
    MatchState.DECLINED: N_("Declined"),
    MatchState.EXPIRED: N_("Not answered in time"),
    MatchState.WITHDRAWN: N_("Withdrawn"),
    MatchState.ENDED: N_("Ended"),
}
_ROLES = {
    Role.FOUNDER: N_("Founder"),
    Role.MENTOR: N_("Mentor"),
    Role.FUNDER: N_("Funding partner"),
    Role.MANAGER: N_("Programme manager"),
}
_MEMBERSHIPS = {
    MembershipState.APPLYING: N_("Not taking part yet"),
    MembershipState.ACTIVE: N_("Taking part"),
    MembershipState.LEFT: N_("Left the programme"),
    MembershipState.REFUSED: N_("Not admitted"),
}
_GROUPS = {
    Group.ALL: N_("Everybody who takes part"),
    Group.FOUNDERS: N_("Founders"),
    Group.MENTORS: N_("Mentors"),
    Group.FUNDERS: N_("Funding partners"),
    Group.MANAGERS: N_("Programme managers"),
    Group.UNMATCHED: N_("Those without a match or an open proposal"),
    Group.UNANSWERED: N_("Those who have not answered a proposal"),
    Group.QUIET: N_("Those who did not open their pages for 14 days"),
}
_HOW = {
    "name": N_("Same name"),
    "synonym": N_("Another word for it"),
    "likeness": N_("Looks like it"),
    "override": N_("Chosen by you"),
    "note": N_("Kept as a note"),
}


def say(message: Message) -> Markup:
    """A message in the reader's language, whatever it quotes kept apart in its own direction."""
    sentence = Markup(escape(gettext(message.template)))  # noqa: S704 - escaped right here
    if not message.params:
        return Markup(sentence.replace("%%", "%"))  # noqa: S704 - was safe before
    return sentence % {name: _part(value) for name, value in message.params.items()}


def _part(value: Any) -> Any:
    if isinstance(value, Message):
        return say(value)
    if isinstance(value, Term):
        return Markup("<bdi>{}</bdi>").format(name_term(value))
    if isinstance(value, list | tuple):
        return Markup(gettext(", ")).join(_part(item) for item in value)  # noqa: S704 - our own
    return Markup("<bdi>{}</bdi>").format(value) if isinstance(value, str) else value


def name_term(term: Term) -> str:
    """A code of one of our vocabularies in the reader's language."""
    return labels.label(term, locale_code())


def by_facet(entries: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """The entries of each facet, the facets that say most about a profile first."""
    found: dict[str, list[Entry]] = {facet.value: [] for facet in _FACETS}
    for entry in entries:
        found[entry.facet].append(entry)
    return [(facet, texts) for facet, texts in found.items() if texts]


def lead_text(entries: Iterable[Entry]) -> str:
    """The entry that best says at a glance what a profile is about."""
    for _, texts in by_facet(entries):
        return texts[0].text
    return ""


def _name_of(names: Mapping[Any, str], code: Any) -> str:
    found = names.get(code)
    return gettext(found) if found else str(code)


def band_name(band: str) -> str:
    """What people call a band of scores."""
    return _name_of(_BANDS, band)


def state_name(state: str) -> str:
    """What people call the state of a match."""
    return _name_of(_STATES, MatchState(state))


def kind_name(kind: str) -> str:
    """What one of a kind is called."""
    return _name_of(_ONE, Kind(kind))


def _csrf_input() -> Markup:
    """The hidden input that every form that posts must have."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def init(app: Flask) -> None:
    """Register them all."""
    app.jinja_env.filters.update(
        say=say,
        term=name_term,
        lead_text=lead_text,
        by_facet=by_facet,
        one=kind_name,
        many=lambda kind: _name_of(_MANY, Kind(kind)),
        facet=lambda facet: _name_of(_FACETS, Facet(facet)),
        band=band_name,
        match_state=state_name,
        role=lambda role: _name_of(_ROLES, Role(role)),
        membership_state=lambda state: _name_of(_MEMBERSHIPS, MembershipState(state)),
        approvable=lambda state: can_decide(state, "approved"),
        rejectable=lambda state: can_decide(state, "rejected"),
        how=lambda how: _name_of(_HOW, how),
        number=format_decimal,
        decimal=lambda figure: format_decimal(figure, "#,##0.00"),
        tenth=lambda figure: format_decimal(figure, "0.#"),
        percent=lambda part: format_percent(part, "0%"),
        day=zones.day,
        group=lambda group: _name_of(_GROUPS, Group(group)),
        local=zones.local,
        sector=lambda code: label("sectors", code, locale_code()),
        stage=lambda code: label("stages", code, locale_code()),
        country=lambda code: country_name(code, locale_code()),
        language=lambda code: language_name(code, locale_code()),
    )
    named = {name: app.jinja_env.filters[name] for name in ("sector", "stage", "country", "language")}
    app.jinja_env.globals.update(
        names=named, Kind=Kind, csrf=_csrf_input, facts=facts, notices=notices, message_from=Message.from_json
    )
