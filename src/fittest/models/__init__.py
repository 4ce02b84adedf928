"""One network, written as its paper writes it. Knows no ensembles and no files.

A new model is a module with an nn.Module and a settings class (`name`, `build`, `initial`,
`shapes`, `shape_key`, `parameter_names`, `flops_per_step`), listed here.
"""

from fittest.models.embedding_mlp import EMBEDDING, EmbeddingMLP, EmbeddingMLPSettings

ModelSettings = EmbeddingMLPSettings

__all__ = ["EMBEDDING", "EmbeddingMLP", "EmbeddingMLPSettings", "ModelSettings"]
