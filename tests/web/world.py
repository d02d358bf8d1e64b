"""A small programme with everything in it, and a second one that must stay out of sight."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import (
    PROFILE_CLASSES,
    Facet,
    Funder,
    Kind,
    Mentor,
    Organisation,
    Profile,
    Programme,
    Recommendation,
    RecommendationList,
    Startup,
)
from matcher.ranking.explanation import Reason, Tone
from matcher.services.entries import set_entries
from matcher.services.profiles import apply_draft, draft_of
from matcher.services.recommendations import dump_reasons
from matcher.wording import N_, Message, Term
from web.forms import ProfileForm

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"

_VENTURES = (
    ("Umeme Soko", "KE", "pilot", "We bring pay-as-you-go solar freezers to fish markets."),
    ("Tableau Vert", "SN", "idea", "Une appli d'alerte climatique pour les maraîchers du fleuve."),
    ("مسار", "EG", "early-revenue", "منصة تربط المزارعين الصغار بالمشترين في المدن."),
    ("稻田云", "CN", "growth", "为山区合作社提供低成本的灌溉传感器。"),
    ("Мост", "KZ", "prototype", "Связь для отдалённых школ через общинные сети."),
    ("Siembra Viva", "PE", "pilot", "Redes comunitarias de radio e internet para la sierra."),
    ("Fibre Commons", "ZA", "growth", "Community-owned fibre in townships, run by local cooperatives."),
)
_MENTORS = (
    ("Amara Diop", "SN", ["fr", "en"], "Community networks and last-mile connectivity"),
    ("Wei Zhang", "CN", ["zh", "en"], "Low-power sensors and LoRaWAN at scale"),
    ("Ольга Ким", "KZ", ["ru", "en"], "Продажи государству и школам"),
    ("Lucía Paredes", "PE", ["es"], "Modelos cooperativos y tarifas justas"),
    ("سارة منصور", "EG", ["ar", "en"], "التسويق الزراعي والخدمات المالية"),
    ("John Mwangi", "KE", ["en"], "Pay-as-you-go hardware financing"),
)
_FUNDERS = (("Horizon Grants", "grant"), ("Savanna Angels", "angel"))


@dataclass(frozen=True)
class World:
    """Where the tests find things."""

    slug: str
    startup: int
    mentor: int
    funder: int
    lonely: int
    """A start-up with nothing but a name."""
    hostile: int
    other_slug: str
    other_startup: int


def build(engine: Engine) -> World:
    """Write it all; every list is fresh, because no job waits."""
    with unit_of_work(engine) as session:
        programme = _programme(session, "rural-links", "Rural Links 2026")
        startups = [_startup(session, programme, at, *v) for at, v in enumerate(_VENTURES, 1)]
        mentors = [_mentor(session, programme, at, *m) for at, m in enumerate(_MENTORS, 1)]
        funders = [_funder(session, programme, at, *f) for at, f in enumerate(_FUNDERS, 1)]
        hostile = _startup(session, programme, 66, HOSTILE, "KE", "pilot", HOSTILE)
        hostile.notes = {HOSTILE: HOSTILE}
        lonely = Startup(programme_id=programme.id, ref="S099", name="Quiet Hills", watermark=1)
        _add(session, programme, lonely, {})
        for startup in (*startups, hostile):
            _recommend(session, startup, Kind.MENTOR, mentors)
            _recommend(session, startup, Kind.FUNDER, funders)
        for other in (*mentors, *funders):
            _recommend(session, other, Kind.STARTUP, [*startups, hostile])
        _recommend(session, lonely, Kind.MENTOR, [])
        elsewhere = _programme(session, "elsewhere", "Elsewhere")
        stranger = _startup(session, elsewhere, 1, "Somebody Else's", "KE", "idea", "Secret.")
        return World(
            programme.slug,
            startups[0].id,
            mentors[0].id,
            funders[0].id,
            lonely.id,
            hostile.id,
            elsewhere.slug,
            stranger.id,
        )


def _programme(session: Session, slug: str, name: str) -> Programme:
    owner = Organisation(slug=slug, name=f"The people of {name}")
    session.add(owner)
    session.flush()
    programme = Programme(organisation_id=owner.id, slug=slug, name=name)
    session.add(programme)
    session.flush()
    return programme


def _add(session: Session, programme: Programme, profile: Profile, texts: dict[Facet, list[str]]) -> None:
    """Saved as the form would save it: what follows from the fields is written too."""
    profile.kind = next(kind for kind, model in PROFILE_CLASSES.items() if isinstance(profile, model))
    set_entries(profile, texts)
    form = ProfileForm.filled(Kind(profile.kind), draft_of(profile))
    assert form.validate()
    apply_draft(session, programme, form.draft(profile.ref, {}), profile)
    session.add(profile)
    session.flush()


def _startup(
    session: Session, programme: Programme, at: int, name: str, country: str, stage: str, pitch: str
) -> Startup:
    startup = Startup(
        programme_id=programme.id,
        ref=f"S{at:03d}",
        name=name,
        email=f"team{at}@example.org",
        country=country,
        languages=["en"],
        sectors=["agritech", "connectivity"][: 1 + at % 2],
        stage=stage,
        founded=2021,
        sdgs=[2, 9],
        raising=Decimal(250_000),
        currency="USD",
        watermark=1,
    )
    needs = ["Somebody who has negotiated with a national operator", "Tariffs that villages can pay"]
    _add(session, programme, startup, {Facet.PITCH: [pitch], Facet.NEED: needs})
    return startup


def _mentor(
    session: Session,
    programme: Programme,
    at: int,
    name: str,
    country: str,
    speaks: list[str],
    does: str,
) -> Mentor:
    mentor = Mentor(
        programme_id=programme.id,
        ref=f"M{at:03d}",
        name=name,
        country=country,
        languages=speaks,
        sectors=["connectivity"],
        stages=["pilot", "growth"],
        capacity=None if at % 3 == 0 else 2,
        timezone="Africa/Nairobi",
        watermark=1,
    )
    _add(
        session,
        programme,
        mentor,
        {Facet.EXPERTISE: [does], Facet.EXPERIENCE: ["Fifteen years in the field."]},
    )
    return mentor


def _funder(session: Session, programme: Programme, at: int, name: str, kind: str) -> Funder:
    funder = Funder(
        programme_id=programme.id,
        ref=f"F{at:03d}",
        name=name,
        funder_kind=kind,
        stages=["pilot"],
        countries=["KE", "SN", "ZA", "EG", "PE", "CN", "KZ", "TZ", "UG", "RW", "ET"],
        ticket_min=Decimal(20_000),
        ticket_max=Decimal(300_000),
        currency="USD",
        watermark=1,
    )
    _add(session, programme, funder, {Facet.THESIS: ["Connectivity for people whom markets leave out."]})
    return funder


def _recommend(
    session: Session,
    subject: Profile,
    kind: Kind,
    candidates: list[Mentor] | list[Funder] | list[Startup],
) -> None:
    ranked = RecommendationList(
        programme_id=subject.programme_id,
        subject_id=subject.id,
        candidate_kind=kind.value,
        considered=10,
        eligible=len(candidates),
        exclusions={"language": 10 - len(candidates)},
        model="test",
        revision="1",
        watermark=1,
    )
    session.add(ranked)
    session.flush()
    for rank, candidate in enumerate(candidates, 1):
        session.add(
            Recommendation(
                list_id=ranked.id,
                candidate_id=candidate.id,
                rank=rank,
                score=0.9 - rank / 10,
                band=("strong", "good", "possible")[min(rank - 1, 2)],
                parts={"text": 0.5},
                reasons=dump_reasons(_reasons(subject, candidate)),
            )
        )
    session.flush()


def _reasons(subject: Profile, candidate: Profile) -> list[Reason]:
    met = N_("The need “%(ours)s” meets the expertise “%(theirs)s”")
    return [
        Reason(Tone.FITS, Message(met, {"ours": subject.name, "theirs": candidate.name})),
        Reason(
            Tone.FITS,
            Message(N_("Shared sectors: %(sectors)s"), {"sectors": [Term("sector", "connectivity")]}),
        ),
        Reason(Tone.LACKS, Message(N_("No market in common"))),
        Reason(Tone.UNSTATED, Message(N_("The mentor's capacity is not stated"))),
    ]
