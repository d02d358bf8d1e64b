"""Three mentors for everybody, beside mentor-match: `python -m benchmarks.peers`.

The same made-up people go through mentor-match 7.0.1 (a Hungarian assignment over rules' points, one round a
mentor), in an environment of its own under data/, and through Tandem: all pairs scored by texts and by the
same attributes, then one min-cost flow. One process at a time. mentor-match's seconds are those of its
`process_data` alone, which uses one core; Tandem's are those of scores and flow: neither has reading, people
or vectors in them.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from benchmarks.scale import real_texts
from matcher.cohort import Limits, Problem, solve
from matcher.embedding import load_encoder
from matcher.ranking.config import ScoringConfig
from matcher.ranking.interaction import late_interaction, pad_groups, ramp

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
People = list[dict[str, str]]

CACHE = Path("data/benchmarks")
WORKER = Path(__file__).with_name("peer_mentor_match.py")
PLACES = 3  # mentors for a mentee, and mentees for a mentor
ENTRIES = 3  # needs of a mentee, kinds of expertise of a mentor
WIDTH = 896  # of the default encoder's vectors
TOPICS = 40
ORGANISATIONS = 20  # so that 5 % of pairs share one
PROFESSIONS = ("Policy", "DDaT", "Operations", "HR", "Security")
CHARACTERISTICS = (
    "Asexual or aromantic",
    "Gay",
    "Lesbian",
    "Bisexual or pansexual",
    "Transgender",
    "Non-binary",
)
MOST_POINTS = 28  # of the rules in peer_mentor_match.py, for a pair
CANDIDATES = 32  # best for each; widened to all if a place stays empty
BLOCK = 50  # mentees scored at a time: enough for a fast product, few enough to share among cores
REPEATS = 7


@dataclass(frozen=True)
class Cohort:
    """People as mentor-match takes them, and their entries' vectors, float32 (people * ENTRIES, WIDTH)."""

    mentees: People
    mentors: People
    needs: Floats
    expertise: Floats


@dataclass(frozen=True)
class Run:
    """What one matcher did. `pairs` are (mentee, mentor), int64 (pairs, 2); `peak` is in KiB.

    `processor` is the time of all cores together: it tells more than the clock when others use the machine.
    """

    name: str
    scoring: float
    solving: float
    processor: float
    pairs: npt.NDArray[np.int64]
    peak: int

    @property
    def seconds(self) -> float:
        """Matching as a whole."""
        return self.scoring + self.solving


def made_up_people(rng: np.random.Generator, role: str, size: int, grades: range) -> People:
    """Attributes as the authors of mentor-match draw them for their own tests, but more organisations."""
    people = []
    for number in range(size):
        own = rng.choice(CHARACTERISTICS, size=rng.integers(1, 3), replace=False)
        people.append(
            {
                "email": f"{role}.{number}@example.org",
                "grade": str(rng.choice(grades)),
                "organisation": f"Department {rng.integers(ORGANISATIONS)}",
                "profession": str(rng.choice(PROFESSIONS)),
                "characteristics": ", ".join(own) if rng.random() < 0.5 else "",
                "characteristic": str(rng.choice(["", *CHARACTERISTICS])),
            }
        )
    return people


def entry_vectors(rng: np.random.Generator, topics: Floats, size: int) -> Floats:
    """Unit vectors about topics: two of one topic have a cosine of about .5, others about 0."""
    subject = topics[rng.integers(len(topics), size=size * ENTRIES)]
    noise = rng.normal(size=subject.shape).astype(np.float32) / np.float32(np.sqrt(WIDTH))
    return _unit(subject + noise)


def _unit(vectors: Floats) -> Floats:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def made_up_cohort(size: int, seed: int) -> Cohort:
    """`size` mentees and as many mentors."""
    rng = np.random.default_rng(seed)
    topics = _unit(rng.normal(size=(TOPICS, WIDTH)).astype(np.float32))
    return Cohort(
        made_up_people(rng, "mentee", size, range(10)),
        made_up_people(rng, "mentor", size, range(2, 11)),
        entry_vectors(rng, topics, size),
        entry_vectors(rng, topics, size),
    )


def attributes(cohort: Cohort, rules: str) -> tuple[Bools, Floats]:
    """Which pairs the rules allow, and their points as a share of the most, both (mentees, mentors)."""

    def column(people: People, field: str) -> npt.NDArray[np.str_]:
        return np.array([person[field] for person in people])

    mentees, mentors = cohort.mentees, cohort.mentors
    ahead = column(mentors, "grade").astype(int) - column(mentees, "grade").astype(int)[:, None]
    same_work = column(mentees, "profession")[:, None] == column(mentors, "profession")
    wished = column(mentees, "characteristic")[:, None] == np.array(CHARACTERISTICS)
    owned = [
        [each in mentor["characteristics"].split(", ") for each in CHARACTERISTICS] for mentor in mentors
    ]
    met = (wished[:, None, :] & np.array(owned)).any(axis=2)
    points = 12 * (ahead == 2) + 9 * (ahead == 1) + 10 * same_work + 6 * met
    allowed = column(mentees, "organisation")[:, None] != column(mentors, "organisation")
    if rules == "service":
        allowed &= (ahead > 0) & (ahead <= 2)
    return allowed, (points / MOST_POINTS).astype(np.float32)


