//! The server under load: a `docket dev` or `docket serve` process on the PostgreSQL of the run.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::Outcome;

pub const START: Duration = Duration::from_secs(60);
const ANSWER: Duration = Duration::from_secs(1);
const STOP: Duration = Duration::from_secs(15);

pub struct Server {
    child: Child,
    address: String,
    log: PathBuf,
}

impl Server {
    /// Starts the server and returns when it accepts calls. `data_dir` has its signing key, `rules` its rules.
    pub async fn start(data_dir: &Path, database: &str, rules: &Path) -> Outcome<Server> {
        fs::create_dir_all(data_dir)?;
        let (listen, metrics) = (free_address()?, free_address()?);
        let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
        command
            .args(["dev", "--listen", &listen, "--metrics-listen", &metrics, "--data-dir"])
            .arg(data_dir)
            .arg("--workflows")
            .arg(rules)
            .env("DOCKET_DATABASE_URL", database);
        Server::run(command, &listen, data_dir.join("log.txt")).await
    }

    /// The same for `docket serve`, with these settings. `dir` gets its log.
    pub async fn serve(dir: &Path, settings: &[String]) -> Outcome<Server> {
        let (listen, metrics) = (free_address()?, free_address()?);
        let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
        command.args(["serve", "--set", &format!("listen={listen}"), "--set", &format!("metrics_listen={metrics}")]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        Server::run(command, &listen, dir.join("log.txt")).await
    }

    async fn run(mut command: Command, listen: &str, log: PathBuf) -> Outcome<Server> {
        let output = File::create(&log)?;
        let child = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn()?;
        let mut server = Server { child, address: format!("http://{listen}"), log };
        let deadline = Instant::now() + START;
        while !server.ready().await {
            if server.child.try_wait()?.is_some() || Instant::now() > deadline {
                return Err(format!("docket did not start; end of its output:\n{}", server.last_words()).into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }

    async fn ready(&self) -> bool {
        let Ok(channel) = self.connect().await else { return false };
        let ask = HealthCheckRequest { service: String::new() };
        let mut client = HealthClient::new(channel);
        match tokio::time::timeout(ANSWER, client.check(ask)).await {
            Ok(Ok(answer)) => answer.into_inner().status == ServingStatus::Serving as i32,
            _ => false,
        }
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        self.address.trim_start_matches("http://")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Opens an HTTP/2 connection.
    pub async fn connect(&self) -> Outcome<Channel> {
        Ok(Endpoint::from_shared(self.address.clone())?.tcp_nodelay(true).connect().await?)
    }

    /// Opens an HTTP/2 connection with windows so large that they block no stream.
    pub async fn connect_wide(&self) -> Outcome<Channel> {
        let endpoint = Endpoint::from_shared(self.address.clone())?.tcp_nodelay(true);
        let endpoint = endpoint.initial_stream_window_size(1 << 20).initial_connection_window_size(64 << 20);
        Ok(endpoint.connect().await?)
    }

    /// Sends SIGTERM and waits until the server has drained.
    pub async fn stop(mut self) -> Outcome<()> {
        let pid = i32::try_from(self.child.id())?;
        // SAFETY: kill has no memory effects; the child has not been waited for, so the id is still its own.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        let deadline = Instant::now() + STOP;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                return Err(format!("docket did not stop; end of its output:\n{}", self.last_words()).into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// End of the server's output.
    pub fn last_words(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop`, the process is gone and these do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> Outcome<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
