"""Thresholds of the analyses of circuits, as they stand in a paper's constants."""

from __future__ import annotations

from pydantic import Field

from fittest.settings import Settings, Share, Shown


class CircuitSettings(Settings):
    """Which frequencies are key, which neurons are explained, which checkpoint is the last one
    (progress methods 2.4, 2.10, 6.9, 6.16)."""

    key_share: float = Field(
        gt=0, lt=1, description="least norm of a key frequency in the neuron-logit map, of the most"
    )
    explained: float = Field(
        gt=0, lt=1, description="least share of a neuron's variance that one frequency explains"
    )
    cluster: int = Field(
        ge=1, description="fewest neurons of a frequency that count as its cluster"
    )
    printed_share: Share = Field(
        description="least coefficient that is printed of an expansion, of the largest"
    )
    formed_accuracy: Share = Field(
        description="test accuracy below which a network has formed no circuit"
    )
    keys_without_circuit: int = Field(
        ge=1, description="how many frequencies then count as key, the largest"
    )
    slingshot: float = Field(
        gt=1, description="train loss over its least so far from which a run is in a slingshot"
    )
    last_checkpoints: int = Field(
        ge=1, description="of a run that ends in one: of so many, that of the least test loss"
    )
    neurons_shown: Shown = Field(description="neurons whose activations are kept for figures")