def score_all(cohort: Cohort, points: Floats, threads: int) -> Floats:
    """Texts and attributes together, in [0, 1], (mentees, mentors)."""
    config = ScoringConfig()
    bounds, size = config.need_expertise, len(cohort.mentors)
    block = np.arange(BLOCK, dtype=np.int64)[:, None, None]
    groups = (block * len(cohort.expertise) + pad_groups([ENTRIES] * size)).reshape(-1, ENTRIES)
    scores = np.empty(points.shape, dtype=np.float32)

    def fill(start: int) -> None:
        rows = slice(start, min(start + BLOCK, len(scores)))
        count = rows.stop - start
        cosines = cohort.needs[start * ENTRIES : rows.stop * ENTRIES] @ cohort.expertise.T
        # Every mentee meets every mentor in one call: their cosines side by side, as if more entries.
        beside = cosines.reshape(count, ENTRIES, -1).transpose(1, 0, 2).reshape(ENTRIES, -1)
        near = late_interaction(
            beside, groups[: count * size], config.best_pairs, config.best_share, config.breadth
        )
        texts = ramp(near, bounds.floor, bounds.ceiling).reshape(count, size)
        scores[rows] = config.text_weight * texts + (1 - config.text_weight) * points[rows]

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, range(0, len(scores), BLOCK)))
    return scores


def candidates(scores: Floats, allowed: Bools) -> Bools:
    """The allowed pairs that are among the best `CANDIDATES` of either side."""
    if min(scores.shape) <= CANDIDATES:
        return allowed
    seen = np.where(allowed, scores, np.float32(-np.inf))
    own = np.partition(seen, -CANDIDATES, axis=1)[:, -CANDIDATES, None]
    theirs = np.partition(np.ascontiguousarray(seen.T), -CANDIDATES, axis=1)[:, -CANDIDATES]
    return ((seen >= own) | (seen >= theirs)) & allowed


def best_pairs(scores: Floats, allowed: Bools) -> npt.NDArray[np.int64]:
    """Pairs of the flow over `allowed`, int64 (pairs, 2)."""
    mentees, mentors = np.nonzero(allowed)
    limits = [Limits.of(people, most=PLACES) for people in scores.shape]
    none = np.zeros(len(mentees), np.bool_)
    chosen = solve(Problem(mentees, mentors, scores[allowed].astype(np.float64), *limits, none, none)).edges
    return np.stack([mentees[chosen], mentors[chosen]], axis=1)


def propose(scores: Floats, allowed: Bools) -> npt.NDArray[np.int64]:
    """Pairs among the candidates or, where those leave a place empty, among all."""
    pairs = best_pairs(scores, candidates(scores, allowed))
    return pairs if len(pairs) == PLACES * min(scores.shape) else best_pairs(scores, allowed)


def tandem(cohort: Cohort, allowed: Bools, points: Floats, threads: int) -> tuple[Run, Floats]:
    """Medians of `REPEATS` runs, after one that is not counted, and the scores."""
    times = []
    for _ in range(1 + REPEATS):
        began, busy = perf_counter(), process_time()
        scores = score_all(cohort, points, threads)
        scored = perf_counter()
        pairs = propose(scores, allowed)
        times.append((scored - began, perf_counter() - scored, process_time() - busy))
    scoring, solving, processor = (median(column) for column in zip(*times[1:], strict=True))
    name = f"Tandem, {threads} core{'s' * (threads > 1)}"
    return Run(name, scoring, solving, processor, pairs, peak_memory()), scores


