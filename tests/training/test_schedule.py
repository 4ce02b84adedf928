"""Which steps are recorded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fittest.training.schedule import Schedule


@given(every=st.integers(1, 60), dense=st.integers(0, 80), start=st.integers(0, 300))
def test_after_is_the_next_step_that_is_contained(every: int, dense: int, start: int) -> None:
    schedule = Schedule(every, dense)
    following = next(s for s in range(start + 1, start + 1000) if schedule.contains(s))
    assert schedule.after(start) == following


@given(every=st.integers(1, 60), dense=st.integers(0, 80))
def test_dense_beginning_then_every_so_many(every: int, dense: int) -> None:
    schedule = Schedule(every, dense)
    recorded = {s for s in range(301) if schedule.contains(s)}
    assert recorded == {*range(dense + 1), *range(0, 301, every)} & {*range(301)}


@given(every=st.integers(1, 60), dense=st.integers(0, 80), last=st.integers(0, 300))
def test_until_lists_what_is_contained_and_the_end(every: int, dense: int, last: int) -> None:
    schedule = Schedule(every, dense)
    wanted = {step for step in range(last + 1) if schedule.contains(step)} | {last}
    assert schedule.until(last) == sorted(wanted)
