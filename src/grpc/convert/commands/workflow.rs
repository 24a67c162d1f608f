//! RunWorkflow.

use super::writes::*;
use crate::command::verbs::RunWorkflow;
use crate::grpc::convert::workflow::run_to_pb;
use crate::model::ticket::TicketRef;

pub static METHODS: &[WriteMethod] = &[WriteMethod::of::<pb::RunWorkflowRequest>()];

/// Characters of a rule's name.
const NAME: usize = 63;

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
        let pb::RunWorkflowRequest { workflow, ticket_id, filter, page_token, .. } = self;
        if workflow.is_empty() || workflow.len() > NAME {
            found.add("workflow", "must be the name of a rule");
        }
        let ticket = match (ticket_id.is_empty(), filter.is_empty()) {
            (false, true) => found.ticket("ticket_id", &ticket_id),
            (true, false) => TicketRef::Number(0),
            (true, true) => {
                found.add("ticket_id", "name a ticket, or tickets by a filter");
                TicketRef::Number(0)
            }
            (false, false) => {
                found.add("filter", "must be empty where a ticket is named");
                TicketRef::Number(0)
            }
        };
        if filter.is_empty() && !page_token.is_empty() {
            found.add("page_token", "must be empty without a filter");
        }
        Arc::new(RunWorkflow { workflow, tickets: vec![ticket] })
    }

    fn answer(resource: Resource, at: At) -> Option<pb::RunWorkflowResponse> {
        let Resource::Runs(runs) = resource else { return None };
        let run = runs.into_iter().next().map(|run| run_to_pb(Arc::unwrap_or_clone(run)));
        Some(pb::RunWorkflowResponse { run, position: at.position, epoch: at.epoch, ..Default::default() })
    }
}
