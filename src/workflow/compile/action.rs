//! Checked actions, and the effects that they evaluate to.

use serde_json::Value as Json;

use crate::model::lifecycle::Verb;
use crate::model::words::{IssueType, Priority, Status, TicketType, Visibility};
use crate::workflow::cel;
use crate::workflow::cel::ast::Expr;
use crate::workflow::effect::{Assign, AssignTo, CreateIssue, Effect, Promise, Said, SetFields, Strategy, WhenNone};
use crate::workflow::facts::Facts;
use crate::workflow::schema::{self, Enumeration};
use crate::workflow::template::Template;

#[derive(Clone, Debug)]
pub struct Action {
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) conditions: Vec<Expr>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Set(Vec<(String, Template)>),
    Tag { add: Vec<Template>, remove: Vec<Template> },
    Assign { to: To, when_none: Option<Template> },
    Transition { verb: Verb, reason: Template },
    Message { body: Template, visibility: Template },
    Canned { name: Template, visibility: Template, line: u32, column: u32 },
    CreateIssue(Box<Issue>),
    CreateTask { subject: Template, assignee: Template, contact: Template },
    Sla { policy: Template, line: u32, column: u32 },
    Deny { message: Template },
}

#[derive(Clone, Debug)]
pub(super) enum To {
    Agent(Template),
    Strategy { strategy: Strategy, team: Template, only_online: bool, max_open: Option<i64> },
}

#[derive(Clone, Debug)]
pub(super) struct Issue {
    pub(super) title: Template,
    pub(super) description: Template,
    pub(super) kind: Template,
    pub(super) priority: Template,
    pub(super) reporter: Template,
    pub(super) project: Template,
    pub(super) once: bool,
}

/// Something that a tenant has, and others may lack, as a rule names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    pub kind: NamedKind,
    /// Its name or its id.
    pub name: &'a str,
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedKind {
    CannedResponse,
    SlaPolicy,
}

impl Action {
    /// `do[0] (assign)`, or its id.
    pub fn label(&self, index: usize) -> String {
        if self.id.is_empty() { format!("do[{index}] ({})", self.name) } else { format!("{} ({})", self.id, self.name) }
    }

    /// What of a tenant's it names in so many words.
    pub fn named(&self) -> Option<Named<'_>> {
        let (kind, template, line, column) = match &self.kind {
            Kind::Canned { name, line, column, .. } => (NamedKind::CannedResponse, name, *line, *column),
            Kind::Sla { policy, line, column } => (NamedKind::SlaPolicy, policy, *line, *column),
            _ => return None,
        };
        match template {
            Template::Fixed(Json::String(name)) if !name.is_empty() => Some(Named { kind, name, line, column }),
            _ => None,
        }
    }

    pub fn tags(&self) -> bool {
        matches!(self.kind, Kind::Tag { .. })
    }

    /// Whether it leaves the choice of an agent to a strategy.
    pub fn chooses(&self) -> bool {
        matches!(self.kind, Kind::Assign { to: To::Strategy { .. }, .. })
    }

    /// Every expression in it.
    pub fn exprs(&self) -> Vec<&Expr> {
        let templates: Vec<&Template> = match &self.kind {
            Kind::Set(fields) => fields.iter().map(|(_, template)| template).collect(),
            Kind::Tag { add, remove } => add.iter().chain(remove).collect(),
            Kind::Assign { to: To::Agent(to), when_none } => when_none.iter().chain([to]).collect(),
            Kind::Assign { to: To::Strategy { team, .. }, when_none } => when_none.iter().chain([team]).collect(),
            Kind::Transition { reason, .. } => vec![reason],
            Kind::Message { body: said, visibility } | Kind::Canned { name: said, visibility, .. } => {
                vec![said, visibility]
            }
            Kind::CreateIssue(i) => {
                vec![&i.title, &i.description, &i.kind, &i.priority, &i.reporter, &i.project]
            }
            Kind::CreateTask { subject, assignee, contact } => vec![subject, assignee, contact],
            Kind::Sla { policy, .. } => vec![policy],
            Kind::Deny { message } => vec![message],
        };
        self.conditions.iter().chain(templates.into_iter().flat_map(Template::exprs)).collect()
    }

    /// `None`: its own `if` does not hold.
    pub fn effect(&self, facts: &Facts<'_>) -> Result<Option<Effect>, String> {
        for condition in &self.conditions {
            if !cel::holds(condition, facts).map_err(|fault| format!("if: {fault}"))? {
                return Ok(None);
            }
        }
        Ok(Some(match &self.kind {
            Kind::Set(fields) => Effect::Set(set_fields(fields, facts)?),
            Kind::Tag { add, remove } => Effect::Tag { add: texts(add, facts)?, remove: texts(remove, facts)? },
            Kind::Assign { to, when_none } => Effect::Assign(assign(to, when_none.as_ref(), facts)?),
            Kind::Transition { verb, reason } => Effect::Transition { verb: *verb, reason: reason.text(facts)? },
            Kind::Message { body, visibility } => Effect::Message {
                said: Said::Body(body.text(facts)?),
                visibility: read(visibility, facts, &schema::VISIBILITY, Visibility::parse)?,
            },
            Kind::Canned { name, visibility, .. } => Effect::Message {
                said: Said::Canned(name.text(facts)?),
                visibility: read(visibility, facts, &schema::VISIBILITY, Visibility::parse)?,
            },
            Kind::CreateIssue(issue) => Effect::CreateIssue(create_issue(issue, facts)?),
            Kind::CreateTask { subject, assignee, contact } => Effect::CreateTask {
                subject: subject.text(facts)?,
                assignee_id: assignee.text(facts)?,
                contact_id: contact.text(facts)?,
            },
            Kind::Sla { policy, .. } => Effect::Sla(Promise::Named(policy.text(facts)?.trim().to_owned())),
            Kind::Deny { message } => Effect::Deny { message: message.text(facts)? },
        }))
    }
}

