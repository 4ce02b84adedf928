"""Skip trigram: one token of a sequence matters, wherever it is. Source: progress paper, appendix
D.3; lengths and classes: progress methods 2.17."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from fittest.tasks.settings import GeneratedTask, Tokens
from fittest.tasks.task import Examples, SequenceTask


class SkipTrigram(GeneratedTask):
    """Name the one special token among ordinary ones."""

    name: Literal["skip_trigram"] = "skip_trigram"
    ordinary: Tokens = Field(
        default=10, ge=1, description="ordinary tokens, from 0 on (progress, app. D.3)"
    )
    special: Tokens = Field(
        default=10, ge=2, description="special tokens after them, and classes (progress, app. D.3)"
    )
    length: Tokens = Field(
        default=20, ge=1, description="of a sequence (progress methods 2.17, our choice)"
    )

    def build(self) -> SequenceTask:
        """One answer, at the last position: which special token there was."""
        return SequenceTask(
            vocabulary=self.ordinary + self.special,
            length=self.length,
            classes=self.special,
            answers=(self.length - 1,),
            draw=self._draw,
        )

    def _draw(self, generator: np.random.Generator, n: int) -> Examples:
        tokens = generator.integers(0, self.ordinary, (n, self.length))
        place = generator.integers(0, self.length, n)
        labels = generator.integers(0, self.special, (n, 1))
        tokens[np.arange(n), place] = self.ordinary + labels[:, 0]
        return Examples(tokens, labels, np.ones(labels.shape))
