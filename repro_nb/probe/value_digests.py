"""Digests of variables: whether a value was the same in two runs, to the bit, without keeping it.

A digest has two parts, ``content+order``. The first is blind to the order in which sets give their elements, the
second is not; it is left out where there are no sets. A ``~`` before it says that something inside cannot be looked
into, so that equal digests prove nothing. Addresses, modules, functions and classes leave no trace in it.
"""

from __future__ import annotations

import hashlib
import sys
import time
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from repro_nb.imports import whole_module
from repro_nb.rng.held import global_ids
from repro_nb.rng.reach import user_names
from repro_nb.values.kinds import Eye
from repro_nb.values.path import full_name
from repro_nb.values.scalars import Exact
from repro_nb.values.view import Indexed, Keyed, Named, Part, View

__all__ = ["Limits", "value_digests"]

_DIGEST_BYTES = 12
_DEEPEST = 60
_CODE = (BuiltinFunctionType, CodeType, FunctionType, ModuleType, type)
_NUMBERS = frozenset(map(id, (bool, complex, float, type(None), type(Ellipsis))))
_PLAIN = _NUMBERS | frozenset(map(id, (bytes, int, str)))
_CONTAINERS = frozenset(map(id, (dict, frozenset, list, set, tuple)))


class Limits(NamedTuple):
    """How much is looked at, at the end of one cell.

    Attributes:
        octets: Bytes of texts, arrays and tensors, of all variables together.
        items: Objects inside one variable.
        seconds: Wall time of all variables together.
    """

    octets: int = 2**25
    items: int = 200_000
    seconds: float = 0.25


class _UnseenError(Exception):
    """A value is beyond the limits."""


_LIMITS = Limits()


def value_digests(
    names: Iterable[str], namespace: Mapping[str, Any], limits: Limits = _LIMITS
) -> Dict[str, str]:
    """The digest of each variable that has one.

    Args:
        names: Names to look for, such as all that a cell mentions.
        namespace: The user's variables; none of their code runs but what their classes say for copies.
        limits: Variables beyond these have no digest.
    """
    wanted = {name: namespace[name] for name in names if name in namespace}
    walk = _Walk(limits)
    found: Dict[str, str] = {}
    for name in user_names(wanted):
        # By type: an object of the user's may answer for its ``__class__`` in its own way.
        digest = None if issubclass(type(wanted[name]), _CODE) else walk.digest(wanted[name])
        if digest is not None:
            found[name] = digest
    return found


class _Print(NamedTuple):
    """What is known of one object.

    Attributes:
        content: Digest that heeds no order of sets.
        order: Digest that does.
        whole: Whether all of it was seen.
        sets: Whether there are sets of two elements or more.
    """

    content: bytes
    order: bytes
    whole: bool = True
    sets: bool = False

    def text(self) -> str:
        """As the record keeps it."""
        order = f"+{self.order.hex()}" if self.sets else ""
        return f"{'' if self.whole else '~'}{self.content.hex()}{order}"


class _Walk:
    """Looks at the variables of one cell; its references to the user's objects end with each of them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._deadline = time.perf_counter() + limits.seconds
        self._octets = limits.octets
        self._items = 0
        self._eye = Eye()
        self._streams = global_ids() | {id(_numpy_stream())}
        self._known: Dict[int, _Print] = {}
        self._kept: List[Any] = []

    def digest(self, value: Any) -> Optional[str]:
        """The digest of a variable; None where it is beyond the limits."""
        self._items = self._limits.items
        try:
            return self._print(value, 0).text()
        except (_UnseenError, RecursionError):
            return None
        finally:
            self._known.clear()
            self._kept.clear()

    def _print(self, value: Any, depth: int) -> _Print:
        cls = type(value)
        scalar = _scalar(value, cls)
        if scalar is not None:
            self._spend(1, len(scalar))
            own = _hashed(cls.__name__.encode(), scalar)
            return _Print(own, own)
        known = self._known.get(id(value))
        if known is not None:
            return known
        items, octets = _extent(value, cls)
        self._spend(1, octets)
        if items > self._items or depth > _DEEPEST:
            raise _UnseenError
        # What holds itself is told by its type where it comes again. Parts made for the walk keep their addresses.
        self._kept.append(value)
        self._known[id(value)] = _marked(cls)
        made = self._known[id(value)] = self._made(value, cls, depth)
        return made

    def _made(self, value: Any, cls: type, depth: int) -> _Print:
        # Everybody's stream is no part of what holds it, as scipy's distributions do.
        if issubclass(cls, _CODE) or id(value) in self._streams:
            return _marked(cls)
        view = self._eye.view(value)
        own = _hashed(full_name(cls).encode(), *_facts(view), self._token(view))
        parts = [self._part(part, depth + 1) for part in view.parts]
        return _Print(
            content=_hashed(own, *(part.content for part in parts)),
            order=_hashed(own, *(part.order for part in parts)),
            whole=not view.opaque and all(part.whole for part in parts),
            sets=any(part.sets for part in parts),
        )

    def _part(self, part: Part, depth: int) -> _Print:
        """The parts of an object; those of a set are put in order for the content's digest."""
        if isinstance(part, Indexed):
            plain = self._plain(part.values)
            if plain is not None:
                return plain
            return _joined([self._print(each, depth) for each in part.values])
        if isinstance(part, Keyed):
            return _joined([self._print(each, depth) for pair in part.items for each in pair])
        if isinstance(part, Named):
            steps = sorted(part.values)
            named = _hashed(*(step.encode("utf-8", "replace") for step in steps))
            held = [self._print(part.values[step], depth) for step in steps]
            return _joined([_Print(named, named), *held])
        found = [self._print(each, depth) for each in part.values]
        mixed = _joined(found)
        content = _hashed(b"set", *sorted(each.content for each in found))
        return mixed._replace(content=content, sets=mixed.sets or len(found) > 1)

    def _plain(self, values: List[Any]) -> Optional[_Print]:
        """Plain numbers and texts all at once, as there may be many; None where there is anything else."""
        if not _PLAIN.issuperset(map(id, map(type, values))):
            return None
        try:
            octets = repr(values).encode("utf-8", "surrogatepass")
        except ValueError:  # an integer of more digits than Python writes
            return None
        self._spend(0, len(octets))
        own = _hashed(b"plain", octets)
        return _Print(own, own)

    def _token(self, view: View) -> bytes:
        payload = view.payload
        if payload is None or (
            isinstance(payload, Exact) and issubclass(type(payload.value), _CODE)
        ):
            return b""
        token = payload.token()
        return token if type(token) is bytes else repr(token).encode("utf-8", "replace")

    def _spend(self, items: int, octets: int) -> None:
        if items > self._items or octets > self._octets:
            raise _UnseenError
        self._items -= items
        self._octets -= octets
        if not self._items % 64 and time.perf_counter() > self._deadline:
            raise _UnseenError


