"""Reasons: the entries that met in their authors' words, what does not fit, and what isn't stated."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.models import Facet, Kind
from matcher.ranking.explanation import EntryMeeting, Tone, explain
from matcher.ranking.facts import Facts
from matcher.ranking.fit import structured_fit
from matcher.ranking.score import MEETINGS
from matcher.wording import Message, Term
from tests.matcher.strategies import facts

STARTUP = Facts(id=1, kind=Kind.STARTUP, ref="S1", name="Umeme")
MENTOR = Facts(id=2, kind=Kind.MENTOR, ref="M1", name="Ada")
FUNDER = Facts(id=3, kind=Kind.FUNDER, ref="F1", name="Fund")
FULL_STARTUP = replace(
    STARTUP, languages=("fr", "en"), sectors=frozenset({"health"}), stages=frozenset({"pilot"}),
    country="KE", utc_offsets=(3.0,), raising=50.0, currency="USD",
)  # fmt: skip
FULL_MENTOR = replace(
    MENTOR, languages=("en",), sectors=frozenset({"health"}), stages=frozenset({"pilot"}),
    country="KE", utc_offsets=(3.0,), places=2,
)  # fmt: skip
FULL_FUNDER = replace(
    FUNDER, languages=("en",), sectors=frozenset({"health"}), stages=frozenset({"pilot"}),
    markets=frozenset({"KE"}), ticket=(10.0, 90.0), currency="USD",
)  # fmt: skip


def told(startup: Facts, other: Facts, *meetings: EntryMeeting, tone: Tone | None = None) -> list[str]:
    """The sentences, all or those of one tone."""
    reasons = explain(startup, other, structured_fit(startup, other), meetings, (), 0.3)
    return [str(r.message) for r in reasons if tone in (None, r.tone)]


def met(likeness: float, ours: str = "a need", theirs: str = "an expertise") -> EntryMeeting:
    return EntryMeeting(Facet.NEED, Facet.EXPERTISE, ours, theirs, likeness)


def test_the_entries_that_met_are_quoted_the_nearest_first() -> None:
    found = told(STARTUP, MENTOR, met(0.4, "tariffs", "pricing"), met(0.9, "masts", "radio"), tone=Tone.FITS)
    assert found == [
        "The need “masts” meets the expertise “radio”",
        "The need “tariffs” meets the expertise “pricing”",
    ]


def test_a_distant_meeting_is_not_told_as_one_that_fits() -> None:
    meetings = met(0.1, "tariffs"), met(0.9)
    assert "tariffs" not in " ".join(told(STARTUP, MENTOR, *meetings, tone=Tone.FITS))
    assert "The need “tariffs” is not clearly met" in told(STARTUP, MENTOR, *meetings, tone=Tone.LACKS)


def test_where_nothing_fits_the_nearest_is_told_as_what_it_is() -> None:
    meetings = met(0.0, "tariffs"), met(0.1, "masts")
    assert not [text for text in told(STARTUP, MENTOR, *meetings, tone=Tone.FITS) if "“" in text]
    first = told(STARTUP, MENTOR, *meetings, tone=Tone.LACKS)[0]
    assert first == "The texts have little in common; the nearest are “masts” and “an expertise”"


def test_a_funding_partner_is_not_measured_by_needs_that_it_does_not_meet() -> None:
    assert not [
        text for text in told(STARTUP, FUNDER, met(0.1, "tariffs"), met(0.9)) if "not clearly" in text
    ]


def test_at_most_four_meetings_are_told() -> None:
    assert len(told(STARTUP, MENTOR, *[met(0.5, f"need {n}") for n in range(9)], tone=Tone.FITS)) == 4


def test_a_long_entry_is_quoted_from_its_beginning() -> None:
    (found,) = told(STARTUP, MENTOR, met(0.9, "word " * 200), tone=Tone.FITS)
    assert found.startswith("The need “word word")
    assert len(found) < 250


@pytest.mark.parametrize("sign", ["100% solar", "%(theirs)s", "{ours}", "<b>"])
def test_an_entry_may_hold_any_sign(sign: str) -> None:
    assert told(STARTUP, MENTOR, met(0.9, sign), tone=Tone.FITS) == [
        f"The need “{sign}” meets the expertise “an expertise”"
    ]


@pytest.mark.parametrize("kind", [Kind.MENTOR, Kind.FUNDER])
@pytest.mark.parametrize("ours", [Facet.NEED, Facet.PITCH])
def test_every_meeting_has_words_whatever_stands_in_for_what(kind: Kind, ours: Facet) -> None:
    other = MENTOR if kind is Kind.MENTOR else FUNDER
    for meeting in MEETINGS[kind]:
        found = told(STARTUP, other, EntryMeeting(ours, meeting.theirs, "this", "that", 0.9))
        assert "“this”" in found[0]
        assert "“that”" in found[0]


def test_what_both_share_is_named() -> None:
    assert told(FULL_STARTUP, FULL_MENTOR) == [
        "Shared sectors: health",
        "Shared languages: en",
        "Fits the stage: pilot",
        "Shared markets: KE",
    ]


def test_a_ticket_that_fits_is_said() -> None:
    assert "The amount sought is within the ticket size" in told(FULL_STARTUP, FULL_FUNDER)


def test_a_pair_that_states_everything_has_nothing_unstated() -> None:
    assert told(FULL_STARTUP, FULL_MENTOR, tone=Tone.UNSTATED) == []
    assert told(FULL_STARTUP, FULL_FUNDER, tone=Tone.UNSTATED) == []


@pytest.mark.parametrize(
    ("other", "blank", "said"),
    [
        (FULL_MENTOR, {"languages": ()}, "Working languages: not stated by one side or the other"),
        (FULL_MENTOR, {"sectors": frozenset()}, "Sectors: not stated by one side or the other"),
        (FULL_MENTOR, {"stages": frozenset()}, "Stage: not stated by one side or the other"),
        (FULL_MENTOR, {"country": None}, "Markets: not stated by one side or the other"),
        (FULL_MENTOR, {"utc_offsets": ()}, "Time zones: not stated by one side or the other"),
        (FULL_MENTOR, {"places": None}, "The mentor's capacity is not stated"),
        (FULL_FUNDER, {"languages": ()}, "Working languages: not stated by one side or the other"),
        (FULL_FUNDER, {"stages": frozenset()}, "Stage: not stated by one side or the other"),
        (FULL_FUNDER, {"markets": frozenset()},
         "The partner's countries are not stated"),
        (FULL_FUNDER, {"ticket": (None, None)}, "The amount sought or the ticket size is not stated"),
        (FULL_FUNDER, {"currency": "EUR"}, "Amounts are in different currencies and were not compared"),
    ],
)  # fmt: skip
def test_what_is_not_stated_is_said(other: Facts, blank: dict, said: str) -> None:
    assert told(FULL_STARTUP, replace(other, **blank), tone=Tone.UNSTATED) == [said]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sectors": frozenset({"edtech"})}, "No sector in common"),
        ({"stages": frozenset({"scale"})}, "The mentor works with start-ups of another stage"),
        ({"country": "PE"}, "No market in common"),
        ({"utc_offsets": (-9.0,)}, "Time zones are far apart"),
    ],
)
def test_what_does_not_fit_is_said(change: dict, said: str) -> None:
    assert told(FULL_STARTUP, replace(FULL_MENTOR, **change), tone=Tone.LACKS) == [said]


def test_terms_are_named_in_the_readers_language() -> None:
    fit = structured_fit(FULL_STARTUP, FULL_MENTOR)
    reasons = explain(FULL_STARTUP, FULL_MENTOR, fit, [], (), 0.3)
    (found,) = [r for r in reasons if "languages" in str(r.message)]
    assert found.message.render(label=lambda term: f"<{term.vocabulary}:{term.code}>") == (
        "Shared languages: <language:en>"
    )


@given(facts(Kind.STARTUP, 1), st.sampled_from((Kind.MENTOR, Kind.FUNDER)).flatmap(lambda k: facts(k, 2)))
def test_nothing_is_said_to_fit_and_not_to_be_stated(startup: Facts, other: Facts) -> None:
    reasons = explain(startup, other, structured_fit(startup, other), [], (), 0.3)
    fits = {str(r.message) for r in reasons if r.tone is Tone.FITS}
    unstated = {str(r.message) for r in reasons if r.tone is Tone.UNSTATED}
    for subject, name in (("languages", "Working languages"), ("sectors", "Sectors"), ("markets", "Markets")):
        assert not (
            any(f.startswith(f"Shared {subject}") for f in fits) and any(u.startswith(name) for u in unstated)
        )
    assert len(reasons) == len(set(map(str, (r.message for r in reasons))))


def test_a_reason_survives_being_stored() -> None:
    inner = Message("of %(what)s", {"what": [Term("sector", "health"), "plain"]})
    message = Message("Reason %(inner)s, %(count)d %%", {"inner": inner, "count": 3})
    assert Message.from_json(message.to_json()).render() == message.render() == "Reason of health, plain, 3 %"


def test_what_is_only_repeated_is_said_not_to_count() -> None:
    """And is not quoted as the nearest either."""
    fit = structured_fit(STARTUP, MENTOR)
    reasons = explain(STARTUP, MENTOR, fit, [met(0.0)], {"Whatever you need"}, 0.3)
    said = [str(r.message) for r in reasons if r.tone is Tone.LACKS]
    assert said[0] == "“Whatever you need” repeats what the start-up says, so it was not counted"
    assert not any("little in common" in sentence for sentence in said)
