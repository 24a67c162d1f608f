//! Policies and calendars: versions, references, and the choice of a ticket's policy.

use proptest::prelude::*;

use super::*;
use crate::command::refusal::Kind;
use crate::model::directory::Organization;
use crate::model::sla::calendar::Calendar;
use crate::model::sla::hours::{Day, Interval};
use crate::model::sla::policy::SlaPolicy;

fn named(name: &str) -> PolicyEdit {
    PolicyEdit { name: Some(name.into()), resolution_minutes: Some(Some(60)), ..PolicyEdit::default() }
}

fn policy(house: &mut House, verb: impl Verb) -> Arc<SlaPolicy> {
    match house.run(&admin(), verb).expect("done").resource {
        Resource::SlaPolicy(policy) => policy,
        other => panic!("no policy: {other:?}"),
    }
}

fn make(house: &mut House, edit: PolicyEdit) -> Arc<SlaPolicy> {
    policy(house, CreateSlaPolicy(edit))
}

fn change(policy: &SlaPolicy, edit: PolicyEdit) -> UpdateSlaPolicy {
    UpdateSlaPolicy { policy: PolicyRef::Id(policy.id), etag: String::new(), edit }
}

fn drop(policy: &SlaPolicy) -> DeleteSlaPolicy {
    DeleteSlaPolicy { policy: PolicyRef::Name(policy.name.clone()), etag: String::new() }
}

fn calendar(house: &mut House, verb: impl Verb) -> Arc<Calendar> {
    match house.run(&admin(), verb).expect("done").resource {
        Resource::Calendar(calendar) => calendar,
        other => panic!("no calendar: {other:?}"),
    }
}

fn hours(name: &str) -> CalendarEdit {
    let weekly = vec![Interval { day: Day::Monday, open: "09:00".into(), close: "17:00".into() }];
    CalendarEdit { name: Some(name.into()), time_zone: Some("UTC".into()), weekly: Some(weekly), ..Default::default() }
}

fn keep(house: &mut House, edit: CalendarEdit) -> Arc<Calendar> {
    calendar(house, CreateCalendar(edit))
}

fn rewrite(calendar: &Calendar, edit: CalendarEdit) -> UpdateCalendar {
    UpdateCalendar { calendar: CalendarRef::Id(calendar.id), etag: String::new(), edit }
}

fn remove(calendar: &Calendar) -> DeleteCalendar {
    DeleteCalendar { calendar: CalendarRef::Id(calendar.id), etag: String::new() }
}

fn by_hours_of(calendar: &Calendar, name: &str) -> PolicyEdit {
    let calendar = Some(Some(CalendarRef::Name(calendar.name.clone())));
    PolicyEdit { calendar, business_hours_only: Some(true), ..named(name) }
}

#[test]
fn each_write_that_changes_something_is_a_version_of_its_own() {
    let mut house = House::new();
    let made = make(&mut house, named("gold"));
    assert_eq!((made.version, made.pause_on.0.as_slice()), (1, ["ON_HOLD".to_owned()].as_slice()));
    let same = change(&made, PolicyEdit { place: Some(0), ..PolicyEdit::default() });
    assert_eq!(policy(&mut house, same), made);
    let moved = change(&made, PolicyEdit { place: Some(7), ..PolicyEdit::default() });
    let moved = policy(&mut house, moved);
    let retired = policy(&mut house, drop(&moved));
    assert_eq!((retired.version, retired.status, retired.deleted_at), (3, SlaPolicyStatus::Inactive, None));
    assert_eq!(policy(&mut house, drop(&moved)), retired, "doing it again changes nothing");
    assert_eq!(house.kinds(1), ["policy.changed"; 3]);
    assert_eq!(house.world.head.config_position, 3);
    let kept = |version| house.world.policy_versions.get(&(made.id, version)).flatten().and_then(|kept| kept.policy());
    assert_eq!([kept(1), kept(2), kept(3)], [&made, &moved, &retired].map(|policy| Some(SlaPolicy::clone(policy))));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut house = House::new();
    let bad = PolicyEdit {
        resolution_minutes: Some(None),
        first_response_minutes: Some(Some(1_000_000_000)),
        next_response_minutes: Some(Some(0)),
        place: Some(-1),
        pause_on: Some(Words(vec!["RESOLVED".into()])),
        warn_at: Some(Words(vec!["0%".into(), "99%".into(), "100%".into(), "0s".into()])),
        business_hours_only: Some(true),
        ..named("bad")
    };
    let Refusal::Invalid { violations, .. } = house.refused(&admin(), CreateSlaPolicy(bad)) else {
        panic!("refused otherwise")
    };
    let fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
    let expected = [
        "first_response_minutes",
        "next_response_minutes",
        "position",
        "pause_on[0]",
        "warn_at[0]",
        "warn_at[2]",
        "warn_at[3]",
        "calendar_id",
    ];
    assert_eq!(fields, expected.map(|field| format!("sla_policy.{field}")));
    let none = PolicyEdit { resolution_minutes: Some(None), ..named("none") };
    assert!(matches!(house.refused(&admin(), CreateSlaPolicy(none)), Refusal::Invalid { .. }));
    let early = PolicyEdit { warn_at: Some(Words(vec!["3600s".into()])), ..named("early") };
    assert!(matches!(house.refused(&admin(), CreateSlaPolicy(early)), Refusal::Invalid { .. }));
}

