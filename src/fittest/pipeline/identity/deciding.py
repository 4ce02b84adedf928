"""Which sources decide the results of a run, file by file, and which that training comes to use
decide nothing.

A source decides if a change of what it is meant to do can change a number of a trained run. What
hands numbers on, stores them, or chooses how fast they come does not: its contract is that it
changes none, and tests hold it to that. Every module that training imports stands in one of the two
lists (a test walks the imports), so a new one forces the choice, and changes no key by being there.
"""

from __future__ import annotations

from collections.abc import Iterable

from fittest.models.model import Model
from fittest.runs.run import Run

SHARED = (
    "pipeline/running/ensembles.py",  # from runs to stacked weights, splits, hyperparameters
    "runs/initial.py",
    "tasks/task.py",  # the table of pairs, and the split
    "training/backend.py",  # what a run's numbers are picked by, in which type; dropout
    "training/feed.py",  # examples, stacked
    "training/loop.py",  # which steps are recorded, and when a run leaves
    "training/loss.py",
    "training/metrics.py",
    "training/optimisers.py",
    "training/schedule.py",
    "training/torch_backend.py",  # trains any network
    "training/torch_step.py",
)
"""Files that decide every run."""

NATIVE = (
    "training/native_backend.py",
    "training/native_batches.py",
    "training/native_networks/native_network.py",
    "training/native/arena.h",
    "training/native/dropout.h",
    "training/native/ensemble.h",
    "training/native/examples.h",
    "training/native/layers.h",
    "training/native/matmul.h",
    "training/native/optimiser.h",
    "training/native/transpose.h",
    "training/native/vector.h",
)
"""Those that decide a run whose network the native kernel knows, beside that network's own."""

NATIVE_NETWORKS = {
    "models/networks/embedding_mlp.py": (
        "training/native_networks/embedding_mlp.py",
        "training/native/embedding_mlp.h",
    ),
    "models/networks/two_table_mlp.py": (
        "training/native_networks/two_table_mlp.py",
        "training/native/two_table_mlp.h",
    ),
    "models/networks/transformer.py": (
        "training/native_networks/transformer.py",
        "training/native/attention.h",
        "training/native/lookups.h",
        "training/native/transformer.h",
        "training/native/transformer_order.h",
        "training/native/transformer_shape.h",
        "training/native/transformer_tables.h",
    ),
}
"""Modules of the networks that the native kernel knows -> what decides them alone."""

STOPPING = ("analysis/fates/settle.py",)
"""Those that decide where a run with a stop rule ends."""

DRAWING = ("data/kinds.py", "data/order.py")
"""Those that decide a run that is not trained on the whole table at once."""

MEASURING = ("training/further_metrics.py",)
"""Those that decide a run whose task asks for more than loss and accuracy."""

REFERRING = ("pipeline/running/references.py",)
"""Those that decide a run whose initial weights depend on how another run ended."""

KICKING = ("training/kicked.py",)
"""Those that decide a run which is kicked while it trains, beside its intervention's own."""

LOW_PRECISION = ("training/low_precision.py",)
"""Those that decide a run whose loss is computed in float32."""

LIBRARIES = ("analysis/fates/alive.py", "fourier.py", "models/activations.py", "streams.py")
"""Modules of which only the definitions count that other sources use: functions, and the purposes
of random streams. They import nothing of the package."""

_LIST = "names the modules of its folder, which count where a run uses them"

