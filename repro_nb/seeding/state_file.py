"""Random states in a file: JSON, exact, checked before anything is changed, and never a pickle."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Union

from repro_nb.errors import RandomStateError, UsageError
from repro_nb.files import write_atomically
from repro_nb.probe.session import Seeding, session
from repro_nb.rng import Source, States, sources
from repro_nb.rng.held import read
from repro_nb.rng.placing import restoring_at
from repro_nb.seeding.domain import checked_seed
from repro_nb.seeding.everywhere import checked_names, watch_imports
from repro_nb.seeding.per_cell import follow_cells
from repro_nb.seeding.variables import held_by_variables

__all__ = ["load_seed_state", "save_seed_state"]

_FORMAT = "repro_nb/rng-state/"
_VERSION = 1
_PLUGIN_HINT = "The package that added it when the states were saved must be installed."

Step = Callable[[], None]


class _Contents(NamedTuple):
    """What a file says, checked for its form alone."""

    seeding: Optional[Seeding]
    sources: Mapping[str, States]
    generators: Mapping[str, Any]


def save_seed_state(path: Union[str, Path], generators: Optional[Mapping[str, Any]] = None) -> None:
    """Write where every stream of random numbers is, so that `load_seed_state` can go on from there.

    The file holds the seed in force, the states of all global streams, and those of the user's own generators: in a
    notebook all that its variables reach, elsewhere the ones that are given. It is written whole or not at all.

    Args:
        path: The file, by custom ``*.json``.
        generators: Generators by name (numpy's, ``random.Random``, ``torch.Generator``); by default those that the
            notebook's variables reach, by the expressions that reach them.

    Raises:
        UsageError: One of `generators` is none, or the file cannot be written.
    """
    body = {
        "seed": _seed_entry(session.seeding),
        "sources": {
            library: {name: _encoded(state) for name, state in states.items()}
            for library, states in _all_states().items()
        },
        "generators": _generator_entries(_found(generators)),
    }
    text = json.dumps({"schema": f"{_FORMAT}{_VERSION}", "digest": _digest(body), **body}, indent=1)
    try:
        write_atomically(Path(path), text.encode() + b"\n")
    except OSError as problem:
        raise UsageError(
            f"the states cannot be written: {problem.strerror or problem}", where=str(path)
        ) from problem


def load_seed_state(path: Union[str, Path], generators: Optional[Mapping[str, Any]] = None) -> None:
    """Put every stream of random numbers where `save_seed_state` found it: all of them, or none.

    A library that is installed and not imported yet gets its state at the moment of its import.

    Args:
        path: The file.
        generators: The generators to put back, in place, by the names that they were saved under, and no others; by
            default all that were saved, as the notebook's variables reach them.

    Raises:
        RandomStateError: The file is missing, damaged, or of a newer version, a library or device that it has a state
            for is not here, or a generator is missing or of another kind. Nothing was changed.
    """
    try:
        _load(_read(Path(path)), generators)
    except RandomStateError as error:
        place = (
            error.message if error.where in (None, str(path)) else f"{error.where}: {error.message}"
        )
        raise RandomStateError(place, where=str(path), hint=error.hint) from error


def _load(contents: _Contents, generators: Optional[Mapping[str, Any]]) -> None:
    steps: List[Step] = []
    waiting: Dict[str, States] = {}
    known = {source.name: source for source in sources()}
    for name, states in contents.sources.items():
        source = known.get(name)
        if source is None:
            raise RandomStateError(f"there is no source named {name} here", hint=_PLUGIN_HINT)
        if source.module in sys.modules:
            steps.append(source.restoring(states))
        else:
            _check_installed(source)
            waiting[name] = states
    wanted = contents.generators
    if generators is not None:  # the ones that are given are the ones that are meant
        wanted = {name: saved for name, saved in wanted.items() if name in generators}
        _check_saved(generators, wanted)
    steps += _restoring_generators(wanted, _found(generators))
    _apply(steps, waiting, contents)


def _apply(steps: List[Step], waiting: Dict[str, States], contents: _Contents) -> None:
    if session.recorder is not None:
        session.recorder.settle()
    for step in steps:
        step()
    session.seeding = contents.seeding
    session.waiting_states = waiting
    if waiting or contents.seeding is not None:
        watch_imports()
    if contents.seeding is not None and contents.seeding.per_cell:
        follow_cells()
    if session.recorder is not None:
        session.recorder.rebase(dict.fromkeys(contents.sources, "load_seed_state"))


def _check_installed(source: Source) -> None:
    library = source.module.partition(".")[0]
    try:
        found = importlib.util.find_spec(library) is not None
    except (ImportError, ValueError):
        found = False
    if not found:
        raise RandomStateError(
            f"it holds a state of {library}, which is not installed here",
            hint=f"pip install {library}",
        )


def _found(generators: Optional[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The generators that are given, else those that the notebook's variables reach."""
    if generators is not None:
        return _checked_mapping(generators)
    reached, objects = held_by_variables()
    # An expression such as `it.<held 3>` can be written down nowhere, so that no other session has it.
    return {
        path: objects[path]
        for path, held in reached.sources.items()
        if held.advances and "<" not in path
    }


def _generator_entries(generators: Mapping[str, Any]) -> Dict[str, Dict[str, Any]]:
    entries = {}
    for name, generator in generators.items():
        held = read(generator)
        if held is None or held.state is None or not held.advances:
            raise UsageError(
                f"{type(generator).__name__} is no generator whose state can be saved",
                where=str(name),
            )
        entries[str(name)] = {"kind": held.kind, "state": _encoded(held.state)}
    return entries


def _check_saved(generators: Mapping[str, Any], saved: Mapping[str, Any]) -> None:
    unknown = [str(name) for name in generators if name not in saved]
    if unknown:
        raise RandomStateError(f"it holds no state of {', '.join(unknown)}")


def _checked_mapping(generators: Any) -> Mapping[str, Any]:
    if not isinstance(generators, Mapping):
        raise UsageError(
            f"a {type(generators).__name__} is no mapping of names to generators",
            where="generators",
            hint='generators={"rng": rng}',
        )
    return generators


def _restoring_generators(saved: Mapping[str, Any], here: Mapping[str, Any]) -> List[Step]:
    missing = [name for name in saved if name not in here]
    if missing:
        raise RandomStateError(
            f"it holds states of generators that are not here: {', '.join(missing)}",
            hint='Make them first, or pass them by name: load_seed_state(path, generators={"rng": rng}).',
        )
    return [restoring_at(name, here[name], kind, state) for name, (kind, state) in saved.items()]


def _all_states() -> Mapping[str, States]:
    """The states of all libraries, those that wait for the import among them."""
    read = {source.name: source.states() for source in sources()}
    loaded = {name: states for name, states in read.items() if states}
    return {**session.waiting_states, **loaded}


def _seed_entry(seeding: Optional[Seeding]) -> Optional[Dict[str, Any]]:
    if seeding is None:
        return None
    names = None if seeding.names is None else list(seeding.names)
    return {"value": seeding.seed, "only": names, "per_cell": seeding.per_cell}


def _encoded(state: Optional[bytes]) -> Optional[str]:
    return None if state is None else base64.b64encode(state).decode("ascii")


def _digest(body: Mapping[str, Any]) -> str:
    """BLAKE2b, 32 bytes, over the body as compact JSON with sorted keys."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return f"blake2b-256:{hashlib.blake2b(text.encode(), digest_size=32).hexdigest()}"


def _read(path: Path) -> _Contents:
    try:
        data: Any = json.loads(path.read_bytes())
    except OSError as problem:
        raise RandomStateError(f"it cannot be read: {problem.strerror or problem}") from problem
    except (ValueError, RecursionError) as problem:
        raise RandomStateError(f"it is no JSON, or cut short: {problem}") from problem
    schema = data.get("schema") if isinstance(data, dict) else None
    if not isinstance(schema, str) or not schema.startswith(_FORMAT):
        raise RandomStateError("it is no file of random states", hint="save_seed_state writes one.")
    if schema != f"{_FORMAT}{_VERSION}":
        raise RandomStateError(
            f"it has the schema {schema!r}, and this version reads {_FORMAT}{_VERSION}",
            hint="pip install --upgrade repro_nb",
        )
    body = {key: data.get(key) for key in ("seed", "sources", "generators")}
    if data.get("digest") != _digest(body):
        raise RandomStateError("its digest does not fit its contents: it was damaged or edited")
    return _parsed(body)


def _parsed(body: Mapping[str, Any]) -> _Contents:
    try:
        libraries = {
            str(library): {str(name): _decoded(state) for name, state in states.items()}
            for library, states in body["sources"].items()
        }
        generators = {
            str(name): (str(entry["kind"]), _decoded(entry["state"]) or b"")
            for name, entry in body["generators"].items()
        }
        return _Contents(_seeding(body["seed"]), libraries, generators)
    except (AttributeError, KeyError, TypeError, ValueError, UsageError) as problem:
        raise RandomStateError(
            f"its contents are not what save_seed_state writes: {problem}"
        ) from problem


def _seeding(entry: Any) -> Optional[Seeding]:
    if entry is None:
        return None
    if not isinstance(entry["per_cell"], bool):
        raise TypeError("per_cell is no truth value")
    names = checked_names(entry["only"])
    return Seeding(checked_seed(entry["value"]), names, entry["per_cell"], "load_seed_state")


def _decoded(text: Optional[str]) -> Optional[bytes]:
    return None if text is None else base64.b64decode(text, validate=True)
