"""Memory of the process that asks."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_megabytes() -> float | None:
    """Return the most memory that this process has held, without what it inherited at its start.

    ``None`` on Windows, which is not asked.
    """
    try:
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
        kilobytes = int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    except (OSError, StopIteration):  # not Linux
        try:
            import resource  # noqa: PLC0415 - Windows has none
        except ImportError:
            return None
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kilobytes = most // 1024 if sys.platform == "darwin" else most
    return round(kilobytes / 1024, 1)
