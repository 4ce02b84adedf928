"""What the survival paper alone asks, its constants and the names of its statistics."""
