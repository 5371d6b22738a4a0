"""The version, for modules that must not import the package's top, which reaches down to all of them."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
