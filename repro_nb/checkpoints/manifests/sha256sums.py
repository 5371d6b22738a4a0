r"""``SHA256SUMS`` and its siblings: lines of a digest, two blanks and a name.

Where a name has a backslash, a line feed or a carriage return, these are written ``\\``, ``\n`` and ``\r``, and the
line begins with a backslash; ``sha256sum`` does the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from repro_nb.checkpoints.algorithms import Algorithm, algorithm_named
from repro_nb.checkpoints.safe_names import check_no_clash, safe_name
from repro_nb.errors import CheckpointError

__all__ = ["FILE_NAMES", "parse", "text_of"]

FILE_NAMES = {
    "sha256": "SHA256SUMS",
    "sha512": "SHA512SUMS",
    "blake2b": "B2SUMS",
    "blake3": "B3SUMS",
    "xxh3": "XXH128SUMS",
    "md5": "MD5SUMS",
}
"""What a manifest is called, by its algorithm; that of the program which verifies it."""

_PLAIN = re.compile(r"(?P<escaped>\\?)(?P<digest>[0-9A-Fa-f]+) [ *](?P<name>.+)", re.DOTALL)
_TAGGED = re.compile(
    r"(?P<escaped>\\?)(?P<tag>[A-Za-z0-9-]+) \((?P<name>.+)\) = (?P<digest>[0-9A-Fa-f]+)",
    re.DOTALL,
)
_TAGS = {
    "sha256": "sha256",
    "sha512": "sha512",
    "md5": "md5",
    "blake2b": "blake2b",
    "blake3": "blake3",
}
_BY_DIGITS = {64: "sha256", 128: "sha512", 32: "md5"}
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_UNESCAPES = {after: before for before, after in _ESCAPES.items()}


def text_of(digests: Mapping[str, str]) -> str:
    """The lines for the digest of each file, in the order of `digests`."""
    return "".join(_line(name, digest) for name, digest in digests.items())


def parse(content: bytes, path: Path) -> tuple[Algorithm, dict[str, str]]:
    """The algorithm and the digest of each file that a manifest names.

    Lines that BSD's programs and ``sha256sum --tag`` write are known too, as are lines ends of Windows, comments, and
    names that begin with ``./``. Where no line names the algorithm, the manifest's own name tells it, or else the
    digests' length.

    Args:
        content: What is in the manifest.
        path: Where it is.

    Raises:
        CheckpointError: A line is none that these programs write, or the manifest contradicts itself.
        UnsafeCheckpointError: It names a file outside of the folder.
    """
    found: dict[str, str] = {}
    tags: set[str] = set()
    for number, line in enumerate(_text(content, path).split("\n"), start=1):
        line = line.removesuffix("\r")  # noqa: PLW2901 - the line without its end
        if not line or line.startswith("#"):
            continue
        where = f"{path}:{number}"
        tag, name, digest = _parsed(line, where)
        if found.setdefault(name, digest) != digest:
            raise CheckpointError(f"names {name!r} a second time, with another digest", where=where)
        tags.add(tag)
    if not found:
        raise CheckpointError("names no file", where=str(path))
    check_no_clash(found)
    return _algorithm(tags, found, path), found


def _line(name: str, digest: str) -> str:
    escaped = "".join(_ESCAPES.get(character, character) for character in name)
    return f"{digest}  {name}\n" if escaped == name else f"\\{digest}  {escaped}\n"


def _text(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CheckpointError("is not in UTF-8", where=str(path)) from error


def _parsed(line: str, where: str) -> tuple[str, str, str]:
    """What a line says: the algorithm or nothing, the name, and the digest."""
    match = _PLAIN.fullmatch(line) or _TAGGED.fullmatch(line)
    if match is None:
        raise CheckpointError("this is no digest with a file's name", where=where)
    parts = match.groupdict()
    name = _unescaped(parts["name"], where) if parts["escaped"] else parts["name"]
    tag = _TAGS.get(parts.get("tag", "").lower().replace("-", ""), "")
    if parts.get("tag") and not tag:
        raise CheckpointError(f"the algorithm {parts['tag']} is not known", where=where)
    while name.startswith("./"):
        name = name[2:]
    return tag, safe_name(name), parts["digest"].lower()


def _unescaped(text: str, where: str) -> str:
    if not re.fullmatch(r"(?:[^\\]|\\[\\nr])*", text, re.DOTALL):
        raise CheckpointError("the name has an escape that is not known", where=where)
    return re.sub(r"\\[\\nr]", lambda match: _UNESCAPES[match[0]], text)


def _algorithm(tags: set[str], digests: Mapping[str, str], path: Path) -> Algorithm:
    lengths = {len(digest) for digest in digests.values()}
    if len(tags) > 1 or len(lengths) > 1:
        raise CheckpointError("has digests of several kinds", where=str(path))
    (tag,), (length,) = tags, lengths
    by_file_name = {file: name for name, file in FILE_NAMES.items()}.get(path.name, "")
    name = tag or by_file_name or _BY_DIGITS.get(length, "")
    if not name or algorithm_named(name).digits != length:
        raise CheckpointError(
            f"has digests of {length} digits, which fit no algorithm", where=str(path)
        )
    return algorithm_named(name)