fn texts(templates: &[Template], facts: &Facts<'_>) -> Result<Vec<String>, String> {
    let mut all: Vec<String> = Vec::new();
    for template in templates {
        for text in template.texts(facts)? {
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    Ok(all)
}

fn read<T>(
    template: &Template,
    facts: &Facts<'_>,
    words: &Enumeration,
    parse: fn(&str) -> Option<T>,
) -> Result<T, String> {
    let text = template.text(facts)?;
    parse(&text).ok_or_else(|| format!("`{text}` is no {}", words.name))
}

fn set_fields(fields: &[(String, Template)], facts: &Facts<'_>) -> Result<SetFields, String> {
    let mut set = SetFields::default();
    for (field, template) in fields {
        match field.as_str() {
            "subject" => set.subject = Some(template.text(facts)?),
            "category" => set.category = Some(template.text(facts)?),
            "priority" => set.priority = Some(read(template, facts, &schema::PRIORITY, Priority::parse)?),
            "status" => set.status = Some(read(template, facts, &schema::STATUS, Status::parse)?),
            "type" => set.kind = Some(read(template, facts, &schema::TICKET_TYPE, TicketType::parse)?),
            custom => {
                let key = custom.strip_prefix("custom.").unwrap_or(custom);
                set.custom.push((key.to_owned(), template.json(facts)?));
            }
        }
    }
    Ok(set)
}

fn assign(to: &To, when_none: Option<&Template>, facts: &Facts<'_>) -> Result<Assign, String> {
    let to = match to {
        To::Agent(id) => AssignTo::Agent(id.text(facts)?),
        To::Strategy { strategy, team, only_online, max_open } => AssignTo::Strategy {
            strategy: *strategy,
            team: team.text(facts)?,
            only_online: *only_online,
            max_open: *max_open,
        },
    };
    let when_none = match when_none {
        None => WhenNone::Leave,
        Some(id) => WhenNone::To(id.text(facts)?),
    };
    Ok(Assign { to, when_none })
}

fn create_issue(issue: &Issue, facts: &Facts<'_>) -> Result<CreateIssue, String> {
    Ok(CreateIssue {
        title: issue.title.text(facts)?,
        description: issue.description.text(facts)?,
        kind: read(&issue.kind, facts, &schema::ISSUE_TYPE, IssueType::parse)?,
        priority: read(&issue.priority, facts, &schema::PRIORITY, Priority::parse)?,
        reporter_id: issue.reporter.text(facts)?,
        project: issue.project.text(facts)?,
        once_per_ticket: issue.once,
    })
}
