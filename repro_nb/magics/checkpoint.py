"""``%repro_checkpoint``: register a checkpoint with the cell it comes from, and show its digests."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Tuple

from repro_nb.errors import ReproError, UsageError
from repro_nb.magics.arguments import MagicParser
from repro_nb.magics.display import Page, Table, page
from repro_nb.magics.watching import Watching, relative
from repro_nb.probe.session import session

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from repro_nb.checkpoints.registration import Registration

__all__ = ["PARSER", "run"]

PARSER = MagicParser(
    "%repro_checkpoint",
    "Register a checkpoint, a file or folder, in checkpoints.repro.jsonl: its digests, its tensors, and the notebook,\n"
    "cell, seed and code version it comes from. Without PATH, show what is registered here.",
    "examples:\n  %repro_checkpoint model.pth\n"
    '  %repro_checkpoint model.pth --model net --note "lower learning rate"\n'
    "  %repro_checkpoint --watch",
)
PARSER.add_argument("path", nargs="?", metavar="PATH", help="the checkpoint")
PARSER.add_argument("--note", default="", metavar="TEXT", help="what is to be remembered")
PARSER.add_argument(
    "--model", metavar="NAME", help="a variable: the model, whose architecture is kept as a digest"
)
PARSER.add_argument(
    "--parent", metavar="PATH", help="the registered checkpoint that it was made from"
)
PARSER.add_argument(
    "--watch",
    dest="watch",
    action="store_const",
    const=True,
    help="from now on register what each cell writes by torch.save, safetensors, numpy.save and savez, Orbax",
)
PARSER.add_argument("--no-watch", dest="watch", action="store_const", const=False, help="stop that")

_MOST = 20


def run(line: str, shell: InteractiveShell) -> None:
    """Do what ``%repro_checkpoint`` was asked for.

    Raises:
        ReproError: `line` cannot be understood, or the checkpoint cannot be read or registered.
    """
    asked = PARSER.parse_line(line)
    if asked is None:
        return
    if asked.path is None and (asked.note or asked.model or asked.parent):
        raise UsageError("name the checkpoint", where="PATH", hint="%repro_checkpoint model.pth")
    fault = _lacking()
    if fault and session.rerun:
        print(f"%repro_checkpoint does nothing here: {fault}")  # noqa: T201  for the cell's output
        return
    if fault:
        raise UsageError(fault, hint="Install it there: %pip install repro_nb")
    if asked.watch is not None:
        _turn(shell, on=asked.watch)
    if asked.path is not None:
        _registered(asked, _model(asked.model, shell), shell).show()
    elif asked.watch is None:
        _listing().show()
    else:
        _watch_state().show()


def _turn(shell: InteractiveShell, *, on: bool) -> None:
    if session.rerun:
        return  # a rerun registers nothing
    watching = session.checkpoint_watch
    if on and watching is None:
        Watching(shell).start()
    elif not on and watching is not None:
        watching.stop()


def _model(name: Optional[str], shell: InteractiveShell) -> Any:
    if name is None:
        return None
    if name not in shell.user_ns:
        raise UsageError(f"there is no variable {name!r}", where="--model")
    return shell.user_ns[name]


def _registered(asked: Any, model: Any, shell: InteractiveShell) -> Page:
    """Register a checkpoint. What is said of it is saved with the notebook, and names no folder of this machine."""
    from repro_nb.checkpoints.warning import told_plainly

    path = os.path.expanduser(asked.path)  # noqa: PTH111 - a text, as it was typed
    full = os.path.abspath(path)  # noqa: PTH100 - a link goes by its own name
    plain = relative(full, shell.starting_dir)

    def tell(text: str) -> None:
        print(f"warning: {text.replace(full, plain)}", file=sys.stderr)  # noqa: T201  for the cell's output

    try:
        with told_plainly(tell):
            return _checkpoint(path, full, asked, model)
    except ReproError as error:
        error.where = relative(error.where, shell.starting_dir) if error.where else None
        raise


def _checkpoint(path: str, full: str, asked: Any, model: Any) -> Page:
    """Register a checkpoint; in a rerun look at it alone, so that the output can be compared and nothing is written."""
    from repro_nb.checkpoints.architecture import architecture_digest
    from repro_nb.checkpoints.names import name_of, registry_folder
    from repro_nb.checkpoints.registering import draft
    from repro_nb.checkpoints.verifier import CheckpointVerifier

    folder = registry_folder(path)
    if session.rerun:
        found = draft(folder / name_of(full, folder), name_of(full, folder), "sha256")
        architecture = architecture_digest(model) if model is not None else ""
    else:
        verifier = CheckpointVerifier(folder)
        parent = os.path.abspath(asked.parent) if asked.parent else None  # noqa: PTH100 - as above
        verifier.register_checkpoint(full, note=asked.note, parent=parent, model=model)
        found = verifier.log(full)[-1]
        architecture = found.architecture
    return page(Table(("checkpoint", found.checkpoint), list(_facts(found, architecture))))


def _facts(found: Registration, architecture: str) -> Iterator[Tuple[str, str]]:
    """Nothing that a rerun would not find alike: no time, no commit."""
    from repro_nb.checkpoints.wording import plural, size_text

    yield found.algorithm, found.digest
    yield "size", size_text(found.size)
    content = found.content
    if content is not None and content.digest:
        yield "contents", content.digest
        yield "holds", plural(len(content.tensors), "tensor or value", "tensors and values")
    elif content is not None:
        yield "contents", f"not kept: {content.problem}"
    if architecture:
        yield "architecture", architecture


def _listing() -> Page:
    from pathlib import Path

    from repro_nb.checkpoints.verifier import CheckpointVerifier
    from repro_nb.checkpoints.wording import size_text

    history = CheckpointVerifier(Path()).history()
    current = [history.current(name) for name in history.names()]
    rows = [
        (each.checkpoint, size_text(each.size), f"{each.algorithm}:{each.digest[:16]}…", each.note)
        for each in current
        if each is not None
    ]
    table = Table(("checkpoint", "size", "digest", "note"), rows)
    damaged = "\n".join(f"The registry's {line}" for line in history.doubtful())
    return page(table if rows else "No checkpoint is registered here.", damaged, _watch_state())


def _watch_state() -> Page:
    watching = session.checkpoint_watch
    if watching is None:
        return page("Checkpoints that cells write are not watched: %repro_checkpoint --watch")
    lines: List[str] = ["Checkpoints that cells write are registered when the cell has ended."]
    lines += [
        f"{watching.shown(path)}: {digest[:16]}…"
        for path, digest in list(watching.registered.items())[-_MOST:]
    ]
    lines += [
        f"{watching.shown(path)}: not registered: {why}"
        for path, why in list(watching.missed.items())[-_MOST:]
    ]
    return page("\n".join(lines))


def _lacking() -> str:
    """What this kernel's environment lacks, where that is the part of repro_nb that reads checkpoints; else empty."""
    try:
        import repro_nb.checkpoints.verifier  # noqa: F401 - whether it can be is the question
    except ImportError as error:
        return f"this kernel's environment cannot register checkpoints: {error}"
    return ""
