"""Where a checkpoint comes from: notebook, cell, seed, random state, code version, environment."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from repro_nb.checkpoints.git import GitState, git_state
from repro_nb.probe.environment import capture_environment
from repro_nb.probe.session import session
from repro_nb.probe.writing_cell import WritingCell, writing_cell

__all__ = ["Provenance", "capture_provenance", "code_provenance"]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a checkpoint comes from; what is not known is empty.

    Attributes:
        notebook: The notebook's path, relative to the registry's folder, with ``/``.
        script: The program's path, likewise, where no notebook ran.
        cell: Id of the cell that registered the checkpoint, or wrote it.
        cell_source: `repro_nb.records.source_digest` of that cell.
        order: Which execution of the session that was, from 1.
        prompt: The number that the user saw before the cell, as in ``In [4]``.
        seed: The seed in force.
        fingerprints: Fingerprint of each source of random numbers, as it was then.
        commit: The commit that was checked out.
        dirty: Digest of what differed from that commit; empty where nothing did.
        environment: Digest of the environment: versions, processor, threads, variables.
        python: Implementation and version of Python.
    """

    notebook: str = ""
    script: str = ""
    cell: str = ""
    cell_source: str = ""
    order: int | None = None
    prompt: int | None = None
    seed: int | None = None
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    dirty: str = ""
    environment: str = ""
    python: str = ""

    def to_json(self) -> dict[str, Any]:
        """What is known, as what ``json`` can write."""
        known = asdict(self).items()
        return {name: value for name, value in known if value or isinstance(value, int)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Provenance:
        """What `to_json` wrote; keys that are not known are left alone.

        Raises:
            TypeError: A value is of another type.
        """
        own = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        for name, value in own.items():
            expected = _TYPES.get(name, str)
            if not isinstance(value, expected):
                raise TypeError(f"{value!r:.40} is no {name}")
        return cls(**own)


_TYPES: Mapping[str, type] = {"order": int, "prompt": int, "seed": int, "fingerprints": dict}


def capture_provenance(directory: Path, cell: WritingCell | None = None) -> Provenance:
    """Where a checkpoint comes from that this process registers now.

    Args:
        directory: The registry's folder, which paths are told from.
        cell: The cell that wrote the checkpoint; by default the one that is running.
    """
    cell = cell or writing_cell()
    notebook = _relative(cell.notebook, directory)
    environment = capture_environment()
    git = git_state(Path(cell.notebook).parent if cell.notebook else directory)
    return Provenance(
        notebook=notebook,
        script="" if notebook else _relative(_script(), directory),
        cell=cell.cell_id,
        cell_source=cell.source_digest,
        order=cell.order,
        prompt=cell.prompt,
        seed=session.seeding.seed if session.seeding is not None else None,
        fingerprints=dict(cell.fingerprints),
        commit=git.commit,
        dirty=git.dirty,
        environment=_digest(environment.to_json()),
        python=environment.python,
    )


def code_provenance(directory: Path) -> Provenance:
    """What can be told where no training process is: the version of the code around the checkpoint."""
    git: GitState = git_state(directory)
    return Provenance(commit=git.commit, dirty=git.dirty)


def _script() -> str:
    """The file that this process was started with; empty in a console and in a kernel."""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    return str(file) if file and session.recorder is None else ""


def _relative(path: str, directory: Path) -> str:
    if not path:
        return ""
    try:
        return Path(os.path.relpath(path, directory)).as_posix()
    except ValueError:  # on another drive
        return Path(path).name


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()
