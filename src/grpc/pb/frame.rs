//! StreamActivitiesResponse written by hand: an activity may be bytes that were encoded once for a thousand readers.

use prost::bytes::{Buf, BufMut, Bytes};
use prost::encoding::{DecodeContext, WireType, encode_key, encode_varint, encoded_len_varint, key_len, message};
use prost::{DecodeError, Message, Name};

use crate::grpc::pb;

/// `docket.v1.StreamActivitiesResponse`
#[derive(Clone, PartialEq, Message)]
pub struct StreamActivitiesResponse {
    #[prost(oneof = "Event", tags = "1, 2, 5")]
    pub event: Option<Event>,
    #[prost(int64, tag = "3")]
    pub since: i64,
    #[prost(int64, tag = "4")]
    pub epoch: i64,
}

impl Name for StreamActivitiesResponse {
    const NAME: &'static str = "StreamActivitiesResponse";
    const PACKAGE: &'static str = "docket.v1";
}

/// What a frame brings.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Activity(Box<pb::Activity>),
    /// An activity as its bytes. Only a server makes it: what is read is an [`Event::Activity`].
    Encoded(Bytes),
    Bookmark(pb::Bookmark),
    Snapshot(Box<pb::Ticket>),
}

const ACTIVITY: u32 = 1;
const BOOKMARK: u32 = 2;
const SNAPSHOT: u32 = 5;

/// What prost asks of the type of a oneof.
impl Event {
    pub fn encode(&self, buf: &mut impl BufMut) {
        match self {
            Event::Activity(activity) => message::encode(ACTIVITY, &**activity, buf),
            Event::Encoded(bytes) => {
                encode_key(ACTIVITY, WireType::LengthDelimited, buf);
                encode_varint(bytes.len() as u64, buf);
                buf.put_slice(bytes);
            }
            Event::Bookmark(bookmark) => message::encode(BOOKMARK, bookmark, buf),
            Event::Snapshot(ticket) => message::encode(SNAPSHOT, &**ticket, buf),
        }
    }

    pub fn encoded_len(&self) -> usize {
        match self {
            Event::Activity(activity) => message::encoded_len(ACTIVITY, &**activity),
            Event::Encoded(bytes) => key_len(ACTIVITY) + encoded_len_varint(bytes.len() as u64) + bytes.len(),
            Event::Bookmark(bookmark) => message::encoded_len(BOOKMARK, bookmark),
            Event::Snapshot(ticket) => message::encoded_len(SNAPSHOT, &**ticket),
        }
    }

    /// A message of the kind that is there already is merged into it, as proto3 has it.
    pub fn merge(
        field: &mut Option<Event>,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        let mut event = match (tag, field.take()) {
            (ACTIVITY, Some(Event::Encoded(bytes))) => Event::Activity(Box::new(pb::Activity::decode(bytes)?)),
            (ACTIVITY, Some(event @ Event::Activity(_)))
            | (BOOKMARK, Some(event @ Event::Bookmark(_)))
            | (SNAPSHOT, Some(event @ Event::Snapshot(_))) => event,
            (ACTIVITY, _) => Event::Activity(Box::default()),
            (SNAPSHOT, _) => Event::Snapshot(Box::default()),
            _ => Event::Bookmark(pb::Bookmark::default()),
        };
        let merged = match &mut event {
            Event::Activity(activity) => message::merge(wire_type, &mut **activity, buf, ctx),
            Event::Bookmark(bookmark) => message::merge(wire_type, bookmark, buf, ctx),
            Event::Snapshot(ticket) => message::merge(wire_type, &mut **ticket, buf, ctx),
            Event::Encoded(_) => Ok(()),
        };
        *field = Some(event);
        merged
    }
}

#[cfg(test)]
mod tests {
    use prost_reflect::{DescriptorPool, DynamicMessage};

    use super::*;

