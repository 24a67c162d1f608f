//! The tenant of a case: what is given, and the calls that its events stand for.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::suite::{Actor, Event, Fields, Given, object};
use crate::grpc::sandbox::{Sandbox, SandboxError, Who};
use crate::identity::Role;
use crate::model::activity::Activity;
use crate::model::words::RunVerdict;
use crate::workflow::RuleSet;
use crate::workflow::event::{MANUAL, nearest};

/// Tickets that an agent is given at most.
const OPEN: u64 = 1_000;

/// What goes wrong before a rule is at fault.
#[derive(Debug)]
pub enum Trouble {
    /// The server would refuse the call.
    Refused(String),
    /// The case says something that cannot be.
    Wrong(String),
}

impl From<SandboxError> for Trouble {
    fn from(error: SandboxError) -> Trouble {
        match error {
            SandboxError::Refused(refusal) => Trouble::Refused(refusal.to_string()),
            other => Trouble::Wrong(other.to_string()),
        }
    }
}

/// A tenant, and what its events are about.
pub struct Tenant<'a> {
    pub sandbox: Sandbox<'a>,
    pub ticket: Option<Uuid>,
    issue: Option<Uuid>,
    /// Ids of the policies that are given, by their names.
    policies: Fields,
    no_rules: RuleSet,
}

fn operator() -> Who {
    Who { sub: "given".into(), roles: vec![Role::Admin, Role::Agent], app: None }
}

