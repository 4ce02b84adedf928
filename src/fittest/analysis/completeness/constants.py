"""Thresholds, grids and sizes of the completeness paper's analyses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fittest.settings import MAX_DRAWS, RISING, Bins, Dimension, Settings, Share, Shown


class SolvedSettings(Settings):
    """When remainder equivalence counts as solved (completeness methods 1)."""

    accuracy: float = Field(gt=0, le=1, description="least test accuracy; always no scores 0.9")
    balanced_accuracy: float = Field(
        gt=0, le=1, description="least mean of the test accuracies of both answers"
    )


class LineSettings(Settings):
    """When final classes form a line that can be read (completeness methods 2.1)."""

    least_share: Share = Field(description="of between-class variance on the first component")
    most_spread: float = Field(gt=0, description="variance within classes over that between them")
    least_gap: float = Field(
        ge=0, lt=1, description="smallest distance of neighbours over the line's length"
    )


class CubeSettings(Settings):
    """When final tokens form a cube that can be read (completeness methods 2.2)."""

    least_share: Share = Field(description="of Walsh power on the three axes")
    least_evenness: Share = Field(description="shortest axis over the longest")
    most_skew: float = Field(ge=0, le=1, description="largest |cos| between two axes")


class RangeSettings(Settings):
    """Untrained embeddings of figures 8 and 10."""

    dimensions: Annotated[tuple[Dimension, ...], RISING] = Field(description="embedding dimensions")
    seeds: int = Field(ge=2, le=MAX_DRAWS, description="embeddings drawn for each")
    checked_from: int = Field(
        ge=1, description="dimensions from here on are compared with the derived table (2.3)"
    )


class Constants(Settings):
    """config/analysis/completeness.yaml"""

    solved: SolvedSettings
    line: LineSettings
    cube: CubeSettings
    range: RangeSettings
    models_shown: Shown = Field(description="models of figures 1 and 2")
    order_bins: Bins = Field(description="bins of figure 1's histogram over all orders")
    cube_bins: Bins = Field(description="bins of figure 2's histogram over the cubes")
    top_shares: Annotated[tuple[Share, Share], RISING] = Field(
        description="shares of ranks whose frequency is reported (methods 7.8)"
    )
    frozen_shares: Annotated[tuple[Share, ...], RISING] = Field(
        description="columns of figure 9, as shares of the last step"
    )
    time_levels: dict[Literal["xor", "remainder"], float] = Field(
        description="test loss, nats, the time to which is compared over d (claims K43, K44)"
    )
    projection_limit: float = Field(gt=0, description="half-width of the circle panels of figure 3")
