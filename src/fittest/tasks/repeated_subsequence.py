"""Repeated subsequence: some tokens occur again later in the sequence. Source: progress paper,
appendix D.3; lengths and places: progress methods 2.17."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from fittest.tasks.settings import GeneratedTask, Tokens
from fittest.tasks.task import Examples, SequenceTask


class RepeatedSubsequence(GeneratedTask):
    """Predict what follows in every copy of a random subsequence but the first."""

    name: Literal["repeated_subsequence"] = "repeated_subsequence"
    vocabulary: Tokens = Field(default=128, ge=2, description="tokens (progress methods 2.17)")
    length: Tokens = Field(default=85, ge=2, description="of a sequence (progress methods 2.17)")
    subsequence: int = Field(
        default=16, ge=1, description="tokens of a copy (progress methods 2.17)"
    )
    copies: int = Field(
        default=3,
        ge=2,
        description="copies in a sequence, none over another, all places equally likely (progress"
        " methods 2.17, our choice)",
    )

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.copies * self.subsequence > self.length:
            raise ValueError(
                f"length: {self.copies} copies of {self.subsequence} tokens do not fit into"
                f" {self.length}"
            )
        return self

    def build(self) -> SequenceTask:
        """Each position from where the second copy can begin asks for the token after it; what is
        in no later copy weighs nothing, and the tokens of all later copies the same."""
        return SequenceTask(
            vocabulary=self.vocabulary,
            length=self.length,
            classes=self.vocabulary,
            answers=tuple(range(self.subsequence - 1, self.length - 1)),
            draw=self._draw,
        )

    def _draw(self, generator: np.random.Generator, n: int) -> Examples:
        tokens = generator.integers(0, self.vocabulary, (n, self.length))
        copied = generator.integers(0, self.vocabulary, (n, self.subsequence))
        # With each copy shrunk to one token, their places are any so many of what is left.
        left = self.length - self.copies * (self.subsequence - 1)
        starts = np.argsort(generator.random((n, left)), axis=1)[:, : self.copies]
        starts = np.sort(starts, axis=1) + np.arange(self.copies) * (self.subsequence - 1)
        columns = starts[:, :, None] + np.arange(self.subsequence)
        rows = np.arange(n)[:, None, None]
        tokens[rows, columns] = copied[:, None]
        weights = np.zeros(tokens.shape)
        weights[rows, columns[:, 1:]] = 1.0
        return Examples(tokens, tokens[:, self.subsequence :], weights[:, self.subsequence :])
