"""numpy's arrays of every kind, its scalars, and the extension types of ``ml_dtypes``."""

from __future__ import annotations

import hashlib
import sys
from typing import Any, Iterator, Mapping, Optional, Tuple

from repro_nb.values.difference import Difference
from repro_nb.values.elements import CHUNK, MAGNITUDES, Chunk, Tally
from repro_nb.values.path import cut
from repro_nb.values.view import Indexed, Kind, Named, Payload, View

__all__ = ["KINDS", "view_of_array"]

_WORD_SIZES = (1, 2, 4, 8)
_EXTENDED_BITS = 63
_EXTENDED_BYTES = 10


def view_of_array(array: Any) -> View:
    """What a numpy array is made of.

    Args:
        array: Of `numpy.ndarray` or a class derived from it, whose own methods are not called.
    """
    np = sys.modules["numpy"]
    plain = np.ndarray.view(array, np.ndarray)
    facts = (("dtype", str(plain.dtype)), ("shape", str(plain.shape)))
    if plain.dtype.names is not None:
        fields = {f"[{name!r}]": plain[name] for name in plain.dtype.names}
        return View(facts, parts=(Named(fields),))
    if plain.dtype.hasobject or plain.dtype.kind == "T":
        return View(facts, parts=(Indexed(plain.ravel().tolist(), plain.shape),))
    return View(facts, payload=_Block(plain))


def _scalar(value: Any) -> View:
    return view_of_array(sys.modules["numpy"].asarray(value))


def _masked(array: Any) -> View:
    """What the mask hides is no part of the value."""
    base = sys.modules["numpy.ma"].MaskedArray
    parts = {".mask": sys.modules["numpy.ma"].getmaskarray(array)}
    return View(parts=(Named({**parts, ".compressed()": base.compressed(array)}),))


class _Block(Payload):
    """The elements of an array that holds no references.

    Args:
        array: A plain `numpy.ndarray` of any strides.
    """

    __slots__ = ("_array",)

    def __init__(self, array: Any) -> None:
        self._array = array

    def difference(self, other: Any, tolerance: float) -> Optional[Difference]:
        """How many elements differ, where, and by how much."""
        dtype = self._array.dtype
        tally = Tally(self._array.shape, tolerance, lambda at: (self.show(at), other.show(at)))
        with sys.modules["numpy"].errstate(all="ignore"):
            for start, first, second in _pairs_of_words(self._array, other._array):  # noqa: SLF001 - one of us
                if not _are_same(first, second):
                    tally.add(start, _chunk(first, dtype), _chunk(second, dtype))
        return tally.difference()

    def token(self) -> Any:
        """A digest of the elements."""
        return hashlib.sha256(self._array.tobytes()).digest()

    def show(self, position: int) -> str:
        """The element at `position` in C order, as text."""
        element = self._array.flat[position]
        return cut(repr(element.item()) if self._array.dtype.kind in "SUV" else str(element))


def _pairs_of_words(first: Any, second: Any) -> Iterator[Tuple[int, Any, Any]]:
    """Runs of elements of both arrays in C order, contiguous and as bare words, with where each run starts."""
    if not first.size or not first.itemsize:
        return
    pairs = sys.modules["numpy"].nditer(
        (_bare(first), _bare(second)),
        flags=["external_loop", "buffered"],
        op_flags=[["readonly", "contig"]] * 2,
        order="C",
        buffersize=CHUNK,
    )
    start = 0
    with pairs:
        for one, other in pairs:
            yield start, one, other
            start += len(one)


def _bare(array: Any) -> Any:
    size = array.itemsize
    return array.view(f"u{size}" if size in _WORD_SIZES else f"V{size}")


def _are_same(first: Any, second: Any) -> bool:
    """Whether all bits are the same, compared in the largest words that fit."""
    pair = first.view("u1"), second.view("u1")
    if first.nbytes % 8 == 0:
        pair = pair[0].view("u8"), pair[1].view("u8")
    return bool((pair[0] == pair[1]).all())


def _chunk(words: Any, dtype: Any) -> Chunk:
    np = sys.modules["numpy"]
    elements = words.view(dtype)
    if not dtype.isnative:
        elements = elements.astype(dtype.newbyteorder("="))
    if dtype.kind in "iu":
        return _integers(np, elements)
    if dtype.char in "gG":
        return Chunk(_extended(np, elements), elements)
    if dtype.kind == "c":
        part = f"float{dtype.itemsize * 4}"
        bits = elements.view(f"i{dtype.itemsize // 2}").reshape(-1, 2).astype(np.int64)
        return Chunk(bits, elements.astype(np.complex128), MAGNITUDES[part])
    if dtype.kind == "f" or dtype.type.__module__.startswith("ml_dtypes"):
        bits = elements.view(f"i{dtype.itemsize}").astype(np.int64)
        return Chunk(bits, elements.astype(np.float64), MAGNITUDES.get(dtype.name, 0))
    return Chunk(elements.view("u1").reshape(len(elements), -1))


def _integers(np: Any, elements: Any) -> Chunk:
    wide = elements.astype(np.float64)
    if elements.dtype == np.uint64:
        return Chunk(elements.view(np.int64) ^ np.int64(-(2**63)), wide, integral=True)
    return Chunk(elements.astype(np.int64), wide, integral=True)


def _extended(np: Any, elements: Any) -> Any:
    """The bytes of long doubles, without those that pad them and hold anything."""
    parts = elements.view(np.longdouble)
    octets = parts.view("u1").reshape(len(parts), -1)
    if np.finfo(np.longdouble).nmant == _EXTENDED_BITS:
        octets = octets[:, :_EXTENDED_BYTES]
    return octets.reshape(len(elements), -1)


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "numpy": {
        "ndarray": Kind(view_of_array, attributes=True),
        "generic": Kind(_scalar),
        **dict.fromkeys(("memmap", "matrix", "recarray"), Kind(view_of_array)),
    },
    "numpy.ma": {"MaskedArray": Kind(_masked)},
}
"""How they are looked at, by module and name."""
