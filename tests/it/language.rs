//! Errors mean the same in every language: a PostgreSQL that speaks German.

use std::future::Future;
use std::process::Command;
use std::time::{Duration, Instant};

use diesel::result::Error;
use diesel_async::SimpleAsyncConnection;
use docket::journal::{Answer, Failure};
use docket::store::pool::{Pool, Settings};
use docket::store::sqlstate::Condition;
use futures_util::future::join_all;
use tokio_postgres::Client;

use crate::door::{Door, create, door, number};
use crate::shared::sql;

const PATIENCE: Duration = Duration::from_secs(60);
const IN_ENGLISH: &str = "division by zero";
/// Sessions of this database that wait for another's lock.
const WAITING: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
const END_ALL_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                              WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// A server speaks as its environment says, so this one is started by a process of its own.
#[test]
fn a_server_that_speaks_german_is_understood() {
    let mut german = Command::new(std::env::current_exe().expect("this binary"));
    german.args(["--ignored", "--exact", "language::in_german", "--nocapture"]);
    let done = german.env("LC_ALL", "C.UTF-8").env("LANGUAGE", "de").status().expect("another process");
    assert!(done.success(), "see what it said above");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other test, in a process whose PostgreSQL speaks German"]
async fn in_german() {
    let door = door(|config| (config.lanes, config.patience) = (1, PATIENCE)).await;
    let client = sql(&door.url).await;
    if said(&client, "SELECT 1/0").await == IN_ENGLISH {
        let missing =
            "this PostgreSQL has no message catalogue for German (postgres-<version>.mo), which Debian's package has";
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("\n*** NOT TESTED, what errors mean in another language: {missing} ***\n");
        return;
    }
    statements_that_take_too_long(&door.url).await;
    number(&door.submit(create("acme", "the first")).await);
    others_in_the_way(&door).await;
    a_deadlock(&door).await;
    assert_eq!(door.retried("halved"), 0, "nobody's command was at fault");
    a_command_at_fault(&door).await;
    door.end().await;
}

/// What the server says of a statement that fails.
async fn said(client: &Client, statement: &str) -> String {
    let error = client.batch_execute(statement).await.expect_err("it fails");
    error.as_db_error().expect("the server's own error").message().to_owned()
}

/// Asks until it holds: the other side is another process.
async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let end = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn waiting(client: &Client, sessions: i64) {
    let count = || async { client.query_one(WAITING, &[]).await.expect("a count").get::<_, i64>(0) == sessions };
    until(&format!("{sessions} sessions wait for a lock"), count).await;
}

async fn statements_that_take_too_long(url: &str) {
    let settings = Settings { statement_timeout: Duration::from_millis(50), ..Settings::default() };
    let pool = Pool::new(url, settings).expect("a pool");
    // Each in a transaction of its own.
    let failing = async |statement: &str| {
        let mut conn = pool.own(&[]).await.expect("a connection");
        conn.batch_execute(statement).await.expect_err(statement)
    };
    let slow: Error = failing("SELECT pg_sleep(60)").await;
    assert_eq!(Condition::of(&slow), Condition::Timeout, "{slow}");
    let broken = failing("SELECT 1 FROM nowhere").await;
    assert_eq!(Condition::of(&broken), Condition::Failed, "{broken}");
    let ended = failing("SELECT pg_terminate_backend(pg_backend_pid())").await;
    assert_eq!(Condition::of(&ended), Condition::Lost, "{ended}");
    for error in [slow, broken, ended] {
        let text = error.to_string();
        let english = ["statement timeout", "does not exist", "terminating connection"];
        assert!(english.iter().all(|words| !text.contains(words)), "not in German: {text}");
    }
}

/// A batch of several commands that waits for the table of tickets while `during` runs, which is given who holds it. Then it
/// is let go.
async fn batch_that_waits<F: Future<Output = Client>>(
    door: &Door,
    subjects: &[&str],
    during: impl FnOnce(Client) -> F,
) -> Vec<Result<Answer, Failure>> {
    const HOLD: &str = "BEGIN; LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE";
    let (watch, first, second) = (sql(&door.url).await, sql(&door.url).await, sql(&door.url).await);
    first.batch_execute(HOLD).await.expect("held");
    // While one command waits for the first holder, the others gather, and the second holder gets in line behind it.
    let mut one = Box::pin(door.submit(create("acme", "one")));
    assert!(futures_util::poll!(&mut one).is_pending());
    waiting(&watch, 1).await;
    let mut others = Box::pin(join_all(subjects.iter().map(|subject| door.submit(create("acme", subject)))));
    assert!(futures_util::poll!(&mut others).is_pending());
    let (holding, ()) = futures_util::join!(second.batch_execute(HOLD), async {
        waiting(&watch, 2).await;
        first.batch_execute("ROLLBACK").await.expect("let go");
    });
    holding.expect("held");
    waiting(&watch, 1).await;
    let (second, answers, one) = futures_util::join!(
        async {
            let second = during(second).await;
            second.batch_execute("ROLLBACK").await.expect("let go");
        },
        others,
        one
    );
    let () = second;
    number(&one);
    answers
}

async fn others_in_the_way(door: &Door) {
    let answers = batch_that_waits(door, &["two", "three", "four"], |holder| async {
        until("a lock timeout asks for the batch again", || async { door.retried("retry") > 0 }).await;
        let end_those_who_wait = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted";
        until("the end of a session asks for another", || async {
            holder.batch_execute(end_those_who_wait).await.expect("ended");
            door.retried("reconnect") > 0
        })
        .await;
        holder
    });
    answers.await.iter().for_each(|answer| assert!(number(answer) > 0));
}

/// The holder of the table asks for the head, which the batch holds.
async fn a_deadlock(door: &Door) {
    let watch = sql(&door.url).await;
    let deadlocks = || async {
        let counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        watch.query_one(counted, &[]).await.expect("a count").get::<_, i64>(0)
    };
    let end = Instant::now() + PATIENCE;
    // On a machine that is very busy, the batch may have looked for deadlocks before there was one.
    while deadlocks().await == 0 {
        assert!(Instant::now() < end, "no deadlock");
        let before = door.retried("retry");
        let answers = batch_that_waits(door, &["two", "three", "four"], |holder| async {
            holder.batch_execute("SET LOCAL deadlock_timeout = '1min'").await.expect("the batch is to find it");
            let head = "SELECT FROM tenant_head WHERE tenant_id = 'acme' FOR UPDATE";
            holder.batch_execute(head).await.expect("the batch lets it go");
            holder
        });
        answers.await.iter().for_each(|answer| assert!(number(answer) > 0));
        assert!(door.retried("retry") > before);
        // A session tells what it counted at its end, or some time later.
        until("no other session", || async { watch.execute(END_ALL_OTHERS, &[]).await.expect("ended") == 0 }).await;
    }
}

async fn a_command_at_fault(door: &Door) {
    let poison =
        "ALTER TABLE ticket ADD CHECK (CASE subject WHEN 'poison' THEN 1 / length(requester_id) > 0 ELSE true END)";
    sql(&door.url).await.batch_execute(poison).await.expect("a check that fails in its own way");
    let answers = batch_that_waits(door, &["two", "poison", "four", "five"], |holder| async { holder }).await;
    for (answer, at_fault) in answers.iter().zip([false, true, false, false]) {
        match answer {
            Err(Failure::Internal { .. }) => assert!(at_fault),
            other => assert!(number(other) > 0 && !at_fault),
        }
    }
    assert!(door.retried("halved") > 0);
}
