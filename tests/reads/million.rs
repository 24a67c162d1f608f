//! A tenant of a million tickets: each list that people work from walks an index of its own, and touches as many rows as a
//! page shows, on every page.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Json;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use docket::store::filter::{Condition, compile};
use docket::store::migrate;
use docket::store::page::Key;
use docket::store::pool::connect;
use docket::store::read::list::{Paging, order};
use docket::store::read::{activity, message, ticket};
use docket::workflow::Filter;
use docket::workflow::schema::Root;
use serde_json::Value;

use crate::server::{act_as_server, all_of, at, uuid};
use crate::shared::empty_database;

const ROWS: i64 = 1_000_000;
/// One ticket in ten is not finished; those rows stand for the others of a large desk as well: PENDING beside OPEN.
const SEED: &str = include_str!("million.sql");

/// EXPLAIN, run, as JSON.
struct Explain<Q>(Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explain<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, FORMAT JSON) ");
        self.0.walk_ast(out)
    }
}

impl<Q> QueryId for Explain<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Explain<Q> {
    type SqlType = Json;
}

/// What a statement did.
#[derive(Debug, Default)]
struct Did {
    indexes: Vec<String>,
    sorted: f64,
    /// Rows that came out of scans, and those that filters threw away.
    touched: f64,
    pages: f64,
}

impl Did {
    fn read(&mut self, node: &Value) {
        // Where the log begins is one row of another table.
        if node["Relation Name"] == "tenant_head" {
            return;
        }
        let number = |name: &str| node[name].as_f64().unwrap_or(0.0);
        let loops = number("Actual Loops").max(1.0);
        if let Some(index) = node["Index Name"].as_str() {
            self.indexes.push(index.to_owned());
        }
        let kind = node["Node Type"].as_str().unwrap_or_default();
        if kind == "Sort" {
            self.sorted += node["Plans"][0]["Actual Rows"].as_f64().unwrap_or(0.0);
        }
        if kind.contains("Scan") && !kind.contains("Subquery") {
            let removed = number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
            self.touched += (number("Actual Rows") + removed) * loops;
        }
        for inner in node["Plans"].as_array().into_iter().flatten() {
            self.read(inner);
        }
    }
}

async fn did<Q: QueryFragment<Pg> + Send>(conn: &mut AsyncPgConnection, query: Q) -> Did {
    let told: Vec<Value> = RunQueryDsl::load(Explain(query), conn).await.unwrap();
    let plan = &told[0][0]["Plan"];
    let mut did = Did::default();
    did.read(plan);
    did.pages = ["Shared Hit Blocks", "Shared Read Blocks"].iter().filter_map(|name| plan[name].as_f64()).sum();
    did
}

fn filter(source: &str) -> Condition {
    compile(&Filter::compile(source, Root::Ticket).unwrap(), all_of("million"), at(0)).unwrap()
}

/// None: a function tells where they are.
const TAGGED: &str = "";

/// A list, the index that serves it, and the rows that a page of 50 may touch.
const LISTS: &[(&str, &str, f64)] = &[
    ("ticket.status == 'OPEN'", "ticket_status", 60.0),
    ("ticket.assignee_id == 'a7' && ticket.status == 'OPEN'", "ticket_assignee", 150.0),
    ("ticket.status in ['OPEN', 'PENDING'] && ticket.assignee_id == 'a7'", "ticket_assignee", 60.0),
    ("ticket.assignee_id == 'a7' && !(ticket.status in ['RESOLVED', 'CLOSED'])", "ticket_assignee", 60.0),
    ("ticket.team_id == 't7' && ticket.status == 'OPEN'", "ticket_team", 150.0),
    ("ticket.team_id == 't7' && ticket.status == 'OPEN' && ticket.priority == 'URGENT'", "ticket_team_pressing", 150.0),
    ("ticket.requester_id == 'r7'", "ticket_requester", 60.0),
    ("ticket.requester_id == 'r7' && ticket.status == 'CLOSED'", "ticket_requester", 60.0),
    ("ticket.organization_id == 'o7'", "ticket_organization", 60.0),
    ("ticket.priority == 'URGENT' && ticket.status == 'OPEN'", "ticket_pressing", 150.0),
    // Those that have the tag and are not finished: there are 300 of them, which come in one go and are sorted. A function
    // finds them in the index of tags, and the pages that it reads are counted.
    ("'vip' in ticket.tags && ticket.status == 'OPEN'", TAGGED, 700.0),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_page_touches_what_it_shows_however_many_tickets_there_are() {
    let url = empty_database("million").await;
    migrate::run(&url).await.unwrap();
    let mut conn = connect(&url).await.unwrap();
    conn.batch_execute(&format!("SET synchronous_commit = off; SET seed.rows = {ROWS}; {SEED}")).await.unwrap();
    act_as_server(&mut conn, &["million"]).await;

    let scope = all_of("million");
    let newest = order("").unwrap();
    // Beyond half of the tickets.
    let half = [Key::Time(at(ROWS / 2)), Key::Int(ROWS / 2)];
    // The second round plans as prepared statements end up: without knowing the values.
    for mode in ["force_custom_plan", "force_generic_plan"] {
        conn.batch_execute(&format!("SET plan_cache_mode = {mode}; SET jit = off")).await.unwrap();
        for (source, index, most) in LISTS {
            let condition = filter(source);
            for after in [None, Some(half.as_slice())] {
                let wanted = ticket::Wanted { show_deleted: false, filter: Some(&condition) };
                let paging = Paging { order: &newest, after, size: 50 };
                let did = did(&mut conn, ticket::listing(scope, wanted, &paging)).await;
                let sorted = if *index == TAGGED { *most } else { 0.0 };
                assert!(did.indexes.iter().all(|used| used == index), "{mode} {source} {did:?}");
                assert!(
                    did.indexes.is_empty() == (*index == TAGGED) && did.sorted <= sorted,
                    "{mode} {source} {did:?}"
                );
                assert!(did.touched <= *most && did.pages <= 2.0 * most + 20.0, "{mode} {source} {did:?}");
            }
        }
        walks_of_the_log_and_of_a_thread(&mut conn, mode).await;
    }
}

/// Newest first and oldest first, the first page and one in the middle.
async fn walks_of_the_log_and_of_a_thread(conn: &mut AsyncPgConnection, mode: &str) {
    let scope = all_of("million");
    for text in ["", "position desc"] {
        let by = order(text).unwrap();
        let middle = [Key::Int(ROWS / 10)];
        for after in [None, Some(middle.as_slice())] {
            for (ticket_id, index) in [(None, "activity_pkey"), (Some(uuid(7)), "activity_ticket")] {
                let wanted = activity::Wanted { ticket_id, filter: None, rest: None, view: activity::View::Basic };
                let paging = Paging { order: &by, after, size: 50 };
                let did = did(conn, activity::listing(scope, wanted, &paging)).await;
                assert!(did.indexes == [index] && did.sorted == 0.0 && did.touched <= 51.0, "{mode} {text} {did:?}");
            }
        }
    }
    for text in ["", "created_at desc"] {
        let by = order(text).unwrap();
        let middle = [Key::Id(uuid(ROWS / 10))];
        for after in [None, Some(middle.as_slice())] {
            let paging = Paging { order: &by, after, size: 50 };
            let did = did(conn, message::listing(scope, uuid(7), None, &paging)).await;
            assert!(did.indexes == ["message_thread"] && did.touched <= 51.0, "{mode} {text} {did:?}");
            assert!(did.sorted == 0.0, "{mode} {text} {did:?}");
        }
    }
}
