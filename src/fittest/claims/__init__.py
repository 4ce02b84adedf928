"""Measured values against a paper's values: claims as data, measures, criteria, verdicts."""
