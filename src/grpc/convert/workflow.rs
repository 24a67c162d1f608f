//! Rules, diagnostics and runs as protobuf messages; and the one request about rules that needs validation.

use super::time;
use super::violations::Violations;
use super::words::WireWord;
use crate::grpc::pb;
use crate::model::activity::Activity;
use crate::model::id;
use crate::model::ledger::Run;
use crate::model::limits::FILE_NAME_CHARS;
use crate::workflow::{Diagnostic, Rule, Severity};

/// `hash` is that of the set which the rule belongs to.
pub fn to_pb(rule: &Rule, hash: &str) -> pb::Workflow {
    pb::Workflow {
        name: rule.name.clone(),
        description: rule.description.clone(),
        owner: rule.owner.clone(),
        enabled: rule.enabled,
        order: rule.order,
        on: rule.waits().collect(),
        file: rule.file.clone(),
        line: line(rule.line),
        hash: hash.to_owned(),
        rollout: rule.rollout.to_string(),
    }
}

pub fn diagnostic_to_pb(diagnostic: Diagnostic) -> pb::Diagnostic {
    let Diagnostic { severity, code, message, hint, file: _, line: at, column } = diagnostic;
    let severity = match severity {
        Severity::Error => pb::Severity::Error,
        Severity::Warning => pb::Severity::Warning,
    };
    pb::Diagnostic {
        severity: severity as i32,
        code: code.to_owned(),
        message,
        hint,
        line: line(at),
        column: line(column),
    }
}

fn line(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// File name and source. A source that is too long, or no YAML, is reported by the `workflow` layer.
pub fn source(found: &mut Violations, request: pb::ValidateWorkflowRequest) -> (String, String) {
    let pb::ValidateWorkflowRequest { source, file_name } = request;
    found.text("file_name", &file_name, FILE_NAME_CHARS);
    if source.is_empty() {
        found.add("source", "must not be empty");
    }
    (if file_name.is_empty() { "workflow.yaml".to_owned() } else { file_name }, source)
}

/// The name of a rule, in the set or not.
pub fn name(found: &mut Violations, field: &str, name: String) -> String {
    found.required(field, &name, FILE_NAME_CHARS);
    name
}

pub fn effect_to_pb(activity: &Activity) -> pb::RunEffect {
    pb::RunEffect {
        position: activity.position,
        r#type: activity.kind.as_str().to_owned(),
        ticket_id: activity.ticket_id.map(|id| id::show(id::TICKET, id)).unwrap_or_default(),
    }
}

pub fn run_to_pb(row: Run) -> pb::Run {
    let Run {
        tenant_id: _,
        id,
        workflow,
        hash,
        position,
        ticket_id,
        verdict,
        reason,
        took_micros,
        request_id,
        created_at,
    } = row;
    pb::Run {
        id: id::show(id::RUN, id),
        workflow,
        hash,
        position,
        verdict: verdict.to_pb(),
        reason,
        took: Some(time::length_to_pb(took_micros)),
        request_id,
        ticket_id: ticket_id.map(|id| id::show(id::TICKET, id)).unwrap_or_default(),
        created_at: Some(time::to_pb(created_at)),
    }
}