#[test]
fn a_second_policy_of_the_same_slot_is_refused_and_names_the_first() {
    let mut house = House::new();
    let kinds = |kinds: &[TicketType]| Some(Words(kinds.iter().map(|kind| kind.word().to_owned()).collect()));
    let high = |name: &str| PolicyEdit { priority: Some(Some(Priority::High)), ..named(name) };
    let first = make(&mut house, high("high"));
    let taken = |house: &mut House, edit: PolicyEdit| match house.refused(&admin(), CreateSlaPolicy(edit)) {
        Refusal::PolicyOverlaps { name, slot } => (name, slot),
        other => panic!("refused otherwise: {other}"),
    };
    assert_eq!(taken(&mut house, high("b")), ("high".into(), "any team, any type, priority HIGH".into()));
    // More specific ones, and those with a condition, stand beside it.
    let both = &[TicketType::Incident, TicketType::Problem];
    make(&mut house, PolicyEdit { applies_to: kinds(both), ..high("typed") });
    make(&mut house, PolicyEdit { condition: Some("'vip' in ticket.tags".into()), ..high("vips") });
    make(&mut house, PolicyEdit { team_id: Some("core".into()), ..high("core") });
    make(&mut house, named("any"));
    let problem = PolicyEdit { applies_to: kinds(&[TicketType::Change, TicketType::Problem]), ..high("c") };
    assert_eq!(taken(&mut house, problem), ("typed".into(), "any team, type PROBLEM, priority HIGH".into()));
    // A slot is free when its policy is retired, and taken again when that one comes back.
    policy(&mut house, drop(&first));
    make(&mut house, high("second"));
    let back = PolicyEdit { status: Some(SlaPolicyStatus::Active), ..PolicyEdit::default() };
    assert!(matches!(house.refused(&admin(), change(&first, back)), Refusal::PolicyOverlaps { .. }));
}

#[test]
fn a_calendar_that_is_used_stays_and_keeps_its_hours() {
    let mut house = House::new();
    let us = keep(&mut house, hours("us"));
    let bare = keep(&mut house, CalendarEdit { weekly: Some(Vec::new()), ..hours("bare") });
    let gold = make(&mut house, by_hours_of(&us, "gold"));
    assert_eq!(gold.calendar_id, Some(us.id));
    let closed = CreateSlaPolicy(by_hours_of(&bare, "never"));
    assert!(matches!(house.refused(&admin(), closed), Refusal::Invalid { .. }));
    let default = TenantEdit { default_calendar: Some(Some(CalendarRef::Id(us.id))), ..TenantEdit::default() };
    house.run(&admin(), settings(default, "")).expect("a default");
    let silver = PolicyEdit { priority: Some(Some(Priority::Low)), business_hours_only: Some(true), ..named("silver") };
    assert_eq!(make(&mut house, silver).calendar_id, Some(us.id), "the tenant's default");
    match house.refused(&admin(), remove(&us)) {
        Refusal::CalendarInUse { users, .. } => {
            assert_eq!(users, ["SLA policy \"gold\"", "SLA policy \"silver\"", "the tenant's default_calendar_id"]);
        }
        other => panic!("refused otherwise: {other}"),
    }
    let emptied = CalendarEdit { weekly: Some(Vec::new()), ..CalendarEdit::default() };
    assert!(matches!(house.refused(&admin(), rewrite(&us, emptied)), Refusal::CalendarInUse { .. }));
    let config = house.world.sla().expect("known");
    assert_eq!(config.calendar_of(&gold).map(|calendar| calendar.version), Some(1));
    let zone = CalendarEdit { time_zone: Some("Europe/Berlin".into()), ..CalendarEdit::default() };
    assert_eq!(calendar(&mut house, rewrite(&us, zone)).version, 2);
    let config = house.world.sla().expect("known");
    assert_eq!(config.calendar_of(&gold).map(|calendar| calendar.version), Some(2), "World keeps it true");
    let gone = calendar(&mut house, remove(&bare));
    assert_eq!((gone.version, calendar(&mut house, remove(&bare))), (2, gone.clone()));
    keep(&mut house, hours("bare"));
}

