//! Canned responses as protobuf messages, and the check of their bodies.

use super::time;
use super::violations::Violations;
use super::words::WireWord;
use crate::command::limits::limits;
use crate::grpc::pb;
use crate::model::canned::{CannedRef, CannedResponse};
use crate::model::limits::NAME_CHARS;
use crate::model::{id, ticket};
use crate::workflow::{NoText, Problem, Snippet};

/// How a caller names one: by its id or its name.
pub fn named(found: &mut Violations, field: &str, text: &str) -> CannedRef {
    found.required(field, text, NAME_CHARS);
    CannedRef::parse(text)
}

/// Every mistake in a body's expressions, each with its line and column.
pub fn body(found: &mut Violations, field: &str, body: &str) {
    if body.is_empty() {
        found.add(field, "must not be empty");
    }
    found.long_text(field, body);
    if body.len() > limits().text_bytes {
        return;
    }
    for problem in Snippet::compile(body).err().unwrap_or_default() {
        found.add(field, described(body, &problem));
    }
}

/// What a body that was taken once, by another version, says no more.
pub fn unreadable(body: &str, found: &[Problem]) -> NoText {
    let problem = found.first().map(|problem| described(body, problem)).unwrap_or_default();
    NoText { expression: "…".to_owned(), problem }
}

fn described(body: &str, problem: &Problem) -> String {
    let before = body.get(..problem.at).unwrap_or(body);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    let hint = if problem.hint.is_empty() { String::new() } else { format!(" ({})", problem.hint) };
    format!("line {line}, column {column}: {}{hint}", problem.message)
}

pub fn to_pb(row: CannedResponse) -> pb::CannedResponse {
    let CannedResponse {
        tenant_id,
        id,
        name,
        folded: _,
        title,
        body,
        team_id,
        app_id,
        source,
        source_type,
        created_at,
        created_by,
        updated_at,
        updated_by,
        deleted_at,
        deleted_by,
        schema_version,
        etag_version,
        position: _,
    } = row;
    pb::CannedResponse {
        id: id::show(id::CANNED_RESPONSE, id),
        name,
        title,
        body,
        team_id,
        tenant_id,
        app_id,
        source,
        source_type: source_type.to_pb(),
        created_at: Some(time::to_pb(created_at)),
        created_by,
        updated_at: Some(time::to_pb(updated_at)),
        updated_by,
        deleted_at: time::maybe_to_pb(deleted_at),
        deleted_by,
        schema_version,
        etag: ticket::etag(etag_version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_by_line_and_column() {
        let mut found = Violations::default();
        body(&mut found, "body", "Dear ${requester.name},\né ${ticket.subjct}\n${nope}");
        let found: Vec<String> = found.into_found().into_iter().map(|v| v.description).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("line 2, column 12: ") && found[0].contains("`subject`"), "{}", found[0]);
        assert!(found[1].starts_with("line 3, column 3: "), "{}", found[1]);
    }
}
