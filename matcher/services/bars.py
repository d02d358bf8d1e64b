"""Which of the programme's own rules forbids two people, beside what eligibility says."""

import numpy as np

from matcher.ranking.facts import Facts
from matcher.services.cohort_blob import Bar
from matcher.services.rules import CohortRules


def bar_between(rules: CohortRules, ours: Facts, theirs: Facts) -> Bar:
    """The rule that forbids this pair, if any; what was decided about it is not looked at."""
    if rules.language == "required" and not set(ours.languages) & set(theirs.languages):
        return Bar.LANGUAGE
    if rules.hours_apart is not None and gap(ours.utc_offsets, theirs.utc_offsets) > rules.hours_apart:
        return Bar.HOURS
    return Bar.FREE


def gap(ours: tuple[float, ...], theirs: tuple[float, ...]) -> float:
    """The fewest hours between two who may have several zones; NaN where one has none."""
    gaps = (abs(a - b) for a in ours for b in theirs)
    return min((min(gap, 24 - gap) for gap in gaps), default=np.nan)
