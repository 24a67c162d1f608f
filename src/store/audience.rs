//! Who may see a row: one predicate, as SQL for lists and over rows for gets and streams.

use std::borrow::Cow;

use crate::model::activity::Activity;
use crate::model::message::Message;
use crate::model::ticket::Ticket;
use crate::model::words::Visibility;

use super::sql::{Bind, Sql, sql};

/// The limits of a caller inside its tenant. The default sees all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Audience {
    /// Only rows of this application.
    pub app_id: Option<String>,
    /// Only tickets of this requester, and of them what is public.
    pub requester: Option<String>,
}

impl Audience {
    /// The whole tenant.
    pub fn sees_everything(&self) -> bool {
        self.app_id.is_none() && self.requester.is_none()
    }

    pub fn sees_ticket(&self, ticket: &Ticket) -> bool {
        self.sees_ticket_of(&ticket.app_id, &ticket.requester_id)
    }

    pub fn sees_ticket_of(&self, app_id: &str, requester_id: &str) -> bool {
        self.sees_app(app_id) && self.requester.as_ref().is_none_or(|sub| sub == requester_id)
    }

    /// A message of a ticket that the caller sees.
    pub fn sees_message(&self, message: &Message) -> bool {
        self.requester.is_none() || message.visibility == Visibility::Public
    }

    pub fn sees_activity(&self, activity: &Activity) -> bool {
        let internal = activity.message.as_ref().is_some_and(|m| m.visibility == Visibility::Internal);
        let public = !internal && activity.kind.is_public(activity.families);
        let theirs = |sub: &String| public && *sub == activity.requester_id;
        self.sees_app(&activity.app_id) && self.requester.as_ref().is_none_or(theirs)
    }

    /// The activity as this caller is shown it, for filters: what is not shown must not be told by them either.
    pub fn shown<'a>(&self, activity: &'a Activity) -> Cow<'a, Activity> {
        match self.requester {
            None => Cow::Borrowed(activity),
            Some(_) => Cow::Owned(activity.clone().public()),
        }
    }

    /// Issues, the directory and runs are the desk's own: no requester sees them.
    pub fn sees_internal(&self, app_id: &str) -> bool {
        self.requester.is_none() && self.sees_app(app_id)
    }

    fn sees_app(&self, app_id: &str) -> bool {
        self.app_id.as_ref().is_none_or(|only| only == app_id)
    }

    pub(super) fn tickets(&self) -> Vec<Sql> {
        let mut all = self.apps();
        all.extend(
            self.requester
                .iter()
                .map(|sub| sql!["requester_id = ", Bind::Text(sub.clone()), " AND requester_id <> ''"]),
        );
        all
    }

    /// Of a ticket that the caller sees: its thread is its app's, whoever wrote in it.
    pub(super) fn messages(&self) -> Vec<Sql> {
        self.requester.iter().map(|_| sql!["visibility = 'PUBLIC'"]).collect()
    }

    pub(super) fn activities(&self) -> Vec<Sql> {
        let mut all = self.apps();
        all.extend(self.requester.iter().map(|sub| sql!["public AND requester_id = ", Bind::Text(sub.clone())]));
        all
    }

    pub(super) fn internal(&self) -> Vec<Sql> {
        let mut all = self.apps();
        all.extend(self.requester.iter().map(|_| sql!["FALSE"]));
        all
    }

    /// Runs carry no application: their ticket's counts.
    pub(super) fn runs(&self) -> Vec<Sql> {
        let of_app = |app: &String| {
            sql![
                "EXISTS (SELECT 1 FROM ticket t WHERE t.tenant_id = run.tenant_id AND t.id = run.ticket_id AND t.app_id = ",
                Bind::Text(app.clone()),
                ")"
            ]
        };
        let mut all: Vec<Sql> = self.app_id.iter().map(of_app).collect();
        all.extend(self.requester.iter().map(|_| sql!["FALSE"]));
        all
    }

    fn apps(&self) -> Vec<Sql> {
        self.app_id.iter().map(|app| sql!["app_id = ", Bind::Text(app.clone())]).collect()
    }
}
