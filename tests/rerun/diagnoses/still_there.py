"""Run as a program: prints those of the given names that can still be had, one a line."""

import importlib
import sys


def found(name):
    """What a dotted name leads to: the longest module in it, and attributes from there."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for part in parts[count:]:
            value = getattr(value, part)
        return value
    raise ImportError(name)


for name in sys.argv[1:]:
    try:
        found(name)
    except (AttributeError, ImportError):
        continue
    print(name)