impl<'a> Tenant<'a> {
    pub fn new(sandbox: Sandbox<'a>) -> Tenant<'a> {
        Tenant { sandbox, ticket: None, issue: None, policies: Fields::new(), no_rules: RuleSet::default() }
    }

    /// Without any rule in answer.
    fn quietly(&mut self, method: &str, request: Fields) -> Result<Value, Trouble> {
        Ok(self.sandbox.call(&self.no_rules, &operator(), method, Value::Object(request))?)
    }

    fn each(&mut self, method: &str, all: Vec<Fields>) -> Result<(), Trouble> {
        for one in all {
            self.quietly(method, one)?;
        }
        Ok(())
    }

    pub fn give(&mut self, given: Given) -> Result<(), Trouble> {
        let Given { mut tenant, agents, teams, tags, calendars, policies, .. } = given;
        tenant.remove("id");
        if !tenant.is_empty() {
            self.quietly("UpdateTenant", tenant)?;
        }
        self.each("UpsertOrganization", given.organizations)?;
        self.each("UpsertContact", given.contacts)?;
        self.each("UpsertDeal", given.deals)?;
        self.each("UpsertAsset", given.assets)?;
        self.each("CreateTag", tags)?;
        self.each("CreateCannedResponse", given.canned_responses)?;
        let mut ids = Fields::new();
        for calendar in calendars {
            let made = self.quietly("CreateCalendar", calendar)?;
            let Some(made) = made.get("calendar") else { continue };
            if let Some(name) = made.get("name").and_then(Value::as_str) {
                ids.insert(name.to_owned(), made.get("id").cloned().unwrap_or_default());
            }
        }
        for mut policy in policies {
            if let Some(name) = policy.remove("calendar") {
                let id = name.as_str().and_then(|name| ids.get(name)).cloned();
                let wrong = || Trouble::Wrong(format!("given.policies: no calendar {name} is given"));
                policy.insert("calendar_id".into(), id.ok_or_else(wrong)?);
            }
            let made = self.quietly("CreateSlaPolicy", policy)?;
            let Some(made) = made.get("sla_policy") else { continue };
            if let Some(name) = made.get("name").and_then(Value::as_str) {
                self.policies.insert(name.to_owned(), made.get("id").cloned().unwrap_or_default());
            }
        }
        self.staff(agents, teams)
    }

    /// Agents, then the teams with their members, then what the agents have open.
    fn staff(&mut self, agents: Vec<Fields>, mut teams: Vec<Fields>) -> Result<(), Trouble> {
        let mut open: Vec<(Value, u64)> = Vec::new();
        for mut agent in agents {
            let id = agent.get("id").cloned().unwrap_or_default();
            if let Some(count) = agent.remove("open") {
                let count = count.as_u64().filter(|count| *count <= OPEN);
                let wrong = || Trouble::Wrong(format!("given.agents: `open` of {id} must be a number up to {OPEN}"));
                open.push((id.clone(), count.ok_or_else(wrong)?));
            }
            if let Some(team) = agent.remove("team") {
                let place = teams.iter().position(|other| other.get("id") == Some(&team));
                let place = place.unwrap_or_else(|| {
                    teams.push(Map::from_iter([("id".to_owned(), team)]));
                    teams.len() - 1
                });
                let members = teams[place].entry("member_ids").or_insert_with(|| json!([]));
                if let Value::Array(members) = members {
                    members.push(id);
                }
            }
            self.quietly("UpsertAgent", agent)?;
        }
        self.each("UpsertTeam", teams)?;
        for (agent, count) in open {
            for _ in 0..count {
                let ticket = json!({ "subject": "Given", "assignee_id": agent });
                self.quietly("CreateTicket", object(ticket))?;
            }
        }
        Ok(())
    }

    /// Does what a caller does, under these rules. Before it, the ticket and the issue that it is about are made.
    pub fn event(&mut self, event: &Event, rules: &RuleSet, begin: &mut Option<i64>) -> Result<(), Trouble> {
        let (method, request) = match event.kind.as_str() {
            MANUAL => self.by_hand(event, rules)?,
            _ => self.prepare(event)?,
        };
        begin.get_or_insert_with(|| self.sandbox.activities().last().map_or(0, |activity| activity.position));
        let who = who(&event.actor)?;
        let answer = self.sandbox.call(rules, &who, &method, Value::Object(request))?;
        self.note(&answer);
        Ok(())
    }

    /// The call that runs a rule.
    fn by_hand(&mut self, event: &Event, rules: &RuleSet) -> Result<(String, Fields), Trouble> {
        if let Some(ticket) = event.ticket.clone() {
            self.given_ticket(ticket)?;
        }
        let mut manual = rules.rules().iter().filter(|rule| rule.is_manual()).map(|rule| rule.name.as_str());
        let workflow = match (event.workflow.as_str(), manual.next(), manual.next()) {
            ("", Some(only), None) => only,
            ("", ..) => return Err(Trouble::Wrong("`manual`: name the rule that is run with `workflow`".into())),
            (named, ..) => named,
        };
        let ticket = self.ticket.map(shown_ticket);
        let ticket = ticket.ok_or_else(|| Trouble::Wrong("`manual` needs a ticket: give one".into()))?;
        let request = json!({ "workflow": workflow, "ticket_id": ticket });
        Ok(("RunWorkflow".into(), object(request)))
    }

    /// The call, and its request.
    fn prepare(&mut self, event: &Event) -> Result<(String, Fields), Trouble> {
        if event.kind.is_empty() == event.call.is_empty() {
            return Err(Trouble::Wrong("an event has `type` or `call`, and not both".into()));
        }
        let makes_it = matches!(event.kind.as_str(), "ticket.created" | "ticket.creating");
        let mut ticket = event.ticket.clone().unwrap_or_default();
        if let Some(policy) = ticket.get_mut("sla_policy_id")
            && let Some(id) = policy.as_str().and_then(|name| self.policies.get(name))
        {
            *policy = id.clone();
        }
        if makes_it {
            return Ok(("CreateTicket".into(), ticket));
        }
        if event.ticket.is_some() {
            self.given_ticket(ticket)?;
        }
        if !event.call.is_empty() {
            let request = self.filled_in(Value::Object(event.request.clone()));
            return Ok((event.call.clone(), object(request)));
        }
        if matches!(event.kind.as_str(), "issue.updated" | "issue.resolved" | "issue.reopened") && self.issue.is_none()
        {
            let issue = self.new_issue(event);
            let made = self.quietly("CreateIssue", issue)?;
            self.note(&made);
        }
        if event.kind == "issue.reopened" {
            let id = self.filled_in(json!({ "id": "$issue" }));
            self.quietly("ResolveIssue", object(id))?;
        }
        self.call_of(event)
    }

    fn new_issue(&self, event: &Event) -> Fields {
        let mut issue = event.issue.clone();
        issue.entry("title").or_insert_with(|| json!("An issue"));
        if let Some(ticket) = self.ticket {
            issue.entry("ticket_ids").or_insert_with(|| json!([shown_ticket(ticket)]));
        }
        issue
    }

    /// The call that an event of this type comes from.
    fn call_of(&self, event: &Event) -> Result<(String, Fields), Trouble> {
        let (resource, what) = event.kind.split_once('.').unwrap_or((&event.kind, ""));
        let upsert = |name: &str| Ok((format!("Upsert{name}"), event.entry.clone()));
        let method = match (resource, what) {
            ("organization", "changed") => return upsert("Organization"),
            ("contact", "changed") => return upsert("Contact"),
            ("team", "changed") => return upsert("Team"),
            ("agent", "changed") => return upsert("Agent"),
            ("deal", "changed") => return upsert("Deal"),
            ("asset", "changed") => return upsert("Asset"),
            ("issue", "created") => return Ok(("CreateIssue".into(), self.new_issue(event))),
            ("issue", "updated") => "UpdateIssue",
            ("issue", "resolved") => "ResolveIssue",
            ("issue", "reopened") => "ReopenIssue",
            ("ticket", "updated" | "updating" | "status_changed" | "priority_changed" | "category_changed") => {
                "UpdateTicket"
            }
            ("ticket", "assigned" | "assigning") => "AssignTicket",
            ("ticket", "starting") => "StartTicket",
            ("ticket", "holding") => "HoldTicket",
            ("ticket", "resolved" | "resolving") => "ResolveTicket",
            ("ticket", "escalated" | "escalating") => "EscalateTicket",
            ("ticket", "closed" | "closing") => "CloseTicket",
            ("ticket", "reopened" | "reopening") => "ReopenTicket",
            ("ticket", "deleted" | "deleting") => "DeleteTicket",
            ("ticket", "restored") => "UndeleteTicket",
            ("ticket", "rated") => "RateTicket",
            ("ticket", "tag_added" | "tag_removed") => "TagTicket",
            ("ticket", "message_added" | "note_added" | "mentioned" | "messaging") => "PostMessage",
            _ => {
                let hint = match nearest(&event.kind).filter(|near| *near != event.kind) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name the RPC with `call`, or let time pass with `steps` and `advance`".to_owned(),
                };
                return Err(Trouble::Wrong(format!("no call makes `{}` by itself: {hint}", event.kind)));
            }
        };
        let about = if resource == "issue" { self.issue.map(shown_issue) } else { self.ticket.map(shown_ticket) };
        let about = about.ok_or_else(|| Trouble::Wrong(format!("`{}` needs a {resource}: give one", event.kind)))?;
        Ok((method.to_owned(), request_of(event, what, method, about)))
    }

