"""Numbers of the survival paper's analyses that mean nothing are refused, with file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fittest.analysis.survival.constants import Constants
from fittest.errors import ConfigError
from fittest.runs.axes import merged
from fittest.yaml_file import validated

FILE = "config/analysis/survival.yaml"
GIVEN = yaml.safe_load((Path(__file__).parents[3] / FILE).read_text())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"dynamics": {"histogram_bins": 10**12}}, "dynamics.histogram_bins"),
        ({"dynamics": {"circularity_dimensions": []}}, "dynamics.circularity_dimensions"),
        ({"dynamics": {"circularity_dimensions": [0]}}, "dynamics.circularity_dimensions.0"),
        ({"dynamics": {"late_steps": [1500, 1000]}}, "dynamics.late_steps"),
        ({"dynamics": {"lasso_iterations": [1000, 10]}}, "dynamics.lasso_iterations"),
        ({"dynamics": {"circularity_p": 1_000_003}}, "dynamics.circularity_p"),
        ({"sweeps": {"frozen_shares": [0.5, 0.1]}}, "sweeps.frozen_shares"),
        ({"sweeps": {"frozen_shares": []}}, "sweeps.frozen_shares"),
        ({"showcase_survivors": 0}, "showcase_survivors"),
        ({"horizon": {"steps": []}}, "horizon.steps"),
        ({"defaults": {"dead_share": -0.1}}, "defaults.dead_share"),
        ({"sweeps": {"smal_d": 20}}, "sweeps.smal_d"),
    ],
    ids=str,
)
def test_numbers_that_mean_nothing(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as refused:
        validated(Constants, merged(GIVEN, change), FILE)
    assert str(refused.value).startswith(f"{FILE}: {named}: ")


def test_weak_is_weaker_than_strong() -> None:
    with pytest.raises(ConfigError, match=rf"{FILE}: .*weak_factor must be smaller"):
        validated(Constants, merged(GIVEN, {"weak_factor": 2.0}), FILE)
