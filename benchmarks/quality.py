"""Quality of the text matching on labelled sets, every system side by side.

`python -m benchmarks.quality --data DIR` measures all systems of `benchmarks.systems` on the sets in DIR and
on our own (`benchmarks/sets`, test split), with the measures and the scoring function of `tandem evaluate`.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from benchmarks.systems import OURS, PEERS, systems
from matcher.services.evaluation import Figure, evaluate
from matcher.services.labelled import distinct_texts, read_sets

SETS = Path(__file__).parent / "sets"

Table = Mapping[str, Sequence[Figure]]


def print_values(table: Table) -> None:
    """The values, a column for each system, and ours over the best peer's."""
    names = list(table)
    label = max(len(_row(figure)) for figure in table[OURS])
    heads = "".join(f"{name:>{_width(name)}}" for name in names)
    print(f"\n{'':{label}}{heads}{'ratio':>8}  best peer")
    for figures in zip(*table.values(), strict=True):
        values = dict(zip(names, (figure.value for figure in figures), strict=True))
        peer = max(PEERS, key=values.__getitem__)
        ratio = values[OURS] / values[peer] if values[peer] else float("inf")
        cells = "".join(f"{value:>{_width(name)}.3f}" for name, value in values.items())
        print(f"{_row(figures[0]):{label}}{cells}{ratio:>8.2f}  {peer}")


def print_intervals(table: Table) -> None:
    """The 95 % bootstrap intervals of ours and of its peers."""
    names = [OURS, *PEERS]
    label = max(len(_row(figure)) for figure in table[OURS])
    print(
        f"\n95 % bootstrap intervals\n{'':{label}}" + "".join(f"{name:>23}" for name in names) + f"{'n':>6}"
    )
    for figures in zip(*(table[name] for name in names), strict=True):
        cells = "".join(f"{f'{figure.low:.3f}-{figure.high:.3f}':>23}" for figure in figures)
        print(f"{_row(figures[0]):{label}}{cells}{figures[0].n:>6}")


def _width(name: str) -> int:
    return max(len(name), 5) + 2


def _row(figure: Figure) -> str:
    return f"{figure.measure}  {figure.dataset}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, action="append", help="a folder as `tandem evaluate` takes it")
    parser.add_argument("--split", default="test", help="of our own sets")
    parser.add_argument("--json", type=Path, help="a file for every figure of every system")
    asked = parser.parse_args()
    sets = [one for folder in (*(asked.data or []), SETS) for one in read_sets(folder, asked.split)]
    texts = distinct_texts(sets)
    print(f"{len(texts)} texts, each encoded once:")
    table: dict[str, list[Figure]] = {}
    for name, nearness in systems(texts).items():
        began = perf_counter()
        table[name] = list(evaluate(sets, nearness))
        print(f"  {name:24}scored in {perf_counter() - began:.0f} s", flush=True)
    print_values(table)
    print_intervals(table)
    if asked.json:
        said = {name: [asdict(figure) for figure in figures] for name, figures in table.items()}
        asked.json.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
