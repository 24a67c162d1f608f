//! Card view of one resource: heading, fields that are set, long text.

use prost_reflect::{FieldDescriptor, Kind as FieldKind, MessageDescriptor};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::Layout;
use super::cell::{Field, plain};
use super::paint::{Paint, hue};
use super::table::wrapped;

/// Fields that only programs need; -o json and -o yaml include them.
const HIDDEN: [&str; 6] = ["number", "tenant_id", "schema_version", "source_type", "position", "epoch"];
/// Minimum terminal width for names and values in separate columns.
const NARROW: usize = 60;

pub fn card(
    message: &MessageDescriptor,
    layout: &Layout,
    resource: &Value,
    local: bool,
    paint: Paint,
    width: Option<usize>,
) -> String {
    let plain_text = |name: &&&str| !message.get_field_by_name(name).is_some_and(|field| field.is_list());
    let heading = layout.heading.iter().filter(plain_text).map(|name| said(message, name, resource, local));
    let heading: Vec<String> = heading.filter(|part| !part.is_empty()).collect();
    let mut text = String::new();
    let heading = heading.join("  ");
    for line in wrapped(&heading, width.unwrap_or(usize::MAX)).iter().filter(|line| !line.is_empty()) {
        text.push_str(&paint.on("1", line));
        text.push('\n');
    }
    let silent = |field: &FieldDescriptor| {
        let name = field.name();
        layout.heading.contains(&name) || layout.text == name || HIDDEN.contains(&name)
    };
    let fields: Vec<(String, String)> = message
        .fields()
        .filter(|field| !silent(field))
        .map(|field| (field.name().to_owned(), set_text(field, resource, local, layout.zeros)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let names = fields.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
    for (name, value) in &fields {
        text.push_str(&pair(name, value, names, paint, width));
    }
    let long = resource.get(layout.text).and_then(Value::as_str).unwrap_or_default();
    if !long.trim().is_empty() {
        text.push('\n');
        text.push_str(&paragraphs(long, "", width));
    }
    text
}

fn said(message: &MessageDescriptor, name: &str, resource: &Value, local: bool) -> String {
    Field::find(message, name).map(|field| field.text(resource, local)).unwrap_or_default()
}

/// Text of a field; '' for default values: empty strings and lists, 0, false.
fn set_text(descriptor: FieldDescriptor, resource: &Value, local: bool, zeros: bool) -> String {
    let number = !matches!(descriptor.kind(), FieldKind::String | FieldKind::Message(_) | FieldKind::Enum(_));
    let present = descriptor.supports_presence();
    let text = Field::of(descriptor).text(resource, local);
    match text.as_str() {
        "0" | "false" if number && !present && !zeros => String::new(),
        _ => text,
    }
}

fn pair(name: &str, value: &str, names: usize, paint: Paint, width: Option<usize>) -> String {
    let (lead, gap) = match width {
        Some(width) if width < NARROW => (2, 1),
        _ => (names + 2, (names + 2).saturating_sub(name.width())),
    };
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(lead).max(10));
    // The first line is shared with the name.
    let first = format!("{name}{}", " ".repeat(gap));
    let one_line = first.width() + value.width() <= width.unwrap_or(usize::MAX);
    let mut lines = if one_line { vec![value.to_owned()] } else { wrapped(value, room) };
    let mut text = paint.on("2", name);
    if lead == 2 && !one_line {
        text.push('\n');
        lines.iter_mut().for_each(|line| line.insert_str(0, "  "));
    } else {
        text.push_str(&" ".repeat(gap));
    }
    let between = format!("\n{}", " ".repeat(if lead == 2 { 0 } else { lead }));
    let lines: Vec<String> = lines.iter().map(|line| paint.on(hue(line), line)).collect();
    text + &lines.join(&between) + "\n"
}

/// Wraps each line of a text, with a prefix.
pub fn paragraphs(text: &str, lead: &str, width: Option<usize>) -> String {
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(lead.len()).max(10));
    let lines = text.trim_end().lines().flat_map(|line| wrapped(&plain(&line.replace('\t', "    ")), room));
    lines.map(|line| format!("{lead}{line}").trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::show::layout::TICKET;
    use crate::grpc::rest::Schema;

    fn shown(width: Option<usize>) -> String {
        let schema = Schema::new().expect("descriptors");
        let ticket = schema.message("Ticket").expect("Ticket");
        let row = json!({"id": "tkt_01JD8Q7Z2M5V9T3K4N6P8R1W0X", "display_number": "TKT-0042", "subject": "Login broken",
            "number": "42", "status": "OPEN", "assignee_id": "", "tags": [], "escalation_level": 0, "satisfaction": 0.0,
            "description": "I cannot log in.\n\n    since\ttoday", "tenant_id": "acme", "team_id": "support"});
        card(&ticket, &TICKET, &row, false, Paint::plain(), width)
    }

    #[test]
    fn a_card_says_what_is_there() {
        assert_eq!(
            shown(None),
            "TKT-0042  Login broken\nid            tkt_01JD8Q7Z2M5V9T3K4N6P8R1W0X\nstatus        OPEN\n\
             team_id       support\nsatisfaction  0.0\n\nI cannot log in.\n\n    since    today\n"
        );
        assert!(shown(Some(40)).lines().all(|line| line.width() <= 40), "{}", shown(Some(40)));
        assert!(shown(Some(40)).contains("status OPEN\n"));
    }
}
