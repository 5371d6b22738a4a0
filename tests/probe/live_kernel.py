"""A real kernel with a client that waits, and what its cells give."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_client.manager import start_new_kernel

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Answer:
    """What a cell gave."""

    stdout: str = ""
    stderr: str = ""
    shown: list[dict[str, str]] = field(default_factory=list)
    result: str | None = None
    error: str | None = None
    traceback: str = ""

    def take(self, message: dict) -> None:
        """Sort one message of the kernel in."""
        content, kind = message["content"], message["msg_type"]
        if kind == "stream":
            setattr(self, content["name"], getattr(self, content["name"]) + content["text"])
        elif kind == "display_data":
            self.shown.append(content["data"])
        elif kind == "execute_result":
            self.result = content["data"]["text/plain"]
        elif kind == "error":
            self.traceback = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(content["traceback"]))


class Kernel:
    """A kernel with a client that waits."""

    def __init__(self, folder: Path) -> None:
        env = {**os.environ, "PYTHONPATH": str(PROJECT), "IPYTHONDIR": str(folder / "ipython")}
        for name in ("JPY_SESSION_NAME", "PYTHONHASHSEED"):
            env.pop(name, None)
        self.manager, self.client = start_new_kernel(env=env, cwd=str(folder))

    def run(self, code: str, **fields: object) -> Answer:
        """Run `code` as a cell; `fields` go into the request's metadata."""
        answer = Answer()
        self.client.session.metadata = fields
        reply = self.client.execute_interactive(code, timeout=120, output_hook=answer.take)
        answer.error = reply["content"].get("ename")
        return answer

    def value(self, expression: str) -> str:
        """The text of an expression's value."""
        answer = self.run(f"print({expression}, end='')")
        assert answer.error is None, answer.traceback
        return answer.stdout

    def complete(self, code: str) -> list[str]:
        """What Tab offers at the end of `code`."""
        return self.client.complete(code, len(code), reply=True, timeout=30)["content"]["matches"]

    def stop(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def text_of(answer: Answer) -> str:
    """The plain form of the one thing that was shown, once it is known to have a rich form too."""
    assert answer.error is None, answer.stderr + answer.traceback
    (data,) = answer.shown
    assert set(data) == {"text/plain", "text/html"}
    return data["text/plain"]
