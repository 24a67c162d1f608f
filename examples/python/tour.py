"""Docket from Python: a write that is safe to repeat, pages, a filter, typed errors, and a stream that loses nothing.

    python tour.py tour      what a backend does: create, list, filter, and read errors
    python tour.py follow    what a consumer does: every activity, in order, after any crash
"""

import json
import os
import pathlib
import sys
import time
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from docket.v1 import activity_service_pb2 as activities
from docket.v1 import activity_service_pb2_grpc, enums_pb2, ticket_pb2, ticket_service_pb2_grpc
from docket.v1 import ticket_service_pb2 as tickets

KEPT = pathlib.Path(os.environ.get("DOCKET_POSITION_FILE", "position.json"))


def patiently(call, request):
    """Retries a write until it is answered; with one request_id, ten attempts are one write."""
    for wait in (0.1, 0.2, 0.5, 1, 2, 4, 8, 16):
        try:
            return call(request, timeout=10)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
            time.sleep(wait)
    return call(request, timeout=10)


def create(service, subject: str, priority: int):
    ticket = ticket_pb2.Ticket(subject=subject, priority=priority)
    # Created once, before the first attempt, and reused for every retry.
    request = tickets.CreateTicketRequest(ticket=ticket, request_id=str(uuid.uuid4()))
    made = patiently(service.CreateTicket, request).ticket
    again = patiently(service.CreateTicket, request).ticket
    print(f"created {made.display_number} {made.subject}, sent twice: {'one ticket' if again.id == made.id else 'TWO'}")


def pages(call, request):
    """Every ticket of a list, page by page; an empty token means the end."""
    while True:
        page = call(request, timeout=10)
        yield from page.tickets
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def detail(error: grpc.RpcError, kind):
    """One of the error details."""
    status = rpc_status.from_call(error)
    for packed in status.details if status else ():
        found = kind()
        if packed.Unpack(found):
            return found
    return kind()


def tour(channel) -> None:
    service = ticket_service_pb2_grpc.TicketServiceStub(channel)
    for n in range(1, 6):
        create(service, f"Printer {n} is on fire", enums_pb2.PRIORITY_URGENT if n == 3 else enums_pb2.PRIORITY_LOW)

    everything = pages(service.ListTickets, tickets.ListTicketsRequest(page_size=2, order_by="number"))
    print("all:", ", ".join(ticket.display_number for ticket in everything))
    wanted = "ticket.priority == 'URGENT' && ticket.subject.startsWith('Printer')"
    urgent = pages(service.ListTickets, tickets.ListTicketsRequest(filter=wanted))
    print("urgent:", ", ".join(ticket.display_number for ticket in urgent))

    try:
        service.CreateTicket(tickets.CreateTicketRequest(ticket=ticket_pb2.Ticket(tags=[""])), timeout=10)
    except grpc.RpcError as error:
        # Programs branch on the code and the reason; the text is for people.
        print("refused:", error.code().name, detail(error, error_details_pb2.ErrorInfo).reason)
        for violation in detail(error, error_details_pb2.BadRequest).field_violations:
            print(f"  {violation.field}: {violation.description}")


def follow(channel) -> None:
    service = activity_service_pb2_grpc.ActivityServiceStub(channel)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"position": 0, "epoch": 0}
    while True:
        request = activities.StreamActivitiesRequest(after_position=kept["position"], epoch=kept["epoch"])
        try:
            for frame in service.StreamActivities(request):
                # The first frame is a bookmark with the start; each one after it continues the one before.
                if frame.since != kept["position"]:
                    raise RuntimeError(f"frames between {kept['position']} and {frame.since} were lost")
                if frame.HasField("activity"):
                    handle(frame.activity)
                position = frame.activity.position or frame.bookmark.position
                kept = {"position": position, "epoch": frame.epoch}
                keep(kept)
        except grpc.RpcError as error:
            # A restart or a slow reader: resume after the stored position. Anything else needs a person.
            if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
                raise
            time.sleep(0.2)


def handle(activity) -> None:
    """Your work goes here. After a crash, the last activity may be repeated: compare its position."""
    print(activity.position, activity.type, flush=True)


def keep(kept: dict) -> None:
    """Stores the position after the work, atomically."""
    new = KEPT.with_suffix(".new")
    new.write_text(json.dumps(kept))
    new.replace(KEPT)


class Token(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Sends the token with every call."""

    def __init__(self, token: str):
        self.metadata = [("authorization", f"Bearer {token}")]

    def intercept_unary_unary(self, call, details, request):
        return call(details._replace(metadata=self.metadata), request)

    intercept_unary_stream = intercept_unary_unary


if __name__ == "__main__":
    commands = {"tour": tour, "follow": follow}
    if len(sys.argv) != 2 or sys.argv[1] not in commands or not os.environ.get("DOCKET_TOKEN"):
        sys.exit("usage: DOCKET_TOKEN=... python tour.py tour|follow")
    address = os.environ.get("DOCKET_ADDRESS", "127.0.0.1:50051")
    # Beyond this machine: grpc.secure_channel(address, grpc.ssl_channel_credentials()).
    with grpc.insecure_channel(address) as plain:
        try:
            commands[sys.argv[1]](grpc.intercept_channel(plain, Token(os.environ["DOCKET_TOKEN"])))
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
