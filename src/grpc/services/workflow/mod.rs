//! WorkflowService: the active rules, their validation and their runs.

use std::sync::Arc;

use diesel_async::AsyncPgConnection;
use tonic::Status;

use crate::command::Refusal;
use crate::command::refusal::Kind;
use crate::grpc::call::rules::NotReloaded;
use crate::grpc::call::{Call, State, service};
use crate::grpc::convert::read::{checked, page_only};
use crate::grpc::convert::workflow::{self, diagnostic_to_pb};
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::time::Instant;
use crate::store;
use crate::store::page::{Fingerprint, Key, Place};
use crate::store::pool::PoolError;
use crate::workflow::folder::Holds;
use crate::workflow::{Diagnostic, Rule, RuleSet};

mod explain;
mod explain_wait;
mod lacking;
mod recalled;
mod run;
mod runs;
mod simulate;
mod simulate_event;

service! {
    Workflows: workflow_service_server::WorkflowService {
        list_workflows: ListWorkflowsRequest -> ListWorkflowsResponse, by list;
        get_workflow: GetWorkflowRequest -> GetWorkflowResponse, by get;
        validate_workflow: ValidateWorkflowRequest -> ValidateWorkflowResponse, by validate;
        simulate_workflow: SimulateWorkflowRequest -> SimulateWorkflowResponse, by simulate::simulate;
        explain_workflow: ExplainWorkflowRequest -> ExplainWorkflowResponse, by explain::explain;
        reload_workflows: ReloadWorkflowsRequest -> ReloadWorkflowsResponse, by reload;
        get_run: GetRunRequest -> GetRunResponse, by runs::get;
        list_runs: ListRunsRequest -> ListRunsResponse, by runs::list;
        run_workflow: RunWorkflowRequest -> RunWorkflowResponse, by run::run;
    }
}

async fn list(
    state: &State,
    call: Call,
    request: pb::ListWorkflowsRequest,
) -> Result<pb::ListWorkflowsResponse, Status> {
    let (size, token) =
        checked(|found| page_only(found, request.page_size, request.page_token)).map_err(status::refused)?;
    let query = Fingerprint::of(&[b"ListWorkflows", call.caller.tenant().as_bytes()]);
    let now = Instant::host_now();
    let after = match token.as_str() {
        "" => None,
        token => Some(state.tokens.open(query, token, now).map_err(|_| status::page_token_invalid())?),
    };
    let conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let active = state.journal.rules().active(&conn).await;
    let active = active.map_err(|error| fault::of_read("ListWorkflows", "", error))?;
    let hash = active.hash;
    let (set, last_error) = match active.set {
        Ok(set) => (set, state.rules.last_error()),
        Err(problem) => (Default::default(), problem),
    };
    let size = usize::try_from(size).unwrap_or(store::read::list::MAX_PAGE);
    let (rules, more) = page_of(set.rules(), after.as_ref().map(|place| place.last.as_slice()), size);
    let place_of =
        |rule: &Rule| Place { began: after.as_ref().map_or(now, |place| place.began), last: place(rule).into() };
    let next = rules.last().filter(|_| more).map(|rule| state.tokens.seal(query, &place_of(rule), now));
    let workflows = rules.iter().map(|rule| workflow::to_pb(rule, &hash)).collect();
    Ok(pb::ListWorkflowsResponse { workflows, next_page_token: next.unwrap_or_default(), hash, last_error })
}

async fn get(state: &State, call: Call, request: pb::GetWorkflowRequest) -> Result<pb::GetWorkflowResponse, Status> {
    let name = checked(|found| workflow::name(found, "name", request.name)).map_err(status::refused)?;
    let conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let set = active(state, &conn, "GetWorkflow").await?;
    let rule = set.rule(&name).ok_or_else(|| no_workflow(&name))?;
    let workflow = workflow::to_pb(rule, set.hash());
    Ok(pb::GetWorkflowResponse { workflow: Some(workflow), source: set.document(rule) })
}

/// The active set; one that this server does not understand has no rules, as in a list.
async fn active(state: &State, conn: &AsyncPgConnection, method: &'static str) -> Result<Arc<RuleSet>, Status> {
    let active = state.journal.rules().active(conn).await.map_err(|error| fault::of_read(method, "", error))?;
    Ok(active.set.unwrap_or_default())
}

