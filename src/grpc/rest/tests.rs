//! Transcoding as clients of other systems would use it.

use prost::Message;
use serde_json::{Value, json};

use super::alias::{self, ALIASES, Meaning};
use super::{HttpRequest, Routes, Schema, filter, fold, read, write};

fn schema() -> Schema {
    Schema::new().expect("descriptors")
}

/// The RPC and its request as JSON without what is empty.
fn asked(verb: &str, path: &str, query: &[(&str, &str)], body: Option<Value>) -> Result<(String, Value), String> {
    let query = query.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let routes = Routes::new(&schema());
    let (method, request) = routes
        .request(HttpRequest { verb: verb.to_owned(), path: path.to_owned(), query, body })
        .map_err(|error| error.to_string())?;
    let request = serde_json::to_value(&request).map_err(|error| error.to_string())?;
    Ok((method.name().to_owned(), request))
}

#[test]
fn what_the_source_documents_post_is_understood() {
    let public = json!({"content": "We shipped a fix", "isInternalNote": false});
    let (method, request) = asked("POST", "/api/v1/tickets/TKT-0042/messages", &[], Some(public)).expect("a message");
    assert_eq!(method, "PostMessage");
    let message = json!({"body": "We shipped a fix", "visibility": "VISIBILITY_PUBLIC"});
    assert_eq!(request, json!({"ticketId": "TKT-0042", "message": message}));
    let note = json!({"content": "@bob look", "isInternalNote": true});
    let (_, request) = asked("post", "api/v1/tickets/1/messages/", &[], Some(note)).expect("a note");
    assert_eq!(request["message"]["visibility"], "VISIBILITY_INTERNAL");

    let body = json!({"title": "Login", "priority": "High", "channel": "API", "submitted_by_id": "eve", "tags": "a, b",
        "organization": "acme"});
    let (method, request) = asked("POST", "/api/v1/helpdesk/tickets", &[], Some(body)).expect("a ticket");
    assert_eq!(method, "CreateTicket");
    let ticket = json!({"subject": "Login", "priority": "PRIORITY_HIGH", "channel": "CHANNEL_API", "tags": ["a", "b"],
        "requesterId": "eve", "organizationId": "acme"});
    assert_eq!(request, json!({"ticket": ticket}));
    let body = json!({"subject": "x", "source": "web"});
    let (_, request) = asked("POST", "/api/v1/tickets", &[], Some(body)).expect("a ticket");
    assert_eq!(request["ticket"], json!({"subject": "x", "channel": "CHANNEL_WEB"}));
}

#[test]
fn a_patch_changes_what_it_writes() {
    let body = json!({"status": "resolved", "assigneeId": "alice", "id": "42", "etag": "7", "number": 5,
        "custom": {"region": "eu", "floor": 3}});
    let (method, request) = asked("PATCH", "/api/v1/tickets/42", &[], Some(body.clone())).expect("an update");
    assert_eq!((method.as_str(), &request["ticket"]["id"]), ("UpdateTicket", &json!("42")));
    assert_eq!(request["updateMask"], "assigneeId,custom.floor,custom.region,status");
    let query = [("update_mask", "title,assignedToId"), ("validate_only", "true")];
    let (_, request) = asked("PATCH", "/api/v1/tickets/42", &query, Some(body)).expect("an update");
    assert_eq!((&request["updateMask"], &request["validateOnly"]), (&json!("subject,assigneeId"), &json!(true)));
}

#[test]
fn paths_find_the_most_literal_rpc() {
    for (verb, path, rpc) in [
        ("GET", "/api/v1/tickets", "ListTickets"),
        ("GET", "/api/v1/tickets/42", "GetTicket"),
        ("GET", "/api/v1/tickets:batchGet?ids=1&ids=2", "BatchGetTickets"),
        ("GET", "/api/v1/tickets/42/activities", "ListActivities"),
        ("GET", "/api/v1/activities", "ListActivities"),
        ("GET", "/api/v1/tickets/stats?window=7d&status=open", "GetTicketStats"),
        ("GET", "/api/v1/tickets:search?query=paper+jam&tag=vip", "SearchTickets"),
        ("POST", "/api/v1/tickets/42:undelete", "UndeleteTicket"),
        ("DELETE", "/api/v1/tickets/42", "DeleteTicket"),
        ("GET", "/api/v1/organizations/a%2Fb:c", "GetOrganization"),
    ] {
        let (method, request) = asked(verb, path, &[], None).expect(path);
        assert_eq!(method, rpc, "{path}: {request}");
    }
    let (_, request) = asked("GET", "/api/v1/organizations/a%2Fb:c", &[], None).expect("an organization");
    assert_eq!(request["id"], "a/b:c");
    let (_, request) = asked("GET", "/api/v1/tickets:batchGet?ids=1&ids=2", &[], None).expect("two tickets");
    assert_eq!(request["ids"], json!(["1", "2"]));
    let (_, request) = asked("GET", "/api/v1/tickets/stats?window=7d&status=open", &[], None).expect("figures");
    assert_eq!((&request["window"], &request["filter"]), (&json!("604800s"), &json!("ticket.status == 'OPEN'")));
    let edited = Some(json!({"content": "better"}));
    let (_, request) = asked("PATCH", "/api/v1/tickets/42/messages/msg_1", &[], edited).expect("an edit");
    let message = json!({"id": "msg_1", "body": "better"});
    assert_eq!(request, json!({"ticketId": "42", "message": message, "updateMask": "body"}));
}

