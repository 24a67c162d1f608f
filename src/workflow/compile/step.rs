//! The steps of `do`, checked.

use serde_json::Value as Json;

use super::Place;
use super::action::{Action, Issue, Kind, To};
use crate::model::lifecycle::Verb;
use crate::workflow::diagnostic::suggest;
use crate::workflow::effect::Strategy;
use crate::workflow::grammar::{RawAction, RawAssign, RawIssue, RawMessage, RawTransition, RawWhenNone, Strings};
use crate::workflow::schema;
use crate::workflow::template::{Template, Want};

/// What `set` can set; `custom.x` beside these.
const SETTABLE: &[&str] = &["subject", "priority", "status", "category", "type"];
const STRATEGIES: &[&str] = &["round_robin", "least_open"];

/// Checks one step of `do`. `None`: findings were noted.
pub fn compile(raw: RawAction, before: bool, place: &mut Place<'_>) -> Option<Action> {
    let named: Vec<&'static str> = [
        ("set", raw.set.is_some()),
        ("tag", raw.tag.is_some()),
        ("assign", raw.assign.is_some()),
        ("transition", raw.transition.is_some()),
        ("message", raw.message.is_some()),
        ("create_issue", raw.create_issue.is_some()),
        ("create_task", raw.create_task.is_some()),
        ("sla", raw.sla.is_some()),
        ("deny", raw.deny.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, there)| there.then_some(name))
    .collect();
    let [name] = named.as_slice() else {
        let message = match named.len() {
            0 => "this step does nothing".to_owned(),
            _ => format!("one action a step, this has {}", named.join(" and ")),
        };
        let hint = format!("one of: {}", crate::workflow::grammar::actions().collect::<Vec<_>>().join(", "));
        place.error(&[], "grammar", message, &hint);
        return None;
    };
    if before && !matches!(*name, "set" | "tag" | "deny") {
        let hint = "before-rules may use set, tag, deny and stop; do this on the event itself";
        place.error(&[name], "before-action", format!("`{name}` cannot run before the command is decided"), hint);
        return None;
    }
    if !before && *name == "deny" {
        let hint = "deny belongs to ticket.creating, updating, escalating and the other before-events";
        place.error(&["deny"], "before-action", "what has happened cannot be denied".into(), hint);
        return None;
    }
    let conditions = place.conditions(&["if"], &raw.conditions);
    let kind = kind(raw, place);
    Some(Action { id: kind.1, name, conditions: conditions?, kind: kind.0? })
}

fn kind(raw: RawAction, place: &mut Place<'_>) -> (Option<Kind>, String) {
    let RawAction { id, conditions: _, set, tag, assign, transition, message, create_issue, create_task, sla, deny } =
        raw;
    let kind = if let Some(pairs) = set {
        set_kind(&pairs.0, place)
    } else if let Some(tag) = tag {
        let add = tags(&tag.add, "add", place);
        let remove = tags(&tag.remove, "remove", place);
        add.zip(remove).map(|(add, remove)| Kind::Tag { add, remove })
    } else if let Some(raw) = assign {
        assign_kind(&raw, place)
    } else if let Some(raw) = transition {
        transition_kind(&raw, place)
    } else if let Some(raw) = message {
        message_kind(&raw, place)
    } else if let Some(raw) = create_issue {
        issue_kind(&raw, place)
    } else if let Some(raw) = create_task {
        let subject = place.template(&["create_task", "subject"], &raw.subject, Want::Text);
        let assignee = place.template(&["create_task", "assignee"], &raw.assignee, Want::Text);
        let contact = place.template(&["create_task", "contact"], &raw.contact, Want::Text);
        subject.zip(assignee).zip(contact).map(|((subject, assignee), contact)| Kind::CreateTask {
            subject,
            assignee,
            contact,
        })
    } else if let Some(raw) = sla {
        let (line, column) = place.at(&["sla", "policy"]);
        place.template(&["sla", "policy"], &raw.policy, Want::Text).map(|policy| Kind::Sla { policy, line, column })
    } else {
        let message = deny.map(|deny| deny.message).unwrap_or_default();
        if message.trim().is_empty() {
            place.error(
                &["deny", "message"],
                "grammar",
                "a denial must say why".into(),
                "write what the caller should do",
            );
            return (None, id);
        }
        place.template(&["deny", "message"], &message, Want::Text).map(|message| Kind::Deny { message })
    };
    (kind, id)
}

