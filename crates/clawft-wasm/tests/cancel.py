"""Gives up an answer while its request waits for more: the connection ends, and the next call works.

    python3 cancel.py clawft.wasm
"""

import json
import os
import socket
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "hosts"))

from host import Host, failed  # noqa: E402

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(text):
    """A piece of a body in chunks."""
    choices = [{"index": 0, "delta": {"content": text}, "finish_reason": None}]
    event = f"data: {json.dumps({'choices': choices})}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(event), event)


def begin(listener, ended):
    """Begins an answer and says no more, until the client goes."""
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(60)
        connection.recv(1 << 16)
        connection.sendall(HEAD + chunk("Well"))
        try:
            while connection.recv(1 << 16):
                pass
        except ConnectionResetError:
            pass
        ended.set()


def main(module):
    with tempfile.TemporaryDirectory() as home, socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        os.makedirs(os.path.join(home, ".clawft"))
        with open(os.path.join(home, ".clawft", "config.json"), "w", encoding="utf-8") as file:
            json.dump({"agents": {"defaults": {"model": "x/y"}}, "providers": {"x": {"api_base": base}}}, file)
        ended = threading.Event()
        threading.Thread(target=begin, args=(listener, ended), daemon=True).start()
        host = Host(module, [home], {"HOME": home})
        turn = host.call("start", "cli:long", "Hello")
        assert not failed(turn), turn.message
        event = host.call("[method]turn.next", turn)
        assert not failed(event), event.message
        assert (event.tag, event.payload) == ("text", "Well"), event
        assert not ended.is_set()
        turn.drop(host.store)
        assert ended.wait(30), "the connection is still open"
        capabilities = host.call("capabilities")
        assert json.loads(capabilities)["status"] == "ready", capabilities
    print("the connection of an answer that was given up ended, and the next call worked")


if __name__ == "__main__":
    main(*sys.argv[1:])
