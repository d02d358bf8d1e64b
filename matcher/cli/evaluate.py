"""`tandem evaluate`: the quality of the text matching on labelled sets."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from config.settings import get_settings
from matcher.cli.language import _
from matcher.cli.progress import progress_bar
from matcher.ranking.matching import EmbeddedTexts
from matcher.services.evaluation import Figure
from matcher.services.evaluation import evaluate as measure
from matcher.services.labelled import SPLITS, distinct_texts, read_sets


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--split", type=click.Choice(SPLITS), default=SPLITS[0], show_default=True)
@click.option("--json", "target", type=click.Path(path_type=Path, dir_okay=False), help="Also write a file.")
def evaluate(data: Path, split: str, target: Path | None) -> None:
    """Measure the text matching on the labelled sets in a folder.

    The folder has any of tatoeba/, melo/NAME/, domain/ and subjects.tsv. Scores are those of `tandem score`.
    """
    sets = read_sets(data, split)
    from matcher.embedding import load_encoder  # after the sets were read: torch takes seconds

    encoder = load_encoder(get_settings().model)
    texts = distinct_texts(sets)
    with progress_bar(_("Embedding")) as progress:
        vectors = encoder.encode(texts, progress)
    nearness = EmbeddedTexts({text: row for row, text in enumerate(texts)}, vectors)
    figures = list(measure(sets, nearness))
    click.echo(_table(figures))
    if target:
        said = {
            "model": encoder.space.model,
            "revision": encoder.space.revision,
            "split": split,
            "figures": [asdict(figure) for figure in figures],
        }
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _table(figures: Sequence[Figure]) -> str:
    """One line a figure, under heads."""
    heads = (_("measure"), _("set"), _("value"), _("95-percent interval"), _("queries"))
    lines = [heads]
    for one in figures:
        name = f"{one.dataset} ({one.which})" if one.which else one.dataset
        lines.append((one.measure, name, f"{one.value:.3f}", f"{one.low:.3f}–{one.high:.3f}", str(one.n)))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number < 2 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
