"""HTTP/2 frame by frame: what no gRPC client would send, and what the server answers, byte for byte."""

import base64
import collections
import dataclasses
import socket
import struct

import h2.config
import h2.connection
import h2.events
import h2.settings
from google.rpc import error_details_pb2, status_pb2

SECONDS = 20
GOAWAY = 7


@dataclasses.dataclass
class Answer:
    """All that a stream was answered with, headers and trailers together."""

    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    data: bytes = b""
    ended: bool = False

    @property
    def code(self) -> int:
        return int(self.headers.get("grpc-status", -1))

    @property
    def size(self) -> int:
        """Of its headers, as HTTP/2 counts them."""
        return sum(len(name) + len(value) + 32 for name, value in self.headers.items())

    @property
    def info(self) -> error_details_pb2.ErrorInfo:
        """The reason of a refusal."""
        return self.detail(error_details_pb2.ErrorInfo())

    @property
    def violations(self) -> list:
        return list(self.detail(error_details_pb2.BadRequest()).field_violations)

    def detail(self, kind):
        """The refusal's detail of this kind; empty when it has none."""
        packed = self.headers.get("grpc-status-details-bin", "")
        status = status_pb2.Status.FromString(base64.b64decode(packed + "=" * (-len(packed) % 4)))
        for detail in status.details:
            if detail.Is(kind.DESCRIPTOR):
                detail.Unpack(kind)
        return kind


def message(body: bytes, claims: int | None = None, compressed: bool = False) -> bytes:
    """A gRPC message; one that lies claims another length."""
    return struct.pack(">BI", compressed, len(body) if claims is None else claims) + body


class Raw:
    """One connection. With `window`, it takes so many bytes of each answer and no more."""

    def __init__(self, address: str, token: str | None = None, window: int | None = None):
        self.address, self.token, self.window = address, token, window
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=SECONDS)
        # What it sends is not checked: most of it is wrong on purpose.
        config = h2.config.H2Configuration(header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False)
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        if window is not None:
            self.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.answers: dict[int, Answer] = collections.defaultdict(Answer)
        self.alive = True
        self.flush()
        self.sync()

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def open(self, path: str, end: bool = False, content_type: str | None = "application/grpc", **more: str) -> int:
        """The headers of a call; underscores in names are dashes."""
        headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", self.address), ("te", "trailers")]
        headers += [("content-type", content_type)] if content_type else []
        headers += [("authorization", f"Bearer {self.token}")] if self.token else []
        headers += [(name.replace("_", "-"), value) for name, value in more.items()]
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, headers, end_stream=end)
        return stream

    def send(self, stream: int, data: bytes, end: bool = False, piece: int = 1 << 14) -> None:
        """In pieces, as far as the server opens its window."""
        left = memoryview(data)
        while left and not self.answers[stream].ended:
            room = min(self.h2.local_flow_control_window(stream), piece, self.h2.max_outbound_frame_size)
            if room == 0:
                self.flush()
                self.receive()
                continue
            self.h2.send_data(stream, bytes(left[:room]))
            left = left[room:]
            self.flush()
        if end and not self.answers[stream].ended:
            self.h2.end_stream(stream)
        self.flush()

    def call(self, path: str, body: bytes, **more: str) -> Answer:
        stream = self.open(path, **more)
        self.send(stream, body, end=True)
        return self.answer(stream)

    def answer(self, stream: int) -> Answer:
        """Waits until the stream has ended."""
        self.flush()
        while not self.answers[stream].ended and self.alive:
            self.receive()
        return self.answers[stream]

    def sync(self) -> None:
        """Waits until the server has seen all that was sent."""
        self.h2.ping(b"all-seen")
        self.flush()
        self.pinged = False
        while not self.pinged and self.alive:
            self.receive()

    def told_to_go(self) -> bool:
        """Waits for GOAWAY; false if the connection ends without."""
        rest = b""
        while data := self.socket.recv(1 << 16):
            rest += data
            while len(rest) >= 9:
                if rest[3] == GOAWAY:
                    return True
                rest = rest[9 + int.from_bytes(rest[:3], "big") :]
        return False

    def receive(self) -> None:
        data = self.socket.recv(1 << 16)
        self.alive = bool(data)
        for event in self.h2.receive_data(data) if data else []:
            match event:
                case h2.events.PingAckReceived():
                    self.pinged = True
                case h2.events.ResponseReceived() | h2.events.TrailersReceived():
                    self.answers[event.stream_id].headers |= dict(event.headers)
                case h2.events.DataReceived():
                    self.answers[event.stream_id].data += event.data
                    if self.window is None:
                        self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2.events.StreamEnded() | h2.events.StreamReset():
                    self.answers[event.stream_id].ended = True
                case h2.events.ConnectionTerminated():
                    self.alive = False
        self.flush()
