"""The names of statistics: declared once, by whoever writes them, for figures and claims to use.

A group of names is an enumeration of full names, so that what stands in a table can be searched
for here:

    class Moduli(StatisticName):
        RUNS = "moduli.runs"
        SLOPE = "moduli.slope"

A paper's module `names` lists its groups by table. A group is used by its members (`Moduli.SLOPE`);
where part of a name varies, by `Moduli.of("slope")`, which refuses a name that is not declared.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class StatisticName(StrEnum):
    """Base of the groups: names `<group>.<statistic>`, all of one group."""

    @classmethod
    def of(cls, statistic: str) -> Self:
        """The name of a statistic of this group. ValueError where it is not declared."""
        return cls(f"{cls.group()}.{statistic}")

    @classmethod
    def has(cls, statistic: str) -> bool:
        """Whether a statistic is declared in this group."""
        return f"{cls.group()}.{statistic}" in set(cls)

    @classmethod
    def group(cls) -> str:
        """What the names of the group begin with, such as `moduli`."""
        return next(iter(cls)).rpartition(".")[0]
