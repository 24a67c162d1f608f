//! `create_task`: a task, recorded as an activity of the ticket.

use serde::Deserialize;

use super::action::Action;
use super::wording::quoted;
use crate::model::activity::Task;
use crate::model::activity_type::ActivityType;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key, required};
use crate::workflow::needs::TASKS;
use crate::workflow::place::Place;
use crate::workflow::template::{Template, Want};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    subject: String,
    #[serde(default)]
    assignee: String,
    #[serde(default)]
    contact: String,
}

pub struct CreateTask {
    subject: Template,
    assignee: Template,
    contact: Template,
}

impl Action for CreateTask {
    const NAME: &'static str = "create_task";
    const KEYS: &'static [Key] = &[
        required("subject", Takes::Text, "What is to be done."),
        key("assignee", Takes::Text, "The id of the agent who is to do it."),
        key("contact", Takes::Text, "The id of the contact whom it is about."),
    ];
    const EXAMPLE: &'static str = "create_task: {subject: \"Call ${ticket.requester_name}\"}";
    const ABOUT: &'static str = "Records a task as an activity of the ticket.";
    type Raw = Raw;
    type Effect = Task;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<CreateTask> {
        let subject = place.template(&["subject"], &raw.subject, Want::Text);
        let assignee = place.template(&["assignee"], &raw.assignee, Want::Text);
        let contact = place.template(&["contact"], &raw.contact, Want::Text);
        place.writes(&[], TASKS, None, &[ActivityType::TaskCreated]);
        Some(CreateTask { subject: subject?, assignee: assignee?, contact: contact? })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Task, String> {
        Ok(Task {
            subject: self.subject.text(facts)?,
            assignee_id: self.assignee.text(facts)?,
            contact_id: self.contact.text(facts)?,
        })
    }

    fn would(task: &Task) -> String {
        format!("create the task {}", quoted(&task.subject))
    }
}