    /// Makes the ticket that an event is about, as it is before.
    fn given_ticket(&mut self, mut ticket: Fields) -> Result<(), Trouble> {
        let status = ticket.remove("status").unwrap_or_default();
        ticket.entry("subject").or_insert_with(|| json!("A ticket"));
        let made = self.quietly("CreateTicket", ticket)?;
        self.note(&made);
        let status = status.as_str().unwrap_or_default().to_uppercase();
        let on_the_way: &[&str] = match status.as_str() {
            "" | "OPEN" => &[],
            "RESOLVED" => &["ResolveTicket"],
            "CLOSED" => &["ResolveTicket", "CloseTicket"],
            "REOPENED" => &["ResolveTicket", "ReopenTicket"],
            _ => &["UpdateTicket"],
        };
        for method in on_the_way {
            let mut request = json!({ "id": "$ticket" });
            if *method == "UpdateTicket" {
                request["status"] = json!(status);
            }
            let request = self.filled_in(request);
            self.quietly(method, object(request))?;
        }
        Ok(())
    }

    /// `$ticket` and `$issue` are the ids of those that the case is about.
    fn filled_in(&self, value: Value) -> Value {
        match value {
            Value::String(text) if text == "$ticket" => self.ticket.map_or(Value::Null, |id| shown_ticket(id).into()),
            Value::String(text) if text == "$issue" => self.issue.map_or(Value::Null, |id| shown_issue(id).into()),
            Value::Array(items) => items.into_iter().map(|item| self.filled_in(item)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(key, value)| (key, self.filled_in(value))).collect::<Map<_, _>>().into()
            }
            other => other,
        }
    }

    /// The first ticket of a case is the one that it is about; of issues, the last.
    fn note(&mut self, answer: &Value) {
        let id = |kind: &str, prefix| crate::model::id::parse(prefix, answer.get(kind)?.get("id")?.as_str()?);
        self.ticket = self.ticket.or_else(|| id("ticket", crate::model::id::TICKET));
        self.issue = id("issue", crate::model::id::ISSUE).or(self.issue);
    }

    /// What a rule came to, the worst first where it was asked several times; `None`: it was not asked.
    pub fn verdict(&self, rules: &RuleSet, name: &str) -> Option<RunVerdict> {
        let place = rules.rules().iter().position(|rule| rule.name == name)?;
        let tallied = self.sandbox.verdicts().iter().filter(|(at, _)| *at == place).map(|(_, verdict)| *verdict);
        // Of a refused call only the runs are left.
        let runs = self.sandbox.runs().iter().filter(|run| run.workflow == name).map(|run| run.verdict);
        let seen: Vec<RunVerdict> = tallied.chain(runs).collect();
        use RunVerdict::{Error, Failed, Matched, Shadow, Suppressed};
        let worst = [Failed, Error, Suppressed, Matched, Shadow];
        worst.into_iter().find(|verdict| seen.contains(verdict)).or_else(|| seen.first().copied())
    }

    /// The rules that were asked, and whether their conditions held.
    pub fn asked(&self, rules: &RuleSet) -> Vec<(String, bool)> {
        let tallied = self.sandbox.verdicts().iter().filter_map(|(at, verdict)| {
            let rule = rules.rules().get(*at)?;
            match verdict {
                RunVerdict::Error => None,
                verdict => Some((rule.name.clone(), *verdict != RunVerdict::NotMatched)),
            }
        });
        // Of a refused call only the runs are left.
        let held = |verdict| matches!(verdict, RunVerdict::Matched | RunVerdict::Shadow);
        let told = self.sandbox.runs().iter().filter(|run| held(run.verdict));
        tallied.chain(told.map(|run| (run.workflow.clone(), true))).collect()
    }

    /// The activities since the case began.
    pub fn since(&self, begin: i64) -> impl Iterator<Item = &Activity> {
        self.sandbox.activities().iter().filter(move |activity| activity.position > begin)
    }
}

