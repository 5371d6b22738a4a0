"""Run one block of README.md from standard input, in the current folder; then look at what the text says of it.

With ``--call NAME``, call that function of the block. With ``--promise NAME``, look at that promise of promises.py.
"""

import argparse
import sys
from typing import Any

import presumed
import promises


def main() -> None:
    """Run the block."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--call")
    parser.add_argument("--promise")
    arguments = parser.parse_args()
    source = sys.stdin.read()
    presumed.files(source)
    names: dict[str, Any] = {"__name__": "block", **presumed.names(source)}
    exec(compile(source, "<block>", "exec"), names)
    if arguments.call:
        names[arguments.call]()
    if arguments.promise:
        getattr(promises, arguments.promise)(names)


if __name__ == "__main__":
    main()
