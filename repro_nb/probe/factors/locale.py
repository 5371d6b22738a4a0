"""The locale: decimal commas, names of months, the order in which programs sort."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Optional, Tuple

from repro_nb.probe.factors.factor import Host, Setting, Traces, UnavailableError
from repro_nb.probe.factors.locale_source import CHARMAP, SOURCE
from repro_nb.probe.factors.vocabulary import SHELL, mentions, words

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses

__all__ = ["Locale"]

_SECONDS = 30
_C_LOCALES = frozenset({"c", "posix", "c.utf8"})
# A name that Python knows: `locale.getlocale` raises at others, and libraries call it when they are imported.
_OWN_NAME = "de_DE.UTF-8"
_NO_LANGUAGE = {"LANGUAGE": ""}
_WORDS = (
    words("locale", "setlocale", "strcoll", "strxfrm", "babel", "gettext", "rpy2", "getlocale"),
    r"getpreferredencoding|formatter\.use_locale",
    words("LANG", r"LC_\w+", "LocaleTextCalendar", "LocaleHTMLCalendar", "LANGUAGE"),
)


class Locale:
    """``LC_ALL`` and its parts, which programs follow, and Python code that calls ``locale.setlocale``.

    Text stays UTF-8 in all of them: what varies are decimal commas and the names of days and months.
    """

    name = "locale"
    floating = False
    wording = "the locale: decimal commas, and the names of days and months"

    def pin(self, host: Host) -> Setting:  # noqa: ARG002 - the same everywhere
        """No language, with UTF-8 where the system has such a locale."""
        name = _neutral()
        return Setting(name, environment={"LC_ALL": name, **_NO_LANGUAGE})

    def vary(self, host: Host, round_: int) -> Setting:
        """An installed locale of some language; where there is none, one that is made for the run.

        Raises:
            UnavailableError: There is none, and none can be made.
        """
        others = _installed()
        if others:
            name = others[round_ % len(others)]
            return Setting(name, environment={"LC_ALL": name, **_NO_LANGUAGE})
        return Setting(
            "a small German one",
            environment={**_made(host.scratch / "locale"), **_NO_LANGUAGE},
        )

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Nothing: programs read the variables."""

    def is_active(self, traces: Traces) -> bool:
        """Whether the notebook's text speaks of locales, or starts programs."""
        return mentions(traces, SHELL, *_WORDS)

    def remedy(self, code: str) -> str:
        """Name the locale."""
        what = f"`{code}`" if code else "what follows the locale"
        return (
            f"give {what} a locale of its own: `locale.setlocale(locale.LC_ALL, 'C')` in the notebook, or "
            "`env={**os.environ, 'LC_ALL': 'C.UTF-8'}` for a program"
        )


@lru_cache(maxsize=1)
def _listed() -> Tuple[str, ...]:
    """The locales that the system has."""
    if shutil.which("locale") is None:
        return ()
    command = ["locale", "-a"]
    listing = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603 - the system's own
    return tuple(listing.stdout.split())


def _plain(name: str) -> str:
    return name.lower().replace("utf-8", "utf8")


def _neutral() -> str:
    names = {_plain(name) for name in _listed()}
    # Where the system does not tell, Python itself falls back to UTF-8.
    return "C.UTF-8" if not names or "c.utf8" in names else "C"


def _installed() -> Tuple[str, ...]:
    """Locales of a language with UTF-8, German and French ones first: a decimal comma shows more than other names."""
    usable = (
        name for name in _listed() if "utf8" in _plain(name) and _plain(name) not in _C_LOCALES
    )
    return tuple(sorted(usable, key=lambda name: (not name.startswith(("de", "fr")), name)))


def _made(folder: Path) -> Dict[str, str]:
    """Make a locale of ours in `folder`; the variables that choose it.

    Raises:
        UnavailableError: It cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source, charmap, made = folder / "source", folder / "charmap", folder / "made"
    source.write_text(SOURCE, encoding="ascii")
    charmap.write_text(CHARMAP, encoding="ascii")
    made.mkdir(exist_ok=True)
    if shutil.which("localedef") is None:
        raise UnavailableError("only the C locale is installed, and `localedef` is not")
    command = ["localedef", "--no-archive", "-c", "-i", str(source), "-f", str(charmap)]
    # It finds fault with what the source leaves out, and makes the rest.
    subprocess.run(  # noqa: S603 - the system's own program, and our own files
        [*command, str(made / _OWN_NAME)], capture_output=True, timeout=_SECONDS, check=False
    )
    if not (made / _OWN_NAME / "LC_NUMERIC").exists():
        raise UnavailableError("only the C locale is installed, and no other can be made here")
    _link_neutral(made)
    parts = dict.fromkeys(("LC_NUMERIC", "LC_TIME", "LC_COLLATE"), _OWN_NAME)
    # Set, `LC_ALL` would overrule the parts.
    return {"LOCPATH": str(made), "LC_ALL": "", "LC_CTYPE": _neutral(), **parts}


def _link_neutral(made: Path) -> None:
    """Let the C locale with UTF-8 be found where it is a file: ``LOCPATH`` hides the system's own folder."""
    for installed in Path("/usr/lib/locale").glob("C.[uU][tT][fF]*8"):
        link = made / installed.name
        if not link.exists():
            link.symlink_to(installed)
