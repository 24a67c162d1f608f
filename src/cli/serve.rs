//! `docket serve`: a production server on an existing database.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use tokio::sync::watch;

use super::config::{self, Problem, Ready, Settings};
use super::keys;
use super::server::{self, ServerError, Setup, Watched};
use crate::command::limits;
use crate::feed;
use crate::grpc::call::rules::{NotReloaded, RuleFolder};
use crate::identity::Verifier;
use crate::journal;
use crate::journal::rules::ActiveRules;
use crate::store::{self, migrate};
use crate::telemetry::{self, Metrics, Phase, TelemetryError, Traces, Troubles};
use crate::workflow::Diagnostic;

/// Interval between checks of a database that is not ready.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Configuration file; see docs/configuration.md
    #[arg(long, env = "DOCKET_CONFIG")]
    config: Option<PathBuf>,
    /// Set a setting, overriding file and environment; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = config::parse_set)]
    set: Vec<(String, String)>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the configuration is invalid\n{}", lines(.0))]
    Config(Vec<Problem>),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error("the database cannot be migrated: {0}")]
    Migrate(migrate::Error),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl ServeError {
    /// Whether a change of the configuration can fix it.
    pub fn is_configuration(&self) -> bool {
        matches!(
            self,
            ServeError::Config(_) | ServeError::Telemetry(_) | ServeError::Server(ServerError::Listen { .. })
        )
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Runs until SIGTERM or Ctrl-C, then drains.
pub fn run(args: ServeArgs) -> Result<(), ServeError> {
    let ready = config::to_serve(args.config.as_deref(), args.set).map_err(ServeError::Config)?;
    telemetry::init_logs(ready.settings.log_format, ready.settings.log.clone())?;
    limits::install(ready.settings.limits.clone());
    let runtime = server::runtime(ready.settings.threads)?;
    let served = runtime.block_on(serve(ready));
    runtime.shutdown_timeout(Duration::from_secs(5));
    served
}

async fn serve(ready: Ready) -> Result<(), ServeError> {
    let Ready { settings, database_url: url, migrator_url, trust, key_sources, page_secret, tls } = ready;
    let shutdown = server::stop_signal()?;
    tokio::pin!(shutdown);
    let otlp = &settings.otlp;
    let (metrics, traces) = match &otlp.endpoint {
        None => (Metrics::new()?, Traces::default()),
        Some(endpoint) => {
            let metrics = if otlp.metrics { Metrics::sent_to(endpoint, otlp.metrics_every)? } else { Metrics::new()? };
            (metrics, Traces::to(endpoint, otlp.sample_ratio)?)
        }
    };
    let metrics = Arc::new(metrics);
    let (phase, watched) = watch::channel(Phase::Starting);
    let troubles = Troubles::default();
    let socket = server::reserve(settings.listen)?;
    let watched = Watched::start(server::listen(settings.metrics_listen)?, metrics.clone(), watched, troubles.clone());
    let rules = match &settings.workflows {
        Some(folder) => RuleFolder::from_folder(folder.clone(), url.clone()),
        None => RuleFolder::default(),
    };
    let rules = Arc::new(rules);
    tokio::select! {
        prepared = prepare(&settings, &url, migrator_url.as_deref(), &rules, &troubles) => prepared?,
        () = &mut shutdown => {
            watched.end().await;
            return Ok(());
        }
    }
    // Only now: until the schema is ready, callers should be refused immediately instead of waiting.
    let listener = server::accept(socket, settings.listen)?;
    tracing::info!("Serving gRPC on {}, metrics on http://{}/metrics", settings.listen, settings.metrics_listen);
    let verifier = Arc::new(Verifier::new(trust));
    let _keeping = keys::keep(key_sources, &verifier, &metrics);
    let hints = settings.hints.then(|| url.clone());
    let setup = Setup {
        journal: journal::Config { database_url: url, ..settings.journal },
        feed: feed::Config { hints, ..settings.streams },
        pool: settings.reads,
        verifier,
        page_secret,
        rules,
        http: settings.http,
        quotas: settings.quotas,
        tls,
        reflection: settings.reflection,
        metrics,
        traces,
        troubles,
        phase,
    };
    let served = server::serve(setup, listener, shutdown).await;
    watched.end().await;
    Ok(served?)
}

/// Waits for the database and its schema, then publishes the rules.
async fn prepare(
    settings: &Settings,
    url: &str,
    migrator_url: Option<&str>,
    rules: &RuleFolder,
    troubles: &Troubles,
) -> Result<(), ServeError> {
    loop {
        match fitness(url, migrator_url).await {
            Ok(objections) if objections.is_empty() => break,
            Ok(objections) => return Err(ServeError::Config(objections)),
            Err(error @ (migrate::Error::Migration(_) | migrate::Error::Wall(_))) => {
                return Err(ServeError::Migrate(error));
            }
            Err(error) => {
                let text = error.to_string();
                if troubles.set("schema", Some(text.clone())) {
                    tracing::warn!("Waiting for the database: {text}");
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
    troubles.set("schema", None);
    if settings.workflows.is_none() {
        return Ok(());
    }
    loop {
        match rules.reload().await {
            Ok(set) => {
                for warning in set.warnings() {
                    tracing::warn!("{warning}");
                }
                troubles.set("rules", None);
                return Ok(());
            }
            Err(NotReloaded::Refused(found)) => match standing(url).await {
                Ok(Some(hash)) => {
                    let text: Vec<String> = found.iter().map(ToString::to_string).collect();
                    tracing::error!(
                        rules.hash = hash,
                        "The rules have errors and are not published; the set that was active stays active:\n{}",
                        text.join("\n")
                    );
                    troubles.set("rules", None);
                    return Ok(());
                }
                // A write without rules could do what they deny.
                Ok(None) => {
                    let problem = |d: Diagnostic| Problem::new(None, d.to_string(), d.hint);
                    return Err(ServeError::Config(found.into_iter().map(problem).collect()));
                }
                Err(error) => {
                    if troubles.set("rules", Some(error.to_string())) {
                        tracing::warn!("The rules have errors, and the set that was active cannot be read: {error}");
                    }
                }
            },
            Err(NotReloaded::Database(error)) => {
                if troubles.set("rules", Some(error.clone())) {
                    tracing::warn!("Publishing the rules failed and will be retried: {error}");
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// The hash of the active set, if there is one and it compiles here.
async fn standing(url: &str) -> Result<Option<String>, String> {
    let conn = store::pool::connect(url).await.map_err(|error| error.to_string())?;
    let active = ActiveRules::default().active(&conn).await.map_err(|error| error.to_string())?;
    Ok(Some(active.hash).filter(|hash| !hash.is_empty() && active.set.is_ok()))
}

/// Migrates, if it has a login for that, and returns all reasons not to serve this database. Does not wait.
async fn fitness(url: &str, migrator_url: Option<&str>) -> Result<Vec<Problem>, migrate::Error> {
    if let Some(migrator_url) = migrator_url {
        let done = migrate::run(migrator_url).await?;
        if !done.is_empty() {
            tracing::info!("Migrated the database: {}", done.join(", "));
        }
    }
    let mut conn = store::pool::connect(url).await?;
    migrate::check(&mut conn).await?;
    let mut problems = lossy(&mut conn).await?;
    let objections = store::wall::objections(&mut conn).await?;
    problems.extend(objections.into_iter().map(|(what, hint)| Problem::new(None, what, hint)));
    Ok(problems)
}

/// Settings of the server, which no session can change for itself, with which a crash loses acknowledged writes.
async fn lossy(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Problem>> {
    let set = store::doctor::settings(conn, &["fsync", "full_page_writes"]).await?;
    let off = set.into_iter().filter(|(_, value)| value == "off");
    let problem = |name: String| {
        let hint = format!("set {name} = on in postgresql.conf: a crash of the machine could lose acknowledged writes");
        Problem::new(None, format!("the database runs with {name} = off"), hint)
    };
    Ok(off.map(|(name, _)| problem(name)).collect())
}
