//! Filters made at random, over tickets made at random: SQL and the evaluator in memory keep the same ones.

use docket::model::ticket::Ticket;
use docket::model::words::{Priority, Status, Words};
use docket::store::audience::Audience;
use docket::store::filter::compile;
use docket::store::read::list::{Paging, order};
use docket::store::read::ticket;
use docket::store::write;
use docket::workflow::schema::Root;
use docket::workflow::{Filter, Subject};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::server::{a_ticket, all_of, at, database, uuid};

const FILTERS: usize = 10_000;
const TICKETS: i64 = 60;

/// What texts in tickets and in filters are made of: few, so that they meet.
const TEXTS: &[&str] = &["", "a", "A", "ab", "Ab", "b", "%", "_", "a%", "é", "it's", "Agent-1", "7"];
const TEXT_FIELDS: &[&str] = &["subject", "category", "assignee_id", "team_id", "requester_id", "requester_name"];
const CUSTOM: &[&str] = &["custom.a", "custom.b", "custom['c d']", "custom.a.b"];

fn value() -> BoxedStrategy<Value> {
    let flat = prop_oneof![
        select(TEXTS).prop_map(|text| json!(text)),
        (-2..4i64).prop_map(|n| json!(n)),
        (-2..6i64).prop_map(|halves| json!(halves as f64 / 2.0)),
        any::<bool>().prop_map(|b| json!(b)),
        Just(Value::Null),
        Just(json!(9_007_199_254_740_993i64)),
    ];
    let list = proptest::collection::vec(flat.clone(), 0..3).prop_map(Value::Array);
    let map = flat.clone().prop_map(|inner| json!({ "b": inner }));
    prop_oneof![5 => flat, 1 => list, 1 => map].boxed()
}

fn custom() -> impl Strategy<Value = Value> {
    let field = |name: &'static str| proptest::option::of(value().prop_map(move |value| (name.to_owned(), value)));
    (field("a"), field("b"), field("c d"))
        .prop_map(|(a, b, c)| Value::Object([a, b, c].into_iter().flatten().collect()))
}

fn a_random_ticket(number: i64) -> impl Strategy<Value = Ticket> {
    let texts = proptest::collection::vec(select(TEXTS), TEXT_FIELDS.len());
    let words = (select(Status::ALL), select(Priority::ALL), subsequence(TEXTS.to_vec(), 0..4));
    let numbers = (0..3i32, 0..4i64, proptest::option::of(0..6i64), proptest::option::of(0..5i64));
    (texts, words, numbers, custom(), proptest::option::of(1..4i64)).prop_map(
        move |(texts, (status, priority, tags), (level, messages, satisfaction, due), custom, follows)| {
            let mut ticket = a_ticket("agreement", number);
            let mut texts = texts.into_iter().map(str::to_owned);
            let mut text = || texts.next().expect("one for each field");
            (ticket.subject, ticket.category, ticket.assignee_id) = (text(), text(), text());
            (ticket.team_id, ticket.requester_id, ticket.requester_name) = (text(), text(), text());
            (ticket.status, ticket.priority, ticket.custom) = (status, priority, custom);
            ticket.resolved_at = matches!(status, Status::Resolved | Status::Closed).then(|| at(number));
            ticket.closed_at = (status == Status::Closed).then(|| at(number + 1));
            ticket.tags = Words(tags.into_iter().map(str::to_owned).collect());
            (ticket.escalation_level, ticket.message_count) = (level, messages);
            ticket.satisfaction = satisfaction.map(|halves| halves as f64 / 2.0);
            ticket.due_at = due.map(|minutes| at(minutes * 60));
            ticket.follow_up_of = follows.map(uuid);
            ticket
        },
    )
}

/// A text, a number, a truth value or nothing, as CEL writes it.
fn literal() -> BoxedStrategy<String> {
    prop_oneof![
        3 => text(),
        2 => number(),
        1 => select(&["true", "false", "null", "9007199254740993"][..]).prop_map(str::to_owned),
    ]
    .boxed()
}

fn text() -> BoxedStrategy<String> {
    select(TEXTS).prop_map(|text| format!("'{}'", text.replace('\'', "\\'"))).boxed()
}

fn number() -> BoxedStrategy<String> {
    prop_oneof![(-2..4i64).prop_map(|n| n.to_string()), (-2..6i64).prop_map(|n| format!("{:.1}", n as f64 / 2.0))]
        .boxed()
}

fn time() -> BoxedStrategy<String> {
    (0..6u32).prop_map(|minutes| format!("timestamp('2026-01-01T00:0{minutes}:00Z')")).boxed()
}

fn word() -> BoxedStrategy<(&'static str, String)> {
    let status = select(Status::ALL).prop_map(|status| ("status", format!("'{}'", status.word())));
    let priority = select(Priority::ALL).prop_map(|priority| ("priority", format!("'{}'", priority.word())));
    prop_oneof![status, priority].boxed()
}

