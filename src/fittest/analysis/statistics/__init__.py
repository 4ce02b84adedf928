"""Estimates with intervals, rates, correlations, and the one table that holds them by name."""
