"""No empirical claim without data on which it fails."""

from __future__ import annotations

import test_planted_completeness as completeness
import test_planted_dynamics as dynamics
import test_planted_rates as rates
from planted_claims import claims_of


def test_every_empirical_claim_is_planted() -> None:
    survival = {*rates.CASES, *dynamics.CASES}
    known = {"survival": survival, "completeness": {*completeness.CASES, *completeness.REPEATS}}
    for paper, planted in known.items():
        empirical = {
            name for name, claim in claims_of(paper).claims.items() if claim.kind == "empirical"
        }
        assert empirical == planted, paper
