"""Who may call what: one table. An endpoint that is not in it is refused."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import cast

from flask import Flask, abort, current_app, request


class Permission(StrEnum):
    """What somebody may be allowed to do."""

    ANYONE = "anyone"
    READ = "read the programme"
    EDIT = "add, change and remove profiles, and say how lists are ordered"
    DECIDE = "propose pairs, and ask what would be if; approve, reject, lock, move and swap them"
    PUBLISH = "publish matches, and record answers"
    RULES = "say what proposals must keep"
    IMPORT = "import sheets"
    PROGRAMMES = "start programmes and remove the sample"


TABLE: Mapping[str, Permission] = MappingProxyType(
    {
        "health.health": Permission.ANYONE,
        "overview.home": Permission.READ,
        "overview.programme": Permission.READ,
        "programmes.index": Permission.READ,
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
    return "manager@this-machine"


def granted() -> frozenset[Permission]:
    """What the actor may do."""
    return cast(frozenset[Permission], current_app.config["GRANTED"])


def _check() -> None:
    if request.endpoint is None:
        return  # no such address, or not by this method: Flask answers 404 or 405
    permission = TABLE.get(request.endpoint)
    if permission is None and current_app.testing:
        raise LookupError(f"{request.endpoint} is missing from web.permissions.TABLE")
    if permission is None:
        abort(404)
    if permission not in granted():
        abort(403)


def init(app: Flask) -> None:
    """Check every request against the table."""
    # Until there are accounts, whoever sits at this machine is the manager of every programme on it.
    app.config["GRANTED"] = frozenset(Permission)
    app.before_request(_check)
