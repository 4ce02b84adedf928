"""What every task's settings answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fittest.settings import (
    MAX_OPERANDS,
    MAX_P,
    MAX_TABLE,
    MAX_TOKENS,
    Settings,
    limited,
)
from fittest.tasks.task import AnyTask, SequenceTask, Shape, Task, count_train, train_pairs

Numbers = Annotated[int, limited("MAX_P", MAX_P)]
"""How many numbers an operand can be."""
Operands = Annotated[int, limited("MAX_OPERANDS", MAX_OPERANDS)]
Tokens = Annotated[int, limited("MAX_TOKENS", MAX_TOKENS)]
"""How many tokens there are, of a sequence or of a kind."""


def refuse_large(key: str, p: int, operands: int, signs: int = 0) -> None:
    """ValueError that names `key` where the table of all sequences is over MAX_TABLE, before there
    is one.

    signs: tokens of a sequence beside its operands.
    """
    length = operands + signs
    if p**operands * length > MAX_TABLE:
        raise ValueError(
            f"{key}: {p}^{operands} = {p**operands:,} sequences of {length} tokens, and the limit"
            f" MAX_TABLE is {MAX_TABLE:,} tokens"
        )


class TaskBase(Settings):
    """A task: a subclass has a field `name` that tells it apart."""

    def build(self) -> AnyTask:
        """Its examples, listed or drawn."""
        raise NotImplementedError

    def shape(self) -> Shape:
        """What a network has to know of it, without listing its examples."""
        return self.build()

    def metrics(self) -> tuple[str, ...]:
        """What is measured of a network beside loss and accuracy (training/metrics.py)."""
        return ()

    def describe(self) -> Mapping[str, Any]:
        """Columns of the `runs` table that describe it, the name aside."""
        return {"p": getattr(self, "p", None)}


@dataclass(frozen=True)
class ListedShape:
    """That of sequences with one answer, at their end."""

    vocabulary: int
    length: int
    classes: int
    source: int = 0
    sign: int | None = None

    @property
    def answers(self) -> tuple[int, ...]:
        """The last position."""
        return (self.length - 1,)


class TableTask(TaskBase):
    """A task whose examples are listed, and split into those trained on and the rest: a subclass
    has a field `train_fraction`."""

    if TYPE_CHECKING:
        # Each task has the field in its own place: a run's identity is its settings in their
        # order, and a field of this class would come first.
        train_fraction: float

    def build(self) -> Task:
        """All examples."""
        raise NotImplementedError

    def size(self) -> int:
        """How many examples there are."""
        return len(self.build().labels)

    def trained(self) -> int:
        """How many of them are trained on."""
        return train_pairs(self.build(), self.train_fraction)


class NumbersTask(TableTask):
    """All sequences of operands, each one of p numbers: nothing of it needs them listed."""

    if TYPE_CHECKING:

        @property
        def p(self) -> int:
            """How many numbers there are."""

    def class_count(self) -> int:
        """What an answer may be."""
        return self.p

    def operand_count(self) -> int:
        """Numbers of a sequence."""
        return 2

    def sign_count(self) -> int:
        """Tokens of a sequence that are no numbers, as many as there are kinds of them."""
        return 0

    def shape(self) -> ListedShape:
        """Of sequences of numbers, and where there is a sign, it at their end."""
        signs = self.sign_count()
        vocabulary, length = self.p + signs, self.operand_count() + signs
        sign = vocabulary - 1 if signs else None
        return ListedShape(vocabulary, length, self.class_count(), sign=sign)

    def size(self) -> int:
        """All of them."""
        return int(self.p ** self.operand_count())

    def trained(self) -> int:
        """The share of them, rounded down."""
        return count_train(self.size(), self.train_fraction)


class GeneratedTask(TaskBase):
    """A task whose examples are drawn."""

    def build(self) -> SequenceTask:
        """How they are drawn."""
        raise NotImplementedError
