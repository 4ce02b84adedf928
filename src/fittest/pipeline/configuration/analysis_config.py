"""config/config.yaml, `analysis`: the constants that all papers' analyses share, with types and
units. A paper's own stand in `fittest.analysis.<paper>.constants`."""

from __future__ import annotations

import json
from dataclasses import asdict

from pydantic import Field

from fittest.analysis.fates.alive import Thresholds
from fittest.runs.run import digest
from fittest.settings import (
    MAX_SEED,
    Draws,
    PositiveStep,
    Settings,
)


class AliveSettings(Settings):
    """Survival thresholds (survival methods 2.3)."""

    two_mean_factor: float = Field(
        gt=0, description="alive if above this times the mean over p bins"
    )
    absolute: float = Field(gt=0, description="alive if above this, at the end of full runs only")
    relative: float = Field(
        gt=0, lt=1, description="alive if above this share of the largest signal"
    )


class SettleSettings(Settings):
    """What `settled` in the runs table means (survival methods 2.20)."""

    window: PositiveStep = Field(description="steps over which the set is unchanged")
    separation: float = Field(ge=1, description="weakest survivor / strongest dead signal")


class BootstrapSettings(Settings):
    """Resampling for confidence intervals (survival methods 2.19)."""

    draws: Draws = Field(description="number of resamples")
    seed: int = Field(ge=0, le=MAX_SEED, description="seed of the resampling")
    confidence: float = Field(gt=0, lt=1, description="level of all intervals")


class AnalysisSettings(Settings):
    """Constants that the analyses of all papers share."""

    alive: AliveSettings
    settle: SettleSettings
    bootstrap: BootstrapSettings

    def thresholds(self) -> Thresholds:
        """The alive and settle thresholds in the form that the analyses take."""
        return Thresholds(
            two_mean_factor=self.alive.two_mean_factor,
            absolute=self.alive.absolute,
            relative=self.alive.relative,
            settle_window=self.settle.window,
            settle_separation=self.settle.separation,
        )

    def collecting(self) -> dict[str, float]:
        """All that decides the `runs` and `frequencies` tables of these settings, flat: what
        else changes here makes neither of them stale."""
        return asdict(self.thresholds())

    def collecting_key(self) -> str:
        """16 hex digits of `collecting`, as those tables carry it."""
        return digest(json.dumps(self.collecting(), sort_keys=True))
