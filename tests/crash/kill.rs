//! What is killed, when, and how it comes back.

use std::process::Command;
use std::time::Duration;

use crate::house::{self, House, Server};
use crate::people::Rng;

/// How long a server with a seam may live under load before it has to have reached it.
const REACH: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub enum Blow {
    /// The server, `kill -9`, wherever it is.
    Server,
    /// The server, at the nth pass of a seam around COMMIT.
    Seam(&'static str, u64),
    /// PostgreSQL whole, `kill -9`: the postmaster and its backends.
    Postgres,
    /// One backend, `kill -9`: PostgreSQL throws all the others out and recovers.
    Backend,
    /// One backend, ended by an administrator's word.
    Terminate,
}

/// As `journal/crash.rs` knows them. The build that lies never gets to `after-commit`; its lie shows after its answers.
const SEAMS: [&str; 4] = if cfg!(feature = "ack-before-commit") {
    ["before-write", "before-commit", "mid-answers", "after-ack"]
} else {
    ["before-write", "before-commit", "after-commit", "mid-answers"]
};

impl Blow {
    /// The blows of a run, in a random order.
    pub fn plan(full: bool, rng: &mut Rng) -> Vec<Blow> {
        // 20 deaths of the server in the full form, 3 of them at each seam, when it was built with seams.
        let (servers, each_seam, databases, backends) = if full { (20, 3, 10, 5) } else { (2, 1, 1, 1) };
        let mut blows = Vec::new();
        if cfg!(feature = "crash-points") {
            for seam in SEAMS {
                blows.extend((0..each_seam).map(|_| Blow::Seam(seam, 3 + rng.below(40))));
            }
        }
        let at_random = if full { servers - blows.len() } else { servers };
        blows.extend(std::iter::repeat_n(Blow::Server, at_random));
        blows.extend(std::iter::repeat_n(Blow::Postgres, databases));
        blows.extend(std::iter::repeat_n(Blow::Backend, backends));
        blows.extend(std::iter::repeat_n(Blow::Terminate, backends));
        for i in (1..blows.len()).rev() {
            blows.swap(i, rng.below(i as u64 + 1) as usize);
        }
        blows
    }

    pub async fn strike(self, house: &mut House, server: &mut Server, rng: &mut Rng) {
        // The moment is what chance is about: this sleep chooses it.
        tokio::time::sleep(Duration::from_millis(rng.below(400))).await;
        match self {
            Blow::Server => {
                server.signal(libc::SIGKILL);
                server.wait_until_gone(REACH).await.expect("kill -9 ends a process");
                house.start_server(server, None).await;
            }
            Blow::Seam(seam, nth) => {
                server.signal(libc::SIGKILL);
                server.wait_until_gone(REACH).await.expect("kill -9 ends a process");
                house.start_server(server, Some(&format!("{seam}:{nth}"))).await;
                if server.is_running() {
                    server.wait_until_gone(REACH).await.unwrap_or_else(|| panic!("the seam {seam} was never reached"));
                }
                house.start_server(server, None).await;
            }
            Blow::Postgres => {
                if let Some(postmaster) = house.postgres.pid() {
                    let backends = children(postmaster);
                    house::kill(postmaster, libc::SIGKILL);
                    backends.into_iter().for_each(|pid| house::kill(pid, libc::SIGKILL));
                }
            }
            Blow::Backend => {
                if let Some(pid) = a_backend(house, rng).await {
                    house::kill(pid, libc::SIGKILL);
                }
            }
            Blow::Terminate => {
                if let Some(pid) = a_backend(house, rng).await {
                    house.sql().await.execute("SELECT pg_terminate_backend($1)", &[&pid]).await.expect("it may");
                }
            }
        }
    }
}

/// The process id of one of the servers' connections; those that hold a lock are the more interesting ones.
async fn a_backend(house: &House, rng: &mut Rng) -> Option<i32> {
    let query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() \
                 ORDER BY backend_xid IS NULL, pid";
    let rows = house.sql().await.query(query, &[]).await.expect("the database tells its backends");
    let writing = rows.len().min(2) as u64;
    let among = if rng.below(2) == 0 { writing } else { rows.len() as u64 };
    (among > 0).then(|| rows[rng.below(among) as usize].get(0))
}

fn children(parent: i32) -> Vec<i32> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().expect("ps runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pairs = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace().map_while(|word| word.parse::<i32>().ok());
        Some((words.next()?, words.next()?))
    });
    pairs.filter(|(_, of)| *of == parent).map(|(pid, _)| pid).collect()
}
