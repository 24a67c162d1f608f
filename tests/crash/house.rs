//! The processes of a run: a PostgreSQL of its own, and servers over it that can be killed and started again.

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use docket::identity::SigningKey;
use docket::postgres::Postgres;
use tokio_postgres::{Client, NoTls};
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::folder::Folder;

const START: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);

pub struct House {
    // The order matters: the database ends before its folder is removed.
    pub postgres: Postgres,
    pub key: SigningKey,
    folder: Folder,
}

impl House {
    pub async fn start(name: &str) -> House {
        let folder = Folder::new(&format!("crash-{name}"));
        let started = tokio::task::spawn_blocking(move || (folder.start(), folder)).await;
        let (postgres, folder) = started.expect("no panic");
        let postgres = postgres.expect("PostgreSQL starts");
        let key = SigningKey::load_or_create(&folder.0).expect("a folder of our own takes a key");
        House { postgres, key, folder }
    }

    /// A connection to the database, beside every server. Waits for a database that is just recovering.
    pub async fn sql(&self) -> Client {
        let end = Instant::now() + START;
        loop {
            match tokio_postgres::connect(&self.postgres.url("docket"), NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                Err(error) => assert!(Instant::now() < end, "the database does not come back: {error}"),
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// A server on a free port; `crash_at` names the seam at which it is to die.
    pub async fn spawn_server(&self, crash_at: Option<&str>) -> Server {
        let mut server = Server { port: free_port(), child: None };
        self.start_server(&mut server, crash_at).await;
        server
    }

    /// Starts it, or starts it again on the port that it had.
    pub async fn start_server(&self, server: &mut Server, crash_at: Option<&str>) {
        let log = self.folder.0.join(format!("server-{}.log", server.port));
        let log = File::options().create(true).append(true).open(log).expect("the folder takes a log");
        let metrics = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
        command.args(["dev", "--listen", &server.address(), "--metrics-listen", &metrics]);
        command.arg("--data-dir").arg(&self.folder.0).args(["--workflows", "workflows"]);
        command.env("DOCKET_DATABASE_URL", self.postgres.url("docket"));
        command.env_remove("DOCKET_CRASH_AT").envs(crash_at.map(|seam| ("DOCKET_CRASH_AT", seam)));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a file has a second handle")).stderr(log);
        server.child = Some(command.spawn().expect("the server's binary runs"));
        server.wait_until_serving().await;
    }
}

/// One `docket` process, and the port that it keeps over its lives.
pub struct Server {
    port: u16,
    child: Option<Child>,
}

impl Server {
    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn endpoint(&self) -> Endpoint {
        let address = format!("http://{}", self.address());
        Channel::from_shared(address).expect("an address is a URI").connect_timeout(Duration::from_secs(2))
    }

    pub fn is_running(&self) -> bool {
        self.child.is_some()
    }

    pub fn signal(&self, signal: libc::c_int) {
        if let Some(child) = &self.child {
            kill(child.id().cast_signed(), signal);
        }
    }

    /// Waits for the end of a process that was killed, or that kills itself, and reaps it.
    pub async fn wait_until_gone(&mut self, patience: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + patience;
        while Instant::now() < end {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            tokio::time::sleep(POLL).await;
        }
        None
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.as_mut()?.try_wait().expect("a child can be waited for")?;
        self.child = None;
        Some(status)
    }

    async fn wait_until_serving(&mut self) {
        let mut health = HealthClient::new(self.endpoint().connect_lazy());
        let end = Instant::now() + START;
        loop {
            // A process with a seam may serve and die before it was asked.
            if let Some(status) = self.ended() {
                assert_eq!(status.code(), None, "the server ended by itself, see its log");
                return;
            }
            let answer = health.check(HealthCheckRequest::default()).await;
            if answer.is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving) {
                return;
            }
            assert!(Instant::now() < end, "the server does not serve within {START:?}");
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let ended = child.kill().and_then(|()| child.wait());
            if let Err(error) = ended {
                eprintln!("process {}: {error}", child.id());
            }
        }
    }
}

/// The process may be gone already: that is no error here.
pub fn kill(pid: i32, signal: libc::c_int) {
    // SAFETY: kill has no memory effects.
    unsafe { libc::kill(pid, signal) };
}

/// One that stays free while its server is dead: below those that systems give to outgoing connections.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = std::process::id() as u16;
    loop {
        let tried = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 20_000 + tried % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
