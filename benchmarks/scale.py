"""One start-up's recommendations among 100 000 mentors, beside brute-force NumPy's and hnswlib's.

`python -m benchmarks.scale [--mentors 100000]` makes a market, publishes its index, opens it from two
processes, and for filters from 100 % down to 0.1 % prints how long the eligible, scored and explained top 20
take (median and p95), their recall against exact scoring of everyone, and broken rules (none may be).

The market is made up: an entry's vector is that of a real text of our labelled sets, moved along the
difference of two others, so that the vectors have the spread of real ones in every direction. A mentor's
three kinds of expertise are about one or two subjects, a start-up's three needs about one; languages,
sectors, stages, countries and time zones follow skewed shares. `--seed` repeats it.
"""

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from config.heap import settle_heap
from matcher.embedding import load_encoder
from matcher.index import EntryIndex, build_index, load_latest, make_rows, publish, use_one_thread
from matcher.models.kinds import Facet, Kind
from matcher.ranking.config import ScoringConfig
from matcher.ranking.facts import Facts
from matcher.ranking.fit import STAGES
from matcher.services.recommender import Recommender
from matcher.services.roster import Roster

SETS = Path(__file__).parent / "sets"
LENGTH = 20
USUAL_WORDS = 9
LANGUAGES = ("en", "fr", "es", "ar", "zh", "ru", "sw", "pt", "hi", "am")
SECTORS = tuple(f"sector-{n}" for n in range(24))
COUNTRIES = tuple(f"C{n:02d}" for n in range(60))
PASS_RATES = (1.0, 0.3, 0.1, 0.05, 0.025, 0.01, 0.001)
MODEL, REVISION = "made-up", "1"


