//! The end of a run: the log, the tables, the subscribers and the recorder outside have to tell the same story.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use docket::grpc::pb;
use docket::grpc::pb::activity_service_client::ActivityServiceClient;
use docket::grpc::pb::ticket_service_client::TicketServiceClient;
use prost::Message as _;
use tokio_postgres::Client;

use crate::house::{House, Server};
use crate::people::Tenant;
use crate::recorder::{Ack, Recorder};
use crate::watch::{Seen, Watch};

const PATIENCE: Duration = Duration::from_secs(60);
const PAGE: i32 = 500;

/// Each counts rows that contradict one another; zero is right.
const CONTRADICTIONS: [(&str, &str); 8] = [
    (
        "tenants whose log has a hole or another end than its head",
        "SELECT count(*) FROM tenant_head h LEFT JOIN (SELECT tenant_id, count(*) n, min(position) low, max(position) high \
         FROM activity GROUP BY 1) a USING (tenant_id) \
         WHERE (h.position, h.position, h.position) IS DISTINCT FROM (coalesce(a.n, 0), coalesce(a.high, 0), \
         CASE WHEN a.low = 1 THEN a.n ELSE 0 END)",
    ),
    (
        "tenants whose numbers have a hole or another end than their head",
        "SELECT count(*) FROM tenant_head h LEFT JOIN (SELECT tenant_id, count(DISTINCT number) n, max(number) high \
         FROM ticket GROUP BY 1) t USING (tenant_id) \
         WHERE (h.last_number, h.last_number) IS DISTINCT FROM (coalesce(t.n, 0), coalesce(t.high, 0))",
    ),
    (
        "tickets whose version is not the count of their activities",
        "SELECT count(*) FROM ticket t LEFT JOIN (SELECT tenant_id, ticket_id, count(*) n, \
         count(DISTINCT ticket_version) d, max(ticket_version) v FROM activity GROUP BY 1, 2) a \
         ON a.tenant_id = t.tenant_id AND a.ticket_id = t.id \
         WHERE (t.version, t.version, t.version) IS DISTINCT FROM (a.n, a.d, a.v)",
    ),
    (
        "activities of tickets that are not there",
        "SELECT count(*) FROM activity a LEFT JOIN ticket t ON t.tenant_id = a.tenant_id AND t.id = a.ticket_id \
         WHERE a.ticket_id IS NOT NULL AND t.id IS NULL",
    ),
    (
        "agents whose open count is not that of their tickets",
        "SELECT count(*) FROM agent g WHERE g.open_count <> (SELECT count(*) FROM ticket t \
         WHERE t.tenant_id = g.tenant_id AND t.assignee_id = g.id AND t.status NOT IN ('RESOLVED', 'CLOSED') \
         AND t.deleted_at IS NULL)",
    ),
    (
        "tickets whose message count is not that of their messages",
        "SELECT count(*) FROM ticket t WHERE t.message_count <> (SELECT count(*) FROM message m \
         WHERE m.tenant_id = t.tenant_id AND m.ticket_id = t.id)",
    ),
    (
        "tickets whose level is not the count of their escalations",
        "SELECT count(*) FROM ticket t WHERE t.escalation_level <> (SELECT count(*) FROM activity a \
         WHERE a.tenant_id = t.tenant_id AND a.ticket_id = t.id AND a.kind = 'ticket.escalated')",
    ),
    (
        "escalated tickets without exactly one issue",
        "SELECT count(*) FROM ticket t WHERE t.escalation_level > 0 AND (SELECT count(*) FROM issue_ticket i \
         JOIN issue USING (tenant_id) WHERE issue.id = i.issue_id AND i.tenant_id = t.tenant_id \
         AND i.ticket_id = t.id) <> 1",
    ),
];

/// Panics with everything that is wrong.
pub async fn everything(house: &House, server: &Server, tenants: &[Tenant], recorder: &Recorder, watches: Vec<Watch>) {
    let mut faults = recorder.faults();
    let sql = house.sql().await;
    for (name, query) in CONTRADICTIONS {
        let count: i64 = sql.query_one(query, &[]).await.expect(name).get(0);
        if count != 0 {
            faults.push(format!("{count} {name}"));
        }
    }
    let acks = recorder.acks();
    let mut logs = HashMap::new();
    for tenant in tenants {
        let log = log(tenant, server).await;
        let acks: Vec<&Ack> = acks.iter().filter(|ack| ack.tenant == tenant.name).collect();
        assert!(
            !acks.is_empty() && !log.is_empty(),
            "nothing happened in {}: the check would prove nothing",
            tenant.name
        );
        dense(tenant, &log, &mut faults);
        acknowledged(&acks, &log, &mut faults);
        requests(&sql, tenant, acks.len(), &mut faults).await;
        let tickets = tickets(tenant, server).await;
        folds(tenant, &log, &tickets, &mut faults);
        counts(tenant, server, &tickets, &mut faults).await;
        logs.insert(tenant.name.clone(), log);
    }
    // A log with a hole is told already, and no subscriber would ever reach its end.
    if faults.is_empty() {
        for watch in watches {
            let tenant = watch.tenant.clone();
            let log = &logs[&tenant];
            watched(&tenant, &watch.finish(log.len() as i64, PATIENCE).await, log, &mut faults);
        }
    }
    let told: Vec<&String> = faults.iter().take(20).collect();
    assert!(faults.is_empty(), "{} faults, the first of them: {told:#?}", faults.len());
}

async fn log(tenant: &Tenant, server: &Server) -> Vec<pb::Activity> {
    let mut client = ActivityServiceClient::new(server.endpoint().connect_lazy());
    let mut log = Vec::new();
    let mut page_token = String::new();
    loop {
        let view = pb::ActivityView::Full.into();
        let request = pb::ListActivitiesRequest { page_size: PAGE, page_token, view, ..Default::default() };
        let page = client.list_activities(tenant.request(request)).await.expect("the log can be read").into_inner();
        log.extend(page.activities);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return log;
        }
    }
}

