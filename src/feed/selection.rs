//! Selection of activities for one reader: its filter and its audience.

use std::sync::Arc;

use super::shared_activity::SharedActivity;
use crate::model::activity::Activity;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::store;
use crate::store::audience::Audience;
use crate::store::filter::Condition;
use crate::store::read::activity::{Chosen, View};
use crate::store::read::ticket::Snapped;
use crate::workflow::schema::Root;
use crate::workflow::{Filter, Problem, Subject, TooMuch};

#[derive(Clone, Debug, Default)]
pub struct Selection {
    filter: Option<Filter>,
    /// As much of the filter as the columns of the table that it is over can decide.
    condition: Option<Condition>,
    /// When it was asked for: what `now` is for the tickets of a snapshot. For an activity it is the activity's instant.
    began: Instant,
    audience: Audience,
}

/// How the table is asked for the past.
#[derive(Clone, Debug)]
pub struct Past {
    pub view: View,
    /// What the database leaves out by itself; whatever it gives is looked at again.
    pub chosen: Chosen,
}

impl Past {
    /// Whether the database leaves out anything.
    pub fn is_chosen(&self) -> bool {
        self.chosen.condition.is_some() || self.chosen.audience != Audience::default()
    }
}

impl Selection {
    /// `filter` is CEL over `activity.`, or over `ticket.`: the ticket as it was after the activity. Empty: all.
    ///
    /// # Errors
    /// What is wrong with the filter, each with its place.
    pub fn new(filter: &str, audience: Audience) -> Result<Selection, Vec<Problem>> {
        let filter = if filter.trim().is_empty() { None } else { Some(Filter::of_log(filter)?) };
        Ok(Selection::of(filter, audience))
    }

    /// The same of a filter that is checked: see [`Filter::of_log`].
    pub fn of(filter: Option<Filter>, audience: Audience) -> Selection {
        let Some(filter) = filter else { return Selection { audience, ..Selection::default() } };
        let began = Instant::host_now();
        let condition = match filter.root() {
            Root::Ticket => store::filter::plain(&filter, &audience, began).ok(),
            // For each activity `now` is another one.
            _ if filter.names_now() => None,
            _ => store::filter::narrow(&filter, &audience, began).0,
        };
        Selection { filter: Some(filter), condition, began, audience }
    }

    /// How it asks the table. `tickets`: whether activities are shown with theirs.
    pub fn past(&self, tickets: bool) -> Past {
        // The columns of a ticket are those of the ticket now; the activity's own is in its image.
        let condition = self.condition.clone().filter(|_| !self.is_of_tickets());
        let looks_at_tickets = self.filter.as_ref().is_some_and(Filter::names_ticket);
        let view = if tickets || looks_at_tickets { View::Full } else { View::Basic };
        Past { view, chosen: Chosen { condition, audience: self.audience.clone() } }
    }

    /// The tickets of a snapshot, as far as the database can tell.
    pub(super) fn tickets(&self) -> Snapped {
        Snapped { condition: self.condition.clone(), audience: self.audience.clone() }
    }

    /// Whether it can be asked about tickets alone.
    ///
    /// # Errors
    /// What its filter is over.
    pub fn of_tickets(&self) -> Result<(), Problem> {
        match &self.filter {
            Some(filter) if !self.is_of_tickets() => {
                let message = "a snapshot is of tickets, and this is over activities";
                let hint = "with snapshot_first the filter is over `ticket.`";
                Err(Problem::error("not-of-tickets", filter.expr().at, message, hint))
            }
            _ => Ok(()),
        }
    }

