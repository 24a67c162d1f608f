//! Audience: what a caller sees within its tenant, as a predicate over rows. `store::audience` has the same in SQL.

use std::borrow::Cow;

use super::activity::Activity;
use super::message::Message;
use super::ticket::Ticket;
use super::words::Visibility;
use crate::identity::Caller;

/// The limits of a caller inside its tenant. The default sees all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Audience {
    /// Only rows of this application.
    pub app_id: Option<String>,
    /// Only tickets of this requester, and of them what is public.
    pub requester: Option<String>,
}

impl Audience {
    /// What this caller reads.
    pub fn reading(caller: &Caller) -> Audience {
        Audience::limited(caller, caller.reads_as_requester())
    }

    /// What this caller may write to, where its role allows the write: an auditor who is a requester, too, reads all and writes to
    /// tickets of its own.
    pub fn writing(caller: &Caller) -> Audience {
        Audience::limited(caller, caller.writes_as_requester())
    }

    fn limited(caller: &Caller, requester: bool) -> Audience {
        Audience { app_id: caller.app_id().map(str::to_owned), requester: requester.then(|| caller.sub().to_owned()) }
    }

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
            Some(_) => Cow::Owned(activity.clone().public()),
            None if !self.sees_whole(activity) => Cow::Owned(self.own_part(activity.clone())),
            None => Cow::Borrowed(activity),
        }
    }

    /// Whether an activity that this caller sees holds nothing of another application.
    pub fn sees_whole(&self, activity: &Activity) -> bool {
        self.app_id.is_none() || (self.sees_issue_of(activity) && activity.explanation.is_none())
    }

    /// An activity of the caller's ticket without what it holds of another application: an issue that somebody who sees both linked
    /// to the ticket, and the agents whom an assignment chose among. The activity itself stays: it raised the ticket's version.
    pub fn own_part(&self, activity: Activity) -> Activity {
        if self.sees_whole(&activity) {
            return activity;
        }
        let activity = Activity { explanation: None, ..activity };
        match self.sees_issue_of(&activity) {
            true => activity,
            false => Activity { issue: None, changes: Vec::new(), ..activity },
        }
    }

    fn sees_issue_of(&self, activity: &Activity) -> bool {
        activity.issue.as_ref().is_none_or(|issue| self.sees_app(&issue.app_id))
    }

    /// Issues, the directory and runs are the desk's own: no requester sees them.
    pub fn sees_internal(&self, app_id: &str) -> bool {
        self.requester.is_none() && self.sees_app(app_id)
    }

    /// What an application made, for whoever is not limited to another one.
    pub fn sees_app(&self, app_id: &str) -> bool {
        self.app_id.as_ref().is_none_or(|only| only == app_id)
    }
}
