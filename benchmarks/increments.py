"""From saving a profile to seeing it in others' recommendations, in a programme of 100 000 and 100 000.

`python -m benchmarks.increments [--profiles 100000] [--changes 12]` makes such a programme in a database of
its own, starts the whole stack on it (`tandem up`), saves changed mentors one by one as the form does, and
polls the database as a page would: until the text is embedded, and until the mentor's changed text stands on
start-ups' lists. The worker loads the programme as it starts; that is told apart.

Vectors and facts are those of `benchmarks.scale`, the changed texts are real ones. Ranking everybody once
would take hours, so the lists that are there before come from a sample: each profile's best of 10 000
others, with floors as high as the fiftieth of 100 000 would be and prices of the market that they make.
Their scores are lower than true lists' would be, so a newcomer gets onto more lists: more work, not less.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, Table, insert, select

from benchmarks.scale import Market, real_texts
from config.migrations import upgrade
from config.settings import get_settings
from matcher.db import make_engine, reading, unit_of_work
from matcher.embedding import load_encoder
from matcher.index import FACETS
from matcher.models import (
    Entry,
    Facet,
    Kind,
    Mentor,
    Profile,
    Programme,
    Ranking,
    Recommendation,
    RecommendationList,
    Startup,
    Vector,
    utcnow,
)
from matcher.profiles.reading import ProfileDraft
from matcher.ranking.config import ScoringConfig
from matcher.ranking.congestion import CandidateGraph, CongestionConfig, equilibrium
from matcher.ranking.facts import Facts
from matcher.ranking.interaction import late_interaction, pad_groups, ramp
from matcher.services.jobs import is_idle
from matcher.services.profiles import get_profile, save_draft
from matcher.services.programmes import create_programme
from matcher.services.twosided import capacity_of

SAMPLE = 10_000
SKETCH = 48
BLOCK = 256
ROWS_A_STATEMENT = 20_000
USUAL_FIT = 0.6
SHORTLISTED = ScoringConfig().shortlisted
SPREAD = 0.5


def build(engine: Engine, count: int) -> None:
    """A programme of so many mentors and start-ups, ranked."""
    market = Market(count, count, 7)
    space = load_encoder().space
    with unit_of_work(engine) as session:
        programme = create_programme(session, slug="large", name="Large", organisation="Bench")
        programme.watermark = 1
    rows = market.index.rows
    vectors = market.index.base.matrix
    for kind, model in ((Kind.MENTOR, Mentor), (Kind.STARTUP, Startup)):
        write(engine, Profile.__table__, (common(facts, programme.id) for facts in market.facts[kind]))
        write(engine, model.__table__, (particular(facts) for facts in market.facts[kind]))
    hashes = [sha256(f"entry {row['entry_id']}".encode()).hexdigest() for row in rows]
    write(engine, Entry.__table__, (entry(row, digest) for row, digest in zip(rows, hashes, strict=True)))
    kept = {"programme_id": programme.id, "model": space.model, "revision": space.revision}
    write(
        engine,
        Vector.__table__,
        (
            {**kept, "content_hash": digest, "values": vector.tobytes(), "created_at": utcnow()}
            for digest, vector in zip(hashes, vectors, strict=True)
        ),
    )
    rank(engine, programme, market)
    with unit_of_work(engine) as session:
        session.add(
            Ranking(
                programme_id=programme.id, model=space.model, revision=space.revision,
                spread=SPREAD, length=get_settings().list_length, watermark=1,
            )
        )  # fmt: skip


def write(engine: Engine, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows, many at a time."""
    assert isinstance(table, Table)
    block: list[dict[str, Any]] = []
    for row in rows:
        block.append(row)
        if len(block) == ROWS_A_STATEMENT:
            _insert(engine, table, block)
            block = []
    _insert(engine, table, block)


def _insert(engine: Engine, table: Table, block: Sequence[dict[str, Any]]) -> None:
    if block:
        with engine.begin() as connection:
            connection.execute(insert(table), block)


def common(facts: Facts, programme_id: int) -> dict[str, Any]:
    """A row of `profile`."""
    return {
        "id": facts.id, "programme_id": programme_id, "kind": facts.kind.value, "ref": facts.ref,
        "name": f"name {facts.id}", "country": facts.country, "languages": list(facts.languages),
        "sectors": sorted(facts.sectors), "notes": {}, "search_text": facts.ref.casefold(), "watermark": 1,
        "version": 1, "created_at": utcnow(), "updated_at": utcnow(),
    }  # fmt: skip


