"""What a run says of its optimiser: one settings class per kind, told apart by `name`.

Values alone: the updates stand in `fittest.training.optimisers`, under the same names.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from fittest.settings import MAX_STEPS, Settings, by_name, later

Factor = Annotated[float, Field(ge=0, lt=1)]


class Optimiser(Settings):
    """What all kinds have."""

    warmup: int = later(
        0,
        ge=0,
        le=MAX_STEPS,
        description="updates over which the learning rate rises linearly; it is 0 at the first of"
        " them (progress paper's released code: 10); 0: none",
    )
    l1: float = later(
        0.0,
        ge=0,
        description="weight of the sum of absolute parameters, which is added to the loss (progress"
        " paper, app. D.1)",
    )


class AdamW(Optimiser):
    """AdamW, its decay decoupled (survival paper, appendix E)."""

    name: Literal["adamw"] = "adamw"
    lr: float = Field(default=0.01, gt=0, description="learning rate (survival paper, app. E)")
    betas: tuple[Factor, Factor] = Field(
        default=(0.9, 0.999), description="Adam's averaging factors (released code)"
    )
    eps: float = Field(default=1e-8, gt=0, description="Adam's epsilon (released code)")
    weight_decay: float = Field(
        default=0.5, ge=0, description="decoupled decay of every trained parameter (app. E)"
    )


class Adam(Optimiser):
    """Adam with L2 in the loss, as torch.optim.Adam."""

    name: Literal["adam"] = "adam"
    lr: float = Field(default=0.01, gt=0, description="learning rate")
    betas: tuple[Factor, Factor] = Field(
        default=(0.9, 0.999), description="Adam's averaging factors"
    )
    eps: float = Field(default=1e-8, gt=0, description="Adam's epsilon")
    weight_decay: float = Field(
        default=0.0,
        ge=0,
        description="L2: half of this times the squared norm of every trained parameter is added"
        " to the loss",
    )


class SGD(Optimiser):
    """Gradient descent with L2 in the loss, as torch.optim.SGD."""

    name: Literal["sgd"] = "sgd"
    lr: float = Field(default=0.01, gt=0, description="learning rate")
    momentum: Factor = Field(
        default=0.0, description="share of the last direction that stays in the next"
    )
    weight_decay: float = Field(
        default=0.0,
        ge=0,
        description="L2: half of this times the squared norm of every trained parameter is added"
        " to the loss",
    )


OptimiserSettings = Annotated[
    Annotated[AdamW, Tag("adamw")] | Annotated[Adam, Tag("adam")] | Annotated[SGD, Tag("sgd")],
    by_name("adamw"),
]
"""Any optimiser, told apart by `name`; AdamW where no name is given."""
