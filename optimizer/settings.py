"""How hard to look for the best plan; nothing here changes what a plan is."""

from __future__ import annotations

from pydantic import Field

from models.base import Frozen


class Settings(Frozen):
    """Settings of a run.

    The same case and settings give the same plan, byte by byte, unless a time
    limit stops the search.
    """

    gap: float = Field(
        1e-3,
        description="a goal is proven when best and bound differ by this part of best",
        ge=0,
        le=1,
    )
    time_limit: float | None = Field(
        None, description="seconds for the whole run, building included", gt=0, le=1e7
    )
    threads: int = Field(1, description="threads of the solver", ge=1, le=64)
    seed: int = Field(0, description="seed of the solver's random choices", ge=0, le=2_147_483_647)
