//! What a case came to: verdicts, effects and the ticket; and how that differs from what the case expects.

use serde_json::{Map, Value, json};

use super::suite::{Case, Expect, Verdicts, object};
use super::tenant::{Tenant, Trouble};
use crate::grpc::rest::fold;
use crate::model::activity::Activity;
use crate::model::activity_type::ActivityType;
use crate::model::id::{self, show as shown_id};
use crate::model::measure::Measure;
use crate::model::words::RunVerdict;
use crate::workflow::{RuleSet, suggest};

/// Something that a rule did: an activity of its making.
pub struct Effect {
    rule: String,
    action: String,
    /// Fields of the ticket that it changed.
    fields: Vec<String>,
    /// What it did, for expectations to name.
    details: Map<String, Value>,
}

impl Effect {
    /// `None`: no rule made it, or it only follows from what one did.
    fn of(activity: &Activity) -> Option<Effect> {
        let cause = activity.cause.as_ref()?;
        let (action, details) = done(activity)?;
        let fields = activity.changes.iter().map(|change| change.field.clone()).collect();
        Some(Effect { rule: cause.workflow.clone(), action, fields, details })
    }

    /// What a rule recorded in a metric.
    fn recorded(measure: &Measure) -> Effect {
        let Measure { workflow, name, value, labels, .. } = measure;
        let labels: Map<String, Value> = labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let details = object(json!({ "name": name, "value": value, "labels": labels }));
        Effect { rule: workflow.clone(), action: "metric".into(), fields: Vec::new(), details }
    }

    fn told(&self) -> String {
        let details: Vec<String> = self.details.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        format!("{} {{{}}}", self.action, details.join(", "))
    }
}

/// The action, and what it did.
fn done(activity: &Activity) -> Option<(String, Map<String, Value>)> {
    use ActivityType as A;
    let changed = || activity.changes.iter().map(|change| (change.field.clone(), change.new_value.clone())).collect();
    let Some(kind) = activity.kind.known() else {
        return Some(("emit".into(), object(json!({ "type": activity.kind.as_str(), "data": activity.data }))));
    };
    let sla_only = || activity.changes.iter().all(|change| change.field == "sla_policy_id");
    let (action, details) = match kind {
        A::TicketUpdated if sla_only() => ("sla", changed()),
        A::TicketUpdated | A::TicketPriorityChanged | A::TicketCategoryChanged => ("set", changed()),
        A::TicketStatusChanged | A::TicketResolved | A::TicketEscalated | A::TicketClosed | A::TicketReopened => {
            ("transition", changed())
        }
        A::TicketAssigned | A::TicketQueued => ("assign", changed()),
        A::TicketTagAdded => ("tag", Map::from_iter([("add".to_owned(), tags(activity, true))])),
        A::TicketTagRemoved => ("tag", Map::from_iter([("remove".to_owned(), tags(activity, false))])),
        A::TicketMessageAdded | A::TicketNoteAdded => {
            let message = activity.message.as_ref()?;
            ("message", object(json!({ "body": message.body, "visibility": message.visibility.word() })))
        }
        A::IssueCreated => {
            let issue = activity.issue.as_ref()?;
            let details = json!({
                "title": issue.title, "description": issue.description, "type": issue.kind.word(),
                "priority": issue.priority.word(), "project": issue.project,
            });
            ("create_issue", object(details))
        }
        A::IssueUpdated => {
            let (issue, ticket) = (activity.issue.as_ref()?, shown_id(id::TICKET, activity.ticket_id?));
            let change = activity.changes.iter().find(|change| change.field == "ticket_ids")?;
            // Each ticket of the issue is told; the last one is the new one.
            change.new_value.as_array()?.last().filter(|last| **last == ticket.as_str())?;
            let details = json!({ "issue": shown_id(id::ISSUE, issue.id), "title": issue.title, "ticket": ticket });
            ("link", object(details))
        }
        A::TaskCreated => {
            let task = activity.task.as_ref()?;
            let details = json!({ "subject": task.subject, "assignee": task.assignee_id, "contact": task.contact_id });
            ("create_task", object(details))
        }
        A::WorkflowDispatched => {
            let mut details = object(activity.data.clone()?);
            let action = details.remove("action")?;
            return Some((action.as_str()?.to_owned(), details));
        }
        // Clocks, mentions, links and what is told of rules follow from what was done.
        _ => return None,
    };
    Some((action.to_owned(), details))
}

/// The tags that were added, or removed.
fn tags(activity: &Activity, added: bool) -> Value {
    let change = activity.changes.iter().find(|change| change.field == "tags");
    let Some(change) = change else { return Value::Null };
    let (more, less) = match added {
        true => (&change.new_value, &change.old_value),
        false => (&change.old_value, &change.new_value),
    };
    let less = less.as_array().map(Vec::as_slice).unwrap_or_default();
    more.as_array().into_iter().flatten().filter(|tag| !less.contains(tag)).cloned().collect()
}

