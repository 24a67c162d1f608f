//! The door: what it promises when heads are held, queues are full, commands break, and the database goes away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use docket::command::action::NewTicket;
use docket::command::verbs::ticket::CreateTicket;
use docket::command::verbs::{TenantEdit, UpdateTenant};
use docket::command::{Command, Outcome, RequestKey, Resource, Verdict};
use docket::journal::{Answer, Config, Failure, Journal, Lanes};
use docket::model::activity::Committed;
use docket::model::id;
use docket::model::words::{Channel, Priority, SourceType, TicketType, Words};
use docket::telemetry::Metrics;
use futures_util::future::join_all;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::shared::sql;
use docket::store::wall::as_server;

use crate::support::{caller, database};

pub struct Door {
    journal: Journal,
    lanes: Lanes,
    metrics: Arc<Metrics>,
    pub url: String,
    committed: mpsc::Receiver<Committed>,
}

pub async fn door(change: impl FnOnce(&mut Config)) -> Door {
    door_to(database().await, change)
}

/// The door of one more process.
fn door_to(url: String, change: impl FnOnce(&mut Config)) -> Door {
    let mut config = Config::new(as_server(&url));
    change(&mut config);
    let (publish, committed) = mpsc::channel(4096);
    let metrics = Arc::new(Metrics::new().expect("metrics"));
    let (journal, lanes) = Journal::start(config, metrics.clone(), publish).expect("threads");
    Door { journal, lanes, metrics, url, committed }
}

fn ticket(subject: &str) -> NewTicket {
    NewTicket {
        subject: subject.into(),
        description: String::new(),
        kind: TicketType::Incident,
        priority: Priority::Medium,
        category: "general".into(),
        channel: Channel::Api,
        source: "docket".into(),
        source_type: SourceType::Api,
        tags: Words::default(),
        custom: serde_json::json!({}),
        requester_id: String::new(),
        requester_email: String::new(),
        requester_name: String::new(),
        assignee_id: String::new(),
        team_id: String::new(),
        organization_id: String::new(),
        deal_id: String::new(),
        related_asset_id: String::new(),
        related_vulnerability_id: String::new(),
        sla_policy_id: None,
        policy_name: String::new(),
    }
}

pub fn create(tenant: &str, subject: &str) -> Command {
    let verb = Arc::new(CreateTicket(ticket(subject)));
    Command { id: Uuid::now_v7(), caller: caller(tenant), request: None, validate_only: false, verb }
}

fn with_request(mut command: Command, text: &str) -> Command {
    let fingerprint = id::hash(&[format!("{:?}", command.verb).as_bytes()]);
    command.request = Some(RequestKey { text: text.into(), key: id::hash(&[text.as_bytes()]), fingerprint });
    command
}

pub fn number(answer: &Result<Answer, Failure>) -> i64 {
    match &answer.as_ref().expect("an answer").verdict {
        Verdict::Done(Outcome { resource: Resource::Ticket(ticket), .. }) => ticket.number,
        other => panic!("no ticket: {other:?}"),
    }
}

impl Door {
    pub async fn submit(&self, command: Command) -> Result<Answer, Failure> {
        self.journal.submit(command, 100, None).await
    }