#[test]
fn a_query_narrows_a_list() {
    let query = [("priority", "URGENT"), ("tag", "vip"), ("status", "pending"), ("page_size", "5")];
    let (_, request) = asked("GET", "/api/v1/tickets?status=Open&assigneeId=o'hara", &query, None).expect("a list");
    assert_eq!(
        request["filter"],
        "ticket.priority == 'URGENT' && 'vip' in ticket.tags && ticket.status in ['PENDING', 'OPEN'] && \
         ticket.assignee_id == 'o\\'hara'"
    );
    assert_eq!(request["pageSize"], 5);
    let query = [("filter", "ticket.number > 3 || true"), ("status", "open")];
    let (_, request) = asked("GET", "/api/v1/tickets", &query, None).expect("a list");
    assert_eq!(request["filter"], "(ticket.number > 3 || true) && ticket.status == 'OPEN'");
}

#[test]
fn a_list_of_words_has_commas_or_is_repeated() {
    for path in [
        "/api/v1/tickets?status=open,pending",
        "/api/v1/tickets?status=open&status=pending",
        "/api/v1/tickets?status=open,%20pending,",
    ] {
        let (_, request) = asked("GET", path, &[], None).expect(path);
        assert_eq!(request["filter"], "ticket.status in ['OPEN', 'PENDING']", "{path}");
    }
    let (_, request) = asked("GET", "/api/v1/tickets?tag=vip,eu&tag=web", &[], None).expect("a list");
    assert_eq!(request["filter"], "('vip' in ticket.tags || 'eu' in ticket.tags || 'web' in ticket.tags)");
    let (_, request) = asked("GET", "/api/v1/tickets?subject=a,b", &[], None).expect("a list");
    assert_eq!(request["filter"], "ticket.subject == 'a,b'", "a text may have commas");
    let (_, request) = asked("GET", "/api/v1/tickets?include=sla,requester&include=team", &[], None).expect("a list");
    assert_eq!(request["include"], json!(["sla", "requester", "team"]));
    let refused = asked("GET", "/api/v1/tickets?status=,", &[], None).expect_err("no word");
    assert!(refused.contains("OPEN, PENDING"), "{refused}");
}

#[test]
fn a_body_names_no_other_resource_than_the_path() {
    for (verb, path, body) in [
        ("PATCH", "/api/v1/tickets/1", json!({"id": "2", "subject": "x"})),
        ("PATCH", "/api/v1/tickets/1", json!({"id": 2, "subject": "x"})),
        ("PATCH", "/api/v1/tickets/1", json!({"ID": "tkt_01JD8Q7Z2M5V9T3K4N6P8R1W0X", "number": "2", "subject": "x"})),
        ("POST", "/api/v1/tickets/1/close", json!({"id": "2"})),
        ("POST", "/api/v1/tickets/1/messages", json!({"ticketId": "2", "body": "x"})),
        ("PUT", "/api/v1/agents/ann", json!({"id": "bob", "name": "Bob"})),
        ("PATCH", "/api/v1/ticket-tags/vip", json!({"id": "spam", "color": "#000000"})),
        ("PATCH", "/api/v1/tickets/1/messages/msg_1", json!({"id": "msg_2", "body": "x"})),
        ("DELETE", "/api/v1/tickets/1?id=2", Value::Null),
    ] {
        let refused = asked(verb, path, &[], Some(body).filter(|body| !body.is_null())).expect_err(path);
        assert!(refused.contains("and the path names"), "{verb} {path}: {refused}");
    }
    for (verb, path, body) in [
        ("PATCH", "/api/v1/tickets/1", json!({"id": "TKT-0001", "subject": "x"})),
        ("PATCH", "/api/v1/tickets/TKT-0001", json!({"id": "#1", "subject": "x"})),
        ("PATCH", "/api/v1/tickets/1", json!({"id": "", "subject": "x"})),
        // As it was read.
        ("PATCH", "/api/v1/tickets/1", json!({"id": "tkt_01JD8Q7Z2M5V9T3K4N6P8R1W0X", "number": "1", "subject": "x"})),
        ("PUT", "/api/v1/agents/ann", json!({"Id": "ann", "name": "Ann"})),
    ] {
        asked(verb, path, &[], Some(body)).expect(path);
    }
}

