"""Building a network for its architecture: no memory for its parameters, and no values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class _NoValues(TorchFunctionMode):
    """Leaves out what torch.nn.init would do."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == torch.nn.init.__name__:
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


@contextmanager
def without_values() -> Iterator[None]:
    """Modules that are built within have parameters on the device `meta`.

    Drawing values there, which mean nothing, would load torch's compiler: two seconds of each job.
    """
    with torch.device("meta"), _NoValues():
        yield
