"""Keep a run away from the user's files: it sees the same paths, and writes to none of them.

Three ways, the best that the system allows:

- *overlay*: an overlay file system is mounted over the project's folder, and over the temporary folder, in a mount
  namespace of the kernel's own. Paths are the same, nothing is copied whatever the folder's size, and what the
  notebook writes goes to a scratch folder. Needs Linux with unprivileged user namespaces, or root.
- *copy*: the project is copied to a scratch folder. Large files and folders of no consequence are linked, and the
  folders above are mirrored by links, so that ``../data.csv`` still leads where it did.
- *in-place*: the notebook's own folder, as nbclient does it; only when asked for.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from repro_nb.rerun.mirror import LinkedFile, mirror_project
from repro_nb.rerun.overlay import overlay_obstacle, overlay_prefix
from repro_nb.rerun.scratch import scratch_folder

__all__ = ["Workspace", "project_folder", "workspace"]


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Where one run happens.

    Attributes:
        how: ``overlay``, ``copy`` or ``in-place``, and why where it is not the first.
        scratch: Private folder of the run; removed when it ends.
        cwd: Folder that the kernel starts in.
        project: The folder that stands for the project in the run.
        prefix: What goes before the kernel's command.
        private_paths: Pairs of a path that only this run uses and the path that it stands for.
        linked: Originals that a copy reaches by link.
    """

    how: str
    scratch: Path
    cwd: Path
    project: Path
    prefix: tuple[str, ...] = ()
    private_paths: tuple[tuple[str, str], ...] = ()
    linked: tuple[LinkedFile, ...] = ()

    @property
    def mounts(self) -> bool:
        """Whether the run's command starts in a mount namespace of its own."""
        return bool(self.prefix)

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
    parent, obstacle = _choose_parent(project)
    with scratch_folder(parent) as scratch:
        (scratch / "tmp").mkdir()
        temp = tempfile.gettempdir()
        private = ((str(scratch / "tmp"), temp), (str(scratch), temp))
        if in_place:
            yield Workspace(
                how="in-place",
                scratch=scratch,
                cwd=notebook.parent,
                project=project,
                private_paths=private,
            )
        elif obstacle is None:
            yield Workspace(
                how="overlay",
                scratch=scratch,
                cwd=notebook.parent,
                project=project,
                prefix=overlay_prefix(_shielded(project, scratch), scratch, notebook.parent),
                private_paths=private,
            )
        else:
            copy, linked = mirror_project(project, scratch / "copy")
            yield Workspace(
                how=f"copy ({obstacle})",
                scratch=scratch,
                cwd=copy / notebook.parent.relative_to(project),
                project=copy,
                private_paths=((str(copy), str(project)), *private),
                linked=linked,
            )


def project_folder(notebook: Path) -> Path:
    """The folder that a run may write to without harm: the git root, or the notebook's own folder.

    A repository that holds the whole home folder, or the whole system, is no project.
    """
    too_large = {Path.home(), *Path.home().parents}
    for folder in notebook.parents:
        if folder in too_large:
            break
        if (folder / ".git").exists():
            return folder
    return notebook.parent


def _choose_parent(project: Path) -> tuple[Path, str | None]:
    """Where scratch folders go, and why no overlay can be mounted from there; None when it can.

    It lies outside the project, which the overlay would hide; and outside the temporary folder where possible, so
    that this can be shielded, too.
    """
    names = ("/var/tmp", tempfile.gettempdir(), "/dev/shm", str(Path.home()))  # noqa: S108
    parents = [Path(name).resolve() for name in names]
    usable = [
        parent
        for parent in parents
        if not parent.is_relative_to(project) and os.access(parent, os.W_OK)
    ]
    obstacles: dict[Path, str | None] = {}
    for parent in usable:
        obstacles[parent] = _obstacle(project, parent)
        if obstacles[parent] is None:
            return parent, None
    fallback = usable[0] if usable else Path(tempfile.gettempdir())
    return fallback, obstacles.get(fallback, "the project's folder holds every temporary folder")


def _shielded(project: Path, scratch: Path) -> tuple[Path, ...]:
    """The folders that a run writes to a layer of its own: the temporary one, then the project's."""
    temp = Path(tempfile.gettempdir()).resolve()
    if scratch.is_relative_to(temp) or temp.is_relative_to(project):
        return (project,)
    return (temp, project)


@cache
def _obstacle(project: Path, parent: Path) -> str | None:
    """Why no overlay can be mounted over `project` with its scratch folder in `parent`; None when it works."""
    with scratch_folder(parent) as scratch:
        return overlay_obstacle(_shielded(project, scratch), scratch, project)
