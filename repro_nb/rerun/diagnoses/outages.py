"""How a failure of the network reads: in exceptions, and in what shell commands print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from repro_nb.rerun.diagnoses.causing import first_line

if TYPE_CHECKING:
    from repro_nb.rerun.result import Failure

__all__ = ["is_outage", "outage_in_output"]

_TYPES = frozenset(
    {
        "ChunkedEncodingError", "ClientConnectorDNSError", "ClientConnectorError", "ConnectError",
        "ConnectTimeout", "ConnectionAbortedError", "ConnectionError", "ConnectionRefusedError",
        "ConnectionResetError", "EndpointConnectionError", "HTTPError", "HfHubHTTPError",
        "IncompleteRead", "LocalEntryNotFoundError", "MaxRetryError", "NameResolutionError",
        "NewConnectionError", "OfflineModeIsEnabled", "ProxyError", "ReadTimeout", "ReadTimeoutError",
        "RemoteDataError", "RemoteDisconnected", "SSLCertVerificationError", "SSLError",
        "ServerDisconnectedError", "ServerNotFoundError", "TransportError", "URLError",
        "WebDriverException", "gaierror", "herror",
    }
)  # fmt: skip
_TIMEOUTS = frozenset({"TimeoutError", "timeout", "Timeout"})
_TEXT = re.compile(
    r"Temporary failure in name resolution|Name or service not known|nodename nor servname"
    r"|getaddrinfo failed|No address associated with hostname|Max retries exceeded with url"
    r"|Failed to establish a new connection|Network is unreachable|No route to host"
    r"|CERTIFICATE_VERIFY_FAILED|URL fetch failure on|urlopen error|Could not resolve host"
    r"|unable to resolve host|Failed to resolve|Connection (?:refused|timed out|reset by peer)"
    r"|couldn't connect to ['\"]?https?://|Cannot connect to host|NewConnectionError"
    r"|Could not reach (?:host|https?://)|HTTP Error \d{3}|(?:HTTPS?Connection(?:Pool)?\()"
)
_NETWORK_CODE = re.compile(
    r"[/\\](?:urllib3?|requests|http|aiohttp|httpx|httpcore|socket|ssl|ftplib|botocore|fsspec)\b"
)
_HEADER = re.compile(
    r"^(?:\w+\.)*(?P<type>[A-Za-z]\w+)(?:\s+Traceback \(most recent call last\)|:|$)"
)


def is_outage(failure: Failure) -> bool:
    """Whether a failure, or one that led to it, comes from the network."""
    if failure.type in _TYPES or _TEXT.search(failure.message):
        return True
    if failure.type in _TIMEOUTS:
        return _NETWORK_CODE.search(failure.traceback) is not None
    return any(kind in _TYPES for kind in _chained(failure.traceback))


def outage_in_output(outputs: Sequence[Mapping[str, Any]]) -> str | None:
    """The line by which a cell's output tells that the network was not reached; None for none."""
    for output in outputs:
        for line in _text(output).splitlines():
            if _TEXT.search(line):
                return first_line(line)
    return None


def _chained(traceback: str) -> Iterator[str]:
    """Types of the exceptions that a traceback shows."""
    for line in traceback.splitlines():
        match = _HEADER.match(line)
        if match:
            yield match["type"]


def _text(output: Mapping[str, Any]) -> str:
    text = output.get("text", "") if output.get("output_type") == "stream" else ""
    return text if isinstance(text, str) else "".join(text)
