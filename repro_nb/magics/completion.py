"""Tab completion of the magics' options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from IPython.core.completer import SimpleCompletion, context_matcher

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext

    from repro_nb.magics.arguments import MagicParser

__all__ = ["complete_options"]


@context_matcher(identifier="repro_nb.options")  # type: ignore[untyped-decorator]
def complete_options(context: CompletionContext) -> Dict[str, Any]:
    """The options of the line's magic that begin with what was typed, for IPython's completer."""
    words = context.text_until_cursor.split()
    if not words or not context.token.startswith("-"):
        return {"completions": []}
    options = [
        option
        for parser in _parsers()
        if parser.prog.lstrip("%") == words[0].lstrip("%")
        for option in _options(parser)
        if option.startswith(context.token)
    ]
    completions = [SimpleCompletion(option, type="param") for option in options]
    return {"completions": completions, "suppress": bool(options)}


def _parsers() -> Tuple[MagicParser, ...]:
    # Imported at the first press of the key: loading the extension shall stay fast.
    from repro_nb.magics import checkpoint, deterministic, history, restore, seed, verify

    modules = (seed, deterministic, verify, history, restore, checkpoint)
    return tuple(module.PARSER for module in modules)


def _options(parser: MagicParser) -> List[str]:
    # Argparse has no public way to list them.
    return [text for action in parser._actions for text in action.option_strings]  # noqa: SLF001
