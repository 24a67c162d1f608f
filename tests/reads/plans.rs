//! The hot lists walk their index: no sort, however many rows there are.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use docket::model::ticket::Ticket;
use docket::model::words::Status;
use docket::store::filter::{Condition, compile};
use docket::store::page::Key;
use docket::store::read::list::{Paging, order};
use docket::store::read::{activity, message, ticket};
use docket::store::write;
use docket::workflow::Filter;
use docket::workflow::schema::Root;

use crate::lists::a_message;
use crate::log::an_activity;
use crate::server::{a_ticket, act_as_server, all_of, at, database, uuid};

struct Explain<Q>(Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explain<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("EXPLAIN (COSTS OFF) ");
        self.0.walk_ast(out)
    }
}

impl<Q> QueryId for Explain<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Explain<Q> {
    type SqlType = Text;
}

pub async fn plan<Q: QueryFragment<Pg> + Send>(conn: &mut AsyncPgConnection, query: Q) -> String {
    let lines: Vec<String> = RunQueryDsl::load(Explain(query), conn).await.unwrap();
    lines.join("\n")
}

pub fn filter(source: &str, root: Root) -> Condition {
    compile(&Filter::compile(source, root).unwrap(), all_of("plans"), at(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn hot_lists_walk_an_index_without_a_sort() {
    let mut conn = database().await;
    let mut tickets: Vec<Ticket> = (1..=4_000).map(|n| a_ticket("plans", n)).collect();
    for ticket in &mut tickets {
        ticket.status = Status::ALL[(ticket.number % 4) as usize];
        ticket.requester_email = format!("P{}@Example.com", ticket.number % 400);
    }
    write::insert(&conn, tickets.iter()).await.unwrap();
    let messages: Vec<_> = (1..=4_000).map(|n| a_message("plans", n % 20, n)).collect();
    write::insert(&conn, messages.iter()).await.unwrap();
    let activities: Vec<_> = (1..=4_000).map(|n| an_activity("plans", n)).collect();
    write::insert(&conn, activities.iter()).await.unwrap();
    conn.batch_execute("ANALYZE").await.unwrap();
    act_as_server(&mut conn, &["plans"]).await;

    let scope = all_of("plans");
    let open = filter("ticket.status == 'OPEN'", Root::Ticket);
    let of_address = filter("ticket.requester_email == 'p7@EXAMPLE.com'", Root::Ticket);
    let newest = order("").unwrap();
    let thread = order("").unwrap();
    let oldest = order("").unwrap();
    let latest = order("position desc").unwrap();
    let after = [Key::Time(at(2_000)), Key::Int(2_000)];
    let (position, ids) = ([Key::Int(1_000)], [Key::Id(uuid(1_000))]);

    // The second round plans as prepared statements end up: without knowing the values.
    for mode in ["force_custom_plan", "force_generic_plan"] {
        conn.batch_execute(&format!("SET plan_cache_mode = {mode}")).await.unwrap();
        for after in [None, Some(after.as_slice())] {
            let lists = [
                (None, "ticket_created"),
                (Some(&open), "ticket_status"),
                (Some(&of_address), "ticket_requester_address"),
            ];
            for (filter, index) in lists {
                let wanted = ticket::Wanted { show_deleted: false, filter };
                let paging = Paging { order: &newest, after, size: 50 };
                let plan = plan(&mut conn, ticket::listing(scope, wanted, &paging)).await;
                assert!(plan.contains(index) && !plan.contains("Sort"), "{mode}\n{plan}");
            }
        }
        for after in [None, Some(ids.as_slice())] {
            let paging = Paging { order: &thread, after, size: 50 };
            let plan = plan(&mut conn, message::listing(scope, uuid(7), None, &paging)).await;
            assert!(plan.contains("message_thread") && !plan.contains("Sort"), "{mode}\n{plan}");
        }
        for (by, after) in [(&oldest, None), (&latest, None), (&latest, Some(position.as_slice()))] {
            for (ticket_id, index) in [(None, "activity_pkey"), (Some(uuid(1)), "activity_ticket")] {
                let wanted = activity::Wanted { ticket_id, filter: None, rest: None, view: activity::View::Basic };
                let paging = Paging { order: by, after, size: 50 };
                let plan = plan(&mut conn, activity::listing(scope, wanted, &paging)).await;
                assert!(plan.contains(index) && !plan.contains("Sort"), "{mode}\n{plan}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_few_hot_shapes_stay_prepared() {
    let mut conn = database().await;
    let by = order::<Ticket>("").unwrap();
    let (after, scope) = ([Key::Time(at(0)), Key::Int(1)], all_of("prepared"));
    let hot = [
        "ticket.status == 'OPEN'",
        "ticket.status in ['OPEN', 'PENDING']",
        "ticket.status in ['OPEN']",
        // One statement, however it is written.
        "ticket.status == 'OPEN' && ticket.assignee_id == 'ann'",
        "ticket.assignee_id == 'bob' && ticket.status == 'PENDING'",
    ];
    let cold = ["ticket.number > 1 && ticket.status == 'OPEN'", "ticket.custom.a == 'x'"];
    conn.batch_execute("DEALLOCATE ALL").await.unwrap();
    for source in hot.iter().chain(&cold) {
        let condition = filter(source, Root::Ticket);
        for (after, size) in [(None, 1), (None, 50), (Some(after.as_slice()), 7)] {
            let wanted = ticket::Wanted { show_deleted: false, filter: Some(&condition) };
            ticket::list(&mut conn, scope, wanted, &Paging { order: &by, after, size }).await.unwrap();
        }
    }
    let query =
        diesel::sql_query("SELECT count(*) AS n FROM pg_prepared_statements WHERE statement LIKE 'SELECT * FROM (%'");
    let count: Count = RunQueryDsl::get_result(query, &mut conn).await.unwrap();
    assert_eq!(count.n, 6, "three shapes, each for the first page and for the next ones");
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}