#[test]
fn a_trial_and_a_refusal_leave_the_configuration_as_it_was() {
    let mut house = House::new();
    make(&mut house, named("gold"));
    let before: Vec<Uuid> = ids(&house);
    let high = PolicyEdit { priority: Some(Some(Priority::High)), ..named("high") };
    let trial = Command { validate_only: true, ..command(&admin(), CreateSlaPolicy(high)) };
    house.submit(&trial).expect("a trial");
    assert_eq!(ids(&house), before);
    house.refused(&admin(), CreateSlaPolicy(named("gold")));
    assert_eq!(ids(&house), before);
}

fn ids(house: &House) -> Vec<Uuid> {
    house.world.sla().expect("known").policies().iter().map(|policy| policy.row.id).collect()
}

#[test]
fn a_ticket_names_only_a_policy_that_is_active_and_for_its_app() {
    let mut house = House::new();
    let gold = make(&mut house, named("gold"));
    let ticket = house.ticket(&agent(), create(NewTicket { sla_policy_id: Some(gold.id), ..new_ticket("a") }));
    let has = |house: &House, ticket: &Ticket| {
        house.world.sla_policy_of(ticket).expect("known").map(|policy| policy.row.name.clone())
    };
    assert_eq!(has(&house, &ticket).as_deref(), Some("gold"));
    policy(&mut house, drop(&gold));
    let wrong = |house: &mut House, verb: CreateTicket| match house.refused(&agent(), verb) {
        Refusal::Invalid { violations, .. } => violations[0].field.clone(),
        other => panic!("refused otherwise: {other}"),
    };
    let naming = |id| NewTicket { sla_policy_id: Some(id), ..new_ticket("b") };
    assert_eq!(wrong(&mut house, create(naming(gold.id))), "ticket.sla_policy_id");
    assert_eq!(wrong(&mut house, create(naming(Uuid::from_u128(7)))), "ticket.sla_policy_id");
    // What it had it keeps, and the policy is chosen no more.
    let renamed = house.ticket(&agent(), edit(&ticket, TicketEdit { subject: Some("c".into()), ..Default::default() }));
    assert_eq!((renamed.sla_policy_id, has(&house, &renamed)), (Some(gold.id), None));
    let crm = caller("crm", &[Role::Service], Some("crm"));
    let theirs = match house.run(&crm, CreateSlaPolicy(named("theirs"))).expect("done").resource {
        Resource::SlaPolicy(policy) => policy,
        other => panic!("no policy: {other:?}"),
    };
    assert_eq!(wrong(&mut house, create(naming(theirs.id))), "ticket.sla_policy_id");
    let own = house.ticket(&crm, create(new_ticket("d")));
    assert_eq!((has(&house, &own).as_deref(), has(&house, &renamed)), (Some("theirs"), None));
    assert!(matches!(
        house.refused(&crm, change(&gold, PolicyEdit::default())),
        Refusal::NotFound { kind: Kind::SlaPolicy, .. }
    ));
}

/// A policy in a few numbers, so that many of them meet.
#[derive(Clone, Debug)]
struct Drawn {
    priority: Option<usize>,
    team: usize,
    kinds: usize,
    condition: usize,
    place: i32,
}

const TEAMS: [&str; 3] = ["", "core", "desk"];
const KINDS: [&[TicketType]; 4] =
    [&[], &[TicketType::Incident], &[TicketType::Problem], &[TicketType::Incident, TicketType::Problem]];
const CONDITIONS: [&str; 4] = ["", "", "'vip' in ticket.tags", "organization.tier == 'Enterprise'"];

fn drawn() -> impl Strategy<Value = Drawn> {
    (prop::option::of(0..2usize), 0..3usize, 0..4usize, 0..4usize, 0..3i32)
        .prop_map(|(priority, team, kinds, condition, place)| Drawn { priority, team, kinds, condition, place })
}

