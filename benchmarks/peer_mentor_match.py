"""Runs mentor-match's own matching for `benchmarks.peers`, inside mentor-match's environment.

Reads a JSON object from standard input (`mentors` and `mentees`, each a list of a person's fields; `rules`,
"organisation" or "service"; `rounds`) and writes one to standard output. Progress goes to standard error.
Only the standard library and mentor-match may be imported: the environment has nothing else.
"""

import json
import operator
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time

from matching import process
from matching.mentee import Mentee
from matching.mentor import Mentor
from matching.rules.rule import Disqualify, Generic, Grade, Rule, UnmatchedBonus

UNMATCHED_BONUS = 6  # the default of the authors' own service


class IdentifyingMentor(Mentor):
    """A mentor with characteristics, as the authors' service extends `Mentor`."""

    def __init__(self, **fields: str) -> None:
        super().__init__(**fields)
        self.characteristics = fields["characteristics"].split(", ")


class IdentifyingMentee(Mentee):
    """A mentee who may ask for a characteristic, as the authors' service extends `Mentee`."""

    def __init__(self, **fields: str) -> None:
        super().__init__(**fields)
        self.characteristic = fields["characteristic"]


def rule_set(name: str) -> list[Rule]:
    """The rules and points of the authors' own service (jonodrew/mentor-match, `base_rules`).

    "service" has all of them; "organisation" disqualifies nobody by grade, and keeps the points for it.
    """
    strict = [
        Disqualify(Grade(target_diff=2, logical_operator=operator.gt).evaluate),
        Disqualify(Grade(target_diff=0, logical_operator=operator.le).evaluate),
    ]
    return [
        Disqualify(lambda match: match.mentee.organisation == match.mentor.organisation),
        *(strict if name == "service" else []),
        Disqualify(lambda match: match.mentee in match.mentor.mentees),
        Grade(2, operator.eq, {True: 12, False: 0}),
        Grade(1, operator.eq, {True: 9, False: 0}),
        Generic({True: 10, False: 0}, lambda match: match.mentee.profession == match.mentor.profession),
        Generic(
            {True: 6, False: 0},
            lambda match: (
                match.mentee.characteristic in match.mentor.characteristics
                and match.mentee.characteristic != ""
            ),
        ),
        UnmatchedBonus(UNMATCHED_BONUS),
    ]


def told(name: str, rounds: int, began: float) -> Iterator[list[Rule]]:
    """A set of rules a round; `process_data` draws each as it comes to it, so drawing tells the progress."""
    for number in range(1, rounds + 1):
        seconds = perf_counter() - began
        print(f"mentor-match: {seconds:6.1f} s, round {number} of {rounds}", file=sys.stderr, flush=True)
        yield rule_set(name)


def peak_memory() -> int:
    """Of this process so far, in KiB. `getrusage` would count what our parent had before it started us."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def main() -> None:
    """Match, and write seconds, pairs (mentee, mentor), versions and peak memory."""
    asked = json.load(sys.stdin)
    mentors = [IdentifyingMentor(**fields) for fields in asked["mentors"]]
    mentees = [IdentifyingMentee(**fields) for fields in asked["mentees"]]
    solve, solving = process.calculate_matches, []

    def timed(matrix: list) -> list:
        began = perf_counter()
        found = solve(matrix)
        solving.append(perf_counter() - began)
        return found

    process.calculate_matches = timed
    began, busy = perf_counter(), process_time()
    process.process_data(mentors, mentees, told(asked["rules"], asked["rounds"], began))
    seconds, processor = perf_counter() - began, process_time() - busy
    number = {mentor.email: position for position, mentor in enumerate(mentors)}
    pairs = [
        (position, number[mentor.email])
        for position, mentee in enumerate(mentees)
        for mentor in mentee.mentors
    ]
    found = {
        "seconds": seconds,
        "solving": sum(solving),
        "processor": processor,
        "pairs": pairs,
        "peak": peak_memory(),
        "versions": {name: version(name) for name in ("mentor-match", "munkres")},
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
