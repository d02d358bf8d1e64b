"""How near the texts of the sample programme are, meeting by meeting: what the bounds of
`ScoringConfig` were set by. `python -m benchmarks.cosines`."""

import tempfile
from pathlib import Path

import numpy as np
from sqlalchemy import select

from config.migrations import upgrade
from config.settings import DEFAULT_MODEL
from matcher.db import make_engine, reading, unit_of_work
from matcher.embedding import load_encoder
from matcher.models import Kind, Profile
from matcher.ranking.config import ScoringConfig
from matcher.ranking.interaction import late_interaction, pad_groups
from matcher.ranking.score import MEETINGS, Meeting
from matcher.services.indexing import open_index
from matcher.services.pipeline import embed_profiles
from matcher.services.recommender import Recommender
from matcher.services.roster import load_roster
from matcher.services.sample import load_sample


def sample_recommender(folder: Path) -> Recommender:
    """The sample programme, embedded and indexed in `folder`."""
    engine = make_engine(f"sqlite:///{folder / 'cosines.db'}")
    upgrade(engine)
    with unit_of_work(engine) as session:
        programme = load_sample(session)
        ids = session.scalars(select(Profile.id)).all()
    encoder = load_encoder(DEFAULT_MODEL)
    embed_profiles(engine, programme.id, ids, encoder, lambda _done, _total: None)
    with reading(engine) as session:
        session.add(programme)
        session.refresh(programme)
        index = open_index(session, programme, folder, encoder.space)
        return Recommender(load_roster(session, programme), index, ScoringConfig(), 20)


def nearness(recommender: Recommender, kind: Kind, meeting: Meeting) -> list[list[float]]:
    """For each start-up, the blended cosine with every counterpart that has such entries."""
    config, found = recommender.config, []
    counterparts = [
        recommender.entries(facts, meeting.theirs) for facts in recommender.pools[kind].table.facts
    ]
    groups = [rows for rows in counterparts if len(rows)]
    theirs = recommender.index.vectors(np.concatenate(groups))
    for startup in recommender.pools[Kind.STARTUP].table.facts:
        ours = recommender.index.vectors(recommender.entries(startup, meeting.ours))
        padded = pad_groups([len(rows) for rows in groups])
        near = late_interaction(ours @ theirs.T, padded, config.best_pairs, config.best_share, config.breadth)
        found.append(near.tolist())
    return found


def main() -> None:
    """Print, for each meeting of facets, deciles over all pairs and over each start-up's best."""
    with tempfile.TemporaryDirectory() as folder:
        recommender = sample_recommender(Path(folder))
        print(f"{'':24}{'all pairs: .5':>14}{'.9':>7}{'best: .1':>10}{'.5':>7}{'.9':>7}")
        for kind, meetings in MEETINGS.items():
            for meeting in meetings:
                rows = nearness(recommender, kind, meeting)
                every = np.quantile([value for row in rows for value in row], [0.5, 0.9])
                best = np.quantile([max(row) for row in rows], [0.1, 0.5, 0.9])
                figures = f"{every[0]:>14.2f}{every[1]:>7.2f}{best[0]:>10.2f}{best[1]:>7.2f}{best[2]:>7.2f}"
                print(f"{meeting.part:24}{figures}")


if __name__ == "__main__":
    main()
