"""Speed of embedding: what the worker does, beside the bare encoder on the same texts.

`python -m benchmarks.encoding [--startups FILE]` encodes (a) the sample programme's texts and (b) those of a
sheet of start-ups, by `encode_missing` and by `SentenceTransformer.encode` of the same model, taking turns.
Both get the texts in one order, as the database yields them.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np
from sqlalchemy import select

from config.migrations import upgrade
from config.settings import get_settings
from matcher.db import make_engine, unit_of_work
from matcher.embedding import Encoder, load_encoder
from matcher.models import Entry, Kind
from matcher.profiles.reading import read_profiles
from matcher.services.embedding import encode_missing
from matcher.services.importing import import_drafts
from matcher.services.programmes import create_programme
from matcher.services.sample import load_sample

RUNS = 3
BATCH = 64


def programme_texts(startups: Path | None) -> list[str]:
    """The distinct redacted entries of the sample programme or, if a sheet is named, of its start-ups."""
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/encoding.db")
        upgrade(engine)
        with unit_of_work(engine) as session:
            if startups is None:
                load_sample(session)
            else:
                programme = create_programme(session, slug="real", name="Real", organisation="Bench")
                drafts = read_profiles(startups, Kind.STARTUP).drafts
                import_drafts(session, programme, Kind.STARTUP, drafts, actor="bench", subject="sheet")
            found = session.scalars(select(Entry.redacted).where(Entry.redacted != "").order_by(Entry.id))
            texts = list(dict.fromkeys(found))
        engine.dispose()
    return texts


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = perf_counter()
    work()
    return perf_counter() - began


def compare(name: str, texts: Sequence[str], encoder: Encoder) -> None:
    """Print the medians, in texts a second, and their ratio."""
    missing = {sha256(text.encode()).hexdigest(): text for text in texts}
    pipeline, bare = [], []
    for _ in range(RUNS):
        pipeline.append(seconds(lambda: encode_missing(missing, encoder)))
        bare.append(
            seconds(
                lambda: encoder.transformer.encode(list(texts), batch_size=BATCH, show_progress_bar=False)
            )
        )
    ours, theirs = len(texts) / np.median(pipeline), len(texts) / np.median(bare)
    characters = np.mean([len(text) for text in texts])
    print(
        f"{name:12}{len(texts):>7}{characters:>12.0f}{ours:>14.0f}{theirs:>14.0f}{ours / theirs:>8.2f}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--startups", type=Path, help="a sheet of real start-ups")
    startups: Path | None = parser.parse_args().startups
    encoder = load_encoder(get_settings().model)
    encoder.warm_up()
    print(f"texts a second, medians of {RUNS} runs in turns; the bare encoder in batches of {BATCH}\n")
    print(f"{'':12}{'texts':>7}{'characters':>12}{'pipeline':>14}{'bare':>14}{'ratio':>8}")
    compare("sample", programme_texts(None), encoder)
    if startups:
        compare("start-ups", programme_texts(startups), encoder)


if __name__ == "__main__":
    main()
