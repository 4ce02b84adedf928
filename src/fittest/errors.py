"""The errors a user is meant to read: what is wrong, where, and what to do about it."""


class FittestError(Exception):
    """Base of every error that is the user's to mend; shown without a traceback."""


class ConfigError(FittestError):
    """A configuration file or value is wrong; names file, key and remedy."""


class StoreError(FittestError):
    """A results file is missing, truncated, foreign or of the wrong kind; names file and remedy."""


class DeviceError(FittestError):
    """The demanded device or backend is not available on this machine."""


class TrainingError(FittestError):
    """Training cannot go on; names run, step and remedy."""


class Interrupted(FittestError):
    """Training was asked to stop; a restart point is in place."""


class ClaimError(FittestError):
    """A claim names what does not exist, or a derived claim does not hold; names the claim."""
