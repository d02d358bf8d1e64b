"""Where each of somebody's parts in programmes is on our pages."""

from flask import Flask, url_for

from matcher.services.memberships import Part
from web.accounts.identity import identity


def address_of(part: Part) -> str:
    """The first page of somebody's part in a programme."""
    slug = part.programme.slug
    if part.is_manager:
        return url_for("overview.programme", slug=slug)
    return url_for("mine.show", slug=slug, mine=part.membership_id)


def init(app: Flask) -> None:
    """What the templates ask about whoever reads them."""
    app.jinja_env.globals.update(identity=identity)
    app.jinja_env.filters["address"] = address_of