    fn is_of_tickets(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.root() == Root::Ticket)
    }

    /// Whether a snapshot has the ticket.
    ///
    /// # Errors
    /// As [`Filter::matches`].
    pub fn takes_ticket(&self, ticket: &Ticket) -> Result<bool, TooMuch> {
        let Selection { filter, audience, .. } = self;
        if ticket.deleted_at.is_some() || !audience.sees_ticket(ticket) {
            return Ok(false);
        }
        match (filter, &audience.requester) {
            (None, _) => Ok(true),
            (Some(filter), Some(_)) => filter.matches(Subject::Ticket(&ticket.clone().public()), self.began),
            (Some(filter), None) => filter.matches(Subject::Ticket(ticket), self.began),
        }
    }

    /// Whether a verdict may take longer than a thread that serves others should be kept.
    pub fn is_slow(&self) -> bool {
        self.filter.as_ref().is_some_and(Filter::is_slow)
    }

    /// Whether nothing is left out, whatever comes.
    pub fn takes_all(&self) -> bool {
        self.filter.is_none() && self.audience == Audience::default() && !cfg!(feature = "skip-position")
    }

    /// What of an activity that it takes the reader is shown, as far as that is not the same for all of its kind.
    pub fn shown(&self, activity: Arc<SharedActivity>) -> Arc<SharedActivity> {
        match self.audience.sees_whole(&activity) {
            true => activity,
            false => SharedActivity::new(Arc::new(self.audience.own_part(Activity::clone(&activity)))),
        }
    }

    /// # Errors
    /// As [`Filter::takes`].
    pub fn takes(&self, activity: &Activity) -> Result<bool, TooMuch> {
        // For `make crash` only: the build that skips positions, which the test of consumers must find guilty.
        if cfg!(feature = "skip-position") && activity.position % 97 == 0 {
            return Ok(false);
        }
        let Selection { filter, audience, .. } = self;
        match filter {
            _ if !audience.sees_activity(activity) => Ok(false),
            None => Ok(true),
            Some(filter) => filter.takes(&audience.shown(activity), activity.occurred_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::activity::Change;
    use crate::model::fixture;
    use crate::model::issue::Issue;

    #[test]
    fn an_application_is_not_shown_whom_an_assignment_chose_among() {
        let plain = fixture::activity("acme", 7, "ticket.assigned", Instant(0));
        let explanation = Some(json!({ "candidates": [{ "agent_id": "bob", "open_count": 3 }] }));
        let change = Change { field: "assignee_id".into(), old_value: "".into(), new_value: "ann".into() };
        let activity = Activity { app_id: "portal".into(), explanation, changes: vec![change], ..plain };
        for (app_id, told) in [(Some("portal"), false), (None, true)] {
            let audience = Audience { app_id: app_id.map(str::to_owned), ..Audience::default() };
            let selection = Selection::new("", audience).expect("a good filter");
            let shown = selection.shown(SharedActivity::new(Arc::new(activity.clone())));
            assert_eq!((shown.explanation.is_some(), shown.changes.len()), (told, 1));
        }
    }

    #[test]
    fn an_application_is_not_shown_the_issue_of_another() {
        let issue = |app: &str| Issue { title: "theirs".into(), app_id: app.into(), ..Issue::default() };
        let about = |app: &str| {
            let changes = vec![Change { field: "priority".into(), old_value: Value::Null, new_value: "HIGH".into() }];
            let plain = fixture::activity("acme", 7, "issue.updated", Instant(0));
            let activity = Activity { app_id: "portal".into(), issue: Some(issue(app)), changes, ..plain };
            SharedActivity::new(Arc::new(activity))
        };
        let reader = |app: Option<&str>| Audience { app_id: app.map(str::to_owned), ..Audience::default() };
        let of = |filter, app| Selection::new(filter, reader(app)).expect("a good filter");
        for (app, reads, whole) in
            [("portal", Some("portal"), true), ("crm", Some("portal"), false), ("crm", None, true)]
        {
            let (activity, selection) = (about(app), of("", reads));
            assert!(selection.takes(&activity).expect("a verdict"), "its ticket is the reader's");
            let shown = selection.shown(activity.clone());
            assert_eq!((shown.issue.is_some(), shown.changes.len(), shown.position), (whole, usize::from(whole), 7));
            for filter in ["activity.issue.title == 'theirs'", "activity.changes.priority.new == 'HIGH'"] {
                assert_eq!(of(filter, reads).takes(&activity).expect("a verdict"), whole, "{filter}");
            }
        }
    }

    #[test]
    fn filters_are_over_activities_or_their_tickets() {
        let of = |filter| Selection::new(filter, Audience::default());
        for good in [
            "",
            " ",
            "activity.type == 'ticket.escalated'",
            "'ticket.status_changed' in activity.families && activity.actor.id == 'ann'",
            "activity.ticket.priority == 'HIGH'",
            "ticket.priority == 'HIGH' && ticket.custom.description == 'x'",
        ] {
            assert!(of(good).is_ok(), "{good}");
        }
        for (bad, column) in [
            ("activity.typ == 'x'", 10),
            ("ticket.priority == 'HIHG'", 20),
            ("activity.position > 3 && ticket.priority == 'HIGH'", 26),
            ("true && activity.ticket.description == 'x'", 25),
            ("ticket.description == 'x'", 8),
        ] {
            let found = of(bad).expect_err(bad);
            assert_eq!(found[0].column(bad), column, "{bad}: {found:?}");
        }
    }
}
