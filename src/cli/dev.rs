//! `docket dev`: a development server with its own PostgreSQL; needs no setup.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;

use super::server::{self, ServerError, Setup, Watched};
use super::watch::WatchError;
use crate::feed;
use crate::grpc::call::rules::RuleFolder;
use crate::grpc::server::HttpLimits;
use crate::grpc::server::layers::QuotaLimits;
use crate::identity::{KeyError, NewToken, Role, SigningKey, Trust, Verifier};
use crate::journal;
use crate::postgres::{self, Postgres};
use crate::store;
use crate::telemetry::{self, LogFormat, Metrics, Phase, TelemetryError, Traces, Troubles};

#[derive(Debug, Args)]
pub struct DevArgs {
    /// Address of the API; loopback only
    #[arg(long, default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Address of /metrics, /healthz and /readyz; loopback only
    #[arg(long, default_value = "127.0.0.1:9464")]
    metrics_listen: SocketAddr,
    /// Data folder, with the database and the signing key
    #[arg(long, default_value = ".docket", env = "DOCKET_DATA_DIR")]
    data_dir: PathBuf,
    /// Folder of workflow files; changes are published immediately
    #[arg(long, default_value = "workflows", env = "DOCKET_WORKFLOWS")]
    workflows: PathBuf,
    /// Use this database instead of starting PostgreSQL
    #[arg(long, env = "DOCKET_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Journal lanes; 0 = one per processor, at most 2
    #[arg(long, default_value_t = 0, env = "DOCKET_LANES")]
    lanes: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum DevError {
    #[error("docket dev listens on loopback only, and {0} is not a loopback address; use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    #[error("cannot create the data folder {}: {error}", folder.display())]
    DataDir { folder: PathBuf, error: std::io::Error },
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error(transparent)]
    Migrate(#[from] store::migrate::Error),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Runs until SIGTERM or Ctrl-C, then drains.
pub fn run(args: DevArgs) -> Result<(), DevError> {
    telemetry::init_logs(LogFormat::Auto, None)?;
    for address in [args.listen, args.metrics_listen] {
        if !address.ip().is_loopback() {
            return Err(DevError::NotLoopback(address));
        }
    }
    std::fs::create_dir_all(&args.data_dir)
        .map_err(|error| DevError::DataDir { folder: args.data_dir.clone(), error })?;
    let runtime = server::runtime(0)?;
    let (postgres, url) = match &args.database_url {
        Some(url) => (None, url.clone()),
        None => {
            let settings = postgres::Settings { data_dir: args.data_dir.clone(), bin_dir: None };
            let postgres = Postgres::start(settings)?;
            let url = postgres.url(postgres::NAME);
            (Some(postgres), url)
        }
    };
    let served = runtime.block_on(serve(&args, url));
    // Connections close with the runtime; only then can PostgreSQL stop without interrupting any.
    runtime.shutdown_timeout(Duration::from_secs(5));
    if let Some(postgres) = postgres {
        postgres.stop();
    }
    served
}

async fn serve(args: &DevArgs, url: String) -> Result<(), DevError> {
    let listener = server::listen(args.listen)?;
    let metrics_listener = server::listen(args.metrics_listen)?;
    let shutdown = server::stop_signal()?;
    let done = store::migrate::run(&url).await?;
    if !done.is_empty() {
        tracing::info!("Migrated the database: {}", done.join(", "));
    }
    let url = store::wall::as_server(&url);
    let key = SigningKey::load_or_create(&args.data_dir)?;
    let metrics = Arc::new(Metrics::new()?);
    let (phase, watched) = watch::channel(Phase::Starting);
    let rules = Arc::new(RuleFolder::from_folder(args.workflows.clone(), url.clone()));
    let _watching = super::watch::start(args.workflows.clone(), url.clone(), rules.clone()).await?;
    let troubles = Troubles::default();
    let watched = Watched::start(metrics_listener, metrics.clone(), watched, troubles.clone());
    greet(args, &key)?;
    let setup = Setup {
        journal: journal::Config { lanes: args.lanes, ..journal::Config::new(url.clone()) },
        feed: feed::Config::new(url),
        pool: store::pool::Settings::default(),
        verifier: Arc::new(Verifier::new(Trust {
            keys: vec![key.public()],
            operator_keys: vec![key.public()],
            ..Trust::default()
        })),
        page_secret: key.secret("page tokens"),
        rules,
        http: HttpLimits::default(),
        quotas: QuotaLimits::default(),
        tls: None,
        reflection: true,
        metrics,
        traces: Traces::default(),
        troubles,
        phase,
    };
    let served = server::serve(setup, listener, shutdown).await;
    watched.end().await;
    Ok(served?)
}

/// Prints the addresses, a token and a first call, ready to paste.
fn greet(args: &DevArgs, key: &SigningKey) -> Result<(), DevError> {
    let token = key.sign(&NewToken {
        tenant: "demo".into(),
        sub: "ann".into(),
        roles: vec![Role::Agent, Role::Admin],
        app_id: None,
        ttl: Duration::from_secs(12 * 3600),
    })?;
    let address = args.listen;
    println!("Serving gRPC on {address}, metrics on http://{}/metrics", args.metrics_listen);
    println!("Rules: {} (changes are published immediately)", args.workflows.display());
    println!();
    println!("Token for tenant demo, subject ann, roles agent and admin, valid for 12 hours:");
    println!("export DOCKET_TOKEN={token}");
    println!();
    println!("A first call, with any gRPC client, such as grpcurl:");
    println!(
        "grpcurl -plaintext -H \"authorization: Bearer $DOCKET_TOKEN\" -d '{{\"ticket\": {{\"subject\": \"Login broken\"}}}}' \
         {address} docket.v1.TicketService/CreateTicket"
    );
    println!("Or, from a clone: python3 examples/first_call.py {address}");
    Ok(())
}
