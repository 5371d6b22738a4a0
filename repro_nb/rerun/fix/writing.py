"""Writes the edited notebook over the old one, of which a copy is kept."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from repro_nb.errors import NotebookError
from repro_nb.files import create_like, write_atomically

__all__ = ["keep_backup", "replace_notebook"]


def replace_notebook(path: Path, old: bytes, new: bytes) -> Path:
    """Replace the notebook at `path`, and keep the old one beside it.

    Args:
        path: The notebook.
        old: What it held when it was read.
        new: What it is to hold.

    Returns:
        The path of the backup.

    Raises:
        NotebookError: It was changed meanwhile, or cannot be written; it is as it was.
    """
    try:
        if path.read_bytes() != old:
            raise NotebookError(
                "the notebook was changed while its edits were tried, so nothing was written",
                where=str(path),
                hint="Run `repro-nb fix` again.",
            )
        backup = keep_backup(path, old)
        write_atomically(path, new)
    except OSError as error:
        message = f"the notebook cannot be written: {error.strerror or error}"
        raise NotebookError(message, where=str(path)) from error
    return backup


def keep_backup(path: Path, content: bytes) -> Path:
    """Write `content` to ``NAME.ipynb.bak``, or the first ``.bak.N`` that is free; whoever may read `path` may read it.

    Raises:
        OSError: It cannot be written.
    """
    for number in count(1):
        backup = path.with_name(f"{path.name}.bak" + (f".{number}" if number > 1 else ""))
        try:
            create_like(path, backup, content)
        except FileExistsError:
            continue
        break
    return backup
