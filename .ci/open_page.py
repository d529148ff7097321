"""Opens the first page at an address as a browser would; exits 1 if it errs or does not show a text.

A plain GET is no proof: Streamlit answers every path with the same HTML and draws over a websocket.
"""

import sys
import time

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

TIMEOUT_SECONDS = 60


def connection(address: str) -> ClientConnection:
    """Connects as soon as the server listens."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            return connect(f"ws://{address}/_stcore/stream", subprotocols=["streamlit"], max_size=None)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def drawn(address: str) -> list[str]:
    """The HTML and Markdown of the page, in the order one run of its script sent them."""
    texts = []
    with connection(address) as socket:
        socket.send(BackMsg(rerun_script=ClientState()).SerializeToString())
        while True:
            message = ForwardMsg.FromString(socket.recv(TIMEOUT_SECONDS))
            element = message.delta.new_element
            match element.WhichOneof("type"):
                case "exception":
                    sys.exit(f"the page shows an error: {element.exception.message}")
                case "html" | "markdown" as kind:
                    texts.append(getattr(element, kind).body)
            if message.WhichOneof("type") == "script_finished":
                return texts


address, expected = sys.argv[1:]
texts = drawn(address)
if not any(expected in text for text in texts):
    sys.exit(f"the page does not show '{expected}' but:\n" + "\n".join(texts))
print(f"the page drew {len(texts)} elements, '{expected}' among them")
