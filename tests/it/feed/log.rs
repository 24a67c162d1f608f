//! A log that is written without a journal.

use std::sync::Arc;

use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use docket::model::activity::{Activity, Committed};
use docket::model::image::ActivityRow;
use docket::model::ledger::Head;
use docket::model::time::Instant;
use docket::store::pool::connect;
use docket::store::{head, write};

use crate::fixture;

/// Writes as the journal does: activities and head in one commit.
pub struct Log {
    conn: AsyncPgConnection,
    pub epoch: i64,
    pub position: i64,
}

impl Log {
    pub async fn open(url: &str) -> Log {
        let mut conn = connect(url).await.expect("a connection");
        let epoch = head::installation(&conn).await.expect("an installation").epoch;
        head::create(&mut conn, &["acme"], Instant(NEW_YEAR)).await.expect("a head");
        Log { conn, epoch, position: 0 }
    }

    /// Commits as many, and returns what the journal would hand on.
    pub async fn commit(&mut self, many: i64) -> Committed {
        self.commit_as(many, "ticket.created", "rita").await
    }

    pub async fn commit_as(&mut self, many: i64, kind: &str, requester: &str) -> Committed {
        let activity = |position| {
            let requester_id = requester.to_owned();
            Arc::new(Activity { requester_id, ..fixture::activity("acme", position, kind, at(position)) })
        };
        let fresh = (self.position + 1..=self.position + many).map(activity);
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
            queues: Default::default(),
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
