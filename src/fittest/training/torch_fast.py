"""Faster ways to make the same update: compiled for a few sizes, or replayed from a CUDA graph.

What is compiled is a trace: the batched operators that vmap and autograd end in, with nothing left
of either. torch.compile sees plain tensors, so nothing in it breaks the graph or is compiled anew
but for another size; and its wrong gradients under vmap (2.13) have no place to be wrong in.
"""

from __future__ import annotations

import logging
import shlex
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_flatten, tree_unflatten

from fittest.training.backend import Parameters
from fittest.training.torch_step import StepInputs, TorchStep, Update, Updating

log = logging.getLogger(__name__)

_COMPILED: OrderedDict[object, tuple[TorchStep, Updating]] = OrderedDict()
"""By kind of step and sizes, those used last at the end; with the step, whose model's identity is
part of the key."""

_MOST_COMPILED = 64
"""Steps that are kept compiled: a shard has a few kinds of networks, in a few sizes each."""


def flattened(
    inputs: StepInputs,
) -> tuple[list[Tensor], Callable[[Sequence[Tensor]], StepInputs], object]:
    """The tensors among some inputs, what puts such ones together again, and what is equal where
    others are arranged alike."""
    leaves, layout = tree_flatten(inputs)
    there = tuple(leaf is not None for leaf in leaves)

    def put_together(values: Sequence[Tensor]) -> StepInputs:
        left = iter(values)
        whole: StepInputs = tree_unflatten([next(left) if t else None for t in there], layout)
        return whole

    return [leaf for leaf in leaves if leaf is not None], put_together, (str(layout), there)


def traced(step: TorchStep, inputs: StepInputs) -> tuple[GraphModule, Callable[[Any], Update]]:
    """The update as a graph of operators on the flattened inputs of these sizes, and what puts
    together its outputs."""
    flat, put_together, _ = flattened(inputs)
    made: list[Any] = []

    def update(*values: Tensor) -> list[Tensor]:
        results, arrangement = tree_flatten(step.update(put_together(values)))
        made[:] = [arrangement]
        return results

    # A network may hold a constant, such as what tells positions apart.
    graph = make_fx(update, tracing_mode="fake", _allow_non_fake_inputs=True)(*flat)
    return graph, lambda results: tree_unflatten(list(results), made[0])


class CompiledUpdate:
    """An update through torch.compile.

    An ensemble that shrinks keeps the size that it started with until half of it is left, then
    that of the half, and so on: what it is short of are copies of its first run, whose results are
    dropped. Short minibatches are filled up with examples of no weight.
    """

    def __init__(self, step: TorchStep) -> None:
        self._step = step
        self._most_runs = 0
        self._most_examples = 0

    def __call__(self, inputs: StepInputs) -> Update:
        """The update; compiles for sizes that were not there before."""
        runs, examples = len(inputs.weights), inputs.weights.shape[1]
        self._most_runs = max(self._most_runs, runs)
        self._most_examples = max(self._most_examples, examples)
        if inputs.tokens is not None and examples < self._most_examples:
            inputs = with_examples(inputs, self._most_examples)
        size = padded(runs, self._most_runs)
        if size > runs:
            inputs = with_runs(inputs, size)
        parameters, moments, losses = self._of_size(inputs)(inputs)
        if size == runs:
            return parameters, moments, losses
        kept = {name: _first(group, runs) for name, group in moments.items()}
        return _first(parameters, runs), kept, losses[:runs]

    def _of_size(self, inputs: StepInputs) -> Updating:
        """Shared by all ensembles of a kind: the parts of a shard differ in their runs alone."""
        flat, _, layout = flattened(inputs)
        sizes = tuple((value.shape, value.dtype, value.device) for value in flat)
        key = (self._step.kind(), layout, sizes)
        if key not in _COMPILED:
            _COMPILED[key] = self._step, compiled(self._step, inputs)
            while len(_COMPILED) > _MOST_COMPILED:
                _COMPILED.popitem(last=False)
        _COMPILED.move_to_end(key)
        return _COMPILED[key][1]


def compiled(step: TorchStep, inputs: StepInputs, **options: Any) -> Updating:
    """The update compiled for the sizes of `inputs`; as it is, aloud, where that fails. options: of
    torch.compile."""
    from torch._dynamo.exc import TorchDynamoException

    _quote_library_folder()
    graph, put_together = traced(step, inputs)
    run = torch.compile(graph, fullgraph=True, dynamic=False, **options)
    failed = False

    def update(inputs: StepInputs) -> Update:
        nonlocal failed
        if not failed:
            try:
                return put_together(run(*flattened(inputs)[0]))
            # Of the compiler alone: what fails in running, such as memory, is the loop's to judge.
            except TorchDynamoException as error:
                failed = True
                log.warning(
                    "torch.compile failed, so this trains without it and takes longer"
                    " (training.compile: never avoids the attempt): %s",
                    _first_line(error),
                )
        return step.update(inputs)

    return update


