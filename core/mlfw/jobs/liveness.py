"""What the system tells of processes: whether one still computes, and whether memory ran out."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")
STOPPED = ("T", "t")


def activity(pid: int) -> tuple[str, int] | None:
    """Return a process's state and how long it has computed, in ticks of the system.

    Args:
        pid: The process.

    Returns:
        The letter that `ps` shows, such as `T` for stopped, and a count that grows while it
        computes; None where the system does not tell.
    """
    try:
        fields = (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
        return fields[0].decode(), int(fields[11]) + int(fields[12])
    except (OSError, ValueError, IndexError):
        return None


def memory_kills() -> int:
    """Return how many processes the system has killed so far as memory ran out."""
    return _counted(PROC / "vmstat", "oom_kill") + _counted(_own_group(), "oom_kill")


def _own_group() -> Path:
    """Return the file in which this process's control group counts."""
    try:
        lines = (PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    path = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    own = CGROUPS / path / "memory.events"
    return own if own.exists() else CGROUPS / "memory.events"


def _counted(file: Path, name: str) -> int:
    try:
        lines = [line.split() for line in file.read_text().splitlines()]
        return next((int(line[1]) for line in lines if line[0] == name), 0)
    except (OSError, ValueError, IndexError):
        return 0
