"""What whole-cohort assignment reaches, in what time and memory: `python -m benchmarks.cohort`.

Two made-up cohorts: a large sparse one, 100 000 start-ups with 50 candidates each among 20 000 mentors whose
popularity follows a power law, one pair a start-up and six places a mentor; and a dense one, 118 x 177 as in
a real programme, three mentors a start-up and four places a mentor. Each run is a process of its own, so that
peak memory is its own; greedy takes the best edge that still fits, over and over. `cpu s` tells more than the
clock where others use the machine. The rows `assign` are the whole command `tandem assign` over a CSV of the
same scores, from start to end. The bound of the dense cohort's worst-off is that of the linear programme in
which pairs may be made in parts: no choice can give everybody more. With `--write FILE` the large cohort's
scores become that CSV instead.
"""

import argparse
import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import highspy
import numpy as np
import numpy.typing as npt

from matcher.cohort import Limits, Objective, Problem, SolverConfig, solve

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
DIGITS = 6  # of a score
DENSE = (3, 4)  # pairs of a start-up, places of a mentor
TANDEM = Path(sys.executable).with_name("tandem")
WAYS = ("greedy", "total", "fairest", "assign total", "assign fairest")


@dataclass(frozen=True)
class Cohort:
    """Edges by demand, and what each side may have."""

    name: str
    demand: Int64
    supply: Int64
    score: Float64
    demands: Limits
    supplies: Limits


def popularity(rng: np.random.Generator, mentors: int) -> Float64:
    """How often mentors come to mind, by Zipf's law, in no order; sums to 1."""
    share = rng.permutation(1 / np.arange(1, mentors + 1))
    return share / share.sum()


def made_up_scores(rng: np.random.Generator, demand: Int64, supply: Int64, pull: Float64) -> Float64:
    """In [0, 1]: a beta draw for the pair, more by the mentor's pull, less by the start-up's difficulty."""
    difficulty = rng.beta(2, 5, size=int(demand.max()) + 1)
    raised = 0.65 * rng.beta(3, 3, size=len(demand)) + 0.35 * (pull / pull.max())[supply] ** 0.3
    return np.round(np.clip(raised - 0.3 * difficulty[demand], 0, 1), DIGITS)