def _first_line(error: Exception) -> str:
    """What the compiler says, without the command that it was given."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "error:" in line.lower() or "cannot find" in line]
    return (told or lines or [type(error).__name__])[0][:300]


def _quote_library_folder() -> None:
    """torch (2.13) quotes the folders of headers in the command of its C++ compiler, and forgets
    that of its libraries: in a path with a space nothing could be linked."""
    from torch.utils import cpp_extension

    folder = cpp_extension.TORCH_LIB_PATH
    if shlex.split(folder) != [folder]:
        cpp_extension.TORCH_LIB_PATH = shlex.quote(folder)


def padded(runs: int, most: int) -> int:
    """The smallest of `most`, its half, the half of that, ... (rounded up) that holds `runs`."""
    size = most
    while size > 1 and (half := (size + 1) // 2) >= runs:
        size = half
    return size


def with_runs(inputs: StepInputs, size: int) -> StepInputs:
    """As many runs: copies of the first fill up."""
    runs = len(inputs.weights)
    rows = torch.arange(size, device=inputs.weights.device)
    rows = torch.where(rows < runs, rows, 0)
    shared = inputs.labels.dim() == 2

    def chosen(group: Parameters) -> Parameters:
        return {name: value[rows] for name, value in group.items()}

    return StepInputs(
        chosen(inputs.parameters),
        {name: chosen(group) for name, group in inputs.moments.items()},
        chosen(inputs.settings),
        inputs.number,
        inputs.tokens if shared or inputs.tokens is None else inputs.tokens[rows],
        inputs.labels if shared else inputs.labels[rows],
        inputs.weights[rows],
        None if inputs.kept is None else inputs.kept[rows],
    )


def with_examples(inputs: StepInputs, size: int) -> StepInputs:
    """As many examples: those of no weight fill up."""
    lacking = size - inputs.weights.shape[1]

    def longer(value: Tensor, dim: int) -> Tensor:
        shape = list(value.shape)
        shape[dim] = lacking
        return torch.cat([value, value.new_zeros(shape)], dim=dim)

    assert inputs.tokens is not None
    return inputs._replace(
        tokens=longer(inputs.tokens, inputs.tokens.dim() - 2),
        labels=longer(inputs.labels, inputs.labels.dim() - 2),
        weights=longer(inputs.weights, 1),
        kept=None if inputs.kept is None else longer(inputs.kept, 1),
    )


def _first(group: Parameters, runs: int) -> Parameters:
    return {name: value[:runs] for name, value in group.items()}


Work = Callable[[], None]


def captured_on_cuda(work: Work) -> Work:
    """Replays the kernels that `work` launches, once it has run a few times, as capturing asks."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


class _Recording:
    """Buffers of fixed addresses, and the update from them into them."""

    def __init__(self, update: Updating, capture: Callable[[Work], Work], given: StepInputs):
        flat, put_together, _ = flattened(given)
        self._buffers = [value.clone() for value in flat]
        self.runs = len(given.weights)
        self._last: list[Tensor] = []
        self._losses = torch.empty(0)
        held = self._held = put_together(self._buffers)

        def work() -> None:
            parameters, moments, self._losses = update(held)
            for old, new in zip(
                tree_flatten((held.parameters, held.moments))[0],
                tree_flatten((parameters, moments))[0],
                strict=True,
            ):
                old.copy_(new)

        self._replay = capture(work)

    def __call__(self, inputs: StepInputs) -> Update:
        flat = flattened(inputs)[0]
        last: Sequence[Tensor | None] = self._last or [None] * len(flat)
        state = len(tree_flatten((inputs.parameters, inputs.moments))[0])
        for index, (buffer, value, before) in enumerate(
            zip(self._buffers, flat, last, strict=True)
        ):
            # The state is there already unless it was set; examples may be those of the last step.
            if value is not (buffer if index < state else before):
                buffer.copy_(value)
        self._last = [*self._buffers[:state], *flat[state:]]
        self._replay()
        return dict(self._held.parameters), dict(self._held.moments), self._losses.clone()


class CapturedUpdate:
    """An update replayed from a CUDA graph, which costs one launch instead of hundreds.

    The state it returns lies in buffers that the next update overwrites. One recording for each
    size that comes, such as that of a pass's last minibatch.
    """

    def __init__(
        self, update: Updating, capture: Callable[[Work], Work] = captured_on_cuda
    ) -> None:
        self._update = update
        self._capture = capture
        self._recordings: dict[object, _Recording] = {}

    def __call__(self, inputs: StepInputs) -> Update:
        """The update."""
        flat, _, layout = flattened(inputs)
        key = (layout, tuple(value.shape for value in flat))
        if key not in self._recordings:
            runs = len(inputs.weights)
            # Runs that have left do not come back, and their buffers are large.
            self._recordings = {k: r for k, r in self._recordings.items() if r.runs == runs}
            self._recordings[key] = _Recording(self._update, self._capture, inputs)
        return self._recordings[key](inputs)
