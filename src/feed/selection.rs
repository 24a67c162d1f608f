//! Which activities a reader asked for, and may see.

use crate::model::activity::Activity;
use crate::store::audience::Audience;
use crate::workflow::cel::ast::{Kind, Path};
use crate::workflow::schema::Root;
use crate::workflow::{Filter, Problem, Subject};

#[derive(Clone, Debug, Default)]
pub struct Selection {
    filter: Option<Filter>,
    audience: Audience,
}

impl Selection {
    /// `filter` is CEL over `activity.`, or over `ticket.`: the ticket as it was after the activity. Empty: all.
    ///
    /// # Errors
    /// What is wrong with the filter, each with its place.
    pub fn new(filter: &str, audience: Audience) -> Result<Selection, Vec<Problem>> {
        if filter.trim().is_empty() {
            return Ok(Selection { filter: None, audience });
        }
        // Who wrote both gets told how the ticket is reached from the activity.
        let of_tickets = filter.contains("ticket.") && !filter.contains("activity");
        let compiled = Filter::compile(filter, if of_tickets { Root::Ticket } else { Root::Activity })?;
        let not_kept = not_kept(&compiled);
        if !not_kept.is_empty() {
            return Err(not_kept);
        }
        Ok(Selection { filter: Some(compiled), audience })
    }

    /// Whether it looks at more than the columns of an activity.
    pub fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }

    pub fn takes(&self, activity: &Activity) -> bool {
        let Selection { filter, audience } = self;
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
