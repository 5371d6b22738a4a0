"""Reading a cell's code for the calls that seed.

This is asked only about a cell that changed a source, and looks at the code without running any: a name is followed
through modules' dictionaries to a library's seeding function, whatever alias it goes by, and one level into functions
that the cell calls.
"""

from __future__ import annotations

import ast
import sys
from types import FunctionType
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from repro_nb.probe.called import objects_used_by
from repro_nb.rng import Source
from repro_nb.rng.drawing import draws_from
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
_ROWS = (ast.Tuple, ast.List)
_UNCERTAIN = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ExceptHandler),
    *(ast.If, ast.IfExp, ast.BoolOp, ast.For, ast.AsyncFor, ast.While),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


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

    def of_held(self, paths: Iterable[str]) -> Dict[str, Optional[str]]:
        """How the sources `paths` were made from a seed, or seeded, as written in the cell; None for one without.

        Sources that the code does not tell of are left out.
        """
        found: Dict[str, Optional[str]] = {}
        loose: Dict[str, bool] = {}
        for node in ast.walk(self._tree):
            for target, value in _assignments(node):
                found.update(self._made_by(target, value))
                step = _step(target)
                loose[step] = loose.get(step, True) and self._makes_unseeded(value)
            if isinstance(node, ast.Call):
                found.update(self._reseeded_by(node))
        within = [step for step, makes in loose.items() if makes and step]
        return {
            path: found.get(path)
            for path in paths
            if path in found or any(_leads_to(step, path) for step in within)
        }

    def draws_before_seeding(self, stream: str) -> bool:
        """Whether the cell, as written, draws from a global stream before the first call that sets it.

        Only what is certain to run counts: no branch, no loop, no function's body.
        """
        drew = False
        for node in _in_order(_certain(self._tree)):
            if any(_sets(call, stream) for call in self._meant_by(node)):
                return drew
            drew = drew or draws_from(self._resolve(node.func), stream)
        return False

    def _made_by(self, target: ast.expr, value: ast.expr) -> Dict[str, Optional[str]]:
        if isinstance(value, ast.Call) and self._makes_seeded(value):
            return {_dotted(target): self._source_of(value)}
        return {_dotted(target): None} if self._makes_unseeded(value) else {}

    def _reseeded_by(self, node: ast.Call) -> Dict[str, Optional[str]]:
        method = node.func
        if not isinstance(method, ast.Attribute) or method.attr not in _RESEEDING_METHODS:
            return {}
        return {_dotted(method.value): self._source_of(node) if self._has_seed(node) else None}

    def _calls(self) -> Iterator[_Call]:
        for node in _in_order(ast.walk(self._tree)):
            yield from self._meant_by(node)

    def _meant_by(self, node: ast.Call) -> Iterator[_Call]:
        called = self._resolve(node.func)
        direct = self._functions.get(id(called))
        if direct is not None:
            yield _Call(self._source_of(node), *direct, seeds=self._has_seed(node))
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
            return self._has_seed(call)
        if not self._is_maker(call):
            return False
        given = _arguments(call)
        if given and isinstance(given[0], ast.Call) and self._is_maker(given[0]):
            return self._makes_seeded(given[0])  # Generator(PCG64(5))
        return self._has_seed(call) and _dotted(call.func).rpartition(".")[2] != "Generator"

    def _makes_unseeded(self, value: ast.expr) -> bool:
        """Whether the expression makes generators, and each of them from nothing."""
        makers = [
            node for node in ast.walk(value) if isinstance(node, ast.Call) and self._is_maker(node)
        ]
        return bool(makers) and all(self._is_bare(maker) for maker in makers)

    def _is_bare(self, maker: ast.Call) -> bool:
        """Whether a maker is given nothing, or what another one made: the other one is looked at by itself."""
        given = _arguments(maker)
        made = all(isinstance(value, ast.Call) and self._is_maker(value) for value in given)
        return made or not self._has_seed(maker)

    def _is_maker(self, call: ast.Call) -> bool:
        return id(self._resolve(call.func)) in self._makers

    def _has_seed(self, call: ast.Call) -> bool:
        return not all(self._is_none(value) for value in _arguments(call))

    def _is_none(self, value: ast.expr) -> bool:
        if isinstance(value, ast.Constant):
            return value.value is None
        return isinstance(value, ast.Name) and self._namespace.get(value.id, self) is None

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


def _in_order(nodes: Iterable[ast.AST]) -> List[ast.Call]:
    """The calls among `nodes`, in the order in which they are made: arguments first."""
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return sorted(calls, key=lambda call: (call.end_lineno or 0, call.end_col_offset or 0))


def _certain(node: ast.AST) -> Iterator[ast.AST]:
    """What runs whenever `node` does."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _UNCERTAIN):
            yield from _certain(child)


def _assignments(node: ast.AST) -> Iterator[Tuple[ast.expr, ast.expr]]:
    """Target and value of each assignment that `node` makes, those of a tuple one by one."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        yield from _pairs(target, node.value)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[Tuple[ast.expr, ast.expr]]:
    if not isinstance(target, _ROWS):
        yield target, value
        return
    one_by_one = isinstance(value, _ROWS) and len(value.elts) == len(target.elts)
    values = value.elts if isinstance(value, _ROWS) and one_by_one else [value] * len(target.elts)
    for part, its_value in zip(target.elts, values):  # noqa: B905 - `strict` is newer than Python 3.9
        yield from _pairs(part, its_value)


def _step(target: ast.expr) -> str:
    """How the paths begin that lead into what a name is given, or end that lead to an object's attribute."""
    if isinstance(target, ast.Name):
        return f"{target.id}["
    return f".{target.attr}" if isinstance(target, ast.Attribute) else ""


def _leads_to(step: str, path: str) -> bool:
    return path.endswith(step) if step.startswith(".") else path.startswith(step)


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
