//! Lifecycle phase of the process, published on a watch channel.

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not serving yet: migrating, connecting, warming up.
    Starting,
    /// Serving.
    Ready,
    /// Shutting down: no new calls; running calls finish, and streams end with their position.
    Draining,
}

impl Phase {
    /// Returns once the process drains, or once the sender is dropped.
    pub async fn draining(mut phase: watch::Receiver<Phase>) {
        // An error means that the sender was dropped, so the process is exiting.
        let _ = phase.wait_for(|phase| *phase == Phase::Draining).await;
    }
}
