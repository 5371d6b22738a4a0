"""Arguments of magics: argparse, with help that is printed and errors that are raised."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import NoReturn, Optional

from IPython.core.error import UsageError

__all__ = ["MagicParser"]


class MagicParser(argparse.ArgumentParser):
    """A parser that never ends the process it runs in.

    Args:
        magic: The magic as it is typed, such as ``%repro_seed``.
        description: What it does.
        epilog: Examples, shown as they are.
    """

    def __init__(self, magic: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=magic,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=False,
            allow_abbrev=False,
        )
        self.add_argument("-h", "--help", action="store_true", help="show this help")

    def parse_line(self, line: str) -> Optional[argparse.Namespace]:
        """What `line` asks for; None when it asked for help, which was printed.

        Raises:
            UsageError: It cannot be understood. It is IPython's own, which is shown without a traceback.
        """
        try:
            words = shlex.split(line, posix=os.name == "posix")
        except ValueError as error:
            self.error(str(error))
        # Help beats everything else on the line, mistakes too.
        if "-h" in words or "--help" in words:
            print(self.format_help(), end="")  # noqa: T201  the help is for the cell's output
            return None
        return self.parse_args(words)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would end the process with."""
        raise UsageError(f"{self.prog}: {message}\n{self.prog} -h shows what it takes.")