    /// How many batches were submitted again, or in halves, for this cause.
    pub fn retried(&self, cause: &str) -> u64 {
        let series = format!("docket_batch_retries_total{{cause=\"{cause}\"");
        let text = self.metrics.text().expect("metrics");
        let counts = text.lines().filter(|line| line.starts_with(&series));
        counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    pub async fn end(self) {
        drop(self.journal);
        tokio::task::spawn_blocking(|| self.lanes.drain()).await.expect("the lanes end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_at_once_leave_a_dense_log() {
    let mut door = door(|_| {}).await;
    let answers = join_all((0..200).map(|n| door.submit(create("acme", &format!("ticket {n}"))))).await;
    let mut numbers: Vec<i64> = answers.iter().map(number).collect();
    numbers.sort();
    assert_eq!(numbers, (1..=200).collect::<Vec<i64>>());
    let client = sql(&door.url).await;
    let row = client
        .query_one("SELECT count(*), min(position), max(position), count(DISTINCT ticket_id) FROM activity", &[])
        .await
        .expect("the log");
    let counts: (i64, i64, i64, i64) = (row.get(0), row.get(1), row.get(2), row.get(3));
    assert_eq!(counts, (200, 1, 200, 200));
    let mut next = 1;
    while next <= 200 {
        for activity in door.committed.recv().await.expect("what was committed").activities {
            assert_eq!(activity.position, next, "published in order");
            next += 1;
        }
    }
    door.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_head_stalls_its_tenant_and_nobody_else() {
    let door = door(|config| config.lanes = 1).await;
    number(&door.submit(create("held", "first")).await);
    let holder = sql(&door.url).await;
    holder.batch_execute("BEGIN; SELECT * FROM tenant_head WHERE tenant_id = 'held' FOR UPDATE").await.expect("held");
    let waiting = tokio::spawn({
        let journal = door.journal.clone();
        async move { journal.submit(create("held", "second"), 100, None).await }
    });
    let start = Instant::now();
    for n in 0..50 {
        number(&door.submit(create("free", &format!("{n}"))).await);
    }
    assert!(start.elapsed() < Duration::from_secs(2), "fifty writes of another tenant took {:?}", start.elapsed());
    assert!(!waiting.is_finished(), "nobody can write under a held head");
    holder.batch_execute("ROLLBACK").await.expect("let go");
    assert_eq!(number(&waiting.await.expect("no panic")), 2);
    door.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_at_once_and_touches_nobody_else() {
    let door = door(|config| {
        config.lanes = 1;
        config.tenant_commands = 4;
    })
    .await;
    number(&door.submit(create("full", "first")).await);
    let holder = sql(&door.url).await;
    holder.batch_execute("BEGIN; SELECT * FROM tenant_head WHERE tenant_id = 'full' FOR UPDATE").await.expect("held");
    // Four may wait; one more batch may be on its way to the head. All others are refused.
    let answers = join_all((0..600).map(|n| {
        let journal = door.journal.clone();
        tokio::spawn(async move {
            tokio::time::timeout(Duration::from_millis(500), journal.submit(create("full", &format!("{n}")), 100, None))
                .await
        })
    }));
    let refused = answers
        .await
        .into_iter()
        .filter(|answer| matches!(answer, Ok(Ok(Err(Failure::Overloaded { what: "the tenant's queue is full", .. })))))
        .count();
    assert!(refused >= 600 - 4 - 2 * 256, "{refused} refused");
    number(&door.submit(create("other", "untouched")).await);
    holder.batch_execute("ROLLBACK").await.expect("let go");
    door.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_has_one_effect_however_often_it_is_sent() {
    let door = door(|_| {}).await;
    let twins = join_all((0..8).map(|_| door.submit(with_request(create("acme", "once"), "r1")))).await;
    let made = twins.iter().filter(|a| matches!(a, Ok(Answer { verdict: Verdict::Done(_), .. }))).count();
    let replays = twins.iter().filter(|a| matches!(a, Ok(Answer { verdict: Verdict::Replay(_), .. }))).count();
    assert_eq!((made, replays), (1, 7));
    let other = door.submit(with_request(create("acme", "another"), "r1")).await;
    assert!(matches!(&other, Err(Failure::Refused(r)) if r.to_string().contains("r1")), "{other:?}");
    let count: i64 = sql(&door.url).await.query_one("SELECT count(*) FROM ticket", &[]).await.expect("a count").get(0);
    assert_eq!(count, 1);
    door.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_command_leaves_its_neighbours_unharmed() {
    let door = door(|config| config.lanes = 1).await;
    let client = sql(&door.url).await;
    client
        .batch_execute("ALTER TABLE ticket ADD CONSTRAINT no_poison CHECK (subject <> 'poison')")
        .await
        .expect("a rule that only the database knows");
    let answers = join_all((0..40).map(|n| {
        let subject = if n == 17 { "poison".to_owned() } else { format!("{n}") };
        door.submit(create("acme", &subject))
    }))
    .await;
    for (n, answer) in answers.iter().enumerate() {
        match answer {
            Err(Failure::Internal { .. }) => assert_eq!(n, 17),
            other => {
                number(other);
                assert_ne!(n, 17);
            }
        }
    }
    let count: i64 = client.query_one("SELECT count(*) FROM ticket", &[]).await.expect("a count").get(0);
    let head: i64 = client.query_one("SELECT position FROM tenant_head", &[]).await.expect("a head").get(0);
    assert_eq!((count, head), (39, 39));
    door.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_deadline_passed_while_it_waited_is_dropped_undecided() {
    let door = door(|config| config.lanes = 1).await;
    let late = door.journal.submit(create("acme", "late"), 100, Some(Instant::now())).await;
    assert!(matches!(late, Err(Failure::DeadlinePassed)), "{late:?}");
    assert_eq!(number(&door.submit(create("acme", "in time")).await), 1);
    door.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_connection_is_survived_and_nothing_is_doubled() {
    let door = door(|_| {}).await;
    let client = sql(&door.url).await;
    for round in 0..5 {
        let writes = join_all((0..20).map(|n| door.submit(create("acme", &format!("{round}.{n}")))));
        let kill = client.batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let (answers, killed) = futures_util::join!(writes, kill);
        killed.expect("kills");
        answers.iter().for_each(|answer| {
            number(answer);
        });
    }
    let row = client.query_one("SELECT count(*), max(number) FROM ticket", &[]).await.expect("tickets");
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (100, 100));
    door.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_never_runs_backwards_within_a_tenant() {
    let door = door(|_| {}).await;
    number(&door.submit(create("acme", "now")).await);
    let client = sql(&door.url).await;
    client.batch_execute("UPDATE tenant_head SET last_at = last_at + interval '1 hour'").await.expect("a clock ahead");
    number(&door.submit(create("acme", "later")).await);
    let ahead: bool = client
        .query_one("SELECT max(created_at) - min(created_at) >= interval '1 hour' FROM ticket", &[])
        .await
        .expect("times")
        .get(0);
    assert!(ahead, "the second ticket is not made before the head's last instant");
    door.end().await;
}

fn in_category(tenant: &str, category: &str) -> Command {
    let verb = Arc::new(CreateTicket(NewTicket { category: category.into(), ..ticket("sorted") }));
    Command { verb, ..create(tenant, "") }
}

fn only_category(tenant: &str, category: &str) -> Command {
    let edit = TenantEdit { categories: Some(Words(vec![category.into()])), ..TenantEdit::default() };
    Command { verb: Arc::new(UpdateTenant { etag: String::new(), edit }), ..create(tenant, "") }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_another_process_wrote_hold_for_the_next_command() {
    let one = door(|_| {}).await;
    let other = door_to(one.url.clone(), |_| {});
    let words = ["billing", "access", "sales"];
    for word in words {
        one.submit(only_category("acme", word)).await.expect("settings");
        for door in [&other, &one] {
            for tried in words {
                let made = door.submit(in_category("acme", tried)).await;
                match tried == word {
                    true => assert!(made.is_ok(), "{tried}: {made:?}"),
                    false => assert!(matches!(made, Err(Failure::Refused(_))), "{tried}, while it is {word}"),
                }
            }
        }
    }
    one.end().await;
    other.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_ticket_looks_for_settings_only_where_they_are_not_known() {
    let short = |config: &mut Config| {
        config.lanes = 1;
        config.patience = Duration::from_millis(500);
    };
    let one = door(short).await;
    let other = door_to(one.url.clone(), short);
    one.submit(only_category("acme", "billing")).await.expect("settings");
    number(&other.submit(create("fresh", "connects")).await);

    // Nobody reads the settings now.
    let holder = sql(&one.url).await;
    holder.batch_execute("BEGIN; LOCK TABLE tenant IN ACCESS EXCLUSIVE MODE").await.expect("held");
    assert!(one.submit(in_category("acme", "billing")).await.is_ok(), "it wrote them itself");
    assert!(other.submit(in_category("fresh", "anything")).await.is_ok(), "nothing was ever configured there");
    assert!(other.submit(create("acme", "general")).await.is_ok(), "this category is everybody's");
    let blind = other.submit(in_category("acme", "billing")).await;
    assert!(matches!(blind, Err(Failure::Unavailable { .. })), "it has to look: {blind:?}");
    holder.batch_execute("COMMIT").await.expect("released");
    assert!(other.submit(in_category("acme", "billing")).await.is_ok());
    one.end().await;
    other.end().await;
}
