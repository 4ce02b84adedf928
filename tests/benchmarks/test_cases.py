"""Settings of the benchmark are the papers' networks, their work that of the cheapest form."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.cases import Case
from benchmarks.matmul_shapes import Shape, step_work

from fittest.pipeline.project import Project
from fittest.runs.cost import flops_per_step


@pytest.fixture(scope="module")
def trained_by_the_papers() -> set[str]:
    """run_ids of everything that is trained at the papers' own scale."""
    catalogue = Project.load().at_scale("full").catalogue
    return {run.run_id for name in catalogue.names() for run in catalogue.runset(name).runs}


@pytest.mark.parametrize("name", ["transformer_p113", "two_table_n91", "two_table_n91_full"])
def test_a_papers_own_network(name: str, trained_by_the_papers: set[str]) -> None:
    assert Case.parse(name).run(0).run_id in trained_by_the_papers


@pytest.mark.parametrize("name", ["p59_d128", "p13_d16", "transformer_p53", "two_table_n13"])
def test_a_name_is_read_back(name: str) -> None:
    assert Case.parse(name).name == name


def test_other_names_are_refused() -> None:
    with pytest.raises(ValueError, match=r"`p59` is no setting; write p59_d128"):
        Case.parse("p59")


@pytest.mark.parametrize("name", ["p59_d128", "p13_d16", "two_table_n91_full"])
def test_work_is_that_of_the_models_formula(name: str) -> None:
    case = Case.parse(name)
    assert step_work(case).flops == pytest.approx(flops_per_step(case.base))


def test_work_of_the_transformer_is_that_of_its_tables() -> None:
    # 63,376 multiply-adds per pair, and 28.7 million at the size of tables; backward twice that.
    case = Case.parse("transformer_p113")
    tables = 114 * 128 * 512 + 113 * 128 * 128 + 626 * 128 * 128 + 113 * 128 * 626
    assert step_work(case).flops == 3 * 2 * (3830 * 63_376 + tables)


def test_work_of_a_minibatch_is_that_of_the_rows_that_occur() -> None:
    shapes = step_work(Case.parse("two_table_n91")).shapes
    # 91 (1 - (1 - 1/91)^91) of 91 numbers, were the pairs drawn one by one.
    assert shapes[Shape(58, 32, 128)] == 2
    assert shapes[Shape(91, 128, 91)] == 1
