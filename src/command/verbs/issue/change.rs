//! Verbs that change issues: their fields and their status.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::write::write;
use crate::command::access;
use crate::command::action::IssueEdit;
use crate::command::record::changed;
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, Want, World};
use crate::model::activity::Change;
use crate::model::activity_type::ActivityType;
use crate::model::change::Told;
use crate::model::issue::Issue;
use crate::model::time::Instant;
use crate::model::words::IssueStatus;

#[derive(Clone, Debug)]
pub struct UpdateIssue {
    pub issue: Uuid,
    pub etag: String,
    pub edit: IssueEdit,
}

impl Verb for UpdateIssue {
    fn name(&self) -> &'static str {
        "update_issue"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(Want::Issue(self.issue));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let issue = access::issue(world, scope, self.issue, &self.etag)?;
        Ok(update(world, scope, issue, &self.edit)?.into())
    }
}

#[derive(Clone, Debug)]
pub struct ResolveIssue {
    pub issue: Uuid,
    pub etag: String,
}

impl Verb for ResolveIssue {
    fn name(&self) -> &'static str {
        "resolve_issue"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(Want::Issue(self.issue));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let issue = access::issue(world, scope, self.issue, &self.etag)?;
        Ok(move_to(world, scope, issue, IssueStatus::Resolved)?.into())
    }
}

#[derive(Clone, Debug)]
pub struct ReopenIssue {
    pub issue: Uuid,
    pub etag: String,
}

impl Verb for ReopenIssue {
    fn name(&self) -> &'static str {
        "reopen_issue"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(Want::Issue(self.issue));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let issue = access::issue(world, scope, self.issue, &self.etag)?;
        Ok(move_to(world, scope, issue, IssueStatus::Open)?.into())
    }
}

/// Writes the masked fields that differ, in one activity; a resolve or a reopen is one of its own, after it.
fn update(world: &mut World, scope: &Scope<'_>, issue: Arc<Issue>, edit: &IssueEdit) -> Result<Arc<Issue>, Stop> {
    let (after, changes) = edited(&issue, edit);
    let issue = match changes.is_empty() {
        true => issue,
        false => write(world, scope, after, ActivityType::IssueUpdated, changes)?,
    };
    match edit.status {
        Some(to) => move_to(world, scope, issue, to),
        None => Ok(issue),
    }
}

/// Resolves, reopens or picks up an issue. Where it is already it stays.
fn move_to(world: &mut World, scope: &Scope<'_>, issue: Arc<Issue>, to: IssueStatus) -> Result<Arc<Issue>, Stop> {
    let from = issue.status;
    if from == to {
        return Ok(issue);
    }
    let resolved_at = (to == IssueStatus::Resolved).then_some(scope.now);
    let kind = match (from, to) {
        (_, IssueStatus::Resolved) => ActivityType::IssueResolved,
        (IssueStatus::Resolved, _) => ActivityType::IssueReopened,
        _ => ActivityType::IssueUpdated,
    };
    let mut changes = vec![changed("status", json!(from.word()), json!(to.word()))];
    if issue.resolved_at != resolved_at {
        let shown = |at: Option<Instant>| at.map_or(Value::Null, |at| json!(at.to_string()));
        changes.push(changed("resolved_at", shown(issue.resolved_at), shown(resolved_at)));
    }
    write(world, scope, Issue { status: to, resolved_at, ..Issue::clone(&issue) }, kind, changes)
}

/// The issue with the masked fields in it, its status apart, and what is different.
fn edited(issue: &Issue, edit: &IssueEdit) -> (Issue, Vec<Change>) {
    let mut after = issue.clone();
    edit.put_plain(&mut after);
    let changes = issue.difference(&after).changes;
    (after, changes)
}