fn set_kind(pairs: &[(String, Json)], place: &mut Place<'_>) -> Option<Kind> {
    if pairs.is_empty() {
        place.error(
            &["set"],
            "grammar",
            "set needs a field".into(),
            &format!("one of: {}, custom.x", SETTABLE.join(", ")),
        );
        return None;
    }
    let mut fields = Vec::new();
    for (field, value) in pairs {
        let path = ["set", field.as_str()];
        let want = match field.as_str() {
            "subject" | "category" => Want::Text,
            "priority" => Want::Word(&schema::PRIORITY),
            "status" => Want::Word(&schema::STATUS),
            "type" => Want::Word(&schema::TICKET_TYPE),
            custom if custom.strip_prefix("custom.").is_some_and(|key| !key.is_empty()) => Want::Json,
            other => {
                let hint = suggest(other, SETTABLE.iter().copied().chain(["custom.x"]));
                place.error_at_key(&path, "unknown-field", format!("`{other}` cannot be set"), &hint);
                continue;
            }
        };
        let template = match (want, value) {
            (_, Json::String(text)) => place.template(&path, text, want),
            (Want::Json, value) => Some(Template::Fixed(value.clone())),
            _ => {
                place.error(&path, "type", format!("`{field}` takes text"), "put it between quotes");
                None
            }
        };
        fields.extend(template.map(|template| (field.clone(), template)));
    }
    (fields.len() == pairs.len()).then_some(Kind::Set(fields))
}

fn tags(raw: &Strings, key: &str, place: &mut Place<'_>) -> Option<Vec<Template>> {
    let templates: Vec<Template> =
        raw.0.iter().enumerate().filter_map(|(index, text)| place.item_template(&["tag", key], index, text)).collect();
    (templates.len() == raw.0.len()).then_some(templates)
}

fn assign_kind(raw: &RawAssign, place: &mut Place<'_>) -> Option<Kind> {
    let to = match (&raw.to, &raw.strategy) {
        (Some(to), None) => {
            let others = [
                ("team", raw.team.is_some()),
                ("only_online", raw.only_online.is_some()),
                ("max_open", raw.max_open.is_some()),
            ];
            if let Some((key, _)) = others.into_iter().find(|(_, there)| *there) {
                place.error_at_key(
                    &["assign", key],
                    "grammar",
                    format!("`{key}` belongs to a strategy, not to `to`"),
                    "remove it",
                );
                return None;
            }
            To::Agent(place.template(&["assign", "to"], to, Want::Text)?)
        }
        (None, Some(strategy)) => {
            let strategy = match strategy.as_str() {
                "round_robin" => Strategy::RoundRobin,
                "least_open" => Strategy::LeastOpen,
                other => {
                    let hint = suggest(other, STRATEGIES.iter().copied());
                    place.error(
                        &["assign", "strategy"],
                        "unknown-word",
                        format!("there is no strategy `{other}`"),
                        &hint,
                    );
                    return None;
                }
            };
            if raw.max_open.is_some_and(|max| max < 1) {
                place.error(
                    &["assign", "max_open"],
                    "grammar",
                    "max_open counts from 1".into(),
                    "leave it out for no limit",
                );
                return None;
            }
            let team = raw.team.as_deref().unwrap_or_default();
            let team = place.template(&["assign", "team"], team, Want::Text)?;
            To::Strategy { strategy, team, only_online: raw.only_online.unwrap_or(false), max_open: raw.max_open }
        }
        _ => {
            place.error(
                &["assign"],
                "grammar",
                "assign takes `to` or `strategy`".into(),
                "to: <agent id>, or strategy: least_open",
            );
            return None;
        }
    };
    let when_none = match &raw.when_none {
        None => None,
        Some(RawWhenNone::Word(word)) if word == "leave" => None,
        Some(RawWhenNone::Word(word)) => {
            let hint = if word == "queue" {
                "this version does not have it yet: leave, or {to: <agent id>}"
            } else {
                "leave, or {to: <agent id>}"
            };
            place.error(&["assign", "when_none"], "unknown-word", format!("`{word}` is no answer to when_none"), hint);
            return None;
        }
        Some(RawWhenNone::To(to)) => Some(place.template(&["assign", "when_none", "to"], to, Want::Text)?),
    };
    Some(Kind::Assign { to, when_none })
}

