"""`tandem score`: the text matching alone, over two files of texts."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from config.settings import get_settings
from matcher.cli.errors import BadInput, at_line
from matcher.cli.language import _
from matcher.cli.progress import progress_bar
from matcher.ranking.config import ScoringConfig
from matcher.ranking.interaction import Int64
from matcher.ranking.matching import EmbeddedTexts, match_texts
from matcher.wording import N_, Message

_LARGEST = 256 << 20
"""Bytes of an input file; beyond, its texts and vectors would not fit a small machine."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One line of the input: what somebody needs or offers, in one or more texts."""

    ref: str
    texts: tuple[str, ...]


@click.command()
@click.option("--needs", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--offers", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--top", type=click.IntRange(min=1), help="Keep the K best offers of each need; default: all.")
def score(needs: Path, offers: Path, out: Path, top: int | None) -> None:
    """Score every need against every offer by their texts, in any of the six languages.

    Each line of the inputs is {"ref": "...", "texts": ["...", ...]}. The output has the columns
    need_ref, offer_ref and score.
    """
    wanted, offered = _read(needs), _read(offers)
    out.parent.mkdir(parents=True, exist_ok=True)  # minutes of work must not end here
    from matcher.embedding import load_encoder  # after the input was read: torch takes seconds

    encoder = load_encoder(get_settings().model)
    texts = sorted({text for line in (*wanted, *offered) for text in line.texts})
    with progress_bar(_("Embedding")) as progress:
        vectors = encoder.encode(texts, progress)
    rows = {text: row for row, text in enumerate(texts)}
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["need_ref", "offer_ref", "score"])
        scored = match_texts(
            [need.texts for need in wanted],
            [offer.texts for offer in offered],
            EmbeddedTexts(rows, vectors),
            ScoringConfig(),
        )
        for need, scores in zip(wanted, scored, strict=True):
            for offer in _best(scores, top):
                writer.writerow([need.ref, offered[offer].ref, f"{scores[offer]:.6f}"])
    counts = {"needs": len(wanted), "offers": len(offered), "texts": len(texts), "path": out}
    click.echo(_("%(needs)d needs, %(offers)d offers, %(texts)d texts: wrote %(path)s") % counts)


def _best(scores: npt.NDArray[np.float32], top: int | None) -> Int64:
    """The offers to write: all in the order of the input, or the `top` best, best first."""
    if top is None:
        return np.arange(len(scores))
    if top < len(scores):
        # Ties at the edge go to the earlier line, so that a run can be repeated.
        edge = np.partition(scores, -top)[-top]
        near = np.flatnonzero(scores >= edge)
    else:
        near = np.arange(len(scores))
    order: Int64 = near[np.argsort(-scores[near], kind="stable")][:top]
    return order


def _read(path: Path) -> list[Texts]:
    """The lines of a file.

    Raises:
        BadInput: naming every line that is not what it should be, up to twenty.
    """
    lines, problems = [], []
    seen: dict[str, int] = {}
    for number, text in _numbered(path):
        line = _parse(text)
        if isinstance(line, Texts) and line.ref in seen:
            again = {"ref": line.ref, "line": seen[line.ref]}
            line = Message(N_("the ref “%(ref)s” is already on line %(line)d"), again)
        if isinstance(line, Message):
            problems.append(at_line(path, number, line))
        else:
            seen[line.ref] = number
            lines.append(line)
    if not lines and not problems:
        problems = [at_line(path, 1, Message(N_("the file has no lines")))]
    if problems:
        raise BadInput(problems[:20])
    return lines


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank. Only a line feed ends one: JSON may hold the others as they are."""
    if path.stat().st_size > _LARGEST:
        limit = Message(N_("the file is larger than %(limit)d MB"), {"limit": _LARGEST >> 20})
        raise BadInput([at_line(path, 1, limit)])
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise BadInput([at_line(path, number, Message(N_("this is not UTF-8 text")))]) from error
            if text.strip():
                yield number, text


def _parse(text: str) -> Texts | Message:
    """One line, or what is wrong with it."""
    shape = Message(N_('expected {"ref": "...", "texts": ["...", …]}'))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return shape
    if not isinstance(found, dict) or not isinstance(found.get("ref"), str) or not found["ref"]:
        return shape
    texts = found.get("texts")
    if not isinstance(texts, list) or not all(isinstance(item, str) for item in texts):
        return shape
    if any(_is_broken(item) for item in (found["ref"], *texts)):
        return Message(N_("half of a surrogate pair stands alone"))
    if not any(item.strip() for item in texts):
        return Message(N_("“texts” has no text"))
    return Texts(found["ref"], tuple(item for item in texts if item.strip()))


def _is_broken(text: str) -> bool:
    """JSON can name half a character, which no file can hold."""
    return any("\ud800" <= character <= "\udfff" for character in text)
