//! Which activities a reader asked for, and may see.

use crate::model::activity::Activity;
use crate::model::ticket::Ticket;
use crate::store;
use crate::store::audience::Audience;
use crate::store::filter::Condition;
use crate::store::read::activity::{Chosen, View};
use crate::store::read::ticket::Snapped;
use crate::workflow::cel::ast::{Kind, Path};
use crate::workflow::schema::Root;
use crate::workflow::{Filter, Problem, Subject};

#[derive(Clone, Debug, Default)]
pub struct Selection {
    filter: Option<Filter>,
    /// The filter for the table of what it is over, where it looks at nothing but columns there.
    condition: Option<Condition>,
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
        if filter.trim().is_empty() {
            return Ok(Selection { filter: None, condition: None, audience });
        }
        // Who wrote both gets told how the ticket is reached from the activity.
        let of_tickets = filter.contains("ticket.") && !filter.contains("activity");
        let compiled = Filter::compile(filter, if of_tickets { Root::Ticket } else { Root::Activity })?;
        let not_kept = not_kept(&compiled);
        if !not_kept.is_empty() {
            return Err(not_kept);
        }
        let condition = store::filter::compile(&compiled, &audience).ok();
        Ok(Selection { filter: Some(compiled), condition, audience })
    }

    /// How it asks the table. `tickets`: whether activities are shown with theirs.
    pub fn past(&self, tickets: bool) -> Past {
        // The columns of a ticket are those of the ticket now; the activity's own is in its image.
        let condition = self.condition.clone().filter(|_| !self.is_of_tickets());
        let looks_at_tickets = self.filter.is_some() && condition.is_none();
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
    pub fn takes_ticket(&self, ticket: &Ticket) -> bool {
        let Selection { filter, audience, .. } = self;
        ticket.deleted_at.is_none()
            && audience.sees_ticket(ticket)
            && filter.as_ref().is_none_or(|filter| match audience.requester {
                Some(_) => filter.matches(Subject::Ticket(&ticket.clone().public())),
                None => filter.matches(Subject::Ticket(ticket)),
            })
    }

    pub fn takes(&self, activity: &Activity) -> bool {
        // For `make crash` only: the build that skips positions, which the test of consumers must find guilty.
        if cfg!(feature = "skip-position") && activity.position % 97 == 0 {
            return false;
        }
        let Selection { filter, audience, .. } = self;
        audience.sees_activity(activity)
            && filter.as_ref().is_none_or(|filter| matches(filter, &audience.shown(activity)))
    }
}

/// A ticket as it was is kept without its description: a filter over that would match what is fresh and not the past.
fn not_kept(filter: &Filter) -> Vec<Problem> {
    let mut found = Vec::new();
    filter.expr().walk(&mut |expr| {
        if let Kind::Field(path) | Kind::Has(path) = &expr.kind
            && is_description(path)
        {
            let message = "an activity's ticket has no description";
            found.push(Problem::error("not-kept", expr.at, message, "ListTickets can filter by it"));
        }
    });
    found
}

fn is_description(path: &Path) -> bool {
    let names: Vec<&str> = path.names.iter().map(String::as_str).collect();
    match path.root {
        Root::Activity => names == ["ticket", "description"],
        _ => names == ["description"],
    }
}

fn matches(filter: &Filter, activity: &Activity) -> bool {
    match (filter.root(), activity.ticket.as_deref()) {
        (Root::Ticket, Some(ticket)) => filter.matches(Subject::Ticket(ticket)),
        (Root::Ticket, None) => false,
        _ => filter.matches(Subject::Activity(activity)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
