//! Keeps a running server informed of revoked tokens, whichever server revoked them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use tokio::time::{Instant, sleep, timeout};

use crate::identity::{Revocation, RevokedTokens, Verifier};
use crate::model::revocation::Revoked;
use crate::model::time;
use crate::store::head::clock;
use crate::store::pool::connect;
use crate::store::revocation::{self, Known};
use crate::telemetry::{Metrics, Troubles};

/// How often the database is asked for what is new. Callers are promised 5 s.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(2);
/// A revocation has the time at which it was decided, and is there once it is committed: each question goes back that far.
const OVERLAP: Duration = Duration::from_secs(300);
/// How often old revocations are deleted.
const DELETE_EVERY: Duration = Duration::from_secs(60);
/// The key of the trouble before the first answer.
const FINDER: &str = "revocations";

pub struct Revocations {
    url: String,
    verifier: Arc<Verifier>,
    metrics: Arc<Metrics>,
    conn: Option<AsyncPgConnection>,
    /// The database's time at the last answer. `None`: there was none yet.
    asked: Option<time::Instant>,
    answered: Instant,
}

impl Revocations {
    pub fn new(url: String, verifier: Arc<Verifier>, metrics: Arc<Metrics>) -> Revocations {
        Revocations { url, verifier, metrics, conn: None, asked: None, answered: Instant::now() }
    }

    /// Waits for all that there are: before that, a server would let revoked tokens in. Breaks off when the server is to stop.
    pub async fn first(&mut self, troubles: &Troubles, stop: impl Future<Output = ()>) -> ControlFlow<()> {
        tokio::select! {
            () = self.all(troubles) => ControlFlow::Continue(()),
            () = stop => ControlFlow::Break(()),
        }
    }

    async fn all(&mut self, troubles: &Troubles) {
        while let Err(error) = self.ask().await {
            if troubles.set(FINDER, Some(error.clone())) {
                tracing::warn!("Waiting for the revocations of tokens: {error}");
            }
            sleep(ASK_EVERY).await;
        }
        troubles.set(FINDER, None);
        self.metrics.revocations_age(self.answered.elapsed());
    }

    /// Never returns. While the database does not answer, what is known of revocations holds.
    pub async fn keep(mut self) {
        let (mut away, mut deleted) = (false, None::<Instant>);
        loop {
            sleep(ASK_EVERY).await;
            match self.ask().await {
                Ok(()) if std::mem::take(&mut away) => tracing::info!("Revocations of tokens are read again"),
                Ok(()) => {}
                Err(error) => {
                    // Logged once, not every few seconds.
                    if !std::mem::replace(&mut away, true) {
                        tracing::warn!(
                            "Revocations of tokens cannot be read; those that are known hold, and new ones of other servers \
                             are not heard of: {error}"
                        );
                    }
                }
            }
            self.metrics.revocations_age(self.answered.elapsed());
            if deleted.is_none_or(|deleted| deleted.elapsed() > DELETE_EVERY) {
                deleted = Some(Instant::now());
                self.delete_old().await;
            }
        }
    }

    async fn ask(&mut self) -> Result<(), String> {
        let asked = timeout(ANSWER, async {
            let mut conn = match self.conn.take() {
                Some(conn) => conn,
                None => connect(&self.url).await.map_err(|error| error.to_string())?,
            };
            let now = clock(&conn).await.map_err(|error| error.to_string())?;
            // At first all that there are: also those that nobody has deleted.
            let since = self.asked.map_or(time::Instant(0), |last| last.plus_micros(-micros(OVERLAP)));
            let found = revocation::since(&mut conn, since).await.map_err(|error| error.to_string())?;
            Ok((conn, now, found))
        });
        let (conn, now, found) = asked
            .await
            .unwrap_or_else(|_| Err(format!("the database did not answer within {} s", ANSWER.as_secs())))?;
        self.verifier.revoke(found.into_iter().map(known).collect());
        (self.conn, self.asked, self.answered) = (Some(conn), Some(now), Instant::now());
        Ok(())
    }

    /// Those that concern no token any more. What cannot be deleted is left to another server, or to the next start.
    async fn delete_old(&mut self) {
        let (Some(now), Some(mut conn)) = (self.asked, self.conn.take()) else { return };
        let old = self.verifier.forget_revocations(now.0.max(0) as u64 / 1_000_000);
        let dead: Vec<(String, String)> = old.iter().map(|old| (old.tenant.clone(), revoked(old).id())).collect();
        let before = now.plus_micros(-micros(self.verifier.revocations_hold()));
        if dead.is_empty() {
            self.conn = Some(conn);
            return;
        }
        match timeout(ANSWER, revocation::delete(&mut conn, dead, before)).await {
            Ok(Ok(_)) => self.conn = Some(conn),
            Ok(Err(error)) => tracing::debug!("Old revocations of tokens were not deleted: {error}"),
            Err(_) => tracing::debug!("Old revocations of tokens were not deleted in time"),
        }
    }
}

fn known(known: Known) -> Revocation {
    let Known { tenant_id: tenant, revoked, at } = known;
    revoked.of(tenant, at)
}

fn revoked(of: &Revocation) -> Revoked {
    match &of.tokens {
        RevokedTokens::Jti(jti) => Revoked::Token(jti.clone()),
        RevokedTokens::Sub(sub) => Revoked::Subject(sub.clone()),
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
