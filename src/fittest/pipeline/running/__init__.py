"""Training and what follows it: backends, locks, nodes, from shards to tables."""
