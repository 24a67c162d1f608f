//! Servers and databases are killed under load, and every promise is compared with what a recorder outside was told.
//!
//! A short form runs by default; `DOCKET_CRASH=full` is the long one. With the feature `crash-points` the server also
//! dies at each seam around COMMIT.

mod check;
mod consumers;
#[path = "../server/folder.rs"]
mod folder;
mod frozen;
mod house;
mod kill;
mod load;
mod people;
mod recorder;
mod watch;

use std::time::Duration;

use house::House;
use kill::Blow;
use load::Load;
use people::{Rng, Tenant};
use recorder::Recorder;
use watch::Watch;

const WRITERS: usize = 64;
/// Writes that have to be acknowledged between two blows: a server that stays down fails the test.
const BETWEEN: u64 = 150;
const PATIENCE: Duration = Duration::from_secs(120);
/// Held by those who measure or load the machine: one at a time.
static MACHINE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn is_full() -> bool {
    std::env::var("DOCKET_CRASH").is_ok_and(|form| form == "full")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_and_none_is_done_twice() {
    let mut rng = Rng::seeded();
    let mut house = House::start("kills").await;
    let mut server = house.spawn_server(None).await;
    let tenants = Tenant::settle(&house, &server, &["hot", "warm", "cool", "cold"]).await;
    let recorder = Recorder::new();
    let load = Load::start(&tenants, &[server.endpoint()], WRITERS, &recorder);
    let watches: Vec<Watch> = tenants.iter().map(|tenant| Watch::start(tenant, server.endpoint(), &recorder)).collect();

    for (round, blow) in Blow::plan(is_full(), &mut rng).into_iter().enumerate() {
        recorder.wait_for_progress(BETWEEN, PATIENCE).await;
        println!("blow {round}: {blow:?} after {} acknowledged writes", recorder.acknowledged());
        blow.strike(&mut house, &mut server, &mut rng).await;
    }
    recorder.wait_for_progress(BETWEEN, PATIENCE).await;
    load.finish(PATIENCE).await;

    check::everything(&house, &server, &tenants, &recorder, watches).await;
    println!("{} acknowledged writes, every one there once", recorder.acknowledged());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_process_holds_up_only_what_it_held() {
    let _alone = MACHINE.lock().await;
    frozen::run(Duration::from_secs(if is_full() { 20 } else { 6 })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_consumer_has_the_table_however_often_it_is_cut_off() {
    let _alone = MACHINE.lock().await;
    consumers::run(is_full()).await;
}
