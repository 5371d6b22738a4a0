"""Text from untrusted files: checked before it is used, and made harmless before it is shown."""

from __future__ import annotations

from repro_nb.errors import CheckpointError

__all__ = ["shown", "text_of"]


def shown(text: str, limit: int = 120) -> str:
    """`text` as part of a sentence of ours: cut to `limit` characters, and escaped where it would steer a terminal."""
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return cut if cut.isprintable() else repr(cut)


def text_of(value: object, what: str, limit: int = 1000) -> str:
    """`value`, which must be text of at most `limit` characters.

    Anything else is not even written into the error: a nested list of a few bytes can have a text without end.

    Raises:
        CheckpointError: It is something else.
    """
    if not isinstance(value, str) or len(value) > limit:
        raise CheckpointError(f"{what} is no text of up to {limit} characters")
    return value