def particular(facts: Facts) -> dict[str, Any]:
    """A row of `mentor` or of `startup`."""
    if facts.kind is Kind.MENTOR:
        return {
            "id": facts.id, "affiliation": f"house {facts.id // 5}", "stages": sorted(facts.stages),
            "markets": sorted(facts.markets), "capacity": facts.places, "conflicts": [],
        }  # fmt: skip
    return {
        "id": facts.id, "stage": min(facts.stages), "sdgs": [], "markets": sorted(facts.markets),
        "conflicts": [],
    }  # fmt: skip


def entry(row: Any, digest: str) -> dict[str, Any]:
    """A row of `entry`."""
    text = f"entry {row['entry_id']}"
    return {
        "id": int(row["entry_id"]), "profile_id": int(row["profile_id"]), "facet": FACETS[row["facet"]].value,
        "position": int(row["entry_id"]) % 3, "text": text, "redacted": text, "content_hash": digest,
    }  # fmt: skip


def rank(engine: Engine, programme: Programme, market: Market) -> None:
    """Lists from samples, and prices of the market that the start-ups' lists make."""
    length = get_settings().list_length
    mentors, startups = market.facts[Kind.MENTOR], market.facts[Kind.STARTUP]
    sides = [entries_of(market, Facet.NEED), entries_of(market, Facet.EXPERTISE)]
    found = [nearest(sides[0], sides[1], length), nearest(sides[1], sides[0], length)]
    graph = CandidateGraph(
        np.repeat(np.arange(len(startups)), length), found[0][0].ravel(), found[0][1].ravel(),
        np.ones(len(startups)), np.array([capacity_of(one) for one in mentors]),
    )  # fmt: skip
    prices = equilibrium(graph, CongestionConfig(spread=SPREAD))
    lists, items, number = [], [], 0
    for subjects, others, (rows, scores, floors), price in (
        (startups, mentors, found[0], prices.demand_price),
        (mentors, startups, found[1], prices.supply_price),
    ):
        for at, subject in enumerate(subjects):
            number += 1
            lists.append(header(number, programme, subject, others, price[at], floors[at]))
            items += [
                {"list_id": number, "candidate_id": others[row].id, "rank": place, "score": float(score),
                 "band": "good", "parts": {}, "reasons": []}
                for place, (row, score) in enumerate(zip(rows[at], scores[at], strict=True), start=1)
            ]  # fmt: skip
    space = load_encoder().space
    kept = {"model": space.model, "revision": space.revision}
    write(engine, RecommendationList.__table__, ({**one, **kept} for one in lists))
    write(engine, Recommendation.__table__, iter(items))


def header(
    number: int, programme: Programme, subject: Facts, others: Sequence[Facts], price: float, floor: float
) -> dict[str, Any]:
    """A row of `recommendation_list`."""
    return {
        "id": number, "programme_id": programme.id, "subject_id": subject.id,
        "candidate_kind": others[0].kind.value,
        "considered": len(others), "eligible": len(others), "exclusions": {}, "price": float(price),
        "floor": float(floor), "stale": False, "watermark": 1, "computed_at": utcnow(),
    }  # fmt: skip


def entries_of(market: Market, facet: Facet) -> np.ndarray:
    """All vectors of a facet, three a profile, float16 (profiles, 3, dimensions)."""
    rows = market.index.rows
    positions = market.index.facet(facet)
    order = np.lexsort((rows["entry_id"][positions], rows["profile_id"][positions]))
    vectors = market.index.base.matrix[positions[order]]
    return np.asarray(vectors).reshape(-1, 3, vectors.shape[1])


