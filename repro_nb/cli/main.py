"""The entry point: the commands, and how every error ends."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn

import click

from repro_nb.cli.checkpoint import checkpoint
from repro_nb.cli.deterministic import deterministic
from repro_nb.cli.diff import diff
from repro_nb.cli.enable import disable, enable
from repro_nb.cli.explain import explain
from repro_nb.cli.fix import fix
from repro_nb.cli.kernel import kernel
from repro_nb.cli.run import run
from repro_nb.cli.seed import seed
from repro_nb.cli.show import show
from repro_nb.cli.termination import Termination
from repro_nb.cli.verify import verify
from repro_nb.errors import ReproError, UsageError
from repro_nb.version import VERSION

__all__ = ["main"]

_INTERRUPTED = 130
_OWN_FAULT = 3
_BROKEN_PIPE = 141
"""128 + SIGPIPE: what a shell reports for a program that the closed pipe ended."""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 at or above the bar, 1 below it, 2 usage or unreadable input, 3 could not be judged, "
    "130 interrupted (143 by SIGTERM, 129 by SIGHUP).",
)
@click.version_option(VERSION, prog_name="repro-nb")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
def group(*, debug: bool) -> None:
    """Say whether a notebook reproduces, which cell broke it, and why."""
    del debug  # read by `main`, which must know it even when parsing fails


group.add_command(verify)
group.add_command(explain)
group.add_command(fix)
group.add_command(run)
group.add_command(show)
group.add_command(diff)
group.add_command(checkpoint)
group.add_command(seed)
group.add_command(deterministic)
group.add_command(kernel)
group.add_command(enable)
group.add_command(disable)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits.

    Args:
        arguments: The words after the program's name; those of this process when None.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _write_any_text()
    _check_no_internationalised_addresses()
    termination = Termination()
    termination.install()
    code = _exit_code(
        lambda: group.main(words, "repro-nb", standalone_mode=False), "--debug" in words
    )
    sys.exit(code if termination.exit_code is None else termination.exit_code)


def _write_any_text() -> None:
    """A character that the terminal's encoding lacks is escaped: a report is no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _check_no_internationalised_addresses() -> None:
    """Keeps jsonschema from loading a checker that this program never asks for.

    Where rfc3987_syntax is installed (Jupyter Server brings it), importing jsonschema, and so nbformat, compiles a
    grammar for a second or more. None in its place reads as "not installed".
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def _exit_code(run: Callable[[], object], debug: bool) -> int:
    try:
        code = run()
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return _BROKEN_PIPE
    except ReproError as error:
        _show_error(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last stop: whatever it is, the user gets a sentence
        return _after_other(error, debug)
    return code if isinstance(code, int) else 0


def _after_other(error: Exception, debug: bool) -> int:
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None
    if full:
        click.echo("error: the output cannot be written: no space is left", err=True)
        _discard_output()
        return UsageError.exit_code
    _show_own_fault(error, debug)
    return _OWN_FAULT


def _discard_output() -> None:
    """Lets Python's own flush at exit go nowhere: what standard output led to is gone, or full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_error(error: ReproError) -> None:
    place = f"{error.where}: " if error.where else ""
    click.echo(f"error: {place}{error.message}", err=True)
    if error.hint:
        click.echo(error.hint, err=True)


def _show_own_fault(error: Exception, debug: bool) -> None:
    click.echo(f"error: repro_nb itself failed: {type(error).__name__}: {error}", err=True)
    if debug:
        click.echo("".join(traceback.format_exception(error)), err=True)
    else:
        click.echo("This is a bug. `repro-nb --debug …` shows the traceback.", err=True)
