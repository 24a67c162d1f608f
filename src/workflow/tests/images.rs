//! Stored images stay readable: the bytes of a ticket in which every field has a value.

use crate::model::id;
use crate::model::image::ActivityRow;
use crate::workflow::fixture;

/// Of bytes, as a text that a test can hold.
fn print(bytes: &[u8]) -> String {
    format!("{} bytes, {}", bytes.len(), id::hash(&[bytes]))
}

#[test]
fn an_activity_is_stored_as_it_always_was() {
    let mut activity = fixture::activity("ticket.escalated", fixture::ticket());
    activity.issue = Some(fixture::issue());
    activity.message = Some(fixture::message());
    let row = ActivityRow::of(&activity);
    // Another tag, another order or another type would be another log: a new field adds to these, and only a new tag.
    assert_eq!(print(&row.image), "928 bytes, 5d297793-4c1e-03bf-e843-ff86fe129752");
    activity.ticket = activity.ticket.map(|ticket| {
        // The description travels in the changes.
        crate::model::ticket::Ticket { description: String::new(), ..std::sync::Arc::unwrap_or_clone(ticket) }.into()
    });
    assert_eq!(row.into_activity().expect("a readable row"), activity);
}
