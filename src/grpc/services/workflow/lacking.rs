//! Warnings of what rules name and the caller's tenant lacks: other tenants may have it.

use std::collections::BTreeSet;

use tonic::Status;

use crate::grpc::call::{Call, State};
use crate::grpc::status::fault;
use crate::model::canned::CannedRef;
use crate::model::directory::{Agent, Team};
use crate::model::fold::fold;
use crate::model::sla::calendar::CalendarRef;
use crate::model::sla::policy::PolicyRef;
use crate::model::words::TagMode;
use crate::store::read;
use crate::workflow::{Diagnostic, Named, NamedKind, Rule, RuleSet, Severity};

pub async fn find(state: &State, call: &Call, set: &RuleSet) -> Result<Vec<Diagnostic>, Status> {
    let named: Vec<(&Rule, &Named)> =
        set.rules().iter().flat_map(|rule| rule.named().iter().map(move |named| (rule, named))).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let names = |kind| named.iter().filter(move |(_, it)| it.kind == kind).map(|(_, it)| it.name.as_str());
    let ids = |kind| -> Vec<String> { names(kind).map(str::to_owned).collect() };
    let (calendars, canned, policies): (Vec<CalendarRef>, Vec<CannedRef>, Vec<PolicyRef>) = (
        names(NamedKind::Calendar).map(|name| CalendarRef::parse(name).folded()).collect(),
        names(NamedKind::CannedResponse).map(|name| CannedRef::parse(name).folded()).collect(),
        names(NamedKind::SlaPolicy).map(|name| PolicyRef::parse(name).folded()).collect(),
    );
    let tags: Vec<String> = names(NamedKind::Tag).map(|name| fold(name).into_owned()).collect();
    let mut conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let scope = call.scope();
    let failed = |error| fault::of_read("ValidateWorkflow", "", error);
    let settings = read::tenant::get(&mut conn, call.caller.tenant()).await.map_err(failed)?;
    let canned = read::canned::which(&mut conn, scope, &canned).await.map_err(failed)?;
    let calendars = read::sla::which_calendars(&mut conn, scope, &calendars).await.map_err(failed)?;
    let policies = read::sla::which(&mut conn, scope, &policies).await.map_err(failed)?;
    let agents = read::directory::which::<Agent>(&mut conn, scope, ids(NamedKind::Agent)).await.map_err(failed)?;
    let teams = read::directory::which::<Team>(&mut conn, scope, ids(NamedKind::Team)).await.map_err(failed)?;
    let tags: BTreeSet<String> = match settings.tag_mode {
        // Any tag goes.
        TagMode::Free => tags.into_iter().collect(),
        TagMode::Registered => read::tag::which(&mut conn, scope, tags).await.map_err(failed)?.into_iter().collect(),
    };
    let is_there = |it: &Named| match it.kind {
        NamedKind::Agent => agents.contains(&it.name),
        NamedKind::Calendar => calendars.contains(&CalendarRef::parse(&it.name).folded()),
        NamedKind::CannedResponse => canned.contains(&CannedRef::parse(&it.name).folded()),
        NamedKind::SlaPolicy => policies.contains(&PolicyRef::parse(&it.name).folded()),
        NamedKind::Tag => tags.contains(fold(&it.name).as_ref()),
        NamedKind::Team => teams.contains(&it.name),
    };
    Ok(named.into_iter().filter(|(_, it)| !is_there(it)).map(|(rule, it)| unknown(rule, it)).collect())
}

fn unknown(rule: &Rule, Named { kind, name, line, column }: &Named) -> Diagnostic {
    let hint = match kind {
        NamedKind::Agent => "create it; in a tenant that lacks it, the action is refused",
        NamedKind::Tag => "register it; in a tenant that takes registered tags only, the action is refused",
        NamedKind::Team => "create it; in a tenant that lacks it, nobody is found",
        NamedKind::Calendar | NamedKind::CannedResponse | NamedKind::SlaPolicy => {
            "create it; for a tenant that lacks it, this is an ERROR each time"
        }
    };
    Diagnostic {
        severity: Severity::Warning,
        code: kind.code(),
        message: format!("this tenant has no {} `{name}`", kind.noun()),
        hint: hint.to_owned(),
        file: rule.file.clone(),
        line: *line,
        column: *column,
    }
}
