"""Every table the pipeline writes between training and analysis: columns, types, meaning.

`trajectory`: one row per run and recorded step.
`weights`: one row per run, step and parameter.
`runs`: one row per run of a run-set.
`frequencies`: one row per run and frequency.

k runs over 1..K, K = floor((p-1)/2); `signals[i]` belongs to k = i + 1.

Files outlive versions of this page. A column that a kind of table gets later stands in a group of
OPTIONAL as well: files without it stay readable. Without that, every stored file is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

_TEXT = pa.string()
_LIST = pa.list_(pa.float32())


def _fields(*columns: tuple[str, pa.DataType, str]) -> pa.Schema:
    return pa.schema(
        [pa.field(name, kind, metadata={"description": text}) for name, kind, text in columns]
    )


SCHEMAS: dict[str, pa.Schema] = {
    "trajectory": _fields(
        ("run_id", _TEXT, "which network: hash of all that decides its training but its length"),
        ("step", pa.int32(), "optimiser updates so far"),
        ("train_loss", pa.float64(), "mean cross-entropy over the train pairs, nats"),
        ("test_loss", pa.float64(), "mean cross-entropy over the test pairs, nats"),
        ("train_accuracy", pa.float64(), "share of train pairs answered right"),
        ("test_accuracy", pa.float64(), "share of test pairs answered right"),
        ("signals", _LIST, "norm of the embedding's Fourier coefficient, k = 1..K"),
        ("signal_mean", pa.float32(), "mean of that norm over all p bins, k = 0 included"),
        (
            "gradient_signals",
            _LIST,
            "norm of the Fourier coefficient of the train loss's gradient by the embedding, k ="
            " 1..K; null unless the run records gradients",
        ),
        ("squared_norm", pa.float64(), "sum of the squares of all parameters; if observed"),
        (
            "train_losses",
            pa.list_(pa.float64()),
            "train loss before each update since the row before, nats; if recording.every_loss",
        ),
        *(
            (f"{part}_{name}", kind, f"{text}, {part} examples; null unless the task asks for it")
            for name, kind, text in (
                ("token_losses", pa.list_(pa.float64()), "mean cross-entropy of each answer, nats"),
                ("exact", pa.float64(), "share of examples whose answers are all right"),
                (
                    "balanced_accuracy",
                    pa.float64(),
                    "mean over classes of the share of right answers",
                ),
            )
            for part in ("train", "test")
        ),
    ),
    "weights": _fields(
        ("run_id", _TEXT, "which network"),
        ("step", pa.int32(), "optimiser updates so far"),
        ("parameter", _TEXT, "name in the network, such as embedding.weight"),
        ("shape", pa.list_(pa.int32()), "shape of the parameter"),
        ("values", _LIST, "its entries in row-major order"),
    ),
    "runs": _fields(
        ("run_id", _TEXT, "which network"),
        ("runset", _TEXT, "the run-set asked for"),
        ("source", _TEXT, "the run-set that trained it"),
        ("task", _TEXT, "what is learnt, such as modular_addition"),
        ("p", pa.int32(), "modulus, how many numbers there are; null where there are none"),
        ("model", _TEXT, "the network's architecture"),
        ("d", pa.int32(), "embedding dimensions; width of a transformer"),
        (
            "hidden",
            pa.list_(pa.int32()),
            "widths of the hidden layers, first to last; none without an MLP",
        ),
        ("init", _TEXT, "distribution of the initial weights (configuration reference)"),
        ("activation", _TEXT, "after each hidden layer: silu, relu, gelu or square"),
        ("optimiser", _TEXT, "adamw, adam or sgd"),
        ("learning_rate", pa.float64(), "learning rate"),
        ("beta1", pa.float64(), "Adam's averaging factor of the gradient; null for sgd"),
        ("beta2", pa.float64(), "Adam's averaging factor of its square; null for sgd"),
        ("eps", pa.float64(), "Adam's epsilon; null for sgd"),
        ("momentum", pa.float64(), "momentum of sgd; null for the others"),
        ("weight_decay", pa.float64(), "weight decay: decoupled for adamw, L2 for the others"),
        ("seed_embedding", pa.int64(), "seed of the initial embedding"),
        ("seed_mlp", pa.int64(), "seed of the MLP's initial weights"),
        ("seed_split", pa.int64(), "seed of the train/test split"),
        ("steps", pa.int32(), "last step asked for (the latest, where runs stop when settled)"),
        ("frozen", pa.list_(pa.string()), "parameters that were not trained"),
        ("intervention", _TEXT, "kind of change to the initial embedding, or none"),
        ("frequency", pa.int32(), "perturb: the scaled frequency"),
        ("factor", pa.float64(), "perturb: what its coefficient was multiplied by"),
        ("first", pa.int32(), "construct: the stronger frequency; keep: the first kept"),
        ("second", pa.int32(), "construct: the weaker frequency; keep: the second kept, if any"),
        ("ratio", pa.float64(), "construct: signal of the second over the first"),
        ("kept", pa.list_(pa.int32()), "keep, winners: frequencies left in the initial embedding"),
        ("signal0_unperturbed_k", pa.float64(), "perturb: initial signal before scaling"),
        (
            "signal0_unperturbed_other_mean",
            pa.float64(),
            "perturb: mean initial signal of the other frequencies",
        ),
        ("last_step", pa.int32(), "step of the last row used"),
        (
            "settled",
            pa.bool_(),
            "survivor set unchanged over the window and well separated; null without signals",
        ),
        ("failed", pa.bool_(), "the loss became infinite or NaN"),
        ("survivors", pa.list_(pa.int32()), "frequencies alive at the last step (2 x mean rule)"),
        ("n_2mean", pa.int32(), "number of survivors (2 x mean rule; see the warning below)"),
        ("n_rel", pa.int32(), "frequencies above a share of the largest signal"),
        ("n_eff", pa.float64(), "(sum of power)^2 / sum of power^2"),
        ("separation", pa.float64(), "weakest survivor / strongest dead signal"),
        ("first_full_test_accuracy", pa.int32(), "first recorded step with test accuracy 1"),
        ("train_loss", pa.float64(), "at the last step, nats"),
        ("test_loss", pa.float64(), "at the last step, nats"),
        ("train_accuracy", pa.float64(), "at the last step"),
        ("test_accuracy", pa.float64(), "at the last step"),
        ("config", _TEXT, "the run's full configuration, JSON"),
        ("data", _TEXT, "what a step is trained on: table, batch, minibatches, fresh or sample"),
        ("batch_size", pa.int32(), "examples of an update"),
        ("trained_examples", pa.int32(), "examples trained on; of fresh data: of an update"),
        ("train_fraction", pa.float64(), "share of listed examples that are trained on"),
        ("warmup", pa.int32(), "updates over which the learning rate rises"),
        ("l1", pa.float64(), "weight of the sum of absolute parameters in the loss"),
        ("layers", pa.int32(), "layers of a transformer"),
        ("heads", pa.int32(), "attention heads of a layer"),
        ("attention", _TEXT, "softmax or constant"),
    ),
    "frequencies": _fields(
        ("run_id", _TEXT, "which network"),
        ("k", pa.int32(), "frequency"),
        ("signal0", pa.float64(), "signal at step 0"),
        ("grad_rel_1", pa.float64(), "(signal(1) - signal(0)) / signal0"),
        ("grad_rel_2", pa.float64(), "(signal(2) - signal(1)) / signal0"),
        ("grad_rel_3", pa.float64(), "(signal(3) - signal(2)) / signal0"),
        ("grad_rel_4", pa.float64(), "(signal(4) - signal(3)) / signal0"),
        ("signal", pa.float64(), "signal at the last step"),
        ("alive_2mean", pa.bool_(), "above twice the mean over all p bins"),
        ("alive_abs10", pa.bool_(), "above the absolute threshold"),
        ("alive_rel", pa.bool_(), "above a share of the largest signal"),
        ("gcd", pa.int32(), "greatest common divisor of k and p"),
    ),
}
"""Schema by kind of table, optional columns included: what is written has all of them, in this
order. A table of another kind (an analysis product) has no fixed schema."""

IDENTITY: dict[str, tuple[str, ...]] = {
    "trajectory": ("run_id", "step"),
    "weights": ("run_id", "step", "parameter"),
    "runs": ("run_id",),
    "frequencies": ("run_id", "k"),
}
"""Columns that tell the rows of a kind of table apart; no two rows agree in all of them."""


@dataclass(frozen=True)
class Group:
    """Columns that a file may lack: it was written before they were, or where none are recorded.

    remedy: how a file comes to have them.
    """

    name: str
    columns: tuple[str, ...]
    remedy: str


_OBSERVE = (
    "add {} to recording.observers of the run-set, delete the file and run the same command again"
)
_REMAKE = "delete the file and run the same command again"

OPTIONAL: dict[str, tuple[Group, ...]] = {
    "trajectory": (
        Group(
            "gradients",
            ("gradient_signals",),
            "set recording.gradients: true in the run-set, delete the file and run the same command"
            " again",
        ),
        Group("signals", ("signals", "signal_mean"), _OBSERVE.format("signals")),
        Group("squared_norm", ("squared_norm",), _OBSERVE.format("squared_norm")),
        Group(
            "every_loss",
            ("train_losses",),
            "set recording.every_loss: true in the run-set, delete the file and run the same"
            " command again",
        ),
        Group(
            "answers",
            tuple(
                f"{part}_{name}"
                for name in ("token_losses", "exact", "balanced_accuracy")
                for part in ("train", "test")
            ),
            "the task's metrics decide which are there (tasks/)",
        ),
    ),
    "runs": (
        Group(
            "data",
            ("data", "batch_size", "trained_examples", "train_fraction", "warmup", "l1"),
            _REMAKE,
        ),
        Group("network", ("layers", "heads", "attention"), _REMAKE),
    ),
}
"""Groups of optional columns by kind of table. The columns in no group are the core, which every
file of the kind has."""


def group_of(kind: str, column: str) -> Group | None:
    """The group of an optional column of a kind of table; None for the core and the unknown."""
    groups = (group for group in OPTIONAL.get(kind, ()) if column in group.columns)
    return next(groups, None)


def core_columns(kind: str) -> list[str]:
    """The columns of a kind of table that every file has."""
    return [name for name in SCHEMAS[kind].names if group_of(kind, name) is None]


def completed(table: pa.Table, kind: str) -> pa.Table:
    """A table of a kind with exactly the columns of its schema: null where an optional one is
    absent, and without those that the schema does not have.

    Tables of a kind that is not in SCHEMAS are given back. The core has to be there. Raises
    pyarrow.ArrowException where a value does not fit into the type of its column.
    """
    schema = SCHEMAS.get(kind)
    if schema is None:
        return table
    found = {*table.column_names} | {*core_columns(kind)}
    columns = [
        table[field.name].cast(field.type)
        if field.name in found
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema.with_metadata(table.schema.metadata))
