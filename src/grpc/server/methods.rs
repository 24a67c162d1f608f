//! Which roles may call which method. What is not in the table cannot be called.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::identity::{Role, Roles};

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a token: it shows nothing of any tenant.
    Open,
    /// A caller with one of these roles.
    Roles(Roles),
}

/// One method that the server answers.
#[derive(Debug)]
pub struct Method {
    /// As in the request: `/package.Service/Method`.
    pub path: &'static str,
    pub access: Access,
    /// Its place among all methods, for tables beside this one.
    pub index: usize,
}

const STAFF: Roles = Roles::of(&[Role::Agent, Role::Lead, Role::Admin]);
const WRITE: Roles = STAFF.union(Roles::of(&[Role::Service, Role::Importer]));
const READ: Roles = WRITE.union(Roles::of(&[Role::Auditor]));
const LOG: Roles = STAFF.union(Roles::of(&[Role::Service, Role::Auditor]));
const RULES: Roles = STAFF.union(Roles::of(&[Role::Auditor]));
const SETUP: Roles = Roles::of(&[Role::Admin, Role::Service, Role::Importer]);
const CURATE: Roles = SETUP.union(Roles::of(&[Role::Lead]));
const REQUESTER: Roles = Roles::of(&[Role::Requester]);

/// By service, as in proto/. A requester's calls see its own tickets only, and the public part of those.
const TABLE: &[(&str, Access)] = &[
    ("/docket.v1.TicketService/CreateTicket", Access::Roles(WRITE.union(REQUESTER))),
    ("/docket.v1.TicketService/BatchCreateTickets", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/GetTicket", Access::Roles(READ.union(REQUESTER))),
    ("/docket.v1.TicketService/BatchGetTickets", Access::Roles(READ.union(REQUESTER))),
    ("/docket.v1.TicketService/ListTickets", Access::Roles(READ.union(REQUESTER))),
    ("/docket.v1.TicketService/SearchTickets", Access::Roles(READ.union(REQUESTER))),
    ("/docket.v1.TicketService/GetTicketStats", Access::Roles(READ.union(REQUESTER))),
    ("/docket.v1.TicketService/UpdateTicket", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/DeleteTicket", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/UndeleteTicket", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/AssignTicket", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/TagTicket", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/StartTicket", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/HoldTicket", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/ResolveTicket", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/EscalateTicket", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/CloseTicket", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/ReopenTicket", Access::Roles(WRITE.union(REQUESTER))),
    ("/docket.v1.TicketService/CreateFollowUp", Access::Roles(WRITE.union(REQUESTER))),
    ("/docket.v1.TicketService/ConvertToIssue", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/RateTicket", Access::Roles(WRITE.union(REQUESTER))),
    ("/docket.v1.TicketService/PostMessage", Access::Roles(WRITE.union(REQUESTER))),
    ("/docket.v1.TicketService/GetMessage", Access::Roles(READ.union(REQUESTER))),
    ("/docket.v1.TicketService/ListMessages", Access::Roles(READ.union(REQUESTER))),
    ("/docket.v1.TicketService/UpdateMessage", Access::Roles(WRITE.union(REQUESTER))),
    ("/docket.v1.TicketService/DeleteMessage", Access::Roles(WRITE.union(REQUESTER))),
    ("/docket.v1.TicketService/CreateTag", Access::Roles(CURATE)),
    ("/docket.v1.TicketService/GetTag", Access::Roles(READ)),
    ("/docket.v1.TicketService/ListTags", Access::Roles(READ)),
    ("/docket.v1.TicketService/UpdateTag", Access::Roles(CURATE)),
    ("/docket.v1.TicketService/DeleteTag", Access::Roles(CURATE)),
    ("/docket.v1.TicketService/CreateCannedResponse", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/GetCannedResponse", Access::Roles(READ)),
    ("/docket.v1.TicketService/ListCannedResponses", Access::Roles(READ)),
    ("/docket.v1.TicketService/UpdateCannedResponse", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/DeleteCannedResponse", Access::Roles(WRITE)),
    ("/docket.v1.TicketService/RenderCannedResponse", Access::Roles(READ)),
    ("/docket.v1.IssueService/CreateIssue", Access::Roles(WRITE)),
    ("/docket.v1.IssueService/GetIssue", Access::Roles(READ)),
    ("/docket.v1.IssueService/ListIssues", Access::Roles(READ)),
    ("/docket.v1.IssueService/ResolveIssue", Access::Roles(WRITE)),
    ("/docket.v1.IssueService/UpdateIssue", Access::Roles(WRITE)),
    ("/docket.v1.IssueService/ReopenIssue", Access::Roles(WRITE)),
    ("/docket.v1.IssueService/LinkIssue", Access::Roles(WRITE)),
    ("/docket.v1.IssueService/UnlinkIssue", Access::Roles(WRITE)),
    ("/docket.v1.DirectoryService/UpsertOrganization", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/GetOrganization", Access::Roles(READ)),
    ("/docket.v1.DirectoryService/ListOrganizations", Access::Roles(READ)),
    ("/docket.v1.DirectoryService/UpsertContact", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/GetContact", Access::Roles(READ)),
    ("/docket.v1.DirectoryService/ListContacts", Access::Roles(READ)),
    ("/docket.v1.DirectoryService/UpsertTeam", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/GetTeam", Access::Roles(READ)),
    ("/docket.v1.DirectoryService/ListTeams", Access::Roles(READ)),
    ("/docket.v1.DirectoryService/UpsertAgent", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/GetAgent", Access::Roles(READ)),
    ("/docket.v1.DirectoryService/ListAgents", Access::Roles(READ)),
    ("/docket.v1.DirectoryService/BatchUpsertOrganizations", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/DeleteOrganization", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/BatchUpsertContacts", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/DeleteContact", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/BatchUpsertTeams", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/DeleteTeam", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/BatchUpsertAgents", Access::Roles(SETUP)),
    ("/docket.v1.DirectoryService/DeleteAgent", Access::Roles(SETUP)),
    ("/docket.v1.TenantService/GetTenant", Access::Roles(READ)),
    ("/docket.v1.TenantService/UpdateTenant", Access::Roles(Roles::of(&[Role::Admin]))),
    ("/docket.v1.SlaService/CreateSlaPolicy", Access::Roles(CURATE)),
    ("/docket.v1.SlaService/GetSlaPolicy", Access::Roles(READ)),
    ("/docket.v1.SlaService/ListSlaPolicies", Access::Roles(READ)),
    ("/docket.v1.SlaService/UpdateSlaPolicy", Access::Roles(CURATE)),
    ("/docket.v1.SlaService/DeleteSlaPolicy", Access::Roles(CURATE)),
    ("/docket.v1.SlaService/CreateCalendar", Access::Roles(CURATE)),
    ("/docket.v1.SlaService/GetCalendar", Access::Roles(READ)),
    ("/docket.v1.SlaService/ListCalendars", Access::Roles(READ)),
    ("/docket.v1.SlaService/UpdateCalendar", Access::Roles(CURATE)),
    ("/docket.v1.SlaService/DeleteCalendar", Access::Roles(CURATE)),
    ("/docket.v1.SlaService/ImportHolidays", Access::Roles(CURATE)),
    ("/docket.v1.SlaService/PreviewDeadline", Access::Roles(READ)),
    ("/docket.v1.SlaService/PreviewElapsed", Access::Roles(READ)),
    ("/docket.v1.SlaService/PreviewPolicyChange", Access::Roles(CURATE)),
    ("/docket.v1.SlaService/GetTicketSla", Access::Roles(READ)),
    ("/docket.v1.SlaService/ExplainSla", Access::Roles(READ)),
    ("/docket.v1.SlaService/ListBreaches", Access::Roles(READ)),
    ("/docket.v1.SlaService/GetSlaReport", Access::Roles(READ)),
    ("/docket.v1.ActivityService/ListActivities", Access::Roles(LOG.union(REQUESTER))),
    ("/docket.v1.ActivityService/StreamActivities", Access::Roles(LOG.union(REQUESTER))),
    ("/docket.v1.WorkflowService/ListWorkflows", Access::Roles(RULES)),
    ("/docket.v1.WorkflowService/ValidateWorkflow", Access::Roles(RULES)),
    ("/docket.v1.WorkflowService/ReloadWorkflows", Access::Roles(Roles::of(&[Role::Admin]))),
    ("/docket.v1.WorkflowService/ListRuns", Access::Roles(RULES)),
    ("/grpc.health.v1.Health/Check", Access::Open),
    ("/grpc.health.v1.Health/Watch", Access::Open),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Access::Open),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Access::Open),
];

static METHODS: LazyLock<Vec<Method>> = LazyLock::new(|| {
    let rows = TABLE.iter().enumerate();
    rows.map(|(index, (path, access))| Method { path, access: *access, index }).collect()
});

static BY_PATH: LazyLock<HashMap<&'static str, &'static Method>> =
    LazyLock::new(|| METHODS.iter().map(|method| (method.path, method)).collect());

/// All methods, each at its index.
pub fn all() -> &'static [Method] {
    &METHODS
}

/// The method of a request's path. None: there is no such method, or nobody may call it.
pub fn find(path: &str) -> Option<&'static Method> {
    BY_PATH.get(path).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::*;
    use crate::grpc::pb;

    fn described() -> BTreeSet<String> {
        let mut methods = BTreeSet::new();
        for bytes in [pb::FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET] {
            let set = FileDescriptorSet::decode(bytes).expect("the descriptors read back");
            for file in &set.file {
                for service in &file.service {
                    let name = |method| format!("/{}.{}/{method}", file.package(), service.name());
                    methods.extend(service.method.iter().map(|method| name(method.name())));
                }
            }
        }
        methods
    }

    #[test]
    fn every_method_of_the_descriptors_has_a_row_and_every_row_a_method() {
        let described = described();
        assert!(described.contains("/docket.v1.TicketService/CreateTicket"), "the descriptors were not read");
        let missing: Vec<_> = described.iter().filter(|path| find(path).is_none()).collect();
        assert!(missing.is_empty(), "these methods have no row: {missing:?}");
        let reflection = |path: &str| path.starts_with("/grpc.reflection.v1");
        let stale: Vec<_> = all().iter().filter(|row| !described.contains(row.path) && !reflection(row.path)).collect();
        assert!(stale.is_empty(), "these rows have no method: {stale:?}");
        assert_eq!(BY_PATH.len(), TABLE.len(), "a method has two rows");
    }

    #[test]
    fn nothing_of_dockets_is_open_and_every_row_lets_somebody_in() {
        for method in all() {
            match method.access {
                Access::Open => assert!(method.path.starts_with("/grpc."), "{} is open", method.path),
                Access::Roles(roles) => assert!(!roles.is_empty(), "{} is closed to all", method.path),
            }
        }
        assert!(find("/docket.v1.TicketService/Nonsense").is_none());
    }

    #[test]
    fn auditors_write_nothing_and_read_everything() {
        for method in all() {
            let Access::Roles(roles) = method.access else { continue };
            let name = method.path.rsplit('/').next().expect("a path has parts");
            // Who may make a change may ask what it would do.
            let of_a_change = name == "PreviewPolicyChange";
            let reads = ["Get", "BatchGet", "List", "Search", "Stream", "Validate", "Render", "Preview", "Explain"]
                .iter()
                .any(|verb| name.starts_with(verb));
            assert_eq!(roles.contains(Role::Auditor), reads && !of_a_change, "{}", method.path);
        }
    }
}
