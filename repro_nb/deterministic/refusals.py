"""Which operation torch refused, because it has no deterministic algorithm for it."""

from __future__ import annotations

import re
from typing import Iterator, Optional

__all__ = ["refused_operation"]

# TorchScript puts the sentence behind lines of its own and a "RuntimeError: ".
_REFUSAL = re.compile(
    r"^(?:\w+: )?(?P<operation>\S.*?) does not have a deterministic implementation, but you set ",
    re.MULTILINE,
)
# Older versions of torch, where CUBLAS_WORKSPACE_CONFIG is not set, name no operation.
_CUBLAS = "this operation is not deterministic because it uses CuBLAS"


def refused_operation(error: BaseException) -> Optional[str]:
    """The operation that torch refused in deterministic mode, such as ``put_``.

    Args:
        error: What was raised; errors that it was raised from are looked at too.

    Returns:
        The name as torch gives it, "a cuBLAS operation" where torch says no more, None for any other error.
    """
    for one in _chain(error):
        refusal = _REFUSAL.search(str(one)) if isinstance(one, RuntimeError) else None
        if refusal:
            return refusal["operation"]
        if isinstance(one, RuntimeError) and _CUBLAS in str(one):
            return "a cuBLAS operation"
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen = set()
    following: Optional[BaseException] = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (
            None if following.__suppress_context__ else following.__context__
        )
