"""The networks that the native kernel knows: what each is, and what it takes for granted."""

from __future__ import annotations

from fittest.training.native_networks.embedding_mlp import NativeEmbeddingMLP
from fittest.training.native_networks.native_network import NativeNetwork
from fittest.training.native_networks.transformer import NativeTransformer
from fittest.training.native_networks.two_table_mlp import NativeTwoTableMLP

NETWORKS: tuple[NativeNetwork, ...] = (
    NativeEmbeddingMLP(),
    NativeTwoTableMLP(),
    NativeTransformer(),
)
"""All that the kernel knows."""
