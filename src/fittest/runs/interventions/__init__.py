"""Changes to the embedding, mostly to the initial one, one module per kind.

A new kind is a module with an `EmbeddingEdit` and its own `kind`, listed in `Intervention`. Its
code decides the results of its own runs alone.
"""

from typing import Annotated

from pydantic import Field

from fittest.runs.interventions.base import EmbeddingEdit
from fittest.runs.interventions.construct import Construct
from fittest.runs.interventions.keep import KeepOnly
from fittest.runs.interventions.kick import Kick
from fittest.runs.interventions.perturb import Perturb
from fittest.runs.interventions.ranked import Ranked
from fittest.runs.interventions.relabel import Relabel
from fittest.runs.interventions.winners import Winners

Intervention = Annotated[
    Perturb | Construct | KeepOnly | Winners | Ranked | Relabel | Kick, Field(discriminator="kind")
]

__all__ = [
    "Construct",
    "EmbeddingEdit",
    "Intervention",
    "KeepOnly",
    "Kick",
    "Perturb",
    "Ranked",
    "Relabel",
    "Winners",
]