def nearest(ours: np.ndarray, theirs: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and scores of the best of a sample for each, (n, length), and the floors, (n,)."""
    config, need = ScoringConfig(), ScoringConfig().need_expertise
    sample = np.sort(np.random.default_rng(1).choice(len(theirs), min(SAMPLE, len(theirs)), replace=False))
    floor_rank = min(length, max(1, round(SHORTLISTED * len(sample) / len(theirs))))
    components = np.random.default_rng(2).normal(size=(ours.shape[2], SKETCH)).astype(np.float32)
    short = theirs[sample].astype(np.float32) @ components
    flat = np.ascontiguousarray(short.reshape(-1, SKETCH).T)
    groups = pad_groups([3] * length)
    rows, scores = np.empty((len(ours), length), np.int64), np.empty((len(ours), length))
    for start in range(0, len(ours), BLOCK):
        block = ours[start : start + BLOCK].astype(np.float32)
        sketched = (block @ components).reshape(-1, SKETCH)
        near = (sketched @ flat).reshape(len(block), 3, len(sample), 3).max(axis=(1, 3))
        best = np.argpartition(near, -length, axis=1)[:, -length:]
        for at in range(len(block)):
            full = theirs[sample[best[at]]].astype(np.float32).reshape(3 * length, -1)
            likeness = late_interaction(
                block[at] @ full.T, groups, config.best_pairs, config.best_share, config.breadth
            )
            score = config.text_weight * ramp(likeness, need.floor, need.ceiling)
            score += (1 - config.text_weight) * USUAL_FIT
            order = np.argsort(-score, kind="stable")
            rows[start + at], scores[start + at] = sample[best[at][order]], score[order]
    return rows, scores, scores[:, floor_rank - 1]


def start(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """`tandem up` on the folder, once its pages answer."""
    tandem = Path(sys.executable).with_name("tandem")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(tandem), "up", "--data", str(folder)],
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "LANGUAGE": "en"},
        )  # fmt: skip
    while "Ctrl-C" not in log.read_text(errors="replace"):
        if process.poll() is not None:
            raise SystemExit(log.read_text(errors="replace"))
        time.sleep(0.2)
    return process


def save(engine: Engine, mentor_id: int, texts: Sequence[str]) -> int:
    """Save a mentor with these kinds of expertise, as the form does; the watermark before."""
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme)).one()
        before = programme.watermark
        mentor = get_profile(session, programme, Kind.MENTOR, mentor_id)
        assert isinstance(mentor, Mentor)
        values = {
            "organisation": mentor.affiliation, "country": mentor.country, "languages": ["en", "fr"],
            "sectors": mentor.sectors, "stages": mentor.stages, "markets": mentor.markets, "capacity": 3,
            "expertise": texts,
        }  # fmt: skip
        draft = ProfileDraft(Kind.MENTOR, mentor.ref, mentor.name, values, {}, 2)
        save_draft(session, programme, draft, actor="bench", profile_id=mentor_id)
    return before


def await_lists(engine: Engine, mentor_id: int, before: int, began: float) -> tuple[float, float, int]:
    """Seconds until the mentor is embedded, and on lists that are later; and on how many."""
    embedded = 0.0
    while True:
        with reading(engine) as session:
            if not embedded and session.get_one(Profile, mentor_id).watermark > before:
                embedded = time.perf_counter() - began
            lists = session.scalars(
                select(RecommendationList.id)
                .join(Recommendation)
                .where(Recommendation.candidate_id == mentor_id, RecommendationList.watermark > before)
            ).all()
        if lists:
            return embedded, time.perf_counter() - began, len(lists)
        time.sleep(0.01)


def measure(engine: Engine, changes: int) -> None:
    """Save changed mentors one by one, and print how long each takes."""
    texts = real_texts()
    random = np.random.default_rng(5)
    with reading(engine) as session:
        mentors = session.scalars(select(Mentor.id)).all()
    print(" change    saved  embedded  on lists (s)  lists", flush=True)
    seen = []
    for number in range(1, changes + 1):
        chosen = int(random.choice(mentors))
        words = [f"{texts[i]} ({number})" for i in random.choice(len(texts), 3, replace=False)]
        began = time.perf_counter()
        before = save(engine, chosen, words)
        saved = time.perf_counter() - began
        embedded, visible, lists = await_lists(engine, chosen, before, began)
        print(f"{number:>8}{saved:>9.2f}{embedded:>10.2f}{visible:>14.2f}{lists:>7}", flush=True)
        seen.append(visible)
        settle(engine)
    print(f"median {np.median(seen):.2f} s, slowest {max(seen):.2f} s of {len(seen)}")


def settle(engine: Engine) -> None:
    """Wait until no job is left."""
    while True:
        with reading(engine) as session:
            if is_idle(session, session.scalars(select(Programme.id)).one()):
                return
        time.sleep(0.1)


def main() -> None:
    """Build, start, measure, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=100_000, help="of either kind")
    parser.add_argument("--changes", type=int, default=12)
    parser.add_argument("--keep", type=Path, help="folder for the programme, to be used again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tandem-increments-") as folder:
        run(options.keep or Path(folder), options.profiles, options.changes)


def run(folder: Path, profiles: int, changes: int) -> None:
    """The benchmark, in a folder that may have the programme already."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = make_engine(f"sqlite:///{folder.resolve() / 'tandem.db'}")
    if not (folder / "tandem.db").exists():
        began = time.perf_counter()
        upgrade(engine)
        build(engine, profiles)
        print(
            f"{profiles} mentors and as many start-ups: made in {time.perf_counter() - began:.0f} s",
            flush=True,
        )
    began = time.perf_counter()
    process = start(folder, folder / "up.out")
    try:
        settle(engine)
        seconds = time.perf_counter() - began
        print(f"stack started and programme loaded by the worker: {seconds:.0f} s", flush=True)
        measure(engine, changes)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


if __name__ == "__main__":
    main()
