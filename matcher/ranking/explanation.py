"""Why a pair was recommended: the entries that met, what else fits, what does not, what isn't stated."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isnan

from matcher.models.kinds import Facet, Kind
from matcher.ranking.facts import Facts
from matcher.wording import N_, Message, Term


class Tone(StrEnum):
    """What a reason says: it fits, it falls short, or a side does not state it."""

    FITS = "fits"
    LACKS = "lacks"
    UNSTATED = "unstated"


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence for a person to read."""

    tone: Tone
    message: Message


@dataclass(frozen=True, slots=True)
class EntryMeeting:
    """Two entries that met, with their likeness in [0, 1] and the weight of their facets' meeting."""

    ours: Facet
    theirs: Facet
    our_text: str
    their_text: str
    likeness: float
    weight: float = 1.0

    @property
    def importance(self) -> float:
        """What it counts for in the score, and so in the telling."""
        return self.likeness * self.weight


_MET: Mapping[tuple[Facet, Facet], str] = {
    (Facet.NEED, Facet.EXPERTISE): N_("The need “%(ours)s” meets the expertise “%(theirs)s”"),
    (Facet.NEED, Facet.EXPERIENCE): N_("The need “%(ours)s” meets the experience “%(theirs)s”"),
    (Facet.NEED, Facet.INTEREST): N_("The need “%(ours)s” meets the mentor's interest “%(theirs)s”"),
    (Facet.NEED, Facet.OFFER): N_("The need “%(ours)s” meets the offer “%(theirs)s”"),
    (Facet.NEED, Facet.THESIS): N_("The need “%(ours)s” fits the thesis “%(theirs)s”"),
    (Facet.NEED, Facet.PORTFOLIO): N_("The need “%(ours)s” resembles the portfolio company “%(theirs)s”"),
    (Facet.PITCH, Facet.EXPERTISE): N_("The pitch “%(ours)s” meets the expertise “%(theirs)s”"),
    (Facet.PITCH, Facet.EXPERIENCE): N_("The pitch “%(ours)s” meets the experience “%(theirs)s”"),
    (Facet.PITCH, Facet.INTEREST): N_("The mentor's interest “%(theirs)s” meets the pitch “%(ours)s”"),
    (Facet.PITCH, Facet.OFFER): N_("The pitch “%(ours)s” meets the offer “%(theirs)s”"),
    (Facet.PITCH, Facet.THESIS): N_("The pitch “%(ours)s” fits the thesis “%(theirs)s”"),
    (Facet.PITCH, Facet.PORTFOLIO): N_("The pitch “%(ours)s” resembles the portfolio company “%(theirs)s”"),
}

_LACKS: Mapping[str, str] = {
    "sector": N_("No sector in common"),
    "stage": N_("The mentor works with start-ups of another stage"),
    "market": N_("No market in common"),
    "timezone": N_("Time zones are far apart"),
}
_UNSTATED: Mapping[Kind, Mapping[str, str]] = {
    Kind.MENTOR: {
        "languages": N_("Working languages: not stated by one side or the other"),
        "sector": N_("Sectors: not stated by one side or the other"),
        "stage": N_("Stage: not stated by one side or the other"),
        "market": N_("Markets: not stated by one side or the other"),
        "timezone": N_("Time zones: not stated by one side or the other"),
        "capacity": N_("The mentor's capacity is not stated"),
    },
    Kind.FUNDER: {
        "languages": N_("Working languages: not stated by one side or the other"),
        "sector": N_("Sectors: not stated by one side or the other"),
        "stage": N_("Stage: not stated by one side or the other"),
        "country": N_("The partner's countries are not stated"),
        "home": N_("The start-up's country is not stated"),
        "ticket": N_("The amount sought or the ticket size is not stated"),
        "currency": N_("Amounts are in different currencies and were not compared"),
    },
}
_LONGEST_QUOTE = 160
_QUOTES = 4


