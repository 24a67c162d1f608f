//! A condition over one resource: what lists and streams are asked for.

use super::cel::ast::Expr;
use super::cel::{self, Scope};
use super::diagnostic::Problem;
use super::facts::Facts;
use super::schema::Root;
use crate::model::activity::Activity;
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::issue::Issue;
use crate::model::message::Message;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;

/// A checked filter. The store compiles [`Filter::expr`] into SQL; the feed calls [`Filter::matches`].
#[derive(Clone, Debug)]
pub struct Filter {
    root: Root,
    source: String,
    expr: Expr,
}

/// What a filter is asked about.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    Ticket(&'a Ticket),
    Message(&'a Message),
    Issue(&'a Issue),
    Activity(&'a Activity),
    Organization(&'a Organization),
    Contact(&'a Contact),
    Agent(&'a Agent),
    Team(&'a Team),
}

impl Filter {
    /// Parses and checks `source` over `root`, one of [`Root::OF_FILTERS`] and [`Root::OF_LISTS`].
    ///
    /// # Errors
    /// Every finding, each with its place ([`Problem::column`]).
    pub fn compile(source: &str, root: Root) -> Result<Filter, Vec<Problem>> {
        let all = [Root::OF_FILTERS, Root::OF_LISTS];
        let roots = all.into_iter().flat_map(|roots| roots.chunks(1)).find(|one| one.contains(&root));
        let roots: &'static [Root] = roots.unwrap_or_default();
        let expr = cel::condition(source, &Scope { roots, changed: false })?;
        Ok(Filter { root, source: source.to_owned(), expr })
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

    /// Whether the subject passes; an evaluation error, and a subject of another kind, is no match.
    pub fn matches(&self, subject: Subject<'_>) -> bool {
        let nothing = Facts::at(Instant::default(), "");
        let facts = match subject {
            Subject::Ticket(it) => Facts { ticket: Some(it), ..nothing },
            Subject::Message(it) => Facts { message: Some(it), ..nothing },
            Subject::Issue(it) => Facts { issue: Some(it), ..nothing },
            Subject::Activity(it) => Facts { activity: Some(it), ..nothing },
            Subject::Organization(it) => Facts { organization: Some(it), ..nothing },
            Subject::Contact(it) => Facts { requester: Some(it), ..nothing },
            Subject::Agent(it) => Facts { assignee: Some(it), ..nothing },
            Subject::Team(it) => Facts { team: Some(it), ..nothing },
        };
        cel::holds(&self.expr, &facts).unwrap_or(false)
    }
}
