"""How a training job is given memory by the C library."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

# Names of glibc's malloc.h.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_MOST = 2**31 - 1


def keep_freed_memory() -> None:
    """Let this process use again the memory that it frees, and not give it back to the system.

    Activations are hundreds of megabytes, taken and freed in every step. By default the GNU C
    library asks the system for such blocks one by one, which clears each page anew: a third of a
    step's time. Does nothing with other libraries.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018 (absent elsewhere: AttributeError)
        library.mallopt(_MMAP_THRESHOLD, 1 << 30)
        library.mallopt(_TRIM_THRESHOLD, _MOST)
