"""Every number that bounds the work of a solver, in one place."""

from pydantic import BaseModel, ConfigDict, Field


class SolverConfig(BaseModel):
    """How long and how thoroughly to search. Rules are part of the problem, not of this."""

    model_config = ConfigDict(frozen=True)

    seconds: float = Field(30, gt=0, le=3600, description="after which HiGHS answers with the best it has")
    exact_edges: int = Field(
        60_000,
        ge=1,
        le=10**7,
        description="up to which HiGHS sees all pairs; beyond, the most promising",
    )
    rounds: int = Field(30, ge=1, le=1000, description="flows in search of the fairest in a large problem")
    alternatives: int = Field(6, ge=0, le=50, description="other sets of relaxations in a diagnosis")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="of HiGHS, which also runs on one thread")