    fn descriptor() -> prost_reflect::MessageDescriptor {
        let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).expect("the descriptors read back");
        pool.get_message_by_name("docket.v1.StreamActivitiesResponse").expect("the frame")
    }

    fn activity() -> pb::Activity {
        let ticket = pb::Ticket { subject: "Ünïcode".repeat(40), number: 7, ..Default::default() };
        let changes = vec![pb::Change { field: "tags".into(), ..Default::default() }];
        pb::Activity {
            position: 1 << 40,
            r#type: "ticket.created".into(),
            ticket: Some(ticket),
            changes,
            ..Default::default()
        }
    }

    fn frames() -> Vec<StreamActivitiesResponse> {
        let frame = |event| StreamActivitiesResponse { event, since: 300, epoch: 1_767_225_600 };
        vec![
            frame(None),
            StreamActivitiesResponse::default(),
            frame(Some(Event::Bookmark(pb::Bookmark { position: 0 }))),
            frame(Some(Event::Bookmark(pb::Bookmark { position: 12_345 }))),
            frame(Some(Event::Activity(Box::new(activity())))),
            frame(Some(Event::Activity(Box::default()))),
            frame(Some(Event::Snapshot(Box::new(pb::Ticket { number: 9, ..Default::default() })))),
        ]
    }

    #[test]
    fn the_wire_is_that_of_the_proto_byte_for_byte() {
        for frame in frames() {
            let bytes = frame.encode_to_vec();
            assert_eq!(bytes.len(), frame.encoded_len());
            let read = DynamicMessage::decode(descriptor(), bytes.as_slice()).expect("a frame of the proto");
            assert_eq!(read.unknown_fields().count(), 0, "{frame:?}");
            let again = read.encode_to_vec();
            // prost writes the oneof where its first field stands, others each field in its turn.
            match frame.event {
                Some(Event::Snapshot(_)) => assert_eq!(again.len(), bytes.len()),
                _ => assert_eq!(again, bytes, "{frame:?}"),
            }
            assert_eq!(StreamActivitiesResponse::decode(again.as_slice()).expect("in any order"), frame);
            assert_eq!(StreamActivitiesResponse::decode(bytes.as_slice()).expect("it reads back"), frame);
        }
    }

    #[test]
    fn every_field_of_the_proto_is_in_the_frame() {
        let fields: Vec<(String, u32)> = descriptor().fields().map(|f| (f.name().to_owned(), f.number())).collect();
        let known =
            [("activity", ACTIVITY), ("bookmark", BOOKMARK), ("snapshot", SNAPSHOT), ("since", 3), ("epoch", 4)];
        let mut known = known.map(|(name, number)| (name.to_owned(), number)).to_vec();
        known.sort_by_key(|(_, number)| *number);
        let mut fields = fields;
        fields.sort_by_key(|(_, number)| *number);
        assert_eq!(fields, known);
    }

    #[test]
    fn bytes_made_once_are_the_activity_itself() {
        let plain = StreamActivitiesResponse { event: Some(Event::Activity(Box::new(activity()))), since: 1, epoch: 2 };
        let bytes = activity().encode_to_vec().into();
        let shared = StreamActivitiesResponse { event: Some(Event::Encoded(bytes)), ..plain.clone() };
        assert_eq!(shared.encode_to_vec(), plain.encode_to_vec());
        assert_eq!(shared.encoded_len(), plain.encoded_len());
    }

    #[test]
    fn a_frame_in_two_pieces_is_merged_as_proto3_has_it() {
        for frame in frames() {
            let twice = [frame.encode_to_vec(), frame.encode_to_vec()].concat();
            let read = StreamActivitiesResponse::decode(twice.as_slice()).expect("it reads back");
            let dynamic = DynamicMessage::decode(descriptor(), twice.as_slice()).expect("a frame");
            let dynamic = StreamActivitiesResponse::decode(dynamic.encode_to_vec().as_slice()).expect("a frame");
            assert_eq!(read, dynamic);
        }
        for junk in [&b"\x0a\xff"[..], b"\x09aaaaaaaa", b"\x12\x02\x08"] {
            assert!(StreamActivitiesResponse::decode(junk).is_err(), "{junk:?}");
        }
    }
}