/// Everything that differs, in words.
pub fn differences(
    case: &Case,
    rules: &RuleSet,
    tenant: &Tenant<'_>,
    begin: i64,
    refusal: Option<String>,
) -> Result<Vec<String>, Trouble> {
    let Expect { verdict, ticket, effects, refused } = &case.expect;
    let mut found = Vec::new();
    match (refused, &refusal) {
        (None, Some(refusal)) => found.push(format!("the call is refused: {refusal}")),
        (Some(part), None) => found.push(format!("refused: expected {part:?}, and the call succeeds")),
        (Some(part), Some(refusal)) if !refusal.contains(part) => {
            found.push(format!("refused: expected {part:?}, and it is {refusal:?}"));
        }
        _ => {}
    }
    match verdict {
        None => {}
        Some(Verdicts::Only(word)) => match rules.rules() {
            [rule] => found.extend(of_verdict(&rule.name, word, rules, tenant)),
            several => found.push(format!("verdict: name the rule, of {} that run", several.len())),
        },
        Some(Verdicts::ByRule(words)) => {
            found.extend(words.iter().filter_map(|(rule, word)| of_verdict(rule, word, rules, tenant)));
        }
    }
    if !ticket.is_empty() {
        found.extend(of_ticket(ticket, tenant)?);
    }
    let measures = tenant.sandbox.measures().iter().filter(|measure| measure.position > begin);
    let done = tenant.since(begin).filter_map(Effect::of).chain(measures.map(Effect::recorded)).collect();
    found.extend(of_effects(ticket, effects, done));
    found.extend(failures(case, tenant));
    Ok(found)
}

fn of_verdict(rule: &str, expected: &str, rules: &RuleSet, tenant: &Tenant<'_>) -> Option<String> {
    if rules.rule(rule).is_none() {
        return Some(format!("verdict: no rule `{rule}` runs here"));
    }
    let seen = tenant.verdict(rules, rule);
    let word = seen.map_or("NOT_MATCHED", RunVerdict::word);
    let asked = if seen.is_none() { "; it was not asked" } else { "" };
    (word != expected).then(|| format!("verdict of {rule}: expected {expected}, and it is {word}{asked}"))
}

fn of_ticket(expected: &Map<String, Value>, tenant: &Tenant<'_>) -> Result<Vec<String>, Trouble> {
    let shown = match tenant.ticket {
        Some(id) => tenant.sandbox.ticket(id)?,
        None => None,
    };
    let Some(shown) = shown else { return Ok(vec!["ticket: there is none".into()]) };
    let mut found = Vec::new();
    for (field, expected) in expected {
        let is = match field.strip_prefix("custom.") {
            Some(key) => shown.get("custom").map(|custom| custom.get(key).unwrap_or(&Value::Null)),
            None => shown.get(field),
        };
        match is {
            None if tenant.sandbox.has_ticket_field(field)? => match expected {
                Value::Null => {}
                _ => found.push(format!("ticket.{field}: expected {expected}, and it has none")),
            },
            None => {
                let hint = suggest(field, shown.as_object().into_iter().flat_map(Map::keys).map(String::as_str));
                found.push(format!("ticket: there is no field `{field}`: {hint}"));
            }
            Some(is) if !same(expected, is) => {
                found.push(format!("ticket.{field}: expected {expected}, and it is {is}"));
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

/// Each effect is named once: by a field that it changed, or in the list.
fn of_effects(fields: &Map<String, Value>, expected: &[Value], mut done: Vec<Effect>) -> Vec<String> {
    let mut found = Vec::new();
    for wanted in expected {
        let (action, details) = match wanted {
            Value::String(action) => (action.clone(), Map::new()),
            Value::Object(one) if one.len() == 1 => {
                let (action, details) = one.iter().next().map(|(a, d)| (a.clone(), d.clone())).unwrap_or_default();
                (action, object(details))
            }
            other => {
                found.push(format!("effects: {other} is no action, and no action with what it did"));
                continue;
            }
        };
        let is = |effect: &Effect| {
            effect.action == action
                && details.iter().all(|(key, value)| effect.details.get(key).is_some_and(|is| same(value, is)))
        };
        match done.iter().position(is) {
            Some(at) => drop(done.remove(at)),
            None => {
                let told: Vec<String> = done.iter().filter(|it| it.action == action).map(Effect::told).collect();
                let instead = if told.is_empty() { "none".to_owned() } else { told.join(", ") };
                found.push(format!("effects: expected {wanted}, and there is {instead}"));
            }
        }
    }
    let named = |effect: &Effect| {
        effect.fields.iter().any(|changed| {
            fields.keys().any(|field| field == changed || field.split('.').next() == Some(changed.as_str()))
        })
    };
    let unnamed = done.iter().filter(|effect| !named(effect));
    found.extend(unnamed.map(|effect| format!("no expectation names what {} did: {}", effect.rule, effect.told())));
    found
}

/// Errors and failures that the case does not ask for.
fn failures(case: &Case, tenant: &Tenant<'_>) -> Vec<String> {
    let expected: Vec<&str> = match &case.expect.verdict {
        None => Vec::new(),
        Some(Verdicts::Only(word)) => vec![word],
        Some(Verdicts::ByRule(words)) => words.values().map(String::as_str).collect(),
    };
    let bad = [RunVerdict::Error, RunVerdict::Failed, RunVerdict::Suppressed];
    let runs = tenant.sandbox.runs().iter();
    let unexpected = runs.filter(|run| bad.contains(&run.verdict) && !expected.contains(&run.verdict.word()));
    unexpected.map(|run| format!("{} is {}: {}", run.workflow, run.verdict.word(), run.reason)).collect()
}

/// Whether a value is the expected one: words in any case, lists in any order, nothing as an empty text, numbers as texts.
fn same(expected: &Value, is: &Value) -> bool {
    match (expected, is) {
        (Value::Array(all), Value::Array(others)) => {
            all.len() == others.len() && all.iter().all(|one| others.iter().any(|other| same(one, other)))
        }
        (Value::String(a), Value::String(b)) => a == b || (fold(a) == fold(b) && b.chars().all(is_word)),
        (Value::Number(a), Value::String(b)) => a.to_string() == *b,
        (Value::Null, Value::String(text)) => text.is_empty(),
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => expected == is,
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_uppercase() || c == '_'
}
