"""An initial embedding with one or two circles left."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from fittest import fourier
from fittest.runs.interventions.base import EmbeddingEdit, Floats, check_frequency
from fittest.streams import INTERVENTION, stream

CONTENDERS = 2
"""Strongest frequencies of a reference run that a random choice leaves out (methods 2.13)."""


class KeepOnly(EmbeddingEdit):
    """Zero all of the initial embedding, k = 0 too, but some circles (survival paper, app. C).

    They are named by `frequencies`, or chosen by how the same run without the intervention
    ended, which the run-set `of` holds (survival methods 2.13).
    """

    kind: Literal["keep"] = "keep"
    frequencies: tuple[int, ...] | None = Field(
        default=None, min_length=1, description="the frequencies kept; null: chosen by `select`"
    )
    select: Literal["strongest", "random"] | None = Field(
        default=None,
        description="by the final signals of the reference run: `strongest`, or `random` ones that"
        " are not its two strongest, drawn per embedding seed",
    )
    count: Literal[1, 2] = Field(default=1, description="how many `select` keeps")
    of: str | None = Field(
        default=None, description="run-set that holds the reference run: equal but unedited"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.select is None) != (self.of is None):
            raise ValueError("select and of: give both or neither")
        if (self.frequencies is None) == (self.select is None):
            raise ValueError("give either frequencies, or select and of")
        if self.frequencies is not None and len(set(self.frequencies)) < len(self.frequencies):
            raise ValueError("frequencies: one stands twice")
        return self

    def check(self, p: int, d: int) -> None:
        """The frequencies exist, or there are enough of them to choose from."""
        for index, k in enumerate(self.frequencies or ()):
            check_frequency(f"frequencies[{index}]", k, p)
        if self.select is not None:
            needed = self.count + (CONTENDERS if self.select == "random" else 0)
            if fourier.count(p) < needed:
                raise ValueError(
                    f"intervention.count: p = {p} has {fourier.count(p)} frequencies, and the"
                    f" choice needs {needed}"
                )

    def reference(self) -> str | None:
        """The run-set `of`."""
        return self.of

    def decided(self, final_signals: Floats, seed: int) -> KeepOnly:
        """The strongest at the end of the reference run, in that order, or random ones that are
        not among its two strongest.

        Runs that differ in `count` alone draw alike: the one that keeps two keeps the other's
        first.
        """
        ranked = np.argsort(-final_signals, kind="stable") + 1
        if self.select != "strongest":
            # In the order of k, so that the draw depends on who the strongest are, nothing else.
            candidates = np.sort(ranked[CONTENDERS:])
            ranked = stream(INTERVENTION, seed).permutation(candidates)
        return KeepOnly(frequencies=tuple(int(k) for k in ranked[: self.count]))

    def edited(self, embedding: Floats, seed: int) -> Floats:
        """The kept circles of the embedding, and nothing else."""
        if self.frequencies is None:
            raise ValueError("the kept frequencies of a run have not been chosen yet")
        return fourier.keep_only(embedding, self.frequencies, keep_mean=False)

    def facts(self, embedding: Floats, seed: int) -> dict[str, object]:
        """The frequencies kept, once decided."""
        kept = self.frequencies or ()
        return {"kept": list(kept), **dict(zip(("first", "second"), kept, strict=False))}
