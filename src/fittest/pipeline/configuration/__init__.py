"""The configuration: typed files, entries of papers, checks, targets."""
