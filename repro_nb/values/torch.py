"""torch's tensors of every layout and type, on every device, and modules with what they hold.

Where a tensor lies, and whether it requires gradients, is no part of its value; the gradient that it has is.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any, Dict, FrozenSet, Mapping, Optional, Tuple

from repro_nb.imports import whole_module
from repro_nb.values.difference import Difference
from repro_nb.values.elements import CHUNK, MAGNITUDES, Chunk, Tally
from repro_nb.values.path import cut, name_step
from repro_nb.values.view import Indexed, Kind, Named, Payload, View

__all__ = ["KINDS"]

_SPARSE: Mapping[str, Tuple[str, ...]] = {
    "torch.sparse_coo": ("_indices", "_values"),
    "torch.sparse_csr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_bsr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_csc": ("ccol_indices", "row_indices", "values"),
    "torch.sparse_bsc": ("ccol_indices", "row_indices", "values"),
}
_WIDEST_WORD = 8
_COMPARED_IN_PLACE = ("cpu", "cuda")
_MOST_DIGITS = 18


def _tensor(tensor: Any) -> View:
    torch = sys.modules["torch"]
    # A user's subclass would have every operation go through its own code.
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - has no public twin
        held = torch.Tensor.detach(tensor)
        view = _content(torch, held, _facts(held))
        gradient = tensor.grad if tensor.is_leaf else None  # torch warns where it keeps none
        more = Named({} if gradient is None else {".grad": gradient})
        return view._replace(parts=(*view.parts, more))


def _facts(tensor: Any) -> Tuple[Tuple[str, str], ...]:
    shape = () if tensor.is_nested else (("shape", str(tuple(tensor.shape))),)
    layout = ("layout", str(tensor.layout))
    return (("dtype", str(tensor.dtype).replace("torch.", "")), *shape, layout)


def _content(torch: Any, tensor: Any, facts: Tuple[Tuple[str, str], ...]) -> View:
    if tensor.is_meta:
        return View(facts)
    if tensor.is_nested:
        return View(facts, parts=(Indexed(list(tensor.unbind())),))
    if tensor.is_quantized:
        return View(facts, parts=(Named(_quantised(torch, tensor)),))
    inner = _SPARSE.get(str(tensor.layout), ("to_dense",) if tensor.is_mkldnn else ())
    if inner:
        return View(
            facts, parts=(Named({f".{name}()": getattr(tensor, name)() for name in inner}),)
        )
    return View(facts, payload=_Block(tensor.resolve_conj().resolve_neg()))


def _quantised(torch: Any, tensor: Any) -> Dict[str, Any]:
    names = ["int_repr", "qscheme", "q_scale", "q_zero_point"]
    if tensor.qscheme() not in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        names[2:] = ["q_per_channel_scales", "q_per_channel_zero_points", "q_per_channel_axis"]
    return {f".{name}()": getattr(tensor, name)() for name in names}


class _Block(Payload):
    """The elements of a strided tensor.

    Args:
        tensor: A plain one, detached, on any device.
    """

    __slots__ = ("_tensor",)

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor

    def difference(self, other: Any, tolerance: float) -> Optional[Difference]:
        """How many elements differ, where, and by how much."""
        torch = sys.modules["torch"]
        with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - has no public twin
            first, second = _side_by_side(self._tensor, other._tensor)  # noqa: SLF001 - one of us
            if torch.equal(_bits(torch, first), _bits(torch, second)):
                return None
            return _measure(torch, first, second, tolerance)

    def token(self) -> Any:
        """The bytes of the elements."""
        torch = sys.modules["torch"]
        flat = self._tensor.cpu().contiguous().reshape(-1)
        return bytes(flat.view(torch.uint8).tolist())


def _side_by_side(first: Any, second: Any) -> Tuple[Any, Any]:
    """Both where they can be compared: where they are, if that is one such place."""
    if first.device == second.device and first.device.type in _COMPARED_IN_PLACE:
        return first, second
    return first.cpu(), second.cpu()


def _measure(torch: Any, first: Any, second: Any, tolerance: float) -> Optional[Difference]:
    one, other = first.reshape(-1), second.reshape(-1)
    tally = Tally(
        tuple(first.shape), tolerance, lambda at: (_show(torch, one[at]), _show(torch, other[at]))
    )
    for start in range(0, len(one), CHUNK):
        pair = one[start : start + CHUNK], other[start : start + CHUNK]
        if not torch.equal(_bits(torch, pair[0]), _bits(torch, pair[1])):
            _add(tally, start, _chunk(torch, pair[0]), _chunk(torch, pair[1]))
    return tally.difference()


def _add(tally: Tally, start: int, first: Chunk, second: Chunk) -> None:
    """Add two chunks, on the CPU as numpy's arrays: torch's threads cost more than they gain with so few elements."""
    numpy: Any = whole_module("numpy")
    if first.words.is_cuda or not hasattr(numpy, "from_dlpack"):
        tally.add(start, first, second)
        return
    with numpy.errstate(all="ignore"):
        tally.add(start, _as_numpy(numpy, first), _as_numpy(numpy, second))


def _as_numpy(numpy: Any, chunk: Chunk) -> Chunk:
    # Through DLPack, which needs no torch that was built for this numpy.
    wide = None if chunk.wide is None else numpy.from_dlpack(chunk.wide)
    return chunk._replace(words=numpy.from_dlpack(chunk.words), wide=wide)


def _bits(torch: Any, tensor: Any) -> Any:
    """The tensor as integers of the same size, without a copy."""
    if tensor.element_size() > _WIDEST_WORD:
        return torch.view_as_real(tensor).view(torch.int64)
    return tensor.view(_words(torch)[tensor.element_size()])


def _words(torch: Any) -> Mapping[int, Any]:
    return {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def _chunk(torch: Any, flat: Any) -> Chunk:
    name, size = str(flat.dtype).replace("torch.", ""), flat.element_size()
    if flat.dtype.is_complex:
        words = flat.contiguous().view(_words(torch)[size // 2]).reshape(-1, 2).to(torch.int64)
        return Chunk(words, flat.to(torch.complex128), MAGNITUDES[f"float{size * 4}"])
    if flat.dtype.is_floating_point:
        words = flat.view(torch.int8 if size == 1 else _words(torch)[size]).to(torch.int64)
        wide = flat.to(torch.float64) if "x2" not in name else None
        return Chunk(words, wide, MAGNITUDES.get(name, 0))
    if name == "uint64":
        return Chunk(flat.view(torch.int64) ^ -(2**63), flat.to(torch.float64), integral=True)
    if "int" in name and "bits" not in name:
        return Chunk(flat.to(torch.int64), flat.to(torch.float64), integral=True)
    return Chunk(flat.view(torch.uint8))


def _show(torch: Any, element: Any) -> str:
    """One element with as few digits as tell it from its neighbours."""
    if "x2" in str(element.dtype):
        return cut(str(element.view(torch.uint8).item()))
    value = element.item()
    if not element.dtype.is_floating_point or value != value or element.dtype is torch.float64:  # noqa: PLR0124 - NaN
        return cut(repr(value))
    for digits in range(1, _MOST_DIGITS):
        text = repr(float(f"{value:.{digits}g}"))
        if torch.tensor(float(text), device="cpu").to(element.dtype).item() == value:
            return text
    return repr(value)


@lru_cache(maxsize=1)
def _machinery(module_class: Any) -> FrozenSet[str]:
    """Names of the attributes by which every module works, hooks among them."""
    return frozenset(vars(module_class())) - {"training"}


def _module(module: Any) -> View:
    base = sys.modules["torch.nn.modules.module"].Module
    state: Dict[str, Any] = object.__getattribute__(module, "__dict__")
    held: Dict[str, Any] = {}
    for group in ("_parameters", "_buffers", "_modules"):
        held.update((name_step(name), part) for name, part in dict.items(state[group]))
    own = state.keys() - _machinery(base)
    held.update((f".{name}", state[name]) for name in sorted(own))
    return View(parts=(Named(held),))


def _script(module: Any) -> View:
    return View(parts=(Named({".state_dict()": module.state_dict()}),))


def _optimizer(optimizer: Any) -> View:
    # Its own attributes are keyed by parameters; this is the same by number.
    base = sys.modules["torch.optim.optimizer"].Optimizer
    return View(parts=(Named({".state_dict()": base.state_dict(optimizer)}),))


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "torch": {"Tensor": Kind(_tensor, attributes=True)},
    "torch.nn.modules.module": {"Module": Kind(_module)},
    "torch.jit": {"ScriptModule": Kind(_script)},
    "torch.optim.optimizer": {"Optimizer": Kind(_optimizer)},
}
"""How they are looked at, by module and name."""
