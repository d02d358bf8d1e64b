"""The whole cohort at once: propose pairs, and go through them."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.models import JobState, Kind
from matcher.services import review
from matcher.services.plan import read_plan
from matcher.services.proposals import pending_job, request_proposal
from matcher.services.queue import STATES, read_queue
from matcher.services.steps import Pair, fingerprint
from matcher.wording import N_, Message
from web import pairing
from web.database import read, write
from web.notices import notices
from web.permissions import actor
from web.refresh import refreshing
from web.standing import standing

blueprint = Blueprint("cohort", __name__, url_prefix="/p/<slug>/cohort/<counterpart:kind>")

_SECONDS = 2


@dataclass(frozen=True)
class Chosen:
    """How the reader narrowed the queue; `at` is the pair that they have just dealt with."""

    state: str
    band: str
    page: int
    at: Pair | None

    @classmethod
    def sent(cls) -> "Chosen":
        """What the address or the form says; whatever it says wrongly is as if it were not said."""
        state, band = request.values.get("state", ""), request.values.get("band", "")
        at = request.args.get("at")
        return cls(
            state if state in STATES else "",
            band if band in review.BANDS else "",
            max(1, request.values.get("page", 1, type=int)),
            pairing.read_pair(at) if at else None,
        )

    @property
    def fields(self) -> dict[str, str | int]:
        """The same, for addresses and forms."""
        page = {"page": self.page} if self.page > 1 else {}
        return {**{k: v for k, v in (("state", self.state), ("band", self.band)) if v}, **page}


@blueprint.get("")
def index(slug: str, kind: Kind) -> Response | str:
    """What the last run came to, and the pairs as they are now, a page at a time."""
    chosen = Chosen.sent()
    with read(slug) as (session, programme):
        job = pending_job(session, programme, kind)
        working = job is not None and job.state != JobState.FAILED
        plan = read_plan(session, programme, kind)
        told = notices(keep=working)
        queue = read_queue(
            session,
            programme,
            kind,
            states=(chosen.state,) if chosen.state else review.OPEN,
            band=chosen.band or None,
            page=chosen.page,
            also=chosen.at,
        )
        page = render_template(
            "cohort.html",
            programme=programme,
            kind=kind,
            job=job,
            working=working,
            plan=plan,
            standing=standing(session, programme, plan),
            queue=queue,
            chosen=chosen,
            bands=review.BANDS[::-1],
            told=told,
            shown={pairing.key_of((card.startup.id, card.counterpart.id)) for card in queue.items},
        )
    return refreshing(page, _SECONDS, counted=bool(told)) if working else page


@blueprint.post("/propose")
def propose(slug: str, kind: Kind) -> Response:
    """Ask for a run. The page follows it."""
    with write(slug) as (session, programme):
        request_proposal(session, programme, kind, actor=actor())
    return redirect(url_for(".index", slug=slug, kind=kind), 303)


@blueprint.post("/step")
def step(slug: str, kind: Kind) -> Response:
    """Do to one pair of the queue what its button says, and come back to it."""
    button, key, seen = _pressed()
    decision = pairing.BUTTONS[button]
    pair = pairing.read_pair(key)
    pairing.attempt(
        slug,
        lambda session, programme: review.decide(
            session, programme, *pair, decision, actor=actor(), seen=seen
        ),
        Message(pairing.DONE[decision]),
        about=key,
    )
    chosen = urlencode({**Chosen.sent().fields, "at": key})
    return redirect(f"{url_for('.index', slug=slug, kind=kind)}?{chosen}#p{key}", 303)


@blueprint.get("/approve/<band>")
def confirm_approval(slug: str, kind: Kind, band: str) -> str:
    """Say how many pairs that would be, and ask."""
    if band not in review.BANDS:
        abort(404)
    with read(slug) as (session, programme):
        pairs = review.approvable(session, programme, kind, band)
        return render_template(
            "cohort_approve.html",
            programme=programme,
            kind=kind,
            band=band,
            count=len(pairs),
            key=fingerprint(pairs),
        )


@blueprint.post("/approve/<band>")
def approve(slug: str, kind: Kind, band: str) -> Response:
    """Approve all pairs of a band and of better ones, in one step."""
    seen = request.form.get("seen", "")
    if band not in review.BANDS:
        abort(404)
    pairing.attempt(
        slug,
        lambda session, programme: review.approve_from(
            session, programme, kind, band, actor=actor(), seen=seen
        ),
        lambda event: Message(N_("Pairs approved: %(count)s."), {"count": event.after["pairs"]}),
    )
    return redirect(url_for(".index", slug=slug, kind=kind), 303)


def _pressed() -> tuple[str, str, str]:
    """The button, the pair, and the state in which the manager saw it: `approve:12-34:proposed`."""
    button, _, rest = request.form.get("step", "").partition(":")
    key, seen = pairing.read_seen(rest)
    return (button, key, seen) if button in pairing.BUTTONS else abort(400)
