"""Every number that shapes a score, with its bounds, in one place."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Share = Field(ge=0, le=1)
_Cosine = Field(ge=-1, le=1)


class MeetingConfig(BaseModel):
    """What a meeting of two facets weighs, and how near its texts are as a rule.

    Cosines are mapped to likeness linearly from `floor` (no more than any two texts have in common) to
    `ceiling` (they say the same). The bounds differ because a short need and a short expertise come
    nearer to each other than a long pitch and a thesis ever do.
    """

    model_config = ConfigDict(frozen=True)

    weight: float = _Share
    floor: float = _Cosine
    ceiling: float = _Cosine

    @model_validator(mode="after")
    def _rises(self) -> "MeetingConfig":
        if self.floor >= self.ceiling:
            raise ValueError(f"the floor {self.floor} must lie under the ceiling {self.ceiling}")
        return self


class ScoringConfig(BaseModel):
    """Weights and thresholds of the ranking. Changing one changes what people are recommended.

    Floors are about the medians over all pairs of the sample programme under the default encoder, ceilings
    the ninth deciles of each start-up's best pair or, where texts of two kinds meet, somewhat more, so that
    a chance likeness fills no reason: `python -m benchmarks.cosines` prints them.
    """

    model_config = ConfigDict(frozen=True)

    best_pairs: int = Field(3, ge=1, le=10, description="entry pairs that late interaction averages")
    best_share: float = Field(0.5, ge=0, le=1, description="weight of the best pair beside that average")
    breadth: float = Field(
        0.05, ge=0, le=0.5, description="cosine that each e-fold of entry pairs beyond nine costs"
    )
    scanned_from: int = Field(
        16_384, ge=64, description="candidates from which scans are faster than sifting everyone"
    )
    scanned: int = Field(
        2048, ge=512, le=16384, description="entries near to each of the subject's that scans look for"
    )
    sifted: int = Field(
        2048, ge=512, le=65536, description="candidates of a large pool that are compared by fine sketches"
    )
    rescored: int = Field(
        192, ge=64, le=16384, description="those of them that are compared in full width as a rule"
    )
    shortlisted: int = Field(50, ge=1, le=200, description="candidates of each side that share out attention")

    text_weight: float = Field(
        0.75, ge=0, le=1, description="share of the texts; structured fit has the rest"
    )
    unstated: float = Field(0.5, ge=0, le=1, description="fit of what a side does not state")

    need_expertise: MeetingConfig = MeetingConfig(weight=1.0, floor=0.19, ceiling=0.74)
    need_experience: MeetingConfig = MeetingConfig(weight=0.15, floor=0.05, ceiling=0.35)
    pitch_interest: MeetingConfig = MeetingConfig(weight=0.25, floor=0.03, ceiling=0.33)
    pitch_thesis: MeetingConfig = MeetingConfig(weight=1.0, floor=0.11, ceiling=0.38)
    pitch_portfolio: MeetingConfig = MeetingConfig(weight=0.5, floor=0.18, ceiling=0.84)
    need_offer: MeetingConfig = MeetingConfig(weight=0.15, floor=0.17, ceiling=0.45)

    strong: float = Field(0.60, ge=0, le=1, description="lowest score of the band 'strong'")
    good: float = Field(0.45, ge=0, le=1, description="lowest score of the band 'good'")
    worth_telling: float = Field(0.40, ge=0, le=1, description="lowest likeness of a reason")