fn transition_kind(raw: &RawTransition, place: &mut Place<'_>) -> Option<Kind> {
    let verbs = || Verb::ALL.iter().copied().filter(|verb| *verb != Verb::Update);
    let Some(verb) = verbs().find(|verb| verb.word() == raw.verb.to_lowercase()) else {
        let hint = suggest(&raw.verb, verbs().map(Verb::word));
        place.error(&["transition", "verb"], "unknown-word", format!("there is no verb `{}`", raw.verb), &hint);
        return None;
    };
    let reason = place.template(&["transition", "reason"], &raw.reason, Want::Text)?;
    Some(Kind::Transition { verb, reason })
}

fn message_kind(raw: &RawMessage, place: &mut Place<'_>) -> Option<Kind> {
    let visibility = raw.visibility.as_deref().unwrap_or("PUBLIC");
    let visibility = place.template(&["message", "visibility"], visibility, Want::Word(&schema::VISIBILITY));
    match (&raw.body, &raw.canned) {
        (Some(body), None) => {
            let body = place.template(&["message", "body"], body, Want::Text);
            body.zip(visibility).map(|(body, visibility)| Kind::Message { body, visibility })
        }
        (None, Some(name)) => {
            let (line, column) = place.at(&["message", "canned"]);
            let name = place.template(&["message", "canned"], name, Want::Text);
            name.zip(visibility).map(|(name, visibility)| Kind::Canned { name, visibility, line, column })
        }
        _ => {
            let hint = "body: <text>, or canned: <name of a canned response>";
            place.error(&["message"], "grammar", "message takes `body` or `canned`".into(), hint);
            None
        }
    }
}

fn issue_kind(raw: &RawIssue, place: &mut Place<'_>) -> Option<Kind> {
    let once = match raw.once.as_deref() {
        None => false,
        Some("per_ticket") => true,
        Some(other) => {
            let hint = suggest(other, ["per_ticket"]);
            place.error(
                &["create_issue", "once"],
                "unknown-word",
                format!("once is `per_ticket`, not `{other}`"),
                &hint,
            );
            return None;
        }
    };
    let mut template = |key: &str, text: &str, want| place.template(&["create_issue", key], text, want);
    let title = template("title", &raw.title, Want::Text);
    let description = template("description", &raw.description, Want::Text);
    let kind = template("type", raw.kind.as_deref().unwrap_or("TASK"), Want::Word(&schema::ISSUE_TYPE));
    let priority = template("priority", raw.priority.as_deref().unwrap_or("MEDIUM"), Want::Word(&schema::PRIORITY));
    let reporter = template("reporter", &raw.reporter, Want::Text);
    let project = template("project", &raw.project, Want::Text);
    Some(Kind::CreateIssue(Box::new(Issue {
        title: title?,
        description: description?,
        kind: kind?,
        priority: priority?,
        reporter: reporter?,
        project: project?,
        once,
    })))
}