def _numpy_stream() -> Any:
    """The global stream of numpy as an object, around what draws for it; None where numpy is not loaded."""
    return getattr(sys.modules.get("numpy.random.mtrand"), "_rand", None)


def _marked(cls: type) -> _Print:
    own = _hashed(b"type", full_name(cls).encode())
    return _Print(own, own)


def _joined(parts: List[_Print]) -> _Print:
    return _Print(
        content=_hashed(b"parts", *(part.content for part in parts)),
        order=_hashed(b"parts", *(part.order for part in parts)),
        whole=all(part.whole for part in parts),
        sets=any(part.sets for part in parts),
    )


def _facts(view: View) -> Iterable[bytes]:
    return (f"{name}={value}".encode("utf-8", "replace") for name, value in view.facts)


def _hashed(*pieces: bytes) -> bytes:
    made = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for piece in pieces:
        made.update(b"%d:" % len(piece))
        made.update(piece)
    return made.digest()


def _scalar(value: Any, cls: type) -> Optional[bytes]:
    """The bytes of a plain number or text; None for all else."""
    if cls is str:
        return str.encode(value, "utf-8", "surrogatepass")
    if cls is bytes:
        return bytes(value)
    if cls is int:
        return hex(value).encode()
    return repr(value).encode() if id(cls) in _NUMBERS else None


def _extent(value: Any, cls: type) -> Tuple[int, int]:
    """How many objects are inside, and how many bytes, as far as that can be told before looking."""
    if id(cls) in _CONTAINERS:
        return len(value), 0
    for home, name, count in _COUNTED:
        known = getattr(whole_module(home), name, None)
        if known is not None and issubclass(cls, known):
            found: Tuple[int, int] = count(value)
            return found
    return 0, 0


def _of_array(array: Any) -> Tuple[int, int]:
    base = sys.modules["numpy"].ndarray
    plain = base.view(array, base)
    return (plain.size, 0) if plain.dtype.hasobject else (0, plain.nbytes)


def _of_tensor(tensor: Any) -> Tuple[int, int]:
    torch = sys.modules["torch"]
    octets: int = torch.Tensor.numel(tensor) * torch.Tensor.element_size(tensor)
    # Its bytes become Python's numbers on the way.
    return 0, 32 * octets


def _of_column(column: Any) -> Tuple[int, int]:
    # One that is not numpy's is made into objects.
    return len(column), 0


def _of_plain_column(_: Any) -> Tuple[int, int]:
    return 0, 0  # the array in it is counted


_COUNTED: Any = (
    ("numpy", "ndarray", _of_array),
    ("torch", "Tensor", _of_tensor),
    ("pandas.core.arrays", "NumpyExtensionArray", _of_plain_column),
    ("pandas.core.arrays", "DatetimeArray", _of_plain_column),
    ("pandas.core.arrays", "TimedeltaArray", _of_plain_column),
    ("pandas.core.arrays", "Categorical", _of_plain_column),
    ("pandas.core.arrays", "BaseMaskedArray", _of_plain_column),
    ("pandas.core.arrays", "ExtensionArray", _of_column),
)
