//! How many elements each repeated field and map of a request may have, and the shapes of requests that the scan follows.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

use crate::command::limits::limits;
use crate::grpc::pb;
use crate::model::limits::*;
use crate::model::rights::WIDENED;

/// A field's name, and how many elements it may have.
type Limit = (&'static str, fn() -> usize);

/// The limits by field, in any message; what checks the field after decoding has the same.
pub const LIMITS: &[Limit] = &[
    ("requests", || limits().batch),
    ("ids", || limits().batch),
    ("tags", || limits().tags),
    ("add", || limits().tags),
    ("remove", || limits().tags),
    ("custom", || limits().custom_fields),
    // Of custom fields and attributes; within them, two bytes of JSON are the shortest element.
    ("fields", || limits().custom_bytes / 2),
    ("values", || limits().custom_bytes / 2),
    ("paths", || MASK_PATHS),
    ("include", || INCLUDES),
    ("member_ids", || MEMBERS),
    ("skills", || SKILLS),
    ("categories", || CATEGORIES),
    ("requester_fields", || WIDENED.len()),
    ("ticket_ids", || ISSUE_TICKETS),
    ("warn_at", || WARNINGS),
    ("weekly", || INTERVALS),
    ("holidays", || HOLIDAYS),
    ("special_dates", || SPECIAL_DATES),
    ("hours", || SPECIAL_DATES + INTERVALS),
    ("exclude", || EXCLUDED),
    ("pauses", || PAUSES),
];

/// A message as far as it has repeated fields, itself or within.
#[derive(Debug, Default)]
pub struct Shape {
    /// At their numbers.
    fields: Vec<Option<Field>>,
}

#[derive(Debug)]
pub struct Field {
    pub name: String,
    /// Absent for one that is not repeated.
    pub limit: Option<usize>,
    /// How its elements are packed, where they may be.
    pub packed: Option<Packed>,
    /// Of its message, by its place in [`Shapes`].
    pub within: Option<usize>,
}

/// Elements of a packed field: so many bytes each, or varints.
#[derive(Clone, Copy, Debug)]
pub enum Packed {
    Fixed(usize),
    Varints,
}

impl Shape {
    pub fn field(&self, number: u64) -> Option<&Field> {
        self.fields.get(usize::try_from(number).ok()?)?.as_ref()
    }
}

/// The shapes of all requests, and of the messages within them.
#[derive(Debug)]
pub struct Shapes {
    all: Vec<Shape>,
    places: HashMap<String, usize>,
    /// Of the requests that have anything to count, by their short names.
    requests: HashMap<String, usize>,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(Shapes::new);

/// The shape of a request; absent for one that has nothing to count, and for what is no request.
pub fn of(name: &str) -> Option<&'static Shape> {
    SHAPES.requests.get(name).and_then(|place| at(*place))
}

pub fn at(place: usize) -> Option<&'static Shape> {
    SHAPES.all.get(place)
}

impl Shapes {
    fn new() -> Shapes {
        let mut shapes = Shapes { all: Vec::new(), places: HashMap::new(), requests: HashMap::new() };
        // They are those of this build: a test reads them.
        let Ok(pool) = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET) else { return shapes };
        for service in pool.services().filter(|service| service.package_name() == "docket.v1") {
            for method in service.methods() {
                let input = method.input();
                if counts(&input, &mut Vec::new()) {
                    let place = shapes.add(&input);
                    shapes.requests.insert(input.name().to_owned(), place);
                }
            }
        }
        shapes
    }

    /// Its place is known before its fields are: a message may hold itself.
    fn add(&mut self, message: &MessageDescriptor) -> usize {
        if let Some(place) = self.places.get(message.full_name()) {
            return *place;
        }
        let place = self.all.len();
        self.all.push(Shape::default());
        self.places.insert(message.full_name().to_owned(), place);
        let mut fields = Vec::new();
        for field in message.fields() {
            let Some(made) = self.field(&field) else { continue };
            let number = field.number() as usize;
            if fields.len() <= number {
                fields.resize_with(number + 1, || None);
            }
            fields[number] = Some(made);
        }
        self.all[place] = Shape { fields };
        place
    }

    fn field(&mut self, field: &FieldDescriptor) -> Option<Field> {
        let repeated = field.is_list() || field.is_map();
        let message = field.kind().as_message().cloned().filter(|message| counts(message, &mut Vec::new()));
        if !repeated && message.is_none() {
            return None;
        }
        let listed = LIMITS.iter().find(|(name, _)| *name == field.name()).map(|(_, limit)| limit());
        Some(Field {
            name: field.name().to_owned(),
            limit: repeated.then(|| listed.unwrap_or(ELEMENTS)),
            packed: if field.is_list() { packed(&field.kind()) } else { None },
            within: message.map(|message| self.add(&message)),
        })
    }
}

/// Whether there is a repeated field in it. `seen`: the messages around it.
fn counts(message: &MessageDescriptor, seen: &mut Vec<String>) -> bool {
    if seen.iter().any(|name| name == message.full_name()) {
        return false;
    }
    seen.push(message.full_name().to_owned());
    let found = message.fields().any(|field| {
        field.is_list() || field.is_map() || field.kind().as_message().is_some_and(|within| counts(within, seen))
    });
    seen.pop();
    found
}

fn packed(kind: &Kind) -> Option<Packed> {
    match kind {
        Kind::Message(_) | Kind::String | Kind::Bytes => None,
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Some(Packed::Fixed(8)),
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Some(Packed::Fixed(4)),
        _ => Some(Packed::Varints),
    }
}
