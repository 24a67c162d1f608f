//! A log that is written without a journal.

use std::sync::Arc;

use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use docket::model::activity::{Activity, Actor, Committed};
use docket::model::image::ActivityRow;
use docket::model::ledger::Head;
use docket::model::time::Instant;
use docket::model::words::ActorKind;
use docket::store::pool::connect;
use docket::store::{head, write};

/// Writes as the journal does: activities and head in one commit.
pub struct Log {
    conn: AsyncPgConnection,
    pub epoch: i64,
    pub position: i64,
}

impl Log {
    pub async fn open(url: &str) -> Log {
        let conn = connect(url).await.expect("a connection");
        let epoch = head::installation(&conn).await.expect("an installation").epoch;
        head::create(&conn, &["acme"], Instant(NEW_YEAR)).await.expect("a head");
        Log { conn, epoch, position: 0 }
    }

    /// Commits as many, and returns what the journal would hand on.
    pub async fn commit(&mut self, many: i64) -> Committed {
        self.commit_as(many, "ticket.created", "rita").await
    }

    pub async fn commit_as(&mut self, many: i64, kind: &str, requester: &str) -> Committed {
        let fresh = (self.position + 1..=self.position + many).map(|p| Arc::new(activity(p, kind, requester)));
        let activities: Vec<Arc<Activity>> = fresh.collect();
        self.position += many;
        let rows: Vec<ActivityRow> = activities.iter().map(|activity| ActivityRow::of(activity)).collect();
        let head = Head {
            tenant_id: "acme".into(),
            position: self.position,
            config_position: 0,
            last_number: 0,
            floor: 0,
            last_at: at(self.position),
        };
        self.conn.batch_execute("BEGIN").await.expect("BEGIN");
        write::insert(&self.conn, rows.iter()).await.expect("activities");
        write::update(&self.conn, [&head].into_iter()).await.expect("the head");
        self.conn.batch_execute("COMMIT").await.expect("COMMIT");
        Committed { tenant_id: "acme".into(), epoch: self.epoch, activities }
    }

    /// How many wait for a lock on the table of activities.
    pub async fn waiting(&mut self) -> i64 {
        let waiting = "(SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'activity'::regclass)";
        diesel::select(sql::<BigInt>(waiting)).get_result(&mut self.conn).await.expect("a count")
    }

    pub async fn sql(&mut self, text: &str) {
        self.conn.batch_execute(text).await.expect(text);
    }
}

/// 2026-01-01T00:00:00Z; the activity at position n happens n seconds later.
const NEW_YEAR: i64 = 1_767_225_600_000_000;

pub fn at(position: i64) -> Instant {
    Instant(NEW_YEAR + position * 1_000_000)
}

fn activity(position: i64, kind: &str, requester: &str) -> Activity {
    Activity {
        tenant_id: "acme".into(),
        position,
        kind: kind.into(),
        families: Vec::new(),
        ticket_id: None,
        ticket_version: 0,
        app_id: String::new(),
        requester_id: requester.into(),
        actor: Actor { kind: ActorKind::Agent, id: "ann".into(), display: String::new() },
        occurred_at: at(position),
        changes: Vec::new(),
        ticket: None,
        message: None,
        issue: None,
        task: None,
        data: None,
        explanation: None,
        cause: None,
        request_id: String::new(),
        schema_version: 1,
    }
}
