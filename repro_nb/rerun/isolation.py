"""Keep a run away from the user's files: it sees the same paths, and writes to none of them.

Three ways, the best that the system allows:

- *overlay*: an overlay file system is mounted over the project's folder in a mount namespace of the kernel's own.
  Paths are the same, nothing is copied whatever the folder's size, and what the notebook writes goes to a scratch
  folder. Needs Linux with unprivileged user namespaces, or root.
- *copy*: the project is copied to a scratch folder. Large files and folders of no consequence are linked, and the
  folders above are mirrored by links, so that ``../data.csv`` still leads where it did.
- *in-place*: the notebook's own folder, as nbclient does it; only when asked for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from repro_nb.rerun.mirror import LinkedFile, mirror_project

__all__ = ["Workspace", "project_folder", "workspace"]

_OVERLAY_SCRIPT = """\
set -e
project=$1 scratch=$2 cwd=$3
shift 3
mount --rbind "$project" "$scratch/lower"
mount -t overlay overlay \
  -o "lowerdir=$scratch/lower,upperdir=$scratch/upper,workdir=$scratch/work,userxattr" "$project"
while [ "$1" != -- ]; do
  mount --bind "$scratch/lower/$1" "$project/$1"
  mount -o remount,bind,ro "$project/$1"
  shift
done
shift
cd "$cwd"
exec "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Where one run happens.

    Attributes:
        how: ``overlay``, ``copy`` or ``in-place``, and why where it is not the first.
        scratch: Private folder of the run; removed when it ends.
        cwd: Folder that the kernel starts in.
        prefix: What goes before the kernel's command.
        private_paths: Pairs of a path that only this run uses and the path that it stands for.
        linked: Originals that a copy reaches by link.
    """

    how: str
    scratch: Path
    cwd: Path
    prefix: tuple[str, ...] = ()
    private_paths: tuple[tuple[str, str], ...] = ()
    linked: tuple[LinkedFile, ...] = ()

    @property
    def temp(self) -> Path:
        """The run's own folder for temporary files."""
        return self.scratch / "tmp"

    def written_through(self) -> tuple[Path, ...]:
        """Originals that changed while the run could reach them by link."""
        return tuple(file.path for file in self.linked if file.changed())


@contextmanager
def workspace(notebook: Path, *, in_place: bool = False) -> Iterator[Workspace]:
    """A workspace for one run of `notebook` (an absolute path), removed afterwards."""
    project = project_folder(notebook)
    scratch = _scratch_folder(project)
    try:
        (scratch / "tmp").mkdir()
        yield _prepare(notebook, project, scratch, in_place=in_place)
    finally:
        _remove(scratch)


def project_folder(notebook: Path) -> Path:
    """The folder that a run may write to without harm: the git root, or the notebook's own folder."""
    for folder in notebook.parents:
        if (folder / ".git").exists():
            return folder
    return notebook.parent


def _prepare(notebook: Path, project: Path, scratch: Path, *, in_place: bool) -> Workspace:
    temp = (str(scratch / "tmp"), tempfile.gettempdir())
    if in_place:
        return Workspace(
            how="in-place", scratch=scratch, cwd=notebook.parent, private_paths=(temp,)
        )
    obstacle = _overlay_obstacle(project, scratch.parent)
    if obstacle is None:
        return Workspace(
            how="overlay",
            scratch=scratch,
            cwd=notebook.parent,
            prefix=_overlay_prefix(project, scratch, notebook.parent),
            private_paths=(temp,),
        )
    copy, linked = mirror_project(project, scratch / "copy")
    return Workspace(
        how=f"copy ({obstacle})",
        scratch=scratch,
        cwd=copy / notebook.parent.relative_to(project),
        private_paths=(temp, (str(copy), str(project))),
        linked=linked,
    )


def _scratch_folder(project: Path) -> Path:
    """A new private folder outside the project, since the overlay would hide one inside it."""
    candidates = (Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/dev/shm"), Path.home())  # noqa: S108
    for parent in candidates:
        resolved = parent.resolve()
        if resolved.is_relative_to(project) or not os.access(resolved, os.W_OK):
            continue
        return Path(tempfile.mkdtemp(prefix="repro_nb-", dir=resolved))
    return Path(tempfile.mkdtemp(prefix="repro_nb-"))


def _overlay_prefix(project: Path, scratch: Path, cwd: Path) -> tuple[str, ...]:
    for name in ("lower", "upper", "work"):
        (scratch / name).mkdir(exist_ok=True)
    return (
        *_unshare(),
        "sh",
        "-c",
        _OVERLAY_SCRIPT,
        "repro-nb-overlay",
        str(project),
        str(scratch),
        str(cwd),
        *_mounts_below(project),
        "--",
    )


def _unshare() -> tuple[str, ...]:
    if os.geteuid() == 0:
        return ("unshare", "--mount", "--propagation", "private")
    # The user stays who they are inside; without the capabilities kept, mount(8) could not do its work.
    return ("unshare", "--map-current-user", "--keep-caps", "--mount", "--propagation", "private")


def _mounts_below(project: Path) -> tuple[str, ...]:
    """Mount points inside the project, relative to it: an overlay shows none of them by itself."""
    table = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    points = (Path(_unescaped(line.split(" ")[4])) for line in table.splitlines())
    below = {p for p in points if p != project and p.is_relative_to(project)}
    return tuple(str(point.relative_to(project)) for point in sorted(below))


def _unescaped(field: str) -> str:
    """A path as mountinfo writes it: white space and backslash are in octal."""
    for code, character in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        field = field.replace(code, character)
    return field


@cache
def _overlay_obstacle(project: Path, parent: Path) -> str | None:
    """Why no overlay can be mounted over `project` with its scratch folder in `parent`; None when it works."""
    if shutil.which("unshare") is None or not Path("/proc/self/mountinfo").exists():
        return "overlay mounts need Linux with util-linux"
    scratch = Path(tempfile.mkdtemp(prefix="repro_nb-", dir=parent))
    try:
        if scratch.is_relative_to(project):
            return "the project's folder holds every temporary folder"
        command = (*_overlay_prefix(project, scratch, project), "true")
        trial = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no overlay mount here: {error}"
    else:
        return (
            None if trial.returncode == 0 else f"no overlay mount here: {_last_line(trial.stderr)}"
        )
    finally:
        _remove(scratch)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no reason given"


def _remove(folder: Path) -> None:
    """Remove a scratch folder; the kernel leaves overlay's ``work`` in it without any permission."""
    for root, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(root) / name
            if not path.is_symlink() and not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
