"""What changes with what a run-set varies: numbers of circles, losses over frozen embeddings."""