#[test]
fn mistakes_say_what_there_is() {
    for (verb, path, body, words) in [
        ("GET", "/api/v1/tickest", None, "/api/v1/tickets"),
        ("PUT", "/api/v1/tickets/42", None, "GET, PATCH, DELETE"),
        ("GET", "/api/v1/tickets/{id}", None, "{id} stands for a value"),
        ("GET", "/api/v1/tickets/42", Some(json!({})), "takes no body"),
        ("GET", "/api/v1/tickets?prioritty=high", None, "prioritty"),
        ("GET", "/api/v1/tickets?status=opne", None, "OPEN, PENDING"),
        ("GET", "/api/v1/activities:stream", None, "docket tail"),
        ("POST", "/api/v1/tickets", Some(json!({"subject": "x", "prioritty": "high"})), "prioritty"),
        ("POST", "/api/v1/tickets", Some(json!({"subject": "x", "title": "y"})), "twice, and differently"),
        ("POST", "/api/v1/tickets", Some(json!({"subject": "x", "status": "done"})), "OPEN, PENDING, IN_PROGRESS"),
        ("POST", "/api/v1/tickets", Some(json!({"ticket": 7})), "ticket"),
        ("POST", "/api/v1/tickets", Some(json!([])), "JSON object"),
        ("PATCH", "/api/v1/tickets/1?update_mask=", Some(json!([])), "ticket"),
    ] {
        let refused = asked(verb, path, &[], body).expect_err(path);
        assert!(refused.contains(words), "{verb} {path}: {refused}");
    }
}

#[test]
fn a_policy_takes_both_spellings_of_minutes_and_warnings_as_people_write_them() {
    let body = json!({"name": "gold", "first_response_mins": 30, "resolutionMinutes": 240, "warn_at": "80%, 1h"});
    let (_, request) = asked("POST", "/api/v1/sla-policies", &[], Some(body)).expect("a policy");
    let policy = &request["slaPolicy"];
    assert_eq!((&policy["firstResponseMinutes"], &policy["resolutionMinutes"]), (&json!(30), &json!(240)));
    assert_eq!(policy["warnAt"], json!([{"percent": 80}, {"before": "3600s"}]));
    let twice = |mins: i32| json!({"name": "gold", "resolution_mins": mins, "resolution_minutes": 240});
    let refused = asked("POST", "/api/v1/sla-policies", &[], Some(twice(480))).expect_err("two answers");
    assert!(refused.contains("resolution_minutes is given twice, and differently"), "{refused}");
    asked("POST", "/api/v1/sla-policies", &[], Some(twice(240))).expect("the same twice");
}

#[test]
fn every_rpc_of_the_contract_has_a_path() {
    let schema = schema();
    let routes = format!("{:?}", Routes::new(&schema));
    for method in schema.methods() {
        assert!(routes.contains(method.full_name()), "{} has no google.api.http", method.full_name());
    }
}

#[test]
fn answers_have_bare_words_and_every_field() {
    let schema = schema();
    let ticket = json!({"subject": "x", "status": "OPEN", "custom": {"status": "TICKET_STATUS_OPEN"}});
    let method = schema.method("CreateTicket").expect("CreateTicket");
    let request = read::request(&method.input(), json!({"ticket": ticket})).expect("a request");
    let written = write::json(&request).expect("JSON");
    assert_eq!(written["ticket"]["status"], "OPEN");
    assert_eq!(written["ticket"]["assignee_id"], "");
    assert_eq!(written["ticket"]["number"], "0");
    assert_eq!(written["ticket"]["custom"]["status"], "TICKET_STATUS_OPEN", "a text of the user's stays");
    assert!(written["ticket"].get("resolved_at").is_none());
    let round = read::request(&method.input(), written).expect("reads back");
    // One has its defaults set, the other not: on the wire, and as JSON, they are the same.
    assert_eq!(round.encode_to_vec(), request.encode_to_vec());
}

#[test]
fn a_filter_names_a_message_as_the_rules_do() {
    let schema = schema();
    assert_eq!(filter::root(&schema.message("Organization").expect("a message")), "organization");
}

#[test]
fn every_alias_stands_for_a_field_and_hides_none() {
    let schema = schema();
    for alias in ALIASES {
        let message = schema.message(alias.of).expect(alias.of);
        assert!(message.get_field_by_name(alias.field).is_some(), "{}.{}", alias.of, alias.field);
        let hides = message.fields().any(|field| fold(field.name()) == fold(alias.written));
        assert_eq!(hides, alias.meaning == Meaning::ChannelWord, "{}.{}", alias.of, alias.written);
    }
}

#[test]
fn a_source_is_a_channel_where_it_says_one() {
    assert_eq!(alias::find("Ticket", "source", &Value::from("Email")).map(|alias| alias.field), Some("channel"));
    assert!(alias::find("Ticket", "source", &Value::from("zendesk")).is_none());
    assert!(alias::find("Issue", "source", &Value::from("email")).is_none());
}
