"""Many independent pieces of arithmetic on a few cores, with a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits
from tqdm import tqdm

Given = TypeVar("Given")
Made = TypeVar("Made")


def mapped(
    function: Callable[[Given], Made],
    windows: Iterable[Sequence[Given]],
    threads: int,
    total: int,
    label: str,
) -> Iterator[Made]:
    """What a function makes of each item, in their order.

    Pieces are shared among threads, since numpy lets go of the interpreter, and each of its
    products takes one core: many small products side by side are faster than one after the other
    on all cores. A bar is shown on a terminal.

    Args:
        windows: items, so many in memory at once as a window has. total: how many there are.
    """
    bar = tqdm(total=total, desc=label, file=sys.stderr, disable=None)
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool, bar:
        for window in windows:
            for made in pool.map(function, window):
                bar.update()
                yield made