fn no_workflow(name: &str) -> Status {
    status::refused(Refusal::NotFound { kind: Kind::Workflow, id: name.to_owned() })
}

/// Where a rule stands among the others: they run in this order.
fn place(rule: &Rule) -> [Key; 2] {
    [Key::Int(i64::from(rule.order)), Key::Text(rule.name.clone())]
}

/// The rules of a page, and whether more follow. A page goes on behind its place, whatever set is active by then.
fn page_of<'a>(rules: &'a [Rule], after: Option<&[Key]>, size: usize) -> (&'a [Rule], bool) {
    let start = match after {
        Some([Key::Int(order), Key::Text(name)]) => {
            rules.partition_point(|rule| (i64::from(rule.order), &rule.name) <= (*order, name))
        }
        _ => 0,
    };
    let rest = &rules[start..];
    (&rest[..size.min(rest.len())], rest.len() > size)
}

async fn validate(
    state: &State,
    call: Call,
    request: pb::ValidateWorkflowRequest,
) -> Result<pb::ValidateWorkflowResponse, Status> {
    let (file, source) = checked(|found| workflow::source(found, request)).map_err(status::refused)?;
    // A set leaves files of tests out; who sends one as rules is told that it is none.
    let file = if Holds::by_name(&file) == Some(Holds::Tests) { "workflow.yaml".to_owned() } else { file };
    // Compiling takes its time: not on the threads that answer everybody.
    let checked = tokio::task::spawn_blocking(move || RuleSet::from_sources(vec![(file, source)])).await;
    let checked = checked.map_err(|panic| fault::incident("ValidateWorkflow", &panic))?;
    let (mut diagnostics, set) = match checked {
        Ok(set) => (set.warnings().to_vec(), set),
        Err(found) => (found, RuleSet::default()),
    };
    diagnostics.extend(lacking::find(state, &call, &set).await?);
    Ok(pb::ValidateWorkflowResponse {
        diagnostics: diagnostics.into_iter().map(diagnostic_to_pb).collect(),
        workflows: set.rules().iter().map(|rule| workflow::to_pb(rule, set.hash())).collect(),
    })
}

async fn reload(
    state: &State,
    call: Call,
    _request: pb::ReloadWorkflowsRequest,
) -> Result<pb::ReloadWorkflowsResponse, Status> {
    let named = |found: &[Diagnostic]| {
        let named = |d: &Diagnostic| {
            let message = if d.file.is_empty() { d.message.clone() } else { format!("{}: {}", d.file, d.message) };
            diagnostic_to_pb(Diagnostic { message, ..d.clone() })
        };
        found.iter().map(named).collect()
    };
    let found = match state.rules.reload().await {
        Ok(set) => {
            let (operator, hash) = (call.caller.sub(), set.hash().to_owned());
            // No tenant's log has what concerns all of them: the server's does.
            tracing::info!(operator, hash, "The operator {operator} reloaded the rules: {hash} is active");
            return Ok(pb::ReloadWorkflowsResponse { hash, diagnostics: named(set.warnings()) });
        }
        Err(NotReloaded::Refused(found)) => found,
        Err(NotReloaded::Database(error)) => return Err(fault::of_pool(PoolError::NoConnection(error))),
    };
    let conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let active = store::head::installation(&conn).await;
    let active = active.map_err(|error| fault::of_read("ReloadWorkflows", "", error))?;
    Ok(pb::ReloadWorkflowsResponse { hash: active.rule_set, diagnostics: named(&found) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(names: &[(i32, &str)]) -> RuleSet {
        let source = |(order, name): &(i32, &str)| {
            format!("name: {name}\norder: {order}\non: ticket.created\ndo:\n  - tag: {{add: [x]}}\n")
        };
        let files = names.iter().map(|rule| (format!("{}.yaml", rule.1), source(rule))).collect();
        RuleSet::from_sources(files).expect("a set")
    }

    #[test]
    fn pages_of_rules_follow_each_other_and_end() {
        let set = rules(&[(2, "a"), (1, "c"), (1, "b"), (3, "d")]);
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let (page, more) = page_of(set.rules(), after.as_ref().map(<[Key; 2]>::as_slice), 3);
            seen.extend(page.iter().map(|rule| rule.name.clone()));
            after = page.last().map(place);
            if !more {
                break;
            }
        }
        assert_eq!(seen, ["b", "c", "a", "d"]);
    }
}