def peak_memory() -> int:
    """Of this process so far, in KiB. `getrusage` would count what a parent had before it started us."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def environment(munkres: str) -> Path:
    """The Python of an environment with mentor-match in it, made at the first call.

    mentor-match asks for any munkres; its authors tested with 1.1.4, pip finds the newest.
    """
    folder = (CACHE / f"mentor-match-venv{'-munkres-' * bool(munkres)}{munkres}").absolute()
    python, done = folder / "bin" / "python", folder / ".installed"
    if not done.exists():
        wanted = ["mentor-match==7.0.1", *([f"munkres=={munkres}"] if munkres else [])]
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
        subprocess.run(install, check=True)
        done.touch()
    return python


def mentor_match(cohort: Cohort, rules: str, python: Path, limit: float) -> Run | None:
    """One run, or None if it took longer than `limit` seconds."""
    asked = {"mentors": cohort.mentors, "mentees": cohort.mentees, "rules": rules, "rounds": PLACES}
    try:
        done = subprocess.run(
            [str(python), str(WORKER)],
            input=json.dumps(asked),
            stdout=subprocess.PIPE,
            text=True,
            timeout=limit,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return None
    found = json.loads(done.stdout)
    print("  " + ", ".join(f"{name} {number}" for name, number in found["versions"].items()))
    pairs = np.array(found["pairs"], dtype=np.int64).reshape(-1, 2)
    seconds, solving = found["seconds"], found["solving"]
    return Run("mentor-match", seconds - solving, solving, found["processor"], pairs, found["peak"])


def report(runs: list[Run], scores: Floats, allowed: Bools) -> None:
    """Print a column for each run; the first is the one that the others are measured by."""
    size = len(scores)

    def mentors_each(run: Run) -> npt.NDArray[np.int64]:
        return np.bincount(run.pairs[:, 0], minlength=size)

    rows: dict[str, Callable[[Run], str]] = {
        "matching, s": lambda run: f"{run.seconds:.3f}",
        "  scores of all pairs": lambda run: f"{run.scoring:.3f}",
        "  assignment": lambda run: f"{run.solving:.3f}",
        f"times as fast as {runs[0].name}": lambda run: f"{runs[0].seconds / run.seconds:.0f}",
        "processor time, s": lambda run: f"{run.processor:.3f}",
        f"pairs made, of {size * PLACES}": lambda run: f"{len(run.pairs)}",
        "forbidden pairs made": lambda run: f"{(~allowed[*run.pairs.T]).sum()}",
        f"mentees with {PLACES} mentors": lambda run: f"{(mentors_each(run) == PLACES).sum()}",
        "mentees without any": lambda run: f"{(mentors_each(run) == 0).sum()}",
        "total by Tandem's score": lambda run: f"{scores[*run.pairs.T].sum(dtype=np.float64):.2f}",
        "peak memory, MB": lambda run: f"{run.peak / 1024:.0f}",
    }
    print(f"\n{'':34}" + "".join(f"{run.name:>18}" for run in runs))
    for name, cell in rows.items():
        print(f"{name:<34}" + "".join(f"{cell(run):>18}" for run in runs))
    optimum = best_pairs(scores, allowed)
    total = scores[*optimum.T].sum(dtype=np.float64)
    print(f"all allowed pairs as candidates: {len(optimum)} pairs, total {total:.2f}\n")


def compare(cohort: Cohort, rules: str, python: Path, asked: argparse.Namespace) -> None:
    """Both matchers under one set of rules."""
    began = perf_counter()
    allowed, points = attributes(cohort, rules)
    print(f"rules '{rules}': {1 - allowed.mean():.1%} of pairs forbidden", end="; ")
    print(f"attributes of all pairs {perf_counter() - began:.3f} s, counted apart")
    ours = []
    for threads in dict.fromkeys((1, asked.threads)):
        run, scores = tandem(cohort, allowed, points, threads)
        ours.append(run)
    theirs = mentor_match(cohort, rules, python, asked.limit)
    if theirs is None:
        print(f"  mentor-match was not done after {asked.limit:g} s: ratios below are not its own")
    report([*([theirs] if theirs else []), *ours], scores, allowed)


def report_embedding(count: int) -> None:
    """Print how long as many real texts take the encoder: once for each text, so counted apart."""
    texts = (real_texts() * (count // len(real_texts()) + 1))[:count]
    encoder = load_encoder()
    encoder.warm_up()
    began = perf_counter()
    encoder.encode(texts)
    seconds = perf_counter() - began
    print(f"counted apart: {count} texts are embedded in {seconds:.1f} s ({count / seconds:.0f} a second)")


def main() -> None:
    """Print a table for each set of rules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=500, help="mentors, and as many mentees")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2, help="for Tandem's scores, beside one")
    parser.add_argument("--limit", type=float, default=900, help="seconds that mentor-match may take")
    parser.add_argument("--munkres", default="", help="a version, such as 1.1.4, instead of the newest")
    asked = parser.parse_args()
    python = environment(asked.munkres)
    began = perf_counter()
    cohort = made_up_cohort(asked.size, asked.seed)
    print(f"{asked.size} mentees x {asked.size} mentors, {PLACES} each; people and vectors made up", end=" ")
    print(f"in {perf_counter() - began:.1f} s")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before we began\n")
    with threadpool_limits(1):  # BLAS's own threads would be beside those of `score_all`
        for rules in ("organisation", "service"):
            compare(cohort, rules, python, asked)
    report_embedding(2 * asked.size * ENTRIES)  # last: the encoder would count as Tandem's memory


if __name__ == "__main__":
    main()
