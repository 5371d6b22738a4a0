"""What other hosts answer."""

from __future__ import annotations

import functools
import ipaddress
import socket
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, Callable, Optional

from repro_nb.probe.factors.callers import caller_of
from repro_nb.probe.factors.factor import Host, Setting, Traces, UnavailableError
from repro_nb.probe.factors.uses import is_standard
from repro_nb.probe.factors.vocabulary import mentions
from repro_nb.rng.usercode import is_user_module

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses

__all__ = ["Network"]

_WHY = "what other hosts answer is not ours to set"
_HERE = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost", "0.0.0.0", "::"})  # noqa: S104 - names to know, not to bind
_PROGRAMS = r"^\s*[!%]+\s*(?:sudo )?(?:curl|wget|git\s+(?:clone|pull|fetch)|ping)\b"
_MAX_DEPTH = 60


class Network:
    """Connections to other hosts: they are noted, and neither held nor varied."""

    name = "network"
    floating = True
    wording = "what other hosts answer"

    def pin(self, host: Host) -> Setting:  # noqa: ARG002 - the same everywhere
        """Cannot be done.

        Raises:
            UnavailableError: Always.
        """
        raise UnavailableError(_WHY)

    def vary(self, host: Host, round_: int) -> Setting:  # noqa: ARG002 - as above
        """Cannot be done.

        Raises:
            UnavailableError: Always.
        """
        raise UnavailableError(_WHY)

    def install(self, uses: Uses, held: Optional[str]) -> None:  # noqa: ARG002 - nothing can be held
        """Note who asks for the address of another host, or connects to one."""
        home: Any = socket
        home.getaddrinfo = _noting(uses, home.getaddrinfo, "socket.getaddrinfo", _asked_host)
        for name in ("connect", "connect_ex"):
            original = getattr(home.socket, name)
            wrap = _noting(uses, original, f"socket.{name}", _connected_host)
            setattr(home.socket, name, wrap)

    def is_active(self, traces: Traces) -> bool:
        """Whether a line spoke with another host, or starts a program that does."""
        return bool(traces.uses_of(self.name)) or mentions(traces, _PROGRAMS)

    def remedy(self, code: str) -> str:
        """Keep what was fetched."""
        what = f"what `{code}` fetches" if code else "what is fetched"
        return f"keep {what} beside the notebook, with a checksum, and read that file"


def _noting(
    uses: Uses, original: Callable[..., Any], name: str, host_of: Callable[..., Any]
) -> Callable[..., Any]:
    @functools.wraps(original)
    def noting(*given: Any, **named: Any) -> Any:
        caller = sys._getframe(1)  # noqa: SLF001 - has no public twin
        if not _is_here(host_of(*given, **named)):
            place = uses.place_of(caller)
            if place is not None and (not place.importing or is_user_module(place.direct)):
                uses.note(Network.name, _outermost_call(caller) or name, place)
        return original(*given, **named)

    return noting


def _asked_host(host: Any = "", *_given: Any, **_named: Any) -> Any:
    return host


def _connected_host(_socket: Any, address: Any = "", *_given: Any) -> Any:
    # The address of a local socket is a path, and no pair.
    return address[0] if isinstance(address, tuple) and address else ""


def _is_here(host: Any) -> bool:
    """Whether a host's name or address is this machine's."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if name.lower() in _HERE or name == socket.gethostname():
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _outermost_call(frame: Optional[FrameType]) -> str:
    """The function that the user's own code called: ``pandas.read_csv`` rather than what that calls in its turn."""
    called = ""
    for _ in range(_MAX_DEPTH):
        if frame is None or is_user_module(str(frame.f_globals.get("__name__"))):
            return called
        called = _name_of(frame)
        frame = frame.f_back
    return called


def _name_of(frame: FrameType) -> str:
    module, function = str(frame.f_globals.get("__name__")), frame.f_code.co_name
    if is_standard(module):
        return caller_of(frame).call
    package = module.partition(".")[0]
    return f"{package if hasattr(sys.modules.get(package), function) else module}.{function}"