/// One comparison or question.
fn atom() -> BoxedStrategy<String> {
    let compare = || select(&["==", "!=", "<", "<=", ">", ">="][..]);
    let equal = || select(&["==", "!="][..]);
    let field = || select(TEXT_FIELDS);
    let custom = || select(CUSTOM);
    let int = || select(&["number", "escalation_level", "message_count"][..]);
    let late = || select(&["created_at", "due_at", "resolved_at", "closed_at"][..]);
    let call = || select(&["startsWith", "endsWith", "contains"][..]);
    let any = || {
        let named =
            prop_oneof![field(), custom(), int(), late(), select(&["satisfaction", "tags", "follow_up_of"][..])];
        named.prop_map(|name| format!("ticket.{name}"))
    };
    prop_oneof![
        (field(), compare(), text()).prop_map(|(f, op, v)| format!("ticket.{f} {op} {v}")),
        (field(), compare(), field()).prop_map(|(f, op, g)| format!("ticket.{f} {op} ticket.{g}")),
        (field(), call(), text()).prop_map(|(f, call, v)| format!("ticket.{f}.{call}({v})")),
        (field(), text()).prop_map(|(f, v)| format!("lower(ticket.{f}) == {v}")),
        (field(), text(), text()).prop_map(|(f, v, w)| format!("ticket.{f} in [{v}, {w}]")),
        (word(), equal()).prop_map(|((f, v), op)| format!("ticket.{f} {op} {v}")),
        (select(Status::ALL), select(Status::ALL)).prop_map(|(a, b)| format!(
            "ticket.status in ['{}', '{}']",
            a.word(),
            b.word()
        )),
        (int(), compare(), number()).prop_map(|(f, op, v)| format!("ticket.{f} {op} {v}")),
        (compare(), number()).prop_map(|(op, v)| format!("ticket.satisfaction {op} {v}")),
        (late(), compare(), time()).prop_map(|(f, op, v)| format!("ticket.{f} {op} {v}")),
        (late(), equal()).prop_map(|(f, op)| format!("ticket.{f} {op} null")),
        text().prop_map(|v| format!("{v} in ticket.tags")),
        (compare(), 0..4i64).prop_map(|(op, n)| format!("size(ticket.tags) {op} {n}")),
        any().prop_map(|f| format!("has({f})")).prop_filter("has() takes a name", |text| !text.contains("['")),
        (custom(), compare(), literal()).prop_map(|(f, op, v)| format!("ticket.{f} {op} {v}")),
        (custom(), equal(), custom()).prop_map(|(f, op, g)| format!("ticket.{f} {op} ticket.{g}")),
        (custom(), equal(), field()).prop_map(|(f, op, g)| format!("ticket.{f} {op} ticket.{g}")),
        (custom(), call(), text()).prop_map(|(f, call, v)| format!("ticket.{f}.{call}({v})")),
        (custom(), literal(), literal()).prop_map(|(f, v, w)| format!("ticket.{f} in [{v}, {w}]")),
        (literal(), custom()).prop_map(|(v, f)| format!("{v} in ticket.{f}")),
        (custom(), custom()).prop_map(|(f, g)| format!("ticket.{f} in ticket.{g}")),
        custom().prop_map(|f| format!("ticket.{f} in ticket.tags")),
        custom().prop_map(|f| format!("ticket.satisfaction in ticket.{f}")),
        select(&["'a' in ticket.custom", "ticket.custom.b", "'c d' in ticket.custom"][..]).prop_map(str::to_owned),
        (1..4i64, equal()).prop_map(|(n, op)| {
            format!("ticket.follow_up_of {op} '{}'", docket::model::id::show(docket::model::id::TICKET, uuid(n)))
        }),
    ]
    .boxed()
}

fn filter() -> BoxedStrategy<String> {
    atom()
        .prop_recursive(4, 12, 2, |inner| {
            let two = (inner.clone(), select(&["&&", "||", "==", "!="][..]), inner.clone());
            prop_oneof![
                1 => inner.prop_map(|a| format!("!({a})")),
                3 => two.prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            ]
        })
        .prop_filter("filters are at most 1,024 characters", |text| text.chars().count() <= 1_024)
        .boxed()
}

#[tokio::test(flavor = "multi_thread")]
async fn random_filters_keep_the_same_tickets_in_sql_and_in_memory() {
    let mut conn = database().await;
    let mut runner = TestRunner::deterministic();
    let tickets: Vec<Ticket> = (1..=TICKETS)
        .map(|number| a_random_ticket(number).new_tree(&mut runner).expect("a ticket").current())
        .collect();
    write::insert(&conn, tickets.iter()).await.unwrap();
    let by_number = order("number", "").unwrap();
    let paging = Paging { order: &by_number, after: None, size: 500 };

    // The same filters each time; DOCKET_FILTER_SEED=<number> asks for others.
    let seed: u64 = std::env::var("DOCKET_FILTER_SEED").map_or(0, |seed| seed.parse().expect("a number"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (filters, mut asked, mut telling) = (filter(), 0, 0);
    for _ in 0..FILTERS {
        let source = filters.new_tree(&mut runner).expect("a filter").current();
        // What cannot be meant (a text compared with a number) is refused when it is read, and what SQL cannot do then.
        let Ok(filter) = Filter::compile(&source, Root::Ticket) else { continue };
        let Ok(condition) = compile(&filter, &Audience::default()) else { continue };
        let wanted = ticket::Wanted { show_deleted: false, filter: Some(&condition) };
        let page = ticket::list(&mut conn, all_of("agreement"), wanted, &paging).await;
        let found: Vec<i64> = page.unwrap_or_else(|e| panic!("{source}: {e}")).rows.iter().map(|t| t.number).collect();
        for ticket in &tickets {
            let (in_sql, in_memory) = (found.contains(&ticket.number), filter.matches(Subject::Ticket(ticket)));
            assert_eq!(in_sql, in_memory, "{source}\nof {ticket:#?}");
        }
        asked += 1;
        telling += usize::from(!found.is_empty() && found.len() < tickets.len());
    }
    assert!(asked > FILTERS * 3 / 4, "most filters can be asked: {asked} of {FILTERS}");
    assert!(telling > FILTERS / 2, "most filters tell tickets apart: {telling} of {FILTERS}");
}
