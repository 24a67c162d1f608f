//! Sums over tickets: what is folded from the log is what a recount finds, whoever folds, and whenever they begin anew.

use std::collections::HashMap;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use docket::model::activity::Activity;
use docket::model::change::difference;
use docket::model::image::ActivityRow;
use docket::model::ledger::Head;
use docket::model::statistics::{ByValue, Dimension};
use docket::model::ticket::Ticket;
use docket::model::time::Instant;
use docket::model::words::{Channel, Priority, Status};
use docket::projection::{Projections, Reached, Step, step};
use docket::store::audience::Audience;
use docket::store::filter::compile;
use docket::store::pool::{Pool, Settings};
use docket::store::projection::Projection;
use docket::store::read::Scope;
use docket::store::statistics::{Sums, counted, kept, values_of};
use docket::store::write;
use docket::workflow::Filter;
use docket::workflow::schema::Root;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::sync::Arc;

use crate::fixture;
use crate::keys::touched;
use crate::server::{a_ticket, all_of, at, database, url};

const DAY: i64 = 24 * 3_600;

/// One thing that happens to one of a few tickets.
#[derive(Clone, Debug)]
enum Happening {
    Made {
        days: i64,
        team: &'static str,
        channel: Channel,
    },
    Moved(Status),
    Ranked(Priority),
    Sent(&'static str),
    Named(&'static str),
    Given(&'static str),
    Due(i64),
    Answered,
    Rated(i64),
    Deleted(bool),
    /// An issue's activity beside it, whose changes are not the ticket's.
    Beside,
}

fn happening() -> impl Strategy<Value = (usize, Happening)> {
    let team = || select(&["", "billing", "support"][..]);
    let one = prop_oneof![
        (0..5_i64, team(), select(Channel::ALL)).prop_map(|(days, team, channel)| Happening::Made {
            days,
            team,
            channel
        }),
        select(Status::ALL).prop_map(Happening::Moved),
        select(Priority::ALL).prop_map(Happening::Ranked),
        team().prop_map(Happening::Sent),
        select(&["general", "refund"][..]).prop_map(Happening::Named),
        select(&["", "ann"][..]).prop_map(Happening::Given),
        (0..8_i64).prop_map(Happening::Due),
        Just(Happening::Answered),
        (2..=10_i64).prop_map(Happening::Rated),
        any::<bool>().prop_map(Happening::Deleted),
        Just(Happening::Beside),
    ];
    (0..6_usize, one)
}

/// A tenant whose log and tickets are written as the door would.
struct Log {
    tenant: String,
    tickets: Vec<Ticket>,
    position: i64,
}

impl Log {
    fn new(tenant: String) -> Log {
        Log { tenant, tickets: Vec::new(), position: 0 }
    }

    fn now(&self) -> Instant {
        at(10 * DAY + self.position)
    }

    async fn write(&mut self, conn: &AsyncPgConnection, happenings: &[(usize, Happening)]) {
        let (mut rows, mut touched) = (Vec::new(), HashMap::new());
        for (which, happening) in happenings {
            let which = if self.tickets.is_empty() { 0 } else { which % self.tickets.len() };
            self.position += 1;
            let (before, after) = self.edit(which, happening);
            let changes = before.as_ref().map(|before| difference(before, &after).changes).unwrap_or_default();
            let beside = matches!(happening, Happening::Beside) && before.is_some();
            rows.push(ActivityRow::of(&self.activity(&after, changes, beside)));
            let is_new = touched.get(&after.id).map_or(before.is_none(), |(new, _)| *new);
            touched.insert(after.id, (is_new, after));
        }
        let of = |new| touched.values().filter(move |(is_new, _)| *is_new == new).map(|(_, ticket)| ticket);
        write::insert(conn, of(true)).await.unwrap();
        write::update(conn, of(false)).await.unwrap();
        write::insert(conn, rows.iter()).await.unwrap();
        let head = Head {
            tenant_id: self.tenant.clone(),
            position: self.position,
            config_position: 0,
            last_number: self.tickets.len() as i64,
            floor: 0,
            last_at: self.now(),
            queues: Default::default(),
        };
        write::insert_if_absent(conn, [&head].into_iter()).await.unwrap();
        write::update(conn, [&head].into_iter()).await.unwrap();
    }

    /// The ticket before and after.
    fn edit(&mut self, which: usize, happening: &Happening) -> (Option<Ticket>, Ticket) {
        let (now, position) = (self.now(), self.position);
        let made = match happening {
            Happening::Made { days, team, channel } => Some((*days, *team, *channel)),
            _ if self.tickets.is_empty() => Some((0, "", Channel::Api)),
            _ => None,
        };
        if let Some((days, team, channel)) = made {
            let number = self.tickets.len() as i64 + 1;
            let created_at = at(days * DAY + number * 7_000);
            let ticket =
                Ticket { team_id: team.into(), channel, created_at, position, ..a_ticket(&self.tenant, number) };
            self.tickets.push(ticket.clone());
            return (None, ticket);
        }
        let before = self.tickets[which].clone();
        let ticket = &mut self.tickets[which];
        (ticket.version, ticket.position) = (ticket.version + 1, position);
        match happening {
            Happening::Made { .. } | Happening::Beside => {}
            Happening::Moved(status) => {
                ticket.status = *status;
                ticket.resolved_at = status.is_done().then(|| ticket.resolved_at.unwrap_or(now));
                ticket.closed_at = (*status == Status::Closed).then_some(now);
                if *status == Status::Escalated {
                    ticket.escalated_at = Some(now);
                }
            }
            Happening::Ranked(priority) => ticket.priority = *priority,
            Happening::Sent(team) => ticket.team_id = (*team).into(),
            Happening::Named(category) => ticket.category = (*category).into(),
            Happening::Given(agent) => ticket.assignee_id = (*agent).into(),
            Happening::Due(days) => ticket.due_at = (*days > 0).then(|| at(days * 2 * DAY)),
            Happening::Answered => drop(ticket.first_response_at.get_or_insert(now)),
            Happening::Rated(halves) => ticket.satisfaction = Some(*halves as f64 / 2.0),
            Happening::Deleted(gone) => ticket.deleted_at = gone.then_some(now),
        }
        (Some(before), ticket.clone())
    }

    fn activity(&self, ticket: &Ticket, changes: Vec<docket::model::activity::Change>, beside: bool) -> Activity {
        let changed = |old: &str, new: &str| docket::model::activity::Change {
            field: "status".into(),
            old_value: old.into(),
            new_value: new.into(),
        };
        let kind = if beside { "issue.resolved" } else { "ticket.updated" };
        Activity {
            ticket_id: Some(ticket.id),
            ticket_version: ticket.version,
            changes: if beside { vec![changed("OPEN", "RESOLVED")] } else { changes },
            ticket: Some(Arc::new(ticket.clone())),
            issue: beside.then(|| crate::lists::an_issue(&self.tenant, self.position)),
            ..fixture::activity(&self.tenant, self.position, kind, self.now())
        }
    }

    /// Every question that the sums answer is answered alike by the tickets.
    async fn agree(&self, conn: &mut AsyncPgConnection) {
        for dimension in Dimension::EACH {
            for since in [None, Some(at(2 * DAY + 9_000)), Some(at(-40 * DAY)), Some(at(100 * DAY))] {
                let sums = Sums { dimension, values: None };
                let kept = kept(conn, &self.tenant, &sums, since, self.now()).await.unwrap();
                let counted = counted(conn, all_of(&self.tenant), None, dimension, since, self.now()).await.unwrap();
                assert_eq!(filled(kept), filled(counted), "{dimension:?} {since:?}");
            }
        }
    }
}

/// Without those of whom there are none.
fn filled(by_value: ByValue) -> ByValue {
    by_value.into_iter().filter(|(_, figures)| figures.total() > 0).collect()
}

async fn catch_up(conn: &mut AsyncPgConnection, tenant: &str) {
    while step(conn, tenant, Projection::Statistics).await.unwrap().1 != Step::Done {}
}

fn histories(runs: usize) -> Vec<Vec<(usize, Happening)>> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let history = proptest::collection::vec(happening(), 1..60);
    (0..runs).map(|_| history.new_tree(&mut runner).unwrap().current()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_folded_is_what_a_recount_finds() {
    let mut conn = database().await;
    for (run, history) in histories(60).into_iter().enumerate() {
        let mut log = Log::new(format!("folds-{run}"));
        // Begun at any point of it: before the first write, in the middle, at the end.
        let begin = history.len() * (run % 4) / 3;
        for (n, part) in history.chunks(7).enumerate() {
            if n * 7 >= begin {
                catch_up(&mut conn, &log.tenant).await;
            }
            log.write(&conn, part).await;
        }
        catch_up(&mut conn, &log.tenant).await;
        log.agree(&mut conn).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_fold_at_once_count_nothing_twice() {
    let mut conn = database().await;
    let projections = [Projections::default(), Projections::default()];
    let url = url().await;
    let pool = || Pool::new(url, Settings { size: 2, ..Settings::default() }).unwrap();
    let pools = [pool(), pool()];
    for (run, history) in histories(12).into_iter().enumerate() {
        let mut log = Log::new(format!("races-{run}"));
        for part in history.chunks(9) {
            log.write(&conn, part).await;
            let folders = [0, 1, 0, 1].map(|process| {
                let (mine, tenant) = (projections[process].clone(), log.tenant.clone());
                let pool = pools[process].clone();
                tokio::spawn(async move { mine.catch_up(&pool, &tenant, Projection::Statistics).await.unwrap() })
            });
            for folder in folders {
                assert_eq!(folder.await.unwrap(), Reached::Head { position: log.position });
            }
        }
        log.agree(&mut conn).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_callers_with_limits_count_their_own() {
    let mut conn = database().await;
    let mut log = Log::new("counts".into());
    let made = |team| (0, Happening::Made { days: 1, team, channel: Channel::Email });
    log.write(&conn, &[made("billing"), made("billing"), made("support"), made("")]).await;
    catch_up(&mut conn, "counts").await;
    for (filter, sums, total) in [
        ("ticket.team_id == 'billing'", true, 2),
        ("'support' == ticket.team_id", true, 1),
        ("ticket.team_id in ['support', '', 'nobody']", true, 2),
        ("ticket.channel == 'email'", true, 4),
        ("ticket.priority == 'MEDIUM' && ticket.team_id == ''", false, 1),
        ("ticket.team_id != 'billing'", false, 2),
        ("ticket.number > 3", false, 1),
        ("ticket.status == 'OPEN'", false, 4),
    ] {
        let filter = Filter::compile(filter, Root::Ticket).unwrap();
        let condition = compile(&filter, all_of("statistics"), at(0)).unwrap();
        let scope = all_of("counts");
        let by_value = counted(&mut conn, scope, Some(&condition), Dimension::All, None, log.now()).await.unwrap();
        assert_eq!(by_value[""].total(), total, "{}", filter.source());
        let asked = values_of(&filter);
        assert_eq!(asked.is_some(), sums, "{}", filter.source());
        if let Some(asked) = asked {
            let by_value = kept(&mut conn, "counts", &asked, None, log.now()).await.unwrap();
            assert_eq!(by_value.values().map(|figures| figures.total()).sum::<i64>(), total, "{}", filter.source());
        }
    }
    let nobody = Audience { app_id: Some("other".into()), requester: None };
    let scope = Scope { tenant_id: "counts", audience: &nobody };
    assert!(counted(&mut conn, scope, None, Dimension::All, None, log.now()).await.unwrap().is_empty());
    let elsewhere = Sums { dimension: Dimension::All, values: None };
    assert!(kept(&mut conn, "counts-elsewhere", &elsewhere, None, log.now()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_are_read_without_their_tickets() {
    let mut conn = database().await;
    // A hundred a day.
    let tickets: Vec<Ticket> =
        (0..3_000).map(|n| Ticket { created_at: at(n * DAY / 100), ..a_ticket("sums", n + 1) }).collect();
    write::insert(&conn, tickets.iter()).await.unwrap();
    catch_up(&mut conn, "sums").await;
    conn.batch_execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
    for (since, total, most) in [(None, 3_000, 0), (Some(at(15 * DAY + DAY / 2)), 1_450, 50)] {
        for dimension in [Dimension::All, Dimension::Team] {
            let sums = Sums { dimension, values: None };
            let cost: Result<i64, diesel::result::Error> = conn
                .transaction(async |conn| {
                    let before = touched(conn, "ticket").await;
                    let kept = kept(conn, "sums", &sums, since, at(90 * DAY)).await?;
                    assert_eq!(kept[""].total(), total);
                    Ok(touched(conn, "ticket").await - before)
                })
                .await;
            assert_eq!(cost.unwrap(), most, "{since:?}");
        }
    }
}
