"""Geometry of embeddings: the planes of frequencies, and how circular they are."""