def sparse(startups: int, mentors: int, candidates: int, places: int, seed: int) -> Cohort:
    """`candidates` different mentors for each start-up, the popular ones more often."""
    rng = np.random.default_rng(seed)
    share = popularity(rng, mentors)
    drawn = rng.choice(mentors, size=(startups, 2 * candidates), p=share)
    key = np.unique(np.arange(startups)[:, None] * mentors + drawn)
    key = rng.permutation(key)
    key = key[np.argsort(key // mentors, kind="stable")]
    first = np.searchsorted(key // mentors, np.arange(startups))
    kept = np.sort(key[np.arange(len(key)) - first[key // mentors] < candidates])
    demand, supply = kept // mentors, kept % mentors
    score = made_up_scores(rng, demand, supply, share)
    name = f"{startups} x {mentors}, {candidates} candidates each, 1 pair, {places} places"
    return Cohort(name, demand, supply, score, Limits.of(startups), Limits.of(mentors, most=places))


def dense(startups: int, mentors: int, pairs: int, places: int, seed: int) -> Cohort:
    """Every pair has a score."""
    rng = np.random.default_rng(seed)
    demand, supply = (np.asarray(ends).ravel() for ends in np.indices((startups, mentors)))
    score = made_up_scores(rng, demand, supply, popularity(rng, mentors))
    name = f"{startups} x {mentors} dense, {pairs} pairs, {places} places"
    limits = Limits.of(startups, most=pairs), Limits.of(mentors, most=places)
    return Cohort(name, demand, supply, score, *limits)


def greedy(cohort: Cohort) -> Int64:
    """Positions of the edges that a best-first pass takes."""
    wants, places = cohort.demands.most.tolist(), cohort.supplies.most.tolist()
    demand, supply = cohort.demand.tolist(), cohort.supply.tolist()
    taken = []
    for edge in np.argsort(-cohort.score, kind="stable").tolist():
        if wants[demand[edge]] and places[supply[edge]]:
            wants[demand[edge]] -= 1
            places[supply[edge]] -= 1
            taken.append(edge)
    return np.array(taken, dtype=np.int64)


def measured(cohort: Cohort, way: str, seconds: float) -> dict[str, str | int | float]:
    """One run's row."""
    began, busy = perf_counter(), process_time()
    if way == "greedy":
        edges, status = greedy(cohort), "-"
    else:
        none = np.zeros(len(cohort.demand), np.bool_)
        asked = (cohort.demand, cohort.supply, cohort.score, cohort.demands, cohort.supplies, none, none)
        found = solve(Problem(*asked, objective=Objective(way)), SolverConfig(seconds=seconds))
        edges, status = found.edges, "optimal" if found.is_optimal else f"gap {found.gap:.6f}"
    took, worked = perf_counter() - began, process_time() - busy
    return {
        **reached(cohort, edges),
        "status": status,
        "seconds": took,
        "processor": worked,
        "peak": getrusage(RUSAGE_SELF).ru_maxrss / 1024,
    }


def reached(cohort: Cohort, edges: Int64) -> dict[str, int | float]:
    """What a choice comes to."""
    sums = np.bincount(cohort.demand[edges], cohort.score[edges], minlength=len(cohort.demands.most))
    return {
        "pairs": len(edges),
        "total": float(cohort.score[edges].sum()),
        "worst_off": float(sums.min()),
        "covered": len(np.unique(cohort.demand[edges])),
    }


def commanded(limits: tuple[int, int], objective: str, scores: Path) -> dict[str, str | int | float]:
    """The row of `tandem assign` as a process of its own.

    This one has no other child, and holds no cohort: Linux counts the memory of a process's parent as its
    own.
    """
    out = scores.with_name(f"{objective}.csv")
    command: list[str | Path] = [TANDEM, "assign", "--scores", scores, "--out", out, "--objective", objective]
    command += ["--demand", str(limits[0]), "--capacity", str(limits[1])]
    began = perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    took, used = perf_counter() - began, getrusage(RUSAGE_CHILDREN)
    told = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    pairs, covered = (int(part.split()[0]) for part in told["coverage"].split(", "))
    return {
        "pairs": pairs,
        "total": float(told["total"]),
        "worst_off": float(told["worst-off"]),
        "covered": covered,
        "status": told["status"],
        "seconds": took,
        "processor": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 1024,
    }


def bound_of_worst_off(cohort: Cohort) -> float:
    """What the worst-off could have at most, were pairs divisible: a linear programme of its own.

    As many pairs as there are places or wants must be made, as `solve` makes them: so the cohort must be
    one where these alone limit the number, which a dense one is.
    """
    edges, people, places = len(cohort.demand), len(cohort.demands.most), len(cohort.supplies.most)
    model = highspy._Highs()  # without the callbacks of `Highs`, which print a banner unasked
    model.setOptionValue("output_flag", False)  # noqa: FBT003 - HiGHS's way
    model.setOptionValue("threads", 1)  # as `solve`: HiGHS keeps the first number that a process asks for
    model.addVars(edges, np.zeros(edges), np.ones(edges))
    model.addVar(-highspy.kHighsInf, highspy.kHighsInf)
    model.changeColCost(edges, 1.0)
    model.changeObjectiveSense(highspy.ObjSense.kMaximize)
    for person in range(people):
        own = np.flatnonzero(cohort.demand == person).astype(np.int32)
        model.addRow(0, int(cohort.demands.most[person]), len(own), own, np.ones(len(own)))
        ends, weights = np.append(own, edges).astype(np.int32), np.append(cohort.score[own], -1.0)
        model.addRow(0, highspy.kHighsInf, len(ends), ends, weights)
    for place in range(places):
        own = np.flatnonzero(cohort.supply == place).astype(np.int32)
        model.addRow(0, int(cohort.supplies.most[place]), len(own), own, np.ones(len(own)))
    pairs = min(int(cohort.demands.most.sum()), int(cohort.supplies.most.sum()))
    model.addRow(pairs, pairs, edges, np.arange(edges, dtype=np.int32), np.ones(edges))
    model.run()
    return float(model.getObjectiveValue())


def cohort_of(asked: argparse.Namespace, name: str) -> Cohort:
    if name == "dense":
        return dense(118, 177, *DENSE, asked.seed)
    return sparse(asked.startups, asked.mentors, asked.candidates, asked.places, asked.seed)


def row_of(asked: argparse.Namespace) -> dict[str, str | int | float]:
    """The row that this process was started for."""
    name, way, scores = asked.run
    command, _, objective = way.rpartition(" ")
    if command:
        return commanded(DENSE if name == "dense" else (1, asked.places), objective, Path(scores))
    return measured(cohort_of(asked, name), way, asked.seconds)


def table(asked: argparse.Namespace, name: str, scores: Path) -> None:
    """Print a row for each way, each from a process of its own."""
    cohort = cohort_of(asked, name)
    write(cohort, scores)
    print(f"\n{cohort.name}")
    if name == "dense":
        print(f"no choice's worst-off exceeds {bound_of_worst_off(cohort):.6f} (linear programme)")
    del cohort
    print(f"{'':15}{'pairs':>9}{'covered':>9}{'total':>13}{'worst-off':>11}", end="")
    print(f"{'s':>8}{'cpu s':>8}{'peak MB':>9}  status")
    for way in WAYS:
        command = [sys.executable, "-m", "benchmarks.cohort", *sys.argv[1:], "--run", name, way, str(scores)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        row = json.loads(done.stdout)
        print(
            f"{way:<15}{row['pairs']:>9}{row['covered']:>9}{row['total']:>13.3f}{row['worst_off']:>11.6f}"
            f"{row['seconds']:>8.1f}{row['processor']:>8.1f}{row['peak']:>9.0f}  {row['status']}",
            flush=True,
        )


def write(cohort: Cohort, path: Path) -> None:
    """The scores as `tandem assign` reads them."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["demand_ref", "supply_ref", "score"])
        edges = zip(cohort.demand.tolist(), cohort.supply.tolist(), cohort.score.tolist(), strict=True)
        writer.writerows((f"s{demand}", f"m{supply}", score) for demand, supply, score in edges)


def main() -> None:
    """Print a table for each cohort, or write the large one's scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--startups", type=int, default=100_000)
    parser.add_argument("--mentors", type=int, default=20_000)
    parser.add_argument("--candidates", type=int, default=50)
    parser.add_argument("--places", type=int, default=6)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=30, help="after which HiGHS answers with its best")
    parser.add_argument("--cohorts", nargs="+", default=["dense", "sparse"], choices=["dense", "sparse"])
    parser.add_argument("--write", type=Path, help="write the large cohort's scores here instead")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.write:
        write(cohort_of(asked, "sparse"), asked.write)
    elif asked.run:
        print(json.dumps(row_of(asked)))
    else:
        with TemporaryDirectory() as folder:
            for name in asked.cohorts:
                table(asked, name, Path(folder) / f"{name}.csv")


if __name__ == "__main__":
    main()
