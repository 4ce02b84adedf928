"""Analyses of the exponents report."""
