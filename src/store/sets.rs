//! Wants for whole sets: threads, links, agents of a name, SLA configuration.

use std::collections::HashMap;
use std::hash::Hash;

use diesel_async::AsyncPgConnection;

use super::flight::{Flight, Pair, ask};
use super::lookup;
use crate::command::World;
use crate::command::tables::*;

/// What was found of each, by its name in the list of tables.
#[derive(Default)]
pub(super) struct Sets {
    pub threads: Threads,
    pub ticket_issues: Links,
    pub named: Named,
    pub queued: Queued,
    pub revoked: Revoked,
    pub sla: Promises,
}

#[derive(Default)]
pub(super) struct Threads {
    all: Vec<Entry>,
    public: Vec<Entry>,
}

impl Threads {
    pub fn ask<'f>(&'f mut self, flight: &mut Flight<'f>, conn: &'f AsyncPgConnection, pairs: &'f [Pair<'_, Uuid>]) {
        ask(flight, pairs, &mut self.all, |pairs| lookup::threads(conn, pairs));
        ask(flight, pairs, &mut self.public, |pairs| lookup::public_threads(conn, pairs));
    }

    pub fn fill(self, worlds: &mut HashMap<String, World>) {
        let all = self.all.into_iter().chain(self.public);
        each(
            worlds,
            all,
            |it| (&it.tenant_id, it.ticket_id),
            |world, ticket, entries| {
                world.threads.load(ticket, Some(entries));
            },
        );
    }
}

#[derive(Default)]
pub(super) struct Links(Vec<IssueTicket>);

impl Links {
    pub fn ask<'f>(&'f mut self, flight: &mut Flight<'f>, conn: &'f AsyncPgConnection, pairs: &'f [Pair<'_, Uuid>]) {
        ask(flight, pairs, &mut self.0, |pairs| lookup::ticket_issues(conn, pairs));
    }

    pub fn fill(self, worlds: &mut HashMap<String, World>) {
        each(
            worlds,
            self.0,
            |it| (&it.tenant_id, it.ticket_id),
            |world, ticket, links| {
                let mut issues: Vec<Uuid> = links.into_iter().map(|link| link.issue_id).collect();
                issues.sort();
                world.ticket_issues.load(ticket, Some(Arc::new(issues)));
            },
        );
    }
}

#[derive(Default)]
pub(super) struct Named(Vec<Agent>);

impl Named {
    pub fn ask<'f>(&'f mut self, flight: &mut Flight<'f>, conn: &'f AsyncPgConnection, pairs: &'f [Pair<'_, String>]) {
        ask(flight, pairs, &mut self.0, |pairs| lookup::agents_named(conn, pairs));
    }

    pub fn fill(self, worlds: &mut HashMap<String, World>) {
        each(
            worlds,
            self.0,
            |it| (&it.tenant_id, it.name.clone()),
            |world, name, agents| {
                world.named.load(name, Some(agents.iter().map(|agent| agent.id.clone()).collect()));
                for agent in agents {
                    world.agents.load(agent.id.clone(), Some(Arc::new(agent)));
                }
            },
        );
    }
}

#[derive(Default)]
pub(super) struct Queued(Vec<Waiting>);

impl Queued {
    pub fn ask<'f>(&'f mut self, flight: &mut Flight<'f>, conn: &'f AsyncPgConnection, pairs: &'f [Pair<'_, String>]) {
        ask(flight, pairs, &mut self.0, |pairs| lookup::queued(conn, pairs));
    }

    pub fn fill(self, worlds: &mut HashMap<String, World>) {
        each(
            worlds,
            self.0,
            |it| (&it.tenant_id, it.team_id.clone()),
            |world, team, tickets| world.queued.load(team, Some(tickets)),
        );
    }
}

#[derive(Default)]
pub(super) struct Revoked(Vec<Revocation>);

impl Revoked {
    pub fn ask<'f>(&'f mut self, flight: &mut Flight<'f>, conn: &'f AsyncPgConnection, pairs: &'f [Pair<'_, String>]) {
        ask(flight, pairs, &mut self.0, |pairs| lookup::revocations_of(conn, pairs));
    }

    pub fn fill(self, worlds: &mut HashMap<String, World>) {
        each(
            worlds,
            self.0,
            |it| (&it.tenant_id, it.tenant_id.clone()),
            |world, tenant, rows| world.revoked.load(tenant, Some(rows.len())),
        );
    }
}

#[derive(Default)]
pub(super) struct Promises {
    active: Vec<SlaPolicy>,
    in_use: Vec<Calendar>,
}

impl Promises {
    pub fn ask<'f>(&'f mut self, flight: &mut Flight<'f>, conn: &'f AsyncPgConnection, pairs: &'f [Pair<'_, String>]) {
        ask(flight, pairs, &mut self.active, |pairs| lookup::active_policies(conn, pairs));
        ask(flight, pairs, &mut self.in_use, |pairs| lookup::calendars_in_use(conn, pairs));
    }

    /// A tenant without ACTIVE policies uses no calendars.
    pub fn fill(self, worlds: &mut HashMap<String, World>) {
        let mut calendars: HashMap<String, Vec<Arc<Calendar>>> = HashMap::new();
        for row in self.in_use {
            calendars.entry(row.tenant_id.clone()).or_default().push(Arc::new(row));
        }
        each(
            worlds,
            self.active,
            |it| (&it.tenant_id, ()),
            |world, (), policies| {
                // Compiled for nothing, otherwise.
                if world.sla.get(&()).is_none() {
                    let policies = policies.into_iter().map(Arc::new).collect();
                    let calendars = calendars.remove(&world.head.tenant_id).unwrap_or_default();
                    world.sla.load((), Some(Arc::new(SlaConfig::new(policies, calendars))));
                }
            },
        );
    }
}

/// Tells each tenant's world the rows of each key.
fn each<K: Eq + Hash, R>(
    worlds: &mut HashMap<String, World>,
    rows: impl IntoIterator<Item = R>,
    key: impl Fn(&R) -> (&String, K),
    mut load: impl FnMut(&mut World, K, Vec<R>),
) {
    let mut sets: HashMap<(String, K), Vec<R>> = HashMap::new();
    for row in rows {
        let (tenant, key) = key(&row);
        sets.entry((tenant.clone(), key)).or_default().push(row);
    }
    for ((tenant, key), rows) in sets {
        if let Some(world) = worlds.get_mut(&tenant) {
            load(world, key, rows);
        }
    }
}
