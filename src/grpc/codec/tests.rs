//! Every repeated field and map of every request, filled far beyond its limit.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use prost_types::{FieldMask, ListValue, Value};

use super::elements::{self, LIMITS};
use super::scan::{TooMany, scan};
use crate::grpc::pb;
use crate::model::limits::{ELEMENTS, ELEMENTS_OF_A_MESSAGE};

fn requests() -> Vec<MessageDescriptor> {
    let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).expect("the descriptors read back");
    let services = pool.services().filter(|service| service.package_name() == "docket.v1");
    services.flat_map(|service| service.methods().map(|method| method.input()).collect::<Vec<_>>()).collect()
}

/// The way to each repeated field in a message, through each message once.
fn ways(message: &MessageDescriptor, way: &[FieldDescriptor], found: &mut Vec<Vec<FieldDescriptor>>) {
    for field in message.fields() {
        let way = [way, std::slice::from_ref(&field)].concat();
        if field.is_list() || field.is_map() {
            found.push(way.clone());
        }
        let again =
            |within: &MessageDescriptor| way.iter().filter(|f| f.kind().as_message() == Some(within)).count() > 1;
        if let Some(within) = field.kind().as_message().filter(|within| !again(within)) {
            ways(within, &way, found);
        }
    }
}

fn put(field: &FieldDescriptor, value: &[u8], into: &mut Vec<u8>) {
    encode_key(field.number(), WireType::LengthDelimited, into);
    encode_varint(value.len() as u64, into);
    into.extend_from_slice(value);
}

/// A message in which the last field of the way has so many elements of no bytes.
fn filled(way: &[FieldDescriptor], count: usize) -> Vec<u8> {
    let (last, around) = way.split_last().expect("a way has an end");
    let mut bytes = Vec::new();
    match last.kind() {
        Kind::Message(_) | Kind::String | Kind::Bytes => (0..count).for_each(|_| put(last, &[], &mut bytes)),
        _ => put(last, &vec![0; count], &mut bytes),
    }
    around.iter().rev().fold(bytes, |within, field| {
        let mut bytes = Vec::new();
        put(field, &within, &mut bytes);
        bytes
    })
}

fn named(way: &[FieldDescriptor]) -> String {
    let (last, around) = way.split_last().expect("a way has an end");
    let around = around.iter().map(|field| match field.is_list() || field.is_map() {
        true => format!("{}[0].", field.name()),
        false => format!("{}.", field.name()),
    });
    around.collect::<String>() + last.name()
}

fn limit(field: &FieldDescriptor) -> usize {
    LIMITS.iter().find(|(name, _)| *name == field.name()).map_or(ELEMENTS, |(_, limit)| limit())
}

#[test]
fn every_repeated_field_is_refused_by_name_beyond_its_limit() {
    let (mut checked, mut took) = (0, Duration::ZERO);
    for request in requests() {
        let mut found = Vec::new();
        ways(&request, &[], &mut found);
        assert_eq!(elements::of(request.name()).is_some(), !found.is_empty(), "{}", request.name());
        for way in found {
            let shape = elements::of(request.name()).expect("it has a repeated field");
            let limit = limit(&way[way.len() - 1]);
            let (whole, far) = (filled(&way, limit), filled(&way, 200_000));
            assert_eq!(scan(shape, &whole), Ok(()), "{}.{}", request.name(), named(&way));
            let began = Instant::now();
            assert_eq!(scan(shape, &far), Err(TooMany { field: named(&way), limit }), "{}", request.name());
            (checked, took) = (checked + 1, took + began.elapsed());
        }
    }
    assert!(checked > 100, "the descriptors were not read: {checked}");
    assert!(took / checked < Duration::from_millis(20), "{took:?} for {checked}");
}

#[test]
fn every_limit_is_of_some_field() {
    let mut names = BTreeSet::new();
    for request in requests() {
        let mut found = Vec::new();
        ways(&request, &[], &mut found);
        names.extend(found.into_iter().filter_map(|way| way.last().map(|field| field.name().to_owned())));
    }
    let stale: Vec<_> = LIMITS.iter().filter(|(name, _)| !names.contains(*name)).map(|(name, _)| name).collect();
    assert!(stale.is_empty(), "no request has {stale:?}");
    assert!(LIMITS.iter().all(|(_, limit)| limit() <= ELEMENTS_OF_A_MESSAGE));
}

fn ticket(custom: Value) -> Vec<u8> {
    let custom = [("list".to_owned(), custom)].into();
    let ticket = Some(pb::Ticket { custom, ..Default::default() });
    prost::Message::encode_to_vec(&pb::CreateTicketRequest { ticket, ..Default::default() })
}

fn list(values: Vec<Value>) -> Value {
    Value { kind: Some(prost_types::value::Kind::ListValue(ListValue { values })) }
}

#[test]
fn elements_within_elements_are_counted_together() {
    let shape = elements::of("CreateTicketRequest").expect("it has custom fields");
    let inner = list(vec![Value::default(); 1_000]);
    assert_eq!(scan(shape, &ticket(list(vec![inner.clone(); 90]))), Ok(()));
    let refused = scan(shape, &ticket(list(vec![inner; 110]))).expect_err("too many");
    assert_eq!(refused.limit, ELEMENTS_OF_A_MESSAGE);
    assert!(refused.field.starts_with("ticket.custom[0].value.list_value.values[99]."), "{refused:?}");
    // Deeper than prost goes, nothing is decoded, and nothing has to be counted.
    let deep = (0..2_000).fold(Value::default(), |value, _| list(vec![value]));
    let bytes = ticket(deep.clone());
    assert_eq!(scan(shape, &bytes), Ok(()));
    std::mem::forget(deep);
}

#[test]
fn nothing_hides_behind_what_nobody_knows() {
    let shape = elements::of("UpdateMessageRequest").expect("it has a mask");
    let mask = FieldMask { paths: vec![String::new(); 200] };
    let request = pb::UpdateMessageRequest { update_mask: Some(mask), ..Default::default() };
    let request = prost::Message::encode_to_vec(&request);
    let mut hidden = Vec::new();
    encode_key(100, WireType::StartGroup, &mut hidden);
    encode_key(100, WireType::EndGroup, &mut hidden);
    encode_key(101, WireType::Varint, &mut hidden);
    encode_varint(u64::MAX, &mut hidden);
    let refused = scan(shape, &[hidden, request].concat()).expect_err("too many");
    assert_eq!(refused, TooMany { field: "update_mask.paths".into(), limit: 128 });
}

proptest! {
    #[test]
    fn any_bytes_are_walked(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for request in ["CreateTicketRequest", "BatchUpsertTeamsRequest", "CreateSlaPolicyRequest"] {
            let _ = scan(elements::of(request).expect("a shape"), &bytes);
        }
    }
}
