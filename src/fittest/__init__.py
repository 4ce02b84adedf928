"""Small networks that learn modular arithmetic: train them, load what was trained, look at it.

    import fittest

    trained = fittest.train(task={"p": 31}, model={"d": 64}, steps=1500, seeds=range(8))
    trained.frequencies.groupby("k").alive_2mean.mean()

These names are stable. Each is loaded when it is first used: `import fittest` costs nothing.
"""

# Not from typing, which takes longer to import than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from fittest.errors import FittestError
    from fittest.notebook.asking import Figure, figure, runset, runsets
    from fittest.notebook.reading import load, verdicts
    from fittest.notebook.results import Results
    from fittest.notebook.training import train
    from fittest.runs.run import Run
    from fittest.runs.runset import RunSet

    __version__: str

__all__ = [
    "Figure",
    "FittestError",
    "Results",
    "Run",
    "RunSet",
    "__version__",
    "figure",
    "load",
    "runset",
    "runsets",
    "train",
    "verdicts",
]

_HOMES = {
    "Figure": "notebook.asking",
    "FittestError": "errors",
    "Results": "notebook.results",
    "Run": "runs.run",
    "RunSet": "runs.runset",
    "figure": "notebook.asking",
    "load": "notebook.reading",
    "runset": "notebook.asking",
    "runsets": "notebook.asking",
    "train": "notebook.training",
    "verdicts": "notebook.reading",
}


def __getattr__(name: str) -> object:
    """The public names, from where they are defined."""
    if name == "__version__":
        from importlib.metadata import version

        return version("fittest")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