async fn tickets(tenant: &Tenant, server: &Server) -> Vec<pb::Ticket> {
    let mut client = TicketServiceClient::new(server.endpoint().connect_lazy());
    let mut tickets = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListTicketsRequest { page_size: PAGE, page_token, show_deleted: true, ..Default::default() };
        let page = client.list_tickets(tenant.request(request)).await.expect("tickets can be read").into_inner();
        tickets.extend(page.tickets.into_iter().map(|bytes| pb::Ticket::decode(bytes).expect("a ticket")));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return tickets;
        }
    }
}

fn dense(tenant: &Tenant, log: &[pb::Activity], faults: &mut Vec<String>) {
    for (index, activity) in log.iter().enumerate() {
        if activity.position != index as i64 + 1 {
            let name = &tenant.name;
            faults.push(format!("{name}: position {} stands where {} should", activity.position, index + 1));
            return;
        }
    }
}

/// Every acknowledged request has exactly its one effect, where it was said to be; nothing else happened.
fn acknowledged(acks: &[&Ack], log: &[pb::Activity], faults: &mut Vec<String>) {
    let mut by_request: HashMap<&str, Vec<&pb::Activity>> = HashMap::new();
    for activity in log.iter().filter(|activity| !activity.request_id.is_empty()) {
        by_request.entry(&activity.request_id).or_default().push(activity);
    }
    let mut numbers = HashSet::new();
    for ack in acks {
        let made = by_request.remove(ack.request_id.as_str()).unwrap_or_default();
        let own: Vec<&&pb::Activity> = made.iter().filter(|activity| activity.cause.is_none()).collect();
        let [own] = own.as_slice() else {
            let what = if own.is_empty() { "acknowledged write lost" } else { "write done more than once" };
            faults.push(format!("{what}: {ack:?}"));
            continue;
        };
        let last = made.iter().map(|activity| activity.position).max();
        if own.r#type != ack.activity || own.ticket_id != ack.ticket_id || last != Some(ack.position) {
            let found = (&own.r#type, &own.ticket_id, last);
            faults.push(format!("acknowledged write lost: {ack:?}, the log has {found:?}"));
        }
        let number = own.ticket.as_ref().map(|ticket| ticket.number);
        if number != Some(ack.number) || (ack.activity == "ticket.created" && !numbers.insert(ack.number)) {
            faults.push(format!("number given twice or changed: {ack:?}, the log has {number:?}"));
        }
    }
    faults.extend(by_request.keys().map(|request_id| format!("nobody was told of the effect of {request_id}")));
}

async fn requests(sql: &Client, tenant: &Tenant, acks: usize, faults: &mut Vec<String>) {
    let query = "SELECT count(*) FROM request WHERE tenant_id = $1";
    let rows: i64 = sql.query_one(query, &[&tenant.name]).await.expect("requests can be counted").get(0);
    if rows != acks as i64 {
        faults.push(format!("{}: {rows} stored requests for {acks} acknowledged ones", tenant.name));
    }
}

/// Each ticket is what the last activity about it says. The description is not in the image.
fn folds(tenant: &Tenant, log: &[pb::Activity], tickets: &[pb::Ticket], faults: &mut Vec<String>) {
    let mut images: HashMap<&str, &pb::Activity> = HashMap::new();
    for activity in log.iter().filter(|activity| !activity.ticket_id.is_empty()) {
        images.insert(&activity.ticket_id, activity);
    }
    for ticket in tickets {
        let told = images.remove(ticket.id.as_str()).and_then(|activity| activity.ticket.as_ref());
        let row = pb::Ticket { description: String::new(), ..ticket.clone() };
        if told != Some(&row) {
            faults.push(format!("{}: a ticket is {row:?}, the log says {told:?}", tenant.name));
        }
    }
    faults.extend(images.keys().map(|id| format!("{}: {id} is in the log only", tenant.name)));
}

/// The sums that servers folded while they were killed are those of the tickets.
async fn counts(tenant: &Tenant, server: &Server, tickets: &[pb::Ticket], faults: &mut Vec<String>) {
    let mut client = TicketServiceClient::new(server.endpoint().connect_lazy());
    let stats = client.get_ticket_stats(tenant.request(pb::GetTicketStatsRequest::default())).await;
    let stats = stats.expect("tickets can be counted").into_inner();
    let mut counted: BTreeMap<String, i64> = stats.by_status.keys().map(|status| (status.clone(), 0)).collect();
    for ticket in tickets.iter().filter(|ticket| ticket.deleted_at.is_none()) {
        let word = ticket.status().as_str_name().trim_start_matches("TICKET_STATUS_");
        *counted.entry(word.to_owned()).or_default() += 1;
    }
    if stats.by_status != counted {
        faults.push(format!("{}: {:?} tickets are told, {counted:?} are there", tenant.name, stats.by_status));
    }
}

fn watched(tenant: &str, seen: &[Seen], log: &[pb::Activity], faults: &mut Vec<String>) {
    for (seen, activity) in seen.iter().zip(log) {
        let pb::Activity { r#type, request_id, ticket_id, .. } = activity;
        if (&seen.kind, &seen.request_id, &seen.ticket_id) != (r#type, request_id, ticket_id) {
            faults.push(format!(
                "{tenant}: a subscriber saw {seen:?} at {}, the log has {}",
                activity.position, activity.r#type
            ));
        }
    }
    if seen.len() != log.len() {
        faults.push(format!("{tenant}: a subscriber saw {} of {} activities", seen.len(), log.len()));
    }
}
