//! Rollback to a savepoint restores the world, in every table.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::command::action::NewIssue;
use crate::command::tables::tables;
use crate::command::world::Savepoint;
use crate::model::directory::{Asset, Contact, Deal, Organization};

/// A key of a table, as it is in a world.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Whether it was decided, and not only loaded.
    pub decided: bool,
    pub is: String,
}

/// All that a world holds, by table and key.
pub type Image = BTreeMap<(&'static str, String), Cell>;

/// From the list of tables: their names, what they hold, and three ways to treat each of them alike.
macro_rules! treat {
    (
        rows { $($(#[$row_doc:meta])* $row:ident: $Row:ident by $column:ident: $Key:ty, want $RowWant:ident, $row_verbs:tt;)+ }
        named { $(
            $(#[$named_doc:meta])*
            $named:ident, $names:ident: $Named:ident by $second:ident: $Name:ident $(unless $deleted:ident)?,
            want $NamedWant:ident($Ref:ident::$Second:ident), $named_verbs:tt;
        )+ }
        single { $($(#[$single_doc:meta])* $single:ident: $Single:ident, want $SingleWant:ident, $single_verbs:tt;)+ }
        whole { $($(#[$whole_doc:meta])* $whole:ident: $Whole:ty, want $WholeWant:ident;)+ }
        sets { $($(#[$set_doc:meta])* $set:ident: $SetKey:ty => $Set:ty, want $SetWant:ident;)+ }
        indexes { $($indexes:tt)+ }
        written { $($(#[$written_doc:meta])* $written:ident: $Written:ident by $WrittenKey:ty, $written_verbs:tt;)+ }
        logs { $($(#[$log_doc:meta])* $log:ident: $Log:ty, $log_verbs:tt;)+ }
    ) => {
        treat! {
            @
            [$($row)+ $($named)+ $($single)+ $($whole)+ $($set)+ $($written)+]
            [$($log)+]
            [$($row $row_verbs)+ $($named $named_verbs)+ $($single $single_verbs)+ $($written $written_verbs)+]
        }
    };
    (@ [$($table:ident)+] [$($log:ident)+] [$($stored:ident [$($verb:ident)*])+]) => {
        const TABLES: &[&str] = &[$(stringify!($table),)+ $(stringify!($log)),+];

        pub fn image(world: &World) -> Image {
            let mut image = Image::new();
            $(for (key, decided, is) in world.$table.image() {
                image.insert((stringify!($table), key), Cell { decided, is });
            })+
            $(for (at, one) in world.$log.iter().enumerate() {
                image.insert((stringify!($log), format!("{at:6}")), Cell { decided: true, is: format!("{one:?}") });
            })+
            image.insert(("head", String::new()), Cell { decided: true, is: format!("{:?}", world.head) });
            image
        }

        /// A rollback of a build in which one table was forgotten.
        fn rollback_without(world: &mut World, to: &Savepoint, forgotten: &str) {
            $(let $table = (forgotten == stringify!($table)).then(|| std::mem::take(&mut world.$table));)+
            $(let $log = (forgotten == stringify!($log)).then(|| std::mem::take(&mut world.$log));)+
            world.rollback(to);
            $(if let Some(table) = $table { world.$table = table; })+
            $(if let Some(log) = $log { world.$log = log; })+
        }

        /// Puts or removes, in one of the tables, a row that another world has there.
        fn scribble(world: &mut World, other: &World, table: usize, (key, row): (usize, usize), put: bool) {
            let mut here = 0..;
            $(if here.next() == Some(table % TABLES.len()) {
                let rows: Vec<_> = other.$table.rows().collect();
                let (key, row) = (rows[key % rows.len()].0.clone(), rows[row % rows.len()].1.clone());
                match put {
                    true => world.$table.put(key, row),
                    false => world.$table.remove(key, row),
                }
            })+
            $(if here.next() == Some(table % TABLES.len()) {
                world.$log.push(other.$log[row % other.$log.len()].clone());
            })+
        }

        /// The tables with changes that no statement of theirs writes.
        fn unwritten(world: &World) -> Vec<&'static str> {
            let mut found = Vec::new();
            $(
                let verbs: &[&str] = &[$(stringify!($verb)),*];
                let inserts = !verbs.contains(&"insert") && !WITH_THE_LOG.contains(&stringify!($stored));
                if inserts && world.$stored.inserts().next().is_some()
                    || !verbs.contains(&"update") && world.$stored.updates().next().is_some()
                    || !verbs.contains(&"delete") && world.$stored.removals().next().is_some()
                {
                    found.push(stringify!($stored));
                }
            )+
            found
        }
    };
}

/// Whose new rows are part of the statement that writes the activities.
const WITH_THE_LOG: [&str; 2] = ["tickets", "requests"];

tables!(treat);

/// What is not as it was; what was only loaded since may be there.
fn differs(before: &Image, after: &Image) -> Vec<(&'static str, String)> {
    let changed = before.iter().filter(|(key, cell)| after.get(key) != Some(cell)).map(|(key, _)| key);
    let left = after.iter().filter(|(key, cell)| cell.decided && !before.contains_key(key)).map(|(key, _)| key);
    changed.chain(left).cloned().collect()
}

const RULES: &[&str] = &[
    "name: shut\non: ticket.deleting\ndo:\n  - deny: {message: no}\n",
    "name: counted\non: ticket.created\ndo:\n  - metric: {name: made, value: 1}\n",
    "name: half\non: ticket.resolved\ndo:\n  - tag: {add: [gone]}\n  - assign: {to: nobody}\n",
];

fn organization() -> Organization {
    Organization { id: "org".into(), ..Organization::default() }
}

fn contact() -> Contact {
    Contact { id: "rita".into(), ..Contact::default() }
}

fn new_issue(ticket: Uuid) -> NewIssue {
    NewIssue {
        title: "Broken".into(),
        description: String::new(),
        kind: IssueType::Task,
        priority: Priority::Medium,
        reporter_id: String::new(),
        assignee_id: String::new(),
        project: String::new(),
        external_url: String::new(),
        metadata: Value::Object(Map::new()),
        tickets: vec![TicketRef::Id(ticket)],
        source: "docket".into(),
        source_type: SourceType::Api,
    }
}

/// How many [`step`]s there are.
const STEPS: usize = 19;

fn staff(verb: impl Verb) -> Option<(Caller, Any)> {
    Some((agent(), whichever(verb)))
}

fn head(verb: impl Verb) -> Option<(Caller, Any)> {
    Some((admin(), whichever(verb)))
}

/// One of the things that write: what it acts on is the newest of its sort.
fn step(house: &House, which: usize, name: &str) -> Option<(Caller, Any)> {
    let ticket = || house.world.tickets.inserts().max_by_key(|ticket| ticket.number).cloned();
    let etag = String::new;
    match which {
        0 => staff(create(NewTicket { assignee_id: "ann".into(), ..new_ticket(name) })),
        1 => Some((requester(), whichever(say(&ticket()?, name, Visibility::Public)))),
        2 => staff(go(&ticket()?, Transition::Resolve, Status::Resolved)),
        3 => staff(CreateIssue(new_issue(ticket()?.id))),
        4 => {
            let link = house.world.issue_tickets.inserts().next()?;
            staff(UnlinkIssue { issue: link.issue_id, ticket: TicketRef::Id(link.ticket_id), etag: etag() })
        }
        5 => staff(UpsertEntry { row: Organization { tier: name.into(), ..organization() }, etag: etag() }),
        6 => staff(UpsertEntry { row: Contact { email: name.into(), ..contact() }, etag: etag() }),
        7 => staff(UpsertEntry { row: Team { name: name.into(), ..team_row("support", &["ann"]) }, etag: etag() }),
        8 => staff(UpsertEntry { row: Agent { email: name.into(), ..agent_row("ann") }, etag: etag() }),
        9 => staff(DeleteEntry::<Agent>::new("ann".into(), etag())),
        10 => {
            let (color, team_id, description) = (String::new(), String::new(), String::new());
            head(CreateTag { name: name.into(), color, team_id, description })
        }
        11 => {
            let (title, body, team_id) = ("A reply".into(), "Hello".into(), String::new());
            staff(CreateCannedResponse { name: name.into(), title, body, team_id })
        }
        12 => {
            // Each for a team of its own, or they would overlap; the first for all, so that tickets have clocks.
            let first = house.world.policies.inserts().next().is_none();
            let team_id = Some(if first { String::new() } else { name.into() });
            let edit = PolicyEdit {
                name: Some(name.into()),
                team_id,
                resolution_minutes: Some(Some(60)),
                ..Default::default()
            };
            head(CreateSlaPolicy(edit))
        }
        13 => {
            let edit = CalendarEdit { name: Some(name.into()), time_zone: Some("UTC".into()), ..Default::default() };
            head(CreateCalendar(edit))
        }
        14 => {
            let edit =
                TenantEdit { categories: Some(Words(vec!["general".into(), name.into()])), ..Default::default() };
            head(settings(edit, ""))
        }
        15 => {
            let row = Deal { id: "deal".into(), stage: name.into(), ..Deal::default() };
            staff(UpsertEntry { row, etag: etag() })
        }
        16 => {
            let row = Asset { id: "asset".into(), kind: name.into(), ..Asset::default() };
            staff(UpsertEntry { row, etag: etag() })
        }
        17 => head(RevokeToken { revoked: Revoked::Token(name.into()) }),
        _ => staff(DeleteTicket { ticket: TicketRef::Id(ticket()?.id), etag: etag() }),
    }
}

/// One step, a day after the one before, refused or not; and what became due meanwhile.
fn take(house: &mut House, which: usize, name: &str) {
    house.now = house.now.plus_micros(DAY);
    if let Some((who, verb)) = step(house, which, name) {
        let _ = house.submit(&Command { request: request(name, which as u128), ..command(&who, verb) });
    }
    let all: Vec<Uuid> = house.world.tickets.inserts().map(|ticket| ticket.id).collect();
    house.submit(&command(&Caller::clock(TENANT), FollowSla(all))).expect("followed");
}

/// Every step, and what no command leaves behind when it is done.
fn life(house: &mut House, name: &str) {
    // Policies stand first, so that tickets have clocks; and in the end one ticket has an issue.
    for (at, which) in [12, 13, 14].into_iter().chain(0..STEPS).chain([3]).enumerate() {
        take(house, which, &format!("{name}{at}"));
    }
    let ticket = house.world.tickets.rows().next().expect("a ticket").1;
    house.world.befores.push((house.world.head.position, ticket));
}

fn lived() -> House {
    let mut house = House::with(RULES);
    life(&mut house, "a");
    house
}

#[test]
fn a_table_that_a_rollback_forgot_is_found() {
    for forgotten in TABLES {
        let mut house = lived();
        // As every command does.
        house.world.befores.clear();
        let (start, before) = (house.world.savepoint(), image(&house.world));
        life(&mut house, "b");
        rollback_without(&mut house.world, &start, forgotten);
        let found = differs(&before, &image(&house.world));
        assert!(found.iter().any(|(table, _)| table == forgotten), "nothing was done to {forgotten}, or nobody saw it");
        assert!(found.iter().all(|(table, _)| table == forgotten), "{found:?}");
    }
}

#[test]
fn every_change_has_a_statement_that_writes_it() {
    let mut house = lived();
    assert_eq!(unwritten(&house.world), [""; 0]);
    let version = house.world.policy_versions.rows().next().expect("a version");
    house.world.policy_versions = Default::default();
    house.world.policy_versions.load(version.0, Some(version.1.clone()));
    house.world.policy_versions.put(version.0, version.1);
    assert_eq!(unwritten(&house.world), ["policy_versions"]);
}

#[derive(Clone, Debug)]
enum Deed {
    Command(usize),
    Put(usize, usize, usize),
    Remove(usize, usize, usize),
    Save,
    /// To one of the savepoints there are.
    Back(usize),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let place = || (0..TABLES.len(), 0..64usize, 0..64usize);
    let one = prop_oneof![
        4 => (0..STEPS).prop_map(Deed::Command),
        6 => place().prop_map(|(table, key, row)| Deed::Put(table, key, row)),
        3 => place().prop_map(|(table, key, row)| Deed::Remove(table, key, row)),
        2 => Just(Deed::Save),
        2 => (0..8usize).prop_map(Deed::Back),
    ];
    proptest::collection::vec(one, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rollback_leaves_the_world_as_it_was(deeds in deeds()) {
        let (other, mut house) = (lived(), lived());
        house.world.befores.clear();
        let mut saved = vec![(house.world.savepoint(), image(&house.world), false)];
        let mut scribbled = false;
        for (at, deed) in deeds.iter().enumerate() {
            match deed {
                // What was scribbled makes no sense to a command.
                Deed::Command(which) if !scribbled => take(&mut house, *which, &format!("c{at}")),
                Deed::Command(_) => {}
                Deed::Put(table, key, row) => scribble(&mut house.world, &other.world, *table, (*key, *row), true),
                Deed::Remove(table, key, row) => scribble(&mut house.world, &other.world, *table, (*key, *row), false),
                Deed::Save => saved.push((house.world.savepoint(), image(&house.world), scribbled)),
                Deed::Back(to) => {
                    saved.truncate(to % saved.len() + 1);
                    let (start, before, was) = saved.last().expect("the first stays");
                    scribbled = *was;
                    house.world.rollback(start);
                    prop_assert_eq!(differs(before, &image(&house.world)), vec![]);
                }
            }
            scribbled |= matches!(deed, Deed::Put(..) | Deed::Remove(..));
        }
    }
}
