"""No empirical claim without data on which it fails."""

from __future__ import annotations

import test_cosets_population_claims as populations
import test_cosets_single_claims as networks
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


def test_every_claim_of_the_cosets_paper_is_planted_once_or_not_judged() -> None:
    claims = claims_of("cosets").claims
    assert sorted(claims) == [f"C{number:02d}" for number in range(1, 42)]
    assert not populations.PLANTED.keys() & networks.PLANTED.keys()
    planted = populations.PLANTED.keys() | networks.PLANTED.keys()
    assert planted == {name for name, claim in claims.items() if not claim.unjudged}
