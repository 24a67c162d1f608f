"""A gRPC client that knows Docket only through reflection: descriptors become message classes at run time."""

from collections.abc import Iterator

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_status import rpc_status

V1 = "grpc.reflection.v1.ServerReflection"
V1ALPHA = "grpc.reflection.v1alpha.ServerReflection"
TIMEOUT = 20


class Schema:
    """Everything that a server's reflection tells, in a pool of its own."""

    def __init__(self, channel: grpc.Channel, version: str = V1):
        # Both versions have the same messages; only the service's name differs.
        self.ask_stream = channel.stream_stream(
            f"/{version}/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        self.files: dict[str, descriptor_pb2.FileDescriptorProto] = {}
        self.pool = descriptor_pool.DescriptorPool()
        listed = self.ask(list_services="").list_services_response.service
        self.services = sorted(service.name for service in listed)
        self.methods = {}
        for service in self.services:
            if service.startswith("docket."):
                self.load(self.ask(file_containing_symbol=service))
                for method in self.pool.FindServiceByName(service).methods:
                    self.methods[method.name] = method

    def ask(self, **question) -> reflection_pb2.ServerReflectionResponse:
        request = reflection_pb2.ServerReflectionRequest(**question)
        return next(iter(self.ask_stream(iter([request]), timeout=TIMEOUT)))

    def load(self, answer: reflection_pb2.ServerReflectionResponse) -> None:
        if answer.WhichOneof("message_response") != "file_descriptor_response":
            raise LookupError(answer.error_response.error_message)
        files = [
            descriptor_pb2.FileDescriptorProto.FromString(raw)
            for raw in answer.file_descriptor_response.file_descriptor_proto
        ]
        given = {file.name: file for file in files}
        for file in files:
            self.add(file, given)

    def add(self, file: descriptor_pb2.FileDescriptorProto, given: dict) -> None:
        """What a file needs comes first, from the same answer or from another question."""
        if file.name in self.files:
            return
        self.files[file.name] = file
        for name in file.dependency:
            if name in given:
                self.add(given[name], given)
            elif name not in self.files:
                self.load(self.ask(file_by_filename=name))
        self.pool.AddSerializedFile(file.SerializeToString())

    def message(self, descriptor):
        return message_factory.GetMessageClass(descriptor)


class Api:
    """One caller. `api.GetTicket(id="42")` calls the RPC of that name; `api.stream(...)` one that streams."""

    def __init__(self, channel: grpc.Channel, schema: Schema, token: str | None):
        self.channel = channel
        self.schema = schema
        self.metadata = (("authorization", f"Bearer {token}"),) if token is not None else ()

    def __getattr__(self, rpc: str):
        if rpc not in self.schema.methods:
            raise AttributeError(f"the server has no RPC {rpc}")
        return lambda **fields: self.call(rpc, self.request(rpc, **fields))

    def request(self, rpc: str, **fields):
        return self.schema.message(self.schema.methods[rpc].input_type)(**fields)

    def call(self, rpc: str, request, timeout: float = TIMEOUT, metadata=()):
        return self.raw(rpc, request.SerializeToString(), timeout, metadata)

    def raw(self, rpc: str, request: bytes, timeout: float = TIMEOUT, metadata=()):
        """The bytes as they are, so that what no client would send can be sent too."""
        method = self.schema.methods[rpc]
        answer = self.schema.message(method.output_type)
        call = self.channel.unary_unary(path(method), response_deserializer=answer.FromString)
        return call(request, timeout=timeout, metadata=self.metadata + tuple(metadata))

    def future(self, rpc: str, **fields):
        method = self.schema.methods[rpc]
        answer = self.schema.message(method.output_type)
        call = self.channel.unary_unary(path(method), response_deserializer=answer.FromString)
        return call.future(self.request(rpc, **fields).SerializeToString(), timeout=TIMEOUT, metadata=self.metadata)

    def stream(self, rpc: str, timeout: float = TIMEOUT, **fields):
        method = self.schema.methods[rpc]
        answer = self.schema.message(method.output_type)
        call = self.channel.unary_stream(path(method), response_deserializer=answer.FromString)
        return call(self.request(rpc, **fields).SerializeToString(), timeout=timeout, metadata=self.metadata)

    def pages(self, rpc: str, field: str, **fields) -> Iterator:
        """Every item of a list, page by page."""
        token = ""
        while True:
            page = getattr(self, rpc)(page_token=token, **fields)
            yield from getattr(page, field)
            token = page.next_page_token
            if not token:
                return


def path(method) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


class Refusal:
    """What an error says: its code, its text, and the details of google.rpc."""

    def __init__(self, error: grpc.RpcError):
        self.code = error.code().name
        self.text = error.details()
        self.status = rpc_status.from_call(error)
        info = self.detail(error_details_pb2.ErrorInfo)
        self.reason = info.reason if info else ""
        self.domain = info.domain if info else ""
        self.metadata = dict(sorted(info.metadata.items())) if info else {}

    def detail(self, kind):
        for packed in self.status.details if self.status else ():
            if packed.Is(kind.DESCRIPTOR):
                unpacked = kind()
                packed.Unpack(unpacked)
                return unpacked
        return None

    @property
    def fields(self) -> list[str]:
        """The paths that BadRequest names, sorted."""
        bad = self.detail(error_details_pb2.BadRequest)
        return sorted({violation.field for violation in bad.field_violations}) if bad else []

    def __str__(self) -> str:
        return f"{self.code} {self.reason}: {self.text} {self.metadata} {self.fields}"
