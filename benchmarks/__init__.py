"""Speed and memory of the training engine against the alternatives; see README.md here."""
