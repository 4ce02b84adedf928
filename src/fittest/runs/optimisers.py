"""What a run says of its optimiser: one settings class per kind, told apart by `name`.

Values alone: the updates stand in `fittest.training.optimisers`, under the same names.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from fittest.settings import Settings, by_name

Factor = Annotated[float, Field(ge=0, lt=1)]


class AdamW(Settings):
    """AdamW on the full batch, without a schedule (survival paper, appendix E)."""

    name: Literal["adamw"] = "adamw"
    lr: float = Field(default=0.01, gt=0, description="learning rate (survival paper, app. E)")
    betas: tuple[Factor, Factor] = Field(
        default=(0.9, 0.999), description="Adam's averaging factors (released code)"
    )
    eps: float = Field(default=1e-8, gt=0, description="Adam's epsilon (released code)")
    weight_decay: float = Field(
        default=0.5, ge=0, description="decoupled decay of every trained parameter (app. E)"
    )


class Adam(Settings):
    """Adam on the full batch, with L2 in the loss, as torch.optim.Adam."""

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


class SGD(Settings):
    """Gradient descent on the full batch, with L2 in the loss, as torch.optim.SGD."""

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
