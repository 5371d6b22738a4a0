"""Overlay mounts in a namespace of one process's own: the same paths, and a layer above them that takes all writes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

__all__ = ["overlay_obstacle", "overlay_prefix"]

_TRIAL_SECONDS = 30
_SCRIPT = """\
set -e
cwd=$1
shift
while [ "$1" = --over ]; do
  folder=$2 layer=$3
  shift 3
  mount --rbind "$folder" "$layer/lower"
  mount -t overlay overlay \
    -o "lowerdir=$layer/lower,upperdir=$layer/upper,workdir=$layer/work,userxattr" "$folder"
  while [ "$1" = --keep ]; do
    mount --bind "$layer/lower/$2" "$folder/$2"
    mount -o remount,bind,ro "$folder/$2"
    shift 2
  done
done
cd "$cwd"
exec "$@"
"""


def overlay_prefix(folders: Sequence[Path], scratch: Path, cwd: Path) -> tuple[str, ...]:
    """What goes before a command so that its writes below `folders` end in `scratch`.

    File systems that are mounted inside a folder are seen by the command, read-only.

    Args:
        folders: Absolute paths; one that lies in another comes after it.
        scratch: An empty folder outside all of them.
        cwd: Where the command starts.
    """
    layers: list[str] = []
    for number, folder in enumerate(folders):
        layer = scratch / f"layer{number}"
        for name in ("lower", "upper", "work"):
            (layer / name).mkdir(parents=True)
        layers += ["--over", str(folder), str(layer)]
        for below in _mounts_below(folder):
            layers += ["--keep", below]
    return (*_unshare(), "sh", "-c", _SCRIPT, "repro-nb-overlay", str(cwd), *layers)


def overlay_obstacle(folders: Sequence[Path], scratch: Path, cwd: Path) -> str | None:
    """Why `overlay_prefix` cannot work here, found out by trying; None when it works."""
    if shutil.which("unshare") is None or not Path("/proc/self/mountinfo").exists():
        return "overlay mounts need Linux with util-linux"
    try:
        command = (*overlay_prefix(folders, scratch, cwd), "true")
        trial = subprocess.run(  # noqa: S603  our own script, and paths as arguments
            command, capture_output=True, text=True, timeout=_TRIAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no overlay mount here: {error}"
    if trial.returncode == 0:
        return None
    lines = trial.stderr.strip().splitlines()
    return f"no overlay mount here: {lines[-1] if lines else 'no reason given'}"


def _unshare() -> tuple[str, ...]:
    namespace = ("--mount", "--propagation", "private")
    if os.geteuid() == 0:
        return ("unshare", *namespace)
    # The user stays who they are inside; without the capabilities kept, mount(8) could not do its work.
    return ("unshare", "--map-current-user", "--keep-caps", *namespace)


def _mounts_below(folder: Path) -> tuple[str, ...]:
    """Mount points inside a folder, relative to it: an overlay shows none of them by itself."""
    table = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    points = (Path(_unescaped(line.split(" ")[4])) for line in table.splitlines())
    below = {point for point in points if point != folder and point.is_relative_to(folder)}
    return tuple(str(point.relative_to(folder)) for point in sorted(below))


def _unescaped(field: str) -> str:
    """A path as mountinfo writes it: white space and backslash are in octal."""
    for code, character in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        field = field.replace(code, character)
    return field