/// What the event says of it, as the request of its call has it.
fn request_of(event: &Event, what: &str, method: &str, about: String) -> Fields {
    let mut request = event.request.clone();
    let key = if method == "PostMessage" { "ticket_id" } else { "id" };
    request.insert(key.into(), about.into());
    request.extend(event.changes.clone());
    if !event.reason.is_empty() {
        request.insert("reason".into(), json!(event.reason));
    }
    match method {
        "TagTicket" => {
            let way = if what == "tag_removed" { "remove" } else { "add" };
            request.insert(way.into(), json!(event.tags));
        }
        "PostMessage" => {
            let mut message = event.message.clone();
            message.entry("body").or_insert_with(|| json!("A message"));
            if what == "note_added" {
                message.entry("visibility").or_insert_with(|| json!("INTERNAL"));
            }
            request.insert("message".into(), Value::Object(message));
        }
        "UpdateIssue" => request.extend(event.issue.clone()),
        _ => {}
    }
    request
}

fn who(actor: &Actor) -> Result<Who, Trouble> {
    let role = |word: &String| word.parse::<Role>().map_err(|why| Trouble::Wrong(format!("actor.roles: {why}")));
    let roles = actor.roles.iter().map(role).collect::<Result<_, _>>()?;
    Ok(Who { sub: actor.id.clone(), roles, app: actor.app.clone() })
}

fn shown_ticket(id: Uuid) -> String {
    crate::model::id::show(crate::model::id::TICKET, id)
}

fn shown_issue(id: Uuid) -> String {
    crate::model::id::show(crate::model::id::ISSUE, id)
}
