"""A kernel client that may send and receive on one channel at a time without losing what comes in.

The async channels of jupyter_client send past the event loop. libzmq tells of a change once, by an edge: where a
message arrives while another is being sent, sending takes the edge, and whoever waits for the message sleeps for good.
nbclient does both at once, since it answers the output widgets of a cell while it waits for the cell's reply.
"""

from __future__ import annotations

from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from traitlets import Type

__all__ = ["WakingClient"]


class _WakingChannel(AsyncZMQSocketChannel):
    """A channel that looks for messages after it sent one."""

    def send(self, msg: dict[str, Any]) -> None:
        """Send `msg`, and let the event loop know of what came in meanwhile."""
        super().send(msg)
        if self.socket is not None:
            self.socket.get(zmq.EVENTS)  # an asyncio socket that is asked schedules what is pending


class WakingClient(AsyncKernelClient):
    """An async client whose shell channel loses no wake-up."""

    shell_channel_class = Type(_WakingChannel)
