"""How a programme's pairs are doing, for its managers: who needs somebody to look after them."""

from flask import Blueprint, abort, render_template, request

from matcher.models import Kind, utcnow
from matcher.services import health
from matcher.services.logbook import history_of
from matcher.services.pair_history import read_history
from matcher.services.profiles import get_profile
from matcher.services.publishing import get_match
from matcher.services.relationships import MET
from web.charts import pieces
from web.database import read

blueprint = Blueprint("relationships", __name__, url_prefix="/p/<slug>/relationships")


@blueprint.get("")
def index(slug: str) -> str:
    """Every active match, those that need somebody most first, and what surveys say."""
    wanted = request.args.get("level", "")
    level = next((known for known in health.Level if known == wanted), None)
    with read(slug) as (session, programme):
        found = health.read_health(session, programme, utcnow())
        counts = [(known.value, sum(h.level is known for h in found)) for known in health.Level]
        return render_template(
            "relationships.html",
            programme=programme,
            pairs=[h for h in found if level in (None, h.level)],
            total=len(found),
            level=level,
            counts=dict(counts),
            parts=pieces(counts),
            averages=health.averages(session, programme),
            few=health.FEW,
        )


@blueprint.get("/<counterpart:kind>/<id:startup_id>/<id:counterpart_id>")
def show(slug: str, kind: Kind, startup_id: int, counterpart_id: int) -> str:
    """One pair: when they met, and what they answered. What they wrote to each other is theirs."""
    pair = (startup_id, counterpart_id)
    with read(slug) as (session, programme):
        startup = get_profile(session, programme, Kind.STARTUP, startup_id)
        other = get_profile(session, programme, kind, counterpart_id)
        match = get_match(session, programme, pair)
        if match.state not in MET:
            abort(404)
        found = health.read_health(session, programme, utcnow(), pair)
        return render_template(
            "relationship_history.html",
            programme=programme,
            startup=startup,
            other=other,
            match=match,
            health=found[0] if found else None,
            history=read_history(session, programme, pair),
            lines=history_of(session, programme, pair),
            alone=True,
        )
