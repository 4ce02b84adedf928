"""The base of every configuration object: unknown keys are refused, values never change."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field


class Settings(BaseModel):
    """A validated, immutable piece of configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
"""A name that stands in paths and in rules."""


def by_name(default: str) -> Discriminator:
    """Tells the members of a union apart by their key `name`, `default` where it is left out."""

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return value.get("name", default)
        return getattr(value, "name", None)

    return Discriminator(
        named,
        custom_error_type="unknown_name",
        custom_error_message="unknown name; docs/reference/configuration.md lists those there are",
    )


def later(default: Any, **more: Any) -> Any:
    """A field that joins settings of which results exist already.

    At its default, which must mean what was done before, it is left out of every dump, so runs
    keep their identity and nothing is trained again.
    """
    return Field(default=default, exclude_if=lambda value: value == default, **more)
