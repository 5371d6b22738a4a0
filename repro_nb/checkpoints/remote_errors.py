"""What stores and their networks raise, as our errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from repro_nb.errors import CheckpointError, FileChangedError, ReproError, UsageError

__all__ = ["changed", "missing_package", "told"]

_CREDENTIALS = "Check the address, and the credentials that this machine has for the store."
_NOT_FOUND = 404
_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "http": "aiohttp",
    "https": "aiohttp",
    "hf": "huggingface_hub",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "sftp": "paramiko",
    "ssh": "paramiko",
}


@contextmanager
def told(address: str) -> Iterator[None]:
    """Turn what a store raises about `address` into our errors.

    Raises:
        CheckpointError: The store raised something.
        FileChangedError: The object is not the one that was opened.
    """
    try:
        yield
    except ReproError:
        raise
    except FileNotFoundError as error:
        if (cause := _what_the_web_said(error)) is not None:
            raise _unreadable(cause, address) from error
        raise CheckpointError("there is no such object", where=address) from error
    except PermissionError as error:
        raise CheckpointError(
            "the store does not let you read this", where=address, hint=_CREDENTIALS
        ) from error
    except Exception as error:  # the stores' clients raise their own kinds, which share no base
        if type(error).__name__ == "FileExpired":  # s3fs: the object is not the one opened
            raise changed(address, "another version is there now") from error
        raise _unreadable(error, address) from error


def missing_package(scheme: str, address: str, error: ImportError) -> UsageError:
    """The error for a store whose package cannot be imported."""
    package = _PACKAGES.get(scheme, "")
    return UsageError(
        f"a package for {scheme}:// is not installed ({error})",
        where=address,
        hint=f'Install it with: pip install "repro_nb[remote]" {package}'.rstrip(),
    )


def _what_the_web_said(error: FileNotFoundError) -> BaseException | None:
    """Why a web server gave nothing: fsspec calls every reason "not found"."""
    cause = error.__cause__
    from_the_web = type(cause).__module__.partition(".")[0] == "aiohttp"
    return cause if from_the_web and getattr(cause, "status", None) != _NOT_FOUND else None


def _unreadable(error: BaseException, address: str) -> CheckpointError:
    text = str(error).partition(", url=")[0]  # aiohttp's: an address may hold a secret
    return CheckpointError(
        f"it cannot be read: {type(error).__name__}: {text}", where=address, hint=_CREDENTIALS
    )


def changed(address: str, what: str) -> FileChangedError:
    """The error for an object that is not what it was."""
    return FileChangedError(f"it was changed while it was read: {what}", where=address)
