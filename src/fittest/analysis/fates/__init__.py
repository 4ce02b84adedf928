"""Which frequencies live and which die: rules, when the set has settled, a row per run."""
