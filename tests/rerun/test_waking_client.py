"""A client that sends while it waits for an answer gets the answer."""

import asyncio
import time

import zmq
import zmq.asyncio
from jupyter_client.session import Session

from repro_nb.rerun.waking_client import WakingClient


async def answer_to_one_who_also_sends(channel_class):
    """A message that arrives while another is being sent, as its receiver gets it."""
    session = Session(key=b"test")
    with zmq.Context() as plain, zmq.asyncio.Context() as context:
        kernel, socket = plain.socket(zmq.ROUTER), context.socket(zmq.DEALER)
        port = kernel.bind_to_random_port("tcp://127.0.0.1")
        socket.connect(f"tcp://127.0.0.1:{port}")
        channel = channel_class(socket, session, asyncio.get_running_loop())
        channel.send(session.msg("execute_request"))
        identity, *_ = kernel.recv_multipart()
        waiting = asyncio.ensure_future(channel.get_msg())
        await asyncio.sleep(0.1)
        session.send(kernel, "execute_reply", ident=identity)
        time.sleep(0.2)  # noqa: ASYNC251 - the answer is to be there before the loop can look
        channel.send(session.msg("comm_msg"))
        try:
            return (await asyncio.wait_for(waiting, 10))["msg_type"]
        finally:
            kernel.close(0)
            channel.close()


def test_an_answer_that_arrives_during_a_sending_is_not_slept_through():
    """So it is where an output widget is answered while the reply of its cell is under way."""
    channel_class = WakingClient().shell_channel_class
    assert asyncio.run(answer_to_one_who_also_sends(channel_class)) == "execute_reply"
