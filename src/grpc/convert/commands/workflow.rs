//! RunWorkflow.

use super::writes::*;
use crate::command::verbs::RunWorkflow;
use crate::grpc::convert::workflow::run_to_pb;
use crate::workflow::{NAME_HINT, is_name};

pub static METHODS: &[WriteMethod] = &[WriteMethod::of::<pb::RunWorkflowRequest>()];

impl Write for pb::RunWorkflowRequest {
    const METHOD: &'static str = method("RunWorkflowRequest");
    const HELD: Held = Held::Runs;
    type Response = pb::RunWorkflowResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn validate_only(&self) -> bool {
        self.validate_only
    }

    /// With a filter, whoever finds its tickets puts them in.
    fn verb(self, found: &mut Violations) -> Arc<dyn Verb> {
        let pb::RunWorkflowRequest { workflow, ticket_id, filter, filter_params, page_token, .. } = self;
        if !is_name(&workflow) {
            found.add("workflow", format!("must be the name of a rule: {NAME_HINT}"));
        }
        let mut tickets = None;
        match (ticket_id.is_empty(), filter.is_empty()) {
            (false, true) => tickets = Some(vec![found.ticket("ticket_id", &ticket_id)]),
            (true, false) => {}
            (true, true) => found.add("ticket_id", "name a ticket, or tickets by a filter"),
            (false, false) => found.add("filter", "must be empty where a ticket is named"),
        }
        if filter.is_empty() && !filter_params.is_empty() {
            // What a program forgot would be every ticket.
            found.add("filter_params", "must be empty without a filter");
        }
        if filter.is_empty() && !page_token.is_empty() {
            found.add("page_token", "must be empty without a filter");
        }
        Arc::new(RunWorkflow { workflow, tickets })
    }

    fn answer(resource: Resource, at: At) -> Option<pb::RunWorkflowResponse> {
        let Resource::Runs(runs) = resource else { return None };
        let run = runs.into_iter().next().map(|run| run_to_pb(Arc::unwrap_or_clone(run)));
        Some(pb::RunWorkflowResponse { run, position: at.position, epoch: at.epoch, ..Default::default() })
    }
}