def explain(
    startup: Facts,
    counterpart: Facts,
    fit: Mapping[str, float],
    meetings: Sequence[EntryMeeting],
    copied: Collection[str],
    worth_telling: float,
) -> list[Reason]:
    """The reasons for a pair, the strongest first.

    `fit` is the pair's structured fit, NaN for what is not stated. `meetings` holds the best meeting of each
    of the start-up's entries. Those at or above `worth_telling` in likeness are quoted as fitting; where
    there are none, the nearest is quoted as what it is. A need that no entry of a mentor's meets is said not
    to be met. `copied` has the counterpart's texts that only repeat the start-up's.
    """
    told = sorted(meetings, key=lambda meeting: -meeting.importance)
    met = [meeting for meeting in told if meeting.likeness >= worth_telling]
    unmet = [m for m in told if m.likeness < worth_telling and m.ours == Facet.NEED]
    return [
        *(Reason(Tone.FITS, _met(meeting)) for meeting in met[:_QUOTES]),
        *(Reason(Tone.LACKS, _nearest(meeting)) for meeting in told[:1] if not met and not copied),
        *(Reason(Tone.LACKS, _copied(text)) for text in sorted(copied)[:_QUOTES]),
        *_shared(startup, counterpart, fit),
        *(Reason(Tone.LACKS, _not_met(meeting)) for meeting in _unmet_needs(counterpart, unmet)),
        *(
            Reason(Tone.LACKS, Message(_LACKS[name]))
            for name, value in fit.items()
            if value == 0 and name in _LACKS
        ),
        *(Reason(Tone.UNSTATED, Message(text)) for text in _unstated(startup, counterpart, fit)),
    ]


def _met(meeting: EntryMeeting) -> Message:
    template = _MET[meeting.ours, meeting.theirs]
    return Message(template, {"ours": _quote(meeting.our_text), "theirs": _quote(meeting.their_text)})


def _unmet_needs(counterpart: Facts, unmet: Sequence[EntryMeeting]) -> Sequence[EntryMeeting]:
    """A funding partner is not there to meet needs, so only a mentor is measured by them."""
    return unmet[:_QUOTES] if counterpart.kind is Kind.MENTOR else []


def _nearest(meeting: EntryMeeting) -> Message:
    template = N_("The texts have little in common; the nearest are “%(ours)s” and “%(theirs)s”")
    return Message(template, {"ours": _quote(meeting.our_text), "theirs": _quote(meeting.their_text)})


def _copied(text: str) -> Message:
    template = N_("“%(theirs)s” repeats what the start-up says, so it was not counted")
    return Message(template, {"theirs": _quote(text)})


def _not_met(meeting: EntryMeeting) -> Message:
    return Message(N_("The need “%(ours)s” is not clearly met"), {"ours": _quote(meeting.our_text)})


def _quote(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1].rstrip() + "…"


def _shared(startup: Facts, counterpart: Facts, fit: Mapping[str, float]) -> list[Reason]:
    """What both sides state and share."""
    messages = []
    if sectors := sorted(startup.sectors & counterpart.sectors):
        terms = [Term("sector", code) for code in sectors]
        messages.append(Message(N_("Shared sectors: %(sectors)s"), {"sectors": terms}))
    languages = [code for code in startup.languages if code in counterpart.languages]
    if languages:
        terms = [Term("language", code) for code in languages]
        messages.append(Message(N_("Shared languages: %(languages)s"), {"languages": terms}))
    if fit["stage"] == 1 and (stages := sorted(startup.stages & counterpart.stages)):
        messages.append(Message(N_("Fits the stage: %(stage)s"), {"stage": Term("stage", stages[0])}))
    home = {startup.country} if startup.country else set()
    away = {counterpart.country} if counterpart.country and counterpart.kind is Kind.MENTOR else set()
    if markets := sorted((startup.markets | home) & (counterpart.markets | away)):
        terms = [Term("country", code) for code in markets]
        messages.append(Message(N_("Shared markets: %(markets)s"), {"markets": terms}))
    if counterpart.kind is Kind.FUNDER and _ticket_stated(startup, counterpart):
        messages.append(Message(N_("The amount sought is within the ticket size")))
    return [Reason(Tone.FITS, message) for message in messages]


def _unstated(startup: Facts, counterpart: Facts, fit: Mapping[str, float]) -> list[str]:
    names = {name for name, value in fit.items() if isnan(value)} - {"language"}
    if not startup.languages or not counterpart.languages:
        names.add("languages")
    if "country" in names and startup.country is None:
        names ^= {"country", "home"}
    if counterpart.kind is Kind.MENTOR and counterpart.places is None:
        names.add("capacity")
    if counterpart.kind is Kind.FUNDER and not _ticket_stated(startup, counterpart):
        names.add("currency" if _amounts_stated(startup, counterpart) else "ticket")
    return [text for name, text in _UNSTATED[counterpart.kind].items() if name in names]


def _amounts_stated(startup: Facts, funder: Facts) -> bool:
    return startup.raising is not None and any(bound is not None for bound in funder.ticket)


def _ticket_stated(startup: Facts, funder: Facts) -> bool:
    comparable = startup.currency == funder.currency or None in (startup.currency, funder.currency)
    return comparable and _amounts_stated(startup, funder)