/// By the list of sla.md, level by level.
fn slowly<'a>(policies: &'a [Arc<SlaPolicy>], ticket: &Ticket, vip: bool, enterprise: bool) -> Option<&'a SlaPolicy> {
    let covers = |policy: &SlaPolicy, priority: bool, team: bool, kind: bool| {
        (if priority { policy.priority == Some(ticket.priority) } else { policy.priority.is_none() })
            && (if team {
                policy.team_id == ticket.team_id && !ticket.team_id.is_empty()
            } else {
                policy.team_id.is_empty()
            })
            && (if kind { policy.applies_to.has(ticket.kind.word()) } else { policy.applies_to.is_empty() })
    };
    const LEVELS: [(bool, bool, bool); 8] = [
        (true, true, true),
        (true, true, false),
        (true, false, true),
        (true, false, false),
        (false, true, true),
        (false, true, false),
        (false, false, true),
        (false, false, false),
    ];
    let anywhere = |policy: &SlaPolicy| LEVELS.iter().any(|(p, t, k)| covers(policy, *p, *t, *k));
    let named = policies.iter().find(|policy| Some(policy.id) == ticket.sla_policy_id);
    if let Some(named) = named.filter(|policy| anywhere(policy)) {
        return Some(named);
    }
    let mut ordered: Vec<&SlaPolicy> = policies.iter().map(|policy| &**policy).collect();
    ordered.sort_by_key(|policy| (policy.place, policy.id));
    let says = |policy: &SlaPolicy| match policy.condition.as_str() {
        "" => false,
        condition if condition == CONDITIONS[2] => vip,
        _ => enterprise,
    };
    let matched = ordered.iter().find(|policy| anywhere(policy) && says(policy)).copied();
    matched.or_else(|| {
        let plain = |level: &(bool, bool, bool)| {
            let (priority, team, kind) = *level;
            ordered.iter().find(|p| p.condition.is_empty() && covers(p, priority, team, kind)).copied()
        };
        LEVELS.iter().find_map(plain)
    })
}

fn organization(tier: &str) -> Organization {
    Organization { id: "acme".into(), name: "Acme".into(), tier: tier.into(), ..Organization::default() }
}

proptest! {
    #[test]
    fn the_policy_chosen_is_that_of_the_list(
        all in prop::collection::vec(drawn(), 0..12),
        (priority, team, kind) in (0..2usize, 0..3usize, 0..2usize),
        (vip, enterprise, own) in (any::<bool>(), any::<bool>(), prop::option::of(0..12usize)),
    ) {
        let mut house = House::new();
        let priorities = [Priority::High, Priority::Low];
        let org = organization(if enterprise { "Enterprise" } else { "Basic" });
        house.run(&agent(), UpsertEntry { row: org, etag: String::new() }).expect("an organization");
        let mut policies = Vec::new();
        for (index, one) in all.into_iter().enumerate() {
            let edit = PolicyEdit {
                priority: Some(one.priority.map(|index| priorities[index])),
                team_id: Some(TEAMS[one.team].into()),
                applies_to: Some(Words(KINDS[one.kinds].iter().map(|kind| kind.word().to_owned()).collect())),
                condition: Some(CONDITIONS[one.condition].into()),
                place: Some(one.place),
                ..named(&format!("p{index}"))
            };
            match house.run(&admin(), CreateSlaPolicy(edit)) {
                Ok(Outcome { resource: Resource::SlaPolicy(policy), .. }) => policies.push(policy),
                other => {
                    let overlaps = matches!(other, Err(Refusal::PolicyOverlaps { .. }));
                    prop_assert!(overlaps);
                }
            }
        }
        let ticket = house.ticket(&agent(), create(NewTicket {
            priority: priorities[priority],
            team_id: TEAMS[team].into(),
            kind: [TicketType::Incident, TicketType::Problem][kind],
            tags: Words(if vip { vec!["vip".into()] } else { Vec::new() }),
            organization_id: "acme".into(),
            sla_policy_id: own.and_then(|own| policies.get(own)).map(|policy| policy.id),
            ..new_ticket("a")
        }));
        let chosen = house.world.sla_policy_of(&ticket).expect("known");
        let expected = slowly(&policies, &ticket, vip, enterprise);
        prop_assert_eq!(chosen.as_ref().map(|policy| &policy.row.name), expected.map(|policy| &policy.name));
    }
}
