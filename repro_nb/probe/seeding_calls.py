"""Reading a cell's code for the calls that seed.

This is asked only about a cell that changed a source, and looks at the code without running any: a name is followed
through modules' dictionaries to a library's seeding function, whatever alias it goes by, and one level into functions
that the cell calls.
"""

from __future__ import annotations

import ast
import sys
from types import FunctionType
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union

from repro_nb.probe.called import objects_used_by
from repro_nb.rng import Source
from repro_nb.rng.usercode import is_module, module_names

__all__ = ["SeedingCalls"]

_MAX_TEXT = 200
_MAKERS = (
    *(
        f"numpy.random.{name}"
        for name in ("default_rng", "RandomState", "Generator", "SeedSequence")
    ),
    *(f"numpy.random.{name}" for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")),
    *("random.Random", "torch.Generator", "jax.random.key", "jax.random.PRNGKey"),
)
_RESEEDING_METHODS = ("seed", "manual_seed")
_DEVICES = ("cuda", "mps")


class _Call(NamedTuple):
    """A call that sets global streams.

    Attributes:
        text: As written in the cell.
        function: Qualified name of the library's function.
        source: The library's source.
        seeds: False for ``random.seed()``, which makes the stream differ from run to run.
    """

    text: str
    function: str
    source: Source
    seeds: bool


class SeedingCalls:
    """The seeding calls of one cell.

    Args:
        source: The cell's text; magics may be in it.
        namespace: The user's variables, after the cell ran.
        sources: The libraries whose global streams may be seeded.
    """

    def __init__(
        self, source: str, namespace: Mapping[str, Any], sources: Iterable[Source]
    ) -> None:
        self._text = _without_magics(source)
        self._tree = _parse(self._text)
        self._namespace = namespace
        self._functions = dict(_seeding_functions(sources))
        self._makers = {id(maker) for maker in map(_loaded, _MAKERS) if maker is not None}

    def of_globals(self, names: Iterable[str]) -> Dict[str, Optional[str]]:
        """The last call that set each of the streams `names`; None for one that unseeded it.

        Streams that no call was found for are left out.
        """
        found: Dict[str, Optional[str]] = {}
        calls = list(self._calls())
        for name in names:
            for call in calls:
                if _sets(call, name):
                    found[name] = call.text if call.seeds else None
        return found

    def of_held(self, paths: Iterable[str]) -> Dict[str, str]:
        """How the sources `paths` were made from a seed, or seeded, as written in the cell."""
        wanted = set(paths)
        found: Dict[str, str] = {}
        for node in ast.walk(self._tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                found.update(self._made_by(node))
            elif isinstance(node, ast.Call):
                found.update(self._reseeded_by(node))
        return {path: text for path, text in found.items() if path in wanted}

    def _made_by(self, node: Union[ast.Assign, ast.AnnAssign]) -> Dict[str, str]:
        if not isinstance(node.value, ast.Call) or not self._makes_seeded(node.value):
            return {}
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {_dotted(target): self._source_of(node.value) for target in targets}

    def _reseeded_by(self, node: ast.Call) -> Dict[str, str]:
        method = node.func
        if not isinstance(method, ast.Attribute) or method.attr not in _RESEEDING_METHODS:
            return {}
        return {_dotted(method.value): self._source_of(node)} if _has_seed(node) else {}

    def _calls(self) -> Iterator[_Call]:
        calls = [node for node in ast.walk(self._tree) if isinstance(node, ast.Call)]
        for node in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
            called = self._resolve(node.func)
            direct = self._functions.get(id(called))
            if direct is not None:
                yield _Call(self._source_of(node), *direct, seeds=_has_seed(node))
            elif type(called) is FunctionType:
                for used in objects_used_by(called):
                    if id(used) in self._functions:
                        yield _Call(self._source_of(node), *self._functions[id(used)], seeds=True)

    def _resolve(self, node: ast.expr) -> Any:
        """What a dotted name stands for; None where that would take more than modules' dictionaries."""
        if isinstance(node, ast.Name):
            return self._namespace.get(node.id)
        if isinstance(node, ast.Attribute):
            module = self._resolve(node.value)
            return module_names(module).get(node.attr) if is_module(module) else None
        return None

    def _makes_seeded(self, call: ast.Call) -> bool:
        """Whether the call makes a generator or key from something that the cell gives."""
        if isinstance(call.func, ast.Attribute) and call.func.attr == "manual_seed":
            return _has_seed(call)
        if id(self._resolve(call.func)) not in self._makers:
            return False
        given = _arguments(call)
        if (
            given
            and isinstance(given[0], ast.Call)
            and id(self._resolve(given[0].func)) in self._makers
        ):
            return self._makes_seeded(given[0])  # Generator(PCG64(5))
        return _has_seed(call) and _dotted(call.func).rpartition(".")[2] != "Generator"

    def _source_of(self, node: ast.AST) -> str:
        text = " ".join((ast.get_source_segment(self._text, node) or "").split())
        return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _seeding_functions(sources: Iterable[Source]) -> Iterator[Tuple[int, Tuple[str, Source]]]:
    for source in sources:
        for name in source.seed_functions:
            function = _loaded(name)
            if function is not None:
                yield id(function), (name, source)


def _loaded(qualified: str) -> Any:
    """The object of that name, if its module is loaded."""
    home, _, name = qualified.rpartition(".")
    module = sys.modules.get(home)
    return module_names(module).get(name) if module is not None and is_module(module) else None


def _sets(call: _Call, stream: str) -> bool:
    """Whether a call sets a stream: ``torch.cuda.manual_seed`` leaves the CPU's alone."""
    if stream.partition(".")[0] != call.source.name:
        return False
    device = next((device for device in _DEVICES if f".{device}." in call.function), "")
    return device in stream


def _arguments(call: ast.Call) -> List[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _has_seed(call: ast.Call) -> bool:
    given = _arguments(call)
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in given)


def _dotted(node: ast.expr) -> str:
    """A name or dotted name as text; empty for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def _without_magics(source: str) -> str:
    """The cell with its magics and shell lines blanked out, every other character where it was."""
    lines = source.splitlines(keepends=True)
    return "".join(
        "pass\n" if line.lstrip()[:1] in ("%", "!", "?") and not line[:1].isspace() else line
        for line in lines
    )


def _parse(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a cell need not be Python
        return ast.Module(body=[], type_ignores=[])
