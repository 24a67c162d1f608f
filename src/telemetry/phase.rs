//! How far the process is in its life. `main` makes one watch channel of it, and whoever needs to know watches.

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not yet serving: migrating, warming.
    Starting,
    /// Serving.
    Ready,
    /// Told to stop: no new calls, running ones end, streams end with their position.
    Draining,
}

impl Phase {
    /// Returns once the process drains, or once nobody is left to say so.
    pub async fn draining(mut phase: watch::Receiver<Phase>) {
        // The error says that the sender is gone: the process is on its way out.
        let _ = phase.wait_for(|phase| *phase == Phase::Draining).await;
    }
}
