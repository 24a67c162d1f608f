//! Filters: conditions over one resource, for lists and streams.

use std::sync::Arc;

use super::cel::ast::{Expr, ExprKind, Path};
use super::cel::{self, Fault, Parsed, Scope};
use super::diagnostic::Problem;
use super::facts::{Facts, Related};
use super::params::Params;
use super::schema::Root;
use crate::model::activity::Activity;
use crate::model::directory::*;
use crate::model::issue::Issue;
use crate::model::message::Message;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;

/// A checked filter; clones share it. The store compiles [`Filter::expr`] into SQL; the feed calls [`Filter::takes`].
#[derive(Clone, Debug)]
pub struct Filter {
    root: Root,
    source: String,
    expr: Arc<Expr>,
    slow: bool,
}

/// The line `requester: Contact by …;` of [`related!`] is the variant `Contact(&Contact)`.
macro_rules! subject {
    ($($place:ident: $row:ident by $id:ident, $root:ident;)+) => {
        /// What a filter is asked about.
        #[derive(Clone, Copy, Debug)]
        pub enum Subject<'a> {
            Ticket(&'a Ticket),
            Message(&'a Message),
            Issue(&'a Issue),
            Activity(&'a Activity),
            $($row(&'a $row),)+
        }

        impl<'a> Subject<'a> {
            fn facts(self, now: Instant) -> Facts<'a> {
                let nothing = Facts::at(now, "");
                match self {
                    Subject::Ticket(it) => Facts { ticket: Some(it), ..nothing },
                    Subject::Message(it) => Facts { message: Some(it), ..nothing },
                    Subject::Issue(it) => Facts { issue: Some(it), ..nothing },
                    Subject::Activity(it) => Facts { activity: Some(it), changes: &it.changes, ..nothing },
                    $(Subject::$row(it) => {
                        Facts { related: Related { $place: Some(it), ..Related::default() }, ..nothing }
                    })+
                }
            }
        }
    };
}
related! { subject }

impl Filter {
    /// Parses and checks `source` over `root`, one of [`Root::OF_FILTERS`] and [`Root::OF_LISTS`]. It can also name `now`.
    ///
    /// # Errors
    /// Every finding, each with its place ([`Problem::column`]).
    pub fn compile(source: &str, root: Root) -> Result<Filter, Vec<Problem>> {
        Filter::with(&parsed(source)?, &Params::default(), root)
    }

    /// The same of what is parsed already, over these parameters.
    ///
    /// # Errors
    /// As [`Filter::compile`], and each parameter that it does not read.
    pub fn with(parsed: &Parsed, params: &Params, root: Root) -> Result<Filter, Vec<Problem>> {
        // An activity is a change, and can be asked for one as a rule asks.
        let scope = Scope { roots: root.of_filter(), changed: root == Root::Activity, calendars: false, due: false };
        let expr = cel::condition_with(parsed, &scope, params)?;
        let mut slow = false;
        expr.walk(&mut |expr| slow |= matches!(expr.kind, ExprKind::Loop(_) | ExprKind::Matches(..)));
        Ok(Filter { root, source: parsed.source().to_owned(), expr: Arc::new(expr), slow })
    }

    /// A filter over the log: over `activity.`, or over `ticket.`, the ticket as it was after the activity.
    ///
    /// # Errors
    /// As [`Filter::compile`]; and an activity's ticket has no description.
    pub fn of_log(source: &str) -> Result<Filter, Vec<Problem>> {
        Filter::of_log_with(&parsed(source)?, &Params::default())
    }

    /// The same of what is parsed already, over these parameters.
    ///
    /// # Errors
    /// As [`Filter::of_log`], and each parameter that it does not read.
    pub fn of_log_with(parsed: &Parsed, params: &Params) -> Result<Filter, Vec<Problem>> {
        let source = parsed.source();
        // Who wrote both gets told how the ticket is reached from the activity.
        let of_tickets = source.contains("ticket.") && !source.contains("activity");
        let filter = Filter::with(parsed, params, if of_tickets { Root::Ticket } else { Root::Activity })?;
        let not_kept = not_kept(&filter);
        if not_kept.is_empty() { Ok(filter) } else { Err(not_kept) }
    }

    pub fn root(&self) -> Root {
        self.root
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// Whether it asks what time it is.
    pub fn names_now(&self) -> bool {
        self.expr.roots().contains(Root::Now)
    }

    /// Whether it asks for the ticket as it was after an activity.
    pub fn names_ticket(&self) -> bool {
        let mut found = self.root == Root::Ticket;
        self.expr.walk(&mut |expr| {
            if let ExprKind::Field(path) | ExprKind::Has(path) = &expr.kind {
                found |= path.names.first().is_some_and(|name| name == "ticket");
            }
        });
        found
    }

    /// Whether its cost grows with the subject: it loops, or looks for a regular expression.
    pub fn is_slow(&self) -> bool {
        self.slow
    }

    /// Whether the subject passes; an evaluation error, and a subject of another kind, is no match.
    ///
    /// # Errors
    /// It was given up before it had a verdict.
    pub fn matches(&self, subject: Subject<'_>, now: Instant) -> Result<bool, TooMuch> {
        match cel::holds(&self.expr, &subject.facts(now)) {
            Ok(verdict) => Ok(verdict),
            Err(Fault::TooMuch) => Err(TooMuch),
            Err(Fault::Absent(_) | Fault::Other(_)) => Ok(false),
        }
    }

    /// Whether an activity passes a filter [`Filter::of_log`]. A stream gives its instant for `now`, as for a rule.
    ///
    /// # Errors
    /// As [`Filter::matches`].
    pub fn takes(&self, activity: &Activity, now: Instant) -> Result<bool, TooMuch> {
        match (self.root, activity.ticket.as_deref()) {
            (Root::Ticket, Some(ticket)) => self.matches(Subject::Ticket(ticket), now),
            (Root::Ticket, None) => Ok(false),
            _ => self.matches(Subject::Activity(activity), now),
        }
    }
}

/// A filter that costs more than one evaluation may. It is neither a match nor none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the filter costs too much to evaluate: compare shorter texts, or use a simpler regular expression")]
pub struct TooMuch;

fn parsed(source: &str) -> Result<Parsed, Vec<Problem>> {
    Parsed::new(source).map_err(|problem| vec![problem])
}

/// A ticket as it was is kept without its description: a filter over that would match what is fresh and not the past.
fn not_kept(filter: &Filter) -> Vec<Problem> {
    let mut found = Vec::new();
    filter.expr().walk(&mut |expr| {
        if let ExprKind::Field(path) | ExprKind::Has(path) = &expr.kind
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
