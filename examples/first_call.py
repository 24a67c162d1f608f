"""A first call: makes a ticket, escalates it, and shows what the rules did, knowing Docket only through its reflection.

    pip install grpcio grpcio-reflection
    export DOCKET_TOKEN=...                         # printed by `make run`, or made by `docket token`
    python3 examples/first_call.py 127.0.0.1:50051
"""

import os
import sys

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"
token = os.environ.get("DOCKET_TOKEN") or sys.exit("set DOCKET_TOKEN: `make run` prints one")
channel = grpc.insecure_channel(address)
pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))


def call(service: str, method: str, **fields):
    rpc = pool.FindServiceByName(f"docket.v1.{service}").FindMethodByName(method)
    answer_class = message_factory.GetMessageClass(rpc.output_type)
    request = json_format.ParseDict(fields, message_factory.GetMessageClass(rpc.input_type)())
    invoke = channel.unary_unary(
        f"/docket.v1.{service}/{method}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=answer_class.FromString,
    )
    answer = invoke(request, metadata=[("authorization", f"Bearer {token}")], timeout=10)
    return json_format.MessageToDict(answer, preserving_proto_field_name=True)


try:
    ticket = call("TicketService", "CreateTicket", ticket={"subject": "Login broken"})["ticket"]
    status = ticket["status"].removeprefix("TICKET_STATUS_")
    print(f"{ticket['display_number']} {ticket['subject']!r}: {status}, tags {ticket.get('tags', [])}")

    ticket = call("TicketService", "EscalateTicket", id=ticket["id"], reason="the customer cannot work")["ticket"]
    print(f"{ticket['display_number']} is escalated to level {ticket['escalation_level']}")

    for issue in call("IssueService", "ListIssues", ticket_id=ticket["id"]).get("issues", []):
        print(f"and a rule made an issue of it: {issue['title']!r}")

    print("What happened, and why:")
    for activity in call("ActivityService", "ListActivities", ticket_id=ticket["id"], order_by="position").get("activities", []):
        cause = activity.get("cause")
        why = f" by rule {cause['workflow']}, because of {cause['parent_position']}" if cause else ""
        print(f"  {activity['position']:>4} {activity['type']}{why}")
except grpc.RpcError as error:
    sys.exit(f"{error.code().name}: {error.details()}")