def real_texts() -> list[str]:
    """The distinct texts of our labelled sets, in six languages."""
    lines = (SETS / "subjects.tsv").read_text(encoding="utf-8").splitlines()[1:]
    texts = {line.split("\t")[4] for line in lines}
    for name in ("needs", "mentors"):
        for line in (SETS / "domain" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            texts.update(json.loads(line)["texts"])
    return sorted(texts)


class Market:
    """Mentors with three kinds of expertise each, and start-ups with three needs each."""

    def __init__(self, mentors: int, startups: int, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.subjects = load_encoder().encode(real_texts())
        self.facts = {
            Kind.MENTOR: [self._facts(n + 1, Kind.MENTOR) for n in range(mentors)],
            Kind.STARTUP: [self._facts(mentors + n + 1, Kind.STARTUP) for n in range(startups)],
            Kind.FUNDER: [],
        }
        people = [*self.facts[Kind.MENTOR], *self.facts[Kind.STARTUP]]
        rows = [
            (3 * facts.id + n, facts.id, Facet.EXPERTISE if facts.kind is Kind.MENTOR else Facet.NEED)
            for facts in people
            for n in range(3)
        ]
        vectors = np.concatenate([self._entries(facts.kind) for facts in people])
        words = sorted({word for text in real_texts() for word in text.split()})
        chosen = self.random.integers(0, len(words), (len(rows), USUAL_WORDS))
        self.texts = {
            entry: " ".join(words[at] for at in picked)
            for (entry, _, _), picked in zip(rows, chosen.tolist(), strict=True)
        }
        self.index = build_index(make_rows(rows), vectors)

    def _entries(self, kind: Kind) -> np.ndarray:
        """Three entries about a subject; a mentor's third may be about another."""
        subject = self.random.integers(0, len(self.subjects), size=3)
        subject[1] = subject[0]
        if kind is Kind.STARTUP or self.random.random() < 0.5:
            subject[2] = subject[0]
        one, other = self.random.integers(0, len(self.subjects), size=(2, 3))
        moved = self.subjects[subject] + 0.5 * (self.subjects[one] - self.subjects[other])
        return self._unit(moved).astype(np.float16)

    def _facts(self, number: int, kind: Kind) -> Facts:
        pick = self.random
        languages = tuple(dict.fromkeys(self._skewed(LANGUAGES, pick.integers(1, 4))))
        stages = [STAGES[pick.integers(0, 6)]] if kind is Kind.STARTUP else list(self._skewed(STAGES, 3))
        return Facts(
            id=number, kind=kind, ref=f"{kind.value[0].upper()}{number:06d}", name=f"{kind.value} {number}",
            keys=frozenset([f"name {number}"]), identities=frozenset([f"house {number // 5}"]),
            languages=languages, sectors=frozenset(self._skewed(SECTORS, pick.integers(1, 4))),
            stages=frozenset(stages), country=self._skewed(COUNTRIES, 1)[0],
            markets=frozenset(self._skewed(COUNTRIES, 2)),
            places=int(pick.integers(0, 5)) if kind is Kind.MENTOR else None,
            utc_offsets=(float(pick.integers(-8, 9)),),
        )  # fmt: skip

    def _skewed(self, words: tuple[str, ...], count: int) -> tuple[str, ...]:
        return tuple(words[n] for n in (len(words) * self.random.random(count) ** 2).astype(int))

    @staticmethod
    def _unit(vectors: np.ndarray) -> np.ndarray:
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def restrict(facts: list[Facts], rate: float) -> list[Facts]:
    """Mentors of whom about `rate` can be eligible: the others have no place left."""
    step = max(1, round(1 / rate))
    return [
        replace(one, places=(3 if n % step == 0 else 0), languages=(), identities=frozenset())
        for n, one in enumerate(facts)
    ]


def exactly(recommender: Recommender, subject: Facts) -> list[int]:
    """Ids of the best, comparing everyone in full width with NumPy alone."""
    pool = recommender.candidates(subject, Kind.MENTOR)
    config = recommender.config
    wide = recommender.config.model_copy(update={"rescored": 1 << 30, "scanned_from": 1 << 30})
    recommender.config = wide
    found = recommender.shortlist(subject, Kind.MENTOR, LENGTH)
    recommender.config = config
    return [pool.table.facts[row].id for row in found.rows.tolist()]


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that `work` took."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def own_memory() -> float:
    """Megabytes of this process that no other can share: mapped files are the system's, not ours."""
    rollup = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    kilobytes = {line.split(":")[0]: line.split()[1] for line in rollup.splitlines()[1:]}
    return int(kilobytes["Private_Dirty"]) / 1024


def opened(folder: Path, told: "multiprocessing.Queue[tuple[float, float]]") -> None:
    """Open the index in a process of its own: seconds, and megabytes that are not shared."""
    before = own_memory()
    started = time.perf_counter()
    found = load_latest(folder, model=MODEL, revision=REVISION)
    seconds = time.perf_counter() - started
    assert found is not None
    index = found[0]
    index.rough_cosines(index.sketch(index.vectors(np.arange(3))), index.facet(Facet.EXPERTISE), fine=True)
    told.put((seconds, own_memory() - before))


def report_opening(index: EntryIndex, folder: Path) -> EntryIndex:
    """Publish, open from two processes, and go on with what was opened."""
    published = timed(lambda: publish(folder, index, model=MODEL, revision=REVISION, watermark=1))
    print(f"published in {published / 1000:.1f} s")
    context = multiprocessing.get_context("spawn")
    for which in ("first", "second"):
        told: multiprocessing.Queue[tuple[float, float]] = context.Queue()
        process = context.Process(target=opened, args=(folder, told))
        process.start()
        seconds, megabytes = told.get()
        process.join()
        print(f"{which} process: opened in {seconds:.2f} s (hashes checked), {megabytes:.0f} MB of its own")
    found = load_latest(folder, model=MODEL, revision=REVISION)
    assert found is not None
    return found[0]


def report_rate(market: Market, index: EntryIndex, rate: float, queries: int) -> None:
    """A line of the table."""
    mentors = market.facts[Kind.MENTOR] if rate == 1.0 else restrict(market.facts[Kind.MENTOR], rate)
    roster = Roster({**market.facts, Kind.MENTOR: mentors}, market.texts)
    recommender = Recommender(roster, index, ScoringConfig(), LENGTH)
    startups = market.facts[Kind.STARTUP]
    recommender.recommend(startups[-1], Kind.MENTOR)  # columns are made when first asked for
    ours, brute, found = [], [], []
    for subject in startups[:queries]:  # each system in a loop of its own: neither empties the other's cache
        started = time.perf_counter()
        found.append(recommender.recommend(subject, Kind.MENTOR))
        ours.append(1000 * (time.perf_counter() - started))
    recalls, broken = [], 0
    for subject, listed in zip(startups, found, strict=False):
        started = time.perf_counter()
        best = exactly(recommender, subject)
        brute.append(1000 * (time.perf_counter() - started))
        got = {item.facts.id for item in listed.items}
        recalls.append(len(got & set(best)) / max(1, len(best)))
        broken += sum(not _may_meet(subject, item.facts) for item in listed.items)
    eligible = [listed.eligible for listed in found]
    print(
        f"{rate:>9.1%}{np.mean(eligible):>10.0f}{np.median(ours):>9.1f}{np.percentile(ours, 95):>8.1f}"
        f"{np.mean(recalls):>9.4f}{broken:>8}{np.median(brute):>12.1f}{np.percentile(brute, 95):>8.1f}"
        f"{np.median(brute) / np.median(ours):>8.1f}"
    )


def _may_meet(startup: Facts, mentor: Facts) -> bool:
    """The rules again, written as a person would."""
    shares = not mentor.languages or bool(set(startup.languages) & set(mentor.languages))
    return shares and bool(mentor.places) and not startup.identities & mentor.identities


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentors", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    started = time.perf_counter()
    market = Market(options.mentors, max(300, options.queries), options.seed)
    seconds = time.perf_counter() - started
    print(f"{options.mentors} mentors, {len(market.index)} entries: made in {seconds:.0f} s")
    with tempfile.TemporaryDirectory(prefix="tandem-scale-") as folder:
        index = report_opening(market.index, Path(folder))
        market.index = index
        use_one_thread()  # as in a worker, and so is the next
        settle_heap()
        print("filter     eligible  median     p95   recall  broken  brute median    p95   ratio   (ms)")
        with threadpool_limits(1, user_api="blas"):  # as in a worker: small products only wait for each other
            for rate in PASS_RATES:
                report_rate(market, index, rate, options.queries)


if __name__ == "__main__":
    main()
