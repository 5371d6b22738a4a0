"""Where the notebook is run, and whose home it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Optional, Tuple

from repro_nb.probe.factors.factor import Host, Setting, Traces, UnavailableError
from repro_nb.probe.factors.vocabulary import mentions, words

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses

__all__ = ["WorkingDirectory"]

# Names as anyone's folders have them; one for each round.
_PLACES = (("user", "work"), ("guest", "checkout"), ("student", "project"))
_MOVED = """\
set -e
mount --rbind "$1" "$2"
cd "$3"
shift 3
exec "$@"
"""
_WORDS = (
    words(
        "abspath",
        "absolute",
        "chdir",
        "cwd",
        "environ",
        "expanduser",
        "expandvars",
        "gethomedir",
        "getcwd",
        "getcwdb",
        "getenv",
        "getuserbase",
        "home",
        "HOME",
        "PWD",
        "realpath",
        "relpath",
        "resolve",
        "walk_up",
        "__file__",
    ),
    r"sys\.path|['\"]~|^\s*(?:\w+\s*=\s*)?[%!]\s*(?:pwd|cd|env|set_env|ls|dirs)\b|^\s*pwd\s*$|\bsubprocess\b|\.(?:parent|parents)\b",
)


class WorkingDirectory:
    """The project under another path, and another home with the same things in it."""

    name = "working-directory"
    floating = False
    wording = "the folder that the project lies in, and the home folder"

    def pin(self, host: Host) -> Setting:
        """Both as they are."""
        return Setting(str(host.cwd))

    def vary(self, host: Host, round_: int) -> Setting:
        """Another path for each.

        Raises:
            UnavailableError: The home folder cannot be read.
        """
        user, name = _PLACES[round_ % len(_PLACES)]
        elsewhere = host.scratch / "elsewhere"
        environment = _other_home(elsewhere / "home" / user)
        if not host.mounts:
            return Setting(
                "another home",
                environment=environment,
                missing="the project's folder stays where it is, as nothing can be mounted here",
            )
        prefix = _moved(host, elsewhere / name)
        return Setting("another folder", environment=environment, prefix=prefix)

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Nothing: the kernel was started there."""

    def is_active(self, traces: Traces) -> bool:
        """Whether the notebook's text asks where it is, or for the home folder."""
        return mentions(traces, *_WORDS)

    def remedy(self, code: str) -> str:
        """Show names, not places."""
        what = f"`{code}`" if code else "what depends on the folder"
        return (
            f"leave the folder out of what {what} gives: use paths relative to the notebook, and show "
            "`path.name` or `path.relative_to(…)`"
        )


def _moved(host: Host, project: Path) -> Tuple[str, ...]:
    """What goes before the kernel's command so that it sees the project as `project`."""
    project.mkdir(parents=True)
    place = project / host.cwd.relative_to(host.project)
    return ("sh", "-c", _MOVED, "repro-nb-elsewhere", str(host.project), str(project), str(place))


def _other_home(home: Path) -> Dict[str, str]:
    """Make a home whose entries lead to those of the real one; the variables that choose it.

    Raises:
        UnavailableError: The real one cannot be read.
    """
    real = Path.home()
    home.mkdir(parents=True)
    try:
        entries = sorted(real.iterdir())
    except OSError as fault:
        raise UnavailableError(f"the home folder cannot be read: {fault.strerror}") from fault
    for entry in entries:
        (home / entry.name).symlink_to(entry)
    # Packages that the user installed for themselves lie below the real one.
    packages = os.environ.get("PYTHONUSERBASE") or str(real / ".local")
    return {"HOME": str(home), "PYTHONUSERBASE": packages}
