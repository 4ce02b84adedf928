"""Constants of each paper's analyses, in `config/analysis/<paper>.yaml`.

A file per paper, so that a number of one paper makes nothing of another stale. A new paper is a
module with a settings class, listed here.
"""

from fittest.analysis.constants.completeness import CompletenessConstants
from fittest.settings import Settings

CONSTANTS: dict[str, type[Settings]] = {"completeness": CompletenessConstants}

__all__ = ["CONSTANTS", "CompletenessConstants"]
