"""A kernel's own space of process IDs, and a layout of its memory that is not randomised: what the system can do."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from functools import lru_cache
from typing import Optional, Sequence, Tuple

__all__ = ["SHELL", "fixed_addresses", "own_process_ids"]

SHELL = "repro-nb-process"
"""Among the words of a command: it runs under a shell, which ends with 128 + n where signal n ended the command."""

Prefix = Tuple[str, ...]

_TRIAL_SECONDS = 30
# The shell stays as process 1: a kernel in its place would ignore signals. Shared memory is the namespace's own, since
# names in it are often made of process IDs, which other runs have, too. ipykernel takes a parent that is process 1
# for a dead one, unless it is told of it.
_SCRIPT = """\
mount -t tmpfs -o mode=1777 tmpfs /dev/shm 2>/dev/null
export JPY_PARENT_PID=1
if [ -n "$2" ]; then export TMPDIR="$2"; fi
echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid || exit 97
shift 2
"$@"
exit $?
"""
_ENTER = ("--pid", "--fork", "--kill-child", "--ipc", "--mount-proc", "--propagation", "private")
_AS_USER = ("--map-current-user", "--keep-caps")


def own_process_ids(process_id: int, temporary: str, *, mounts: bool) -> Tuple[Prefix, str]:
    """What goes before a command so that its process has this ID, and why that cannot be; one of both is empty.

    Args:
        process_id: The ID, above 300 and below 32 768.
        temporary: The folder for temporary files that the command is told; as it is when empty.
        mounts: Whether the command starts in a namespace of its own, with the right to mount.
    """
    obstacle = _namespace_obstacle(mounts)
    return ((), obstacle) if obstacle else (_namespace(process_id, temporary, mounts), "")


@lru_cache(maxsize=1)
def fixed_addresses() -> Tuple[Prefix, str]:
    """What goes before a command so that its memory is laid out alike each time, and why that cannot be."""
    prefix = ("setarch", platform.machine(), "-R")
    obstacle = _obstacle(("setarch",), prefix, ("true",))
    return ((), obstacle) if obstacle else (prefix, "")


def _namespace(process_id: int, temporary: str, mounts: bool) -> Prefix:
    user = () if mounts or os.geteuid() == 0 else _AS_USER
    enter = ("setpriv", "--pdeathsig", "KILL", "unshare", *user, *_ENTER)
    return (*enter, "sh", "-c", _SCRIPT, SHELL, str(process_id), temporary)


@lru_cache(maxsize=2)
def _namespace_obstacle(mounts: bool) -> str:
    outer: Prefix = ()
    if mounts and os.geteuid() != 0:
        outer = ("unshare", *_AS_USER, "--mount", "--propagation", "private")
    prefix = (*outer, *_namespace(4242, "", mounts))
    return _obstacle(("setpriv", "unshare"), prefix, ("sh", "-c", "test $$ = 4242"))


def _obstacle(needs: Sequence[str], prefix: Prefix, command: Prefix) -> str:
    """Why `command` does not end well behind `prefix`, found out by trying; empty when it does."""
    lacking = next((name for name in needs if shutil.which(name) is None), None)
    if lacking is not None:
        return f"there is no {lacking}"
    trial = _tried((*prefix, *command))
    if trial is None:
        return f"{needs[-1]} does not work here"
    lines = trial.stderr.strip().splitlines()
    said = lines[-1] if lines else "it has no effect here"
    return "" if trial.returncode == 0 else f"{needs[-1]}: {said.rpartition(': ')[2]}"


def _tried(command: Prefix) -> "Optional[subprocess.CompletedProcess[str]]":
    try:
        return subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, text=True, timeout=_TRIAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