HARMLESS = {
    "analysis/cosets": "defines what reductions make, with which it is in the key of a shard",
    "analysis/reductions": "makes tables of weights; in the key of a shard where its run-set says"
    " so",
    "data/__init__.py": _LIST,
    "errors.py": "exceptions",
    "models/__init__.py": _LIST,
    "models/model.py": "what models override",
    "models/networks/without_values.py": "builds networks whose values mean nothing",
    "pipeline/running/allocator.py": "says where memory comes from",
    "pipeline/running/backends.py": "picks a backend, its device and how many networks at once;"
    " whatever changes numbers on purpose there (dtype, precision) is in the key",
    "pipeline/configuration/config.py": "settings; those that change numbers are in the key",
    "pipeline/running/lock.py": "keeps a second job away",
    "pipeline/forecasts/memory.py": "forecasts memory, and with it how many networks train at once",
    "pipeline/forecasts/progress.py": "reports",
    "pipeline/forecasts/trainer.py": "tells who trains and how many networks at once",
    "pipeline/project.py": "finds a shard's runs, whose values are in the key, and makes that key",
    "pipeline/running/promised.py": "refuses gaps",
    "pipeline/running/reductions.py": "hands weights to reductions, and their code to the key",
    "pipeline/running/shared.py": "hands tables on as they were made, by the key of their shard",
    "pipeline/running/tables.py": "hands rows and weights on, in the types of the store",
    "pipeline/running/train.py": "calls the parts, and hands on what they make",
    "runs/catalogue.py": "cuts run-sets into shards: results do not depend on it",
    "runs/cost.py": "forecasts",
    "runs/interventions/__init__.py": _LIST,
    "runs/interventions/base.py": "what the kinds override, and what refuses bad values",
    "runs/optimisers.py": "settings; all their values, defaults included, are in the key",
    "runs/parts.py": "settings; all their values, defaults included, are in the key",
    "runs/run.py": "settings; all their values, defaults included, are in the key",
    "runs/shown.py": "shows runs",
    "settings.py": "what settings are made of, and their bounds",
    "store": "keeps tables as they are given",
    "tasks/__init__.py": _LIST,
    "tasks/settings.py": "what tasks override",
    "training/first_step.py": "compares the kernel with torch, and refuses",
    "training/observers/__init__.py": _LIST,
    "training/native/architectures.h": "picks the network that was asked for",
    "training/native/double.cpp": "compiles what others say",
    "training/native/kernel.cpp": "hands numbers to the kernel and back",
    "training/native_networks/__init__.py": _LIST,
    "training/native_settings.py": "says which runs are left to torch",
    "training/native_library.py": "finds and loads the kernel that was built",
    "training/record.py": "keeps what it is given",
    "training/restart.py": "gives back what it was given, or nothing",
    "training/sizes.py": "says how many at once",
    "training/splitting.py": "divides an ensemble as memory allows; runs do not influence each"
    " other",
    "training/torch_fast.py": "compiles the step of any network, or replays it",
    "training/weight_file.py": "keeps what it is given",
}
"""Modules, or whole folders, that training imports and that decide nothing -> why."""


def _own_module(settings: object) -> str:
    """File of a settings class within the package."""
    return _file_of(type(settings))


def _file_of(kind: type) -> str:
    return kind.__module__.removeprefix("fittest.").replace(".", "/") + ".py"


def _modules_of(model: Model) -> set[str]:
    """Files of a model's settings, and of those that they build on."""
    above = type(model).__mro__
    return {_file_of(kind) for kind in above if issubclass(kind, Model) and kind is not Model}


def _network_of(model: Model) -> str:
    """File of the module that a model's settings build: named as those that say how, in
    networks/."""
    builder = next(kind for kind in type(model).__mro__ if "build" in vars(kind))
    folder, _, name = _file_of(builder).rpartition("/")
    return f"{folder}/networks/{name}"


def sources_of(runs: Iterable[Run]) -> tuple[str, ...]:
    """Files, relative to the package, that decide the results of some runs; of LIBRARIES, what
    these files use counts beside them."""
    found = set(SHARED)
    for run in runs:
        network = _network_of(run.model)
        found |= {_own_module(run.task), *_modules_of(run.model), network}
        if network in NATIVE_NETWORKS:
            found |= {*NATIVE, *NATIVE_NETWORKS[network]}
        if run.intervention is not None:
            found.add(_own_module(run.intervention))
        found |= {f"training/observers/{name}.py" for name in run.observers}
        if run.recording.gradients:
            found.add("training/observers/signals.py")
        if run.trained_on.name != "table":
            found |= {*DRAWING}
        if run.task.metrics():
            found |= {*MEASURING}
        if run.stop is not None:
            found |= {*STOPPING}
        if run.reference is not None:
            found |= {*REFERRING}
        if run.intervention is not None and run.intervention.kick_step() is not None:
            found |= {*KICKING}
        if run.arithmetic.loss == "float32":
            found |= {*LOW_PRECISION}
    return tuple(sorted(found))
