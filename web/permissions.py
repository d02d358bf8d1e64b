"""Who may call what: one table. An endpoint that is not in it is refused."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from flask import Flask, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.models import Role
from web.accounts.identity import Identity, identity


class Permission(StrEnum):
    """What somebody may be allowed to do."""

    ANYONE = "anyone"
    ACCOUNT = "have an account"
    SIGNING = "say how they sign in, and close their account"
    TAKE_PART = "take part in the programme, and see what is theirs"
    READ = "read the programme"
    EDIT = "add, change and remove profiles, and say how lists are ordered"
    DECIDE = "propose pairs, and ask what would be if; approve, reject, lock, move and swap them"
    PUBLISH = "publish matches, and record answers"
    RULES = "say what proposals must keep"
    IMPORT = "import sheets"
    PEOPLE = "invite people, let them in, and write to them"
    PROGRAMMES = "start programmes and remove the sample"


_MANAGES = frozenset(
    {
        Permission.READ,
        Permission.EDIT,
        Permission.DECIDE,
        Permission.PUBLISH,
        Permission.RULES,
        Permission.IMPORT,
        Permission.PEOPLE,
    }
)
GRANTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.FOUNDER: frozenset({Permission.TAKE_PART}),
        Role.MENTOR: frozenset({Permission.TAKE_PART}),
        Role.FUNDER: frozenset({Permission.TAKE_PART}),
        Role.MANAGER: _MANAGES,
    }
)
"""What each role brings, within its programme. Whose pages they are, `web.own` asks besides."""

_OWN = frozenset({Permission.ACCOUNT, Permission.SIGNING})
ADMIN = _MANAGES | {Permission.PROGRAMMES}
"""What whoever runs the installation may do, in every programme."""

TABLE: Mapping[str, Permission] = MappingProxyType(
    {
        "health.health": Permission.ANYONE,
        "overview.home": Permission.ANYONE,
        "overview.programme": Permission.READ,
        "security.login": Permission.ANYONE,
        "security.logout": Permission.ANYONE,
        "security.static": Permission.ANYONE,
        "security.forgot_password": Permission.ANYONE,
        "security.reset_password": Permission.ANYONE,
        "security.two_factor_token_validation": Permission.ANYONE,
        "security.tf_select": Permission.ANYONE,
        "security.two_factor_rescue": Permission.ANYONE,  # offers nothing: no way of rescue is set up
        "security.mf_recovery": Permission.ANYONE,
        "security.wan_signin": Permission.ANYONE,
        "security.wan_signin_response": Permission.ANYONE,
        "security.verify": Permission.ACCOUNT,
        "security.wan_verify": Permission.ACCOUNT,
        "security.wan_verify_response": Permission.ACCOUNT,
        "security.change_password": Permission.SIGNING,
        "security.two_factor_setup": Permission.SIGNING,
        "security.two_factor_setup_validate": Permission.SIGNING,  # shut: nothing of ours leads there
        "security.mf_recovery_codes": Permission.SIGNING,
        "security.wan_register": Permission.SIGNING,
        "security.wan_register_response": Permission.SIGNING,
        "security.wan_delete": Permission.SIGNING,
        "account.show": Permission.ACCOUNT,
        "account.save": Permission.ACCOUNT,
        "account.sign_out": Permission.ACCOUNT,
        "account.sign_out_others": Permission.ACCOUNT,
        "account.protected": Permission.SIGNING,
        "closing.confirm": Permission.SIGNING,
        "closing.close": Permission.SIGNING,
        "sample.sign_in": Permission.ANYONE,  # on this machine, and only while there is a sample
        "welcome.show": Permission.ANYONE,  # on this machine, and only until there is an administrator
        "welcome.make": Permission.ANYONE,
        "invitations.show": Permission.ANYONE,  # whoever has the secret address
        "invitations.take": Permission.ANYONE,
        "joining.show": Permission.ANYONE,  # of programmes that open their doors
        "joining.ask": Permission.ANYONE,
        "notices.index": Permission.ACCOUNT,
        "notices.open": Permission.ACCOUNT,
        "notices.read_all": Permission.ACCOUNT,
        "notices.message": Permission.ACCOUNT,
        "pace.show": Permission.ACCOUNT,
        "pace.update": Permission.ACCOUNT,
        "unsubscribe.show": Permission.ANYONE,  # whoever has the letter, which names no account to others
        "unsubscribe.record": Permission.ANYONE,  # mail programs press it too; it lowers the pace, no more
        "unsubscribe.undo": Permission.ANYONE,
        "announcements.index": Permission.PEOPLE,
        "announcements.preview": Permission.PEOPLE,
        "announcements.send": Permission.PEOPLE,
        "mine.show": Permission.TAKE_PART,
        "application.show": Permission.TAKE_PART,
        "application.step": Permission.TAKE_PART,
        "application.save": Permission.TAKE_PART,
        "application.check": Permission.TAKE_PART,
        "application.send": Permission.TAKE_PART,
        "application.sent": Permission.TAKE_PART,
        "application.pause": Permission.TAKE_PART,
        "application.capacity": Permission.TAKE_PART,
        "equality.edit": Permission.TAKE_PART,
        "equality.update": Permission.TAKE_PART,
        "equality.empty": Permission.TAKE_PART,
        "equality.show": Permission.READ,
        "questions.index": Permission.RULES,
        "questions.add": Permission.RULES,
        "questions.edit": Permission.RULES,
        "questions.update": Permission.RULES,
        "questions.move": Permission.RULES,
        "questions.remove": Permission.RULES,
        "candidates.index": Permission.TAKE_PART,
        "candidates.show": Permission.TAKE_PART,
        "shortlist.show": Permission.TAKE_PART,
        "shortlist.update": Permission.TAKE_PART,
        "requests.index": Permission.TAKE_PART,
        "requests.new": Permission.TAKE_PART,
        "requests.ask": Permission.TAKE_PART,
        "requests.answer": Permission.TAKE_PART,
        "requests.withdraw": Permission.TAKE_PART,
        "requests.question": Permission.TAKE_PART,
        "requests.reply": Permission.TAKE_PART,
        "routed.index": Permission.DECIDE,
        "routed.pass_on": Permission.DECIDE,
        "routed.refuse": Permission.DECIDE,
        "relationship.index": Permission.TAKE_PART,
        "relationship.show": Permission.TAKE_PART,
        "relationship.note": Permission.TAKE_PART,
        "relationship.confirm_end": Permission.TAKE_PART,
        "relationship.end": Permission.TAKE_PART,
        "meetings.new": Permission.TAKE_PART,
        "meetings.create": Permission.TAKE_PART,
        "meetings.edit": Permission.TAKE_PART,
        "meetings.move": Permission.TAKE_PART,
        "meetings.choose": Permission.TAKE_PART,
        "meetings.cancel": Permission.TAKE_PART,
        "meetings.calendar": Permission.TAKE_PART,
        "session_logs.new": Permission.TAKE_PART,
        "session_logs.create": Permission.TAKE_PART,
        "session_logs.edit": Permission.TAKE_PART,
        "session_logs.update": Permission.TAKE_PART,
        "session_logs.confirm": Permission.TAKE_PART,
        "session_logs.ask": Permission.TAKE_PART,
        "session_logs.object_to": Permission.TAKE_PART,
        "session_logs.remove": Permission.TAKE_PART,
        "goals.new": Permission.TAKE_PART,
        "goals.create": Permission.TAKE_PART,
        "goals.edit": Permission.TAKE_PART,
        "goals.update": Permission.TAKE_PART,
        "goals.turn": Permission.TAKE_PART,
        "surveys.show": Permission.TAKE_PART,
        "surveys.answer": Permission.TAKE_PART,
        "relationships.index": Permission.READ,
        "relationships.show": Permission.READ,
        "programmes.index": Permission.ACCOUNT,
        "programmes.new": Permission.PROGRAMMES,
        "programmes.create": Permission.PROGRAMMES,
        "programmes.confirm_removal": Permission.PROGRAMMES,
        "programmes.remove": Permission.PROGRAMMES,
        "programmes.spread": Permission.EDIT,
        "profiles.index": Permission.READ,
        "profiles.show": Permission.READ,
        "search.new": Permission.READ,
        "search.ask": Permission.READ,
        "search.show": Permission.READ,
        "whynot.choose": Permission.READ,
        "whynot.answer": Permission.READ,
        "editing.new": Permission.EDIT,
        "editing.create": Permission.EDIT,
        "editing.edit": Permission.EDIT,
        "editing.update": Permission.EDIT,
        "editing.confirm_removal": Permission.EDIT,
        "editing.remove": Permission.EDIT,
        "cohort.index": Permission.READ,
        "cohort.propose": Permission.DECIDE,
        "cohort.step": Permission.DECIDE,
        "cohort.confirm_approval": Permission.DECIDE,
        "cohort.approve": Permission.DECIDE,
        "pairs.show": Permission.READ,
        "pairs.decide": Permission.DECIDE,
        "pairs.move": Permission.DECIDE,
        "pairs.swap": Permission.DECIDE,
        "whatif.ask": Permission.DECIDE,
        "whatif.show": Permission.READ,
        "publishing.show": Permission.READ,
        "publishing.publish": Permission.PUBLISH,
        "matches.index": Permission.READ,
        "matches.answer": Permission.PUBLISH,
        "matches.withdraw": Permission.PUBLISH,
        "matches.end": Permission.PUBLISH,
        "matches.confirm_leaving": Permission.PUBLISH,
        "matches.leave": Permission.PUBLISH,
        "matches.mail": Permission.PUBLISH,  # letters have the addresses at which their readers answer
        "answers.show": Permission.ANYONE,  # whoever has the secret address
        "answers.record": Permission.ANYONE,
        "people.waiting": Permission.PEOPLE,
        "people.members": Permission.PEOPLE,
        "people.show": Permission.PEOPLE,
        "people.approve": Permission.PEOPLE,
        "people.refuse": Permission.PEOPLE,
        "people.confirm_removal": Permission.PEOPLE,
        "people.remove": Permission.PEOPLE,
        "people.make_manager": Permission.PEOPLE,
        "inviting.index": Permission.PEOPLE,
        "inviting.new": Permission.PEOPLE,
        "inviting.create": Permission.PEOPLE,
        "inviting.confirm_owners": Permission.PEOPLE,
        "inviting.owners": Permission.PEOPLE,
        "inviting.resend": Permission.PEOPLE,
        "inviting.revoke": Permission.PEOPLE,
        "settings.edit": Permission.RULES,
        "settings.update": Permission.RULES,
        "settings.add": Permission.RULES,
        "settings.remove": Permission.RULES,
        "logbook.index": Permission.READ,
        "decisions.decide": Permission.DECIDE,
        "decisions.undo": Permission.DECIDE,
        "rules.edit": Permission.RULES,
        "rules.update": Permission.RULES,
        "rules.versions": Permission.READ,
        "rules.restore": Permission.RULES,
        "wishes.index": Permission.READ,
        "wishes.edit": Permission.EDIT,
        "wishes.update": Permission.EDIT,
        "documents.export": Permission.READ,
        "documents.left_out": Permission.READ,
        "documents.report": Permission.READ,
        "uploads.choose": Permission.IMPORT,
        "uploads.receive": Permission.IMPORT,
        "uploads.show": Permission.IMPORT,
        "uploads.confirm": Permission.IMPORT,
        "uploads.bad_rows": Permission.IMPORT,
    }
)


def actor() -> str:
    """Who is acting, as the audit log names them."""
    who = identity()
    return who.email if who else "nobody"


def granted(who: Identity, slug: str | None) -> frozenset[Permission]:
    """What they may do: in the programme at this address, or outside all of them.

    Raises:
        werkzeug.exceptions.NotFound: the programme is none of theirs, which looks as if there were none.
    """
    # A sample account is opened by a button, and stays as it is for the next who looks around.
    outside = {Permission.ACCOUNT} if who.is_sample else _OWN
    if who.is_admin:
        return ADMIN | outside | _roles(who, slug)
    if slug is None:
        return frozenset(outside)
    if not who.parts_in(slug):
        abort(404)
    return _roles(who, slug) | outside


def _roles(who: Identity, slug: str | None) -> frozenset[Permission]:
    parts = who.parts_in(slug) if slug else ()
    return frozenset().union(
        *(GRANTS[part.role] for part in parts if part.is_manager or part.role is not Role.MANAGER)
    )


def _check() -> Response | tuple[str, int] | None:
    if request.endpoint is None:
        return None  # no such address, or not by this method: Flask answers 404 or 405
    permission = TABLE.get(request.endpoint)
    if permission is None and current_app.testing:
        raise LookupError(f"{request.endpoint} is missing from web.permissions.TABLE")
    if permission is None:
        abort(404)
    if permission is Permission.ANYONE:
        return None
    who = identity()
    if who is None:
        return _ask_to_sign_in()
    if permission not in granted(who, (request.view_args or {}).get("slug")):
        abort(403)
    if who.needs_second_factor and permission not in _OWN:
        return redirect(url_for("account.show", needed=1), 303)
    return None


def _ask_to_sign_in() -> Response | tuple[str, int]:
    """A page is opened after signing in; a form that was sent must not be lost on the way there."""
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("security.login", next=request.full_path.rstrip("?")), 303)
    return render_template("signed_out.html"), 401


def init(app: Flask) -> None:
    """Check every request against the table."""
    app.before_request(_check)
