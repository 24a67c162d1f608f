"""Resources filled from their descriptors: every field that a caller can write, each text with a mark of its own."""

from google.api import field_behavior_pb2
from google.protobuf.descriptor import FieldDescriptor

OUTPUT_ONLY = field_behavior_pb2.OUTPUT_ONLY
DEEP = 3


def resource(descriptor, mark: str, **given) -> dict:
    """Fields of a message of this kind; `given` replaces those that must name something that is there."""
    known = {field.name for field in descriptor.fields}
    filled = {}
    for field in descriptor.fields:
        if field.name in given:
            filled[field.name] = given[field.name]
        elif not is_output_only(field) and field.name != "etag" and field.containing_oneof is None:
            value = fill(field, mark, DEEP)
            if value is not None:
                filled[field.name] = value
    unknown = set(given) - known
    assert not unknown, f"{descriptor.name} has no {unknown}"
    return {name: value for name, value in filled.items() if value is not None}


def is_output_only(field: FieldDescriptor) -> bool:
    behavior = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return OUTPUT_ONLY in behavior


def is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def fill(field: FieldDescriptor, mark: str, deep: int):
    word = f"{mark}-{field.name}"
    # An address has a form.
    word = f"{word}@example.com" if field.name.endswith("email") else word
    if is_map(field):
        return {f"{mark}-key": fill(field.message_type.fields_by_name["value"], mark, deep - 1)}
    value = one(field, word, mark, deep)
    return [value] if field.is_repeated and value is not None else value


def one(field: FieldDescriptor, word: str, mark: str, deep: int):
    """None where nothing can be made up: times, and what is too deep."""
    if field.type == FieldDescriptor.TYPE_STRING:
        return word
    if field.type == FieldDescriptor.TYPE_BYTES:
        return word.encode()
    if field.type == FieldDescriptor.TYPE_ENUM:
        # Zero is unspecified, and some enums end in what callers may not set: the first word is always theirs.
        return field.enum_type.values[1].name
    if field.message_type is not None:
        return nested(field, word, mark, deep)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return True
    return 7


def nested(field: FieldDescriptor, word: str, mark: str, deep: int):
    match field.message_type.full_name:
        case "google.protobuf.Value":
            return {"string_value": f"{mark}-value"}
        case "google.protobuf.Struct":
            return {f"{mark}-{field.name}-key": word}
        case "google.protobuf.Timestamp":
            return None
        case "google.protobuf.Duration":
            return {"seconds": 60}
    return resource(field.message_type, word) if deep > 0 else None


def texts(message) -> list[str]:
    """Every text of a message, however deep."""
    found = []
    for field, value in message.ListFields():
        if is_map(field):
            for key, item in value.items():
                found += [str(key)] if isinstance(key, str) else []
                found += texts(item) if hasattr(item, "ListFields") else [item] if isinstance(item, str) else []
            continue
        items = value if field.is_repeated else [value]
        for item in items:
            if isinstance(item, str):
                found.append(item)
            elif hasattr(item, "ListFields"):
                found += texts(item)
    return found
