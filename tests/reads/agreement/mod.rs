//! Filters made at random, over rows made at random: SQL and the evaluator in memory keep the same ones.
//!
//! The rows are read back before they are asked: that is what a list, a stream and a rule see of them.

mod filters;
mod random;
mod rows;

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use docket::model::activity::Activity;
use docket::model::directory::{Agent, Asset, Contact, Deal, Organization, Team};
use docket::model::image::ActivityRow;
use docket::model::issue::Issue;
use docket::model::message::Message;
use docket::model::ticket::Ticket;
use docket::store::filter::{Condition, compile, narrow};
use docket::store::read::list::{Paging, order};
use docket::store::read::{activity, directory, issue, message, ticket};
use docket::store::write;
use docket::workflow::schema::Root;
use docket::workflow::{Filter, Subject};

use crate::server::{a_head, all_of, at, database, server_of, uuid};
use random::Random;

/// Rows of each kind.
const ROWS: i64 = 48;

/// How many filters over a root are tried; DOCKET_FILTERS is for more or fewer.
fn tries(root: Root) -> usize {
    let asked = std::env::var("DOCKET_FILTERS").ok().map(|number| number.parse().expect("a number"));
    asked.unwrap_or(if root == Root::Ticket { 10_000 } else { 1_500 })
}

/// The same filters each time; DOCKET_FILTER_SEED=<number> asks for others.
fn seed() -> u64 {
    std::env::var("DOCKET_FILTER_SEED").map_or(0, |seed| seed.parse().expect("a number"))
}

/// What was asked, and whether it told rows apart.
#[derive(Default)]
struct Tally {
    asked: usize,
    telling: usize,
}

impl Tally {
    fn count(&mut self, found: usize, rows: usize) {
        self.asked += 1;
        self.telling += usize::from(found > 0 && found < rows);
    }

    fn is_enough(&self, root: Root) {
        let tries = tries(root);
        assert!(self.asked > tries / 3, "most filters can be asked: {} of {tries}", self.asked);
        assert!(self.telling > tries / 8, "many filters tell rows apart: {} of {tries}", self.telling);
    }
}

macro_rules! agree {
    ($($test:ident: $row:ident by $make:path, list |$conn:ident, $filter:ident, $paging:ident| $list:expr;)+) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            async fn list($conn: &mut AsyncPgConnection, $filter: Option<&Condition>) -> QueryResult<Vec<$row>> {
                let by = order::<$row>("").unwrap();
                let $paging = Paging { order: &by, after: None, size: 500 };
                Ok($list.await?.rows)
            }

            let (root, tenant) = (Root::$row, stringify!($test));
            let mut conn = server_of(&[tenant]).await;
            let mut random = Random::new(seed() ^ 0x5eed);
            let made: Vec<$row> = (1..=ROWS).map(|n| $make(&mut random, tenant, n)).collect();
            write::insert(&conn, made.iter()).await.unwrap();
            let rows = list(&mut conn, None).await.expect("no filter fails");
            assert_eq!(rows.len(), made.len());
            let mut tally = Tally::default();
            for _ in 0..tries(root) {
                let source = filters::over(&mut random, root);
                // What cannot be meant (a text compared with a number) is refused when it is read, and what SQL cannot do then.
                let Ok(filter) = Filter::compile(&source, root) else { continue };
                let Ok(condition) = compile(&filter, all_of(tenant), at(0)) else { continue };
                let found = list(&mut conn, Some(&condition)).await.unwrap_or_else(|e| panic!("{source}\n{e}"));
                let expected: Vec<&$row> = rows.iter().filter(|it| filter.matches(Subject::$row(it), at(0)).expect("cheap")).collect();
                if !found.iter().eq(expected.iter().copied()) {
                    let odd = rows.iter().find(|it| found.contains(it) != expected.contains(it));
                    panic!("{source}\n{} rows in SQL, {} in memory; one of them alone has\n{odd:#?}", found.len(), expected.len());
                }
                tally.count(found.len(), rows.len());
            }
            tally.is_enough(root);
        }
    )+ };
}

agree! {
    tickets: Ticket by rows::ticket, list |conn, filter, paging| {
        ticket::list(conn, all_of("tickets"), ticket::Wanted { show_deleted: true, filter }, &paging)
    };
    messages: Message by rows::message, list |conn, filter, paging| {
        message::list(conn, all_of("messages"), uuid(1), filter, &paging)
    };
    issues_agree: Issue by rows::issue, list |conn, filter, paging| {
        issue::list(conn, all_of("issues_agree"), None, filter, &paging)
    };
    organizations: Organization by rows::organization, list |conn, filter, paging| {
        directory::list(conn, all_of("organizations"), filter, &paging)
    };
    contacts: Contact by rows::contact, list |conn, filter, paging| {
        directory::list(conn, all_of("contacts"), filter, &paging)
    };
    agents: Agent by rows::agent, list |conn, filter, paging| {
        directory::list(conn, all_of("agents"), filter, &paging)
    };
    teams: Team by rows::team, list |conn, filter, paging| {
        directory::list(conn, all_of("teams"), filter, &paging)
    };
    deals: Deal by rows::deal, list |conn, filter, paging| {
        directory::list(conn, all_of("deals"), filter, &paging)
    };
    assets: Asset by rows::asset, list |conn, filter, paging| {
        directory::list(conn, all_of("assets"), filter, &paging)
    };
}

/// What SQL cannot decide of an activity is decided in memory, and a page that ends between two of them goes on there.
#[tokio::test(flavor = "multi_thread")]
async fn activities() {
    let mut conn = database().await;
    let mut random = Random::new(seed() ^ 0x109);
    let made: Vec<Activity> = (1..=ROWS).map(|n| rows::activity(&mut random, "activities", n)).collect();
    let stored: Vec<_> = made.iter().map(ActivityRow::of).collect();
    write::insert(&conn, stored.iter()).await.unwrap();
    write::insert(&conn, [a_head("activities", ROWS, 0)].iter()).await.unwrap();
    let back: Vec<Activity> = stored.into_iter().map(|row| row.into_activity().expect("it reads back")).collect();
    let (mut tally, mut narrowed) = (Tally::default(), 0);
    for _ in 0..tries(Root::Activity) {
        let root = if random.one_in(4) { Root::Ticket } else { Root::Activity };
        let source = filters::over(&mut random, root);
        let Ok(filter) = Filter::of_log(&source) else { continue };
        let (condition, whole) = narrow(&filter, all_of("activities").audience, at(0));
        narrowed += usize::from(condition.is_some() && !whole);
        let text = if random.one_in(2) { "" } else { "position desc" };
        let by = order(text).unwrap();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let rest = (!whole).then_some((&filter, at(0)));
            let view = activity::View::Basic;
            let wanted = activity::Wanted { ticket_id: None, filter: condition.as_ref(), rest, view };
            let paging = Paging { order: &by, after: after.as_deref(), size: 7 };
            let page = activity::list(&mut conn, all_of("activities"), wanted, &paging).await;
            let page = page.unwrap_or_else(|e| panic!("{source}\n{e}"));
            found.extend(page.rows.iter().map(|row| row.position));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut expected: Vec<i64> = back
            .iter()
            .filter(|it| filter.takes(it, at(0)).expect("cheap"))
            .map(|activity| activity.position)
            .collect();
        if !text.is_empty() {
            expected.reverse();
        }
        assert_eq!(found, expected, "{source}");
        tally.count(found.len(), back.len());
    }
    tally.is_enough(Root::Activity);
    assert!(narrowed > tries(Root::Activity) / 20, "some filters are decided on both sides: {narrowed}");
}
