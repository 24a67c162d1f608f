//! What keeps a process from taking calls, in words: pending migrations, a log that cannot be read, no free connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

/// The troubles of one process; clones share them.
#[derive(Clone, Debug)]
pub struct Troubles(Arc<watch::Sender<ByFinder>>);

/// By who found it.
type ByFinder = BTreeMap<&'static str, String>;

impl Default for Troubles {
    fn default() -> Troubles {
        Troubles(Arc::new(watch::channel(ByFinder::new()).0))
    }
}

impl Troubles {
    /// `finder` has a trouble, or none any more. True when that is news; other words for the same are none.
    pub fn set(&self, finder: &'static str, trouble: Option<String>) -> bool {
        self.0.send_if_modified(|known| match trouble {
            Some(words) => known.insert(finder, words).is_none(),
            None => known.remove(finder).is_some(),
        })
    }

    pub fn any(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    /// A line for each.
    pub fn text(&self) -> String {
        self.0.borrow().iter().map(|(finder, words)| format!("{finder}: {words}\n")).collect()
    }

    /// Returns when a trouble has come or gone since this watch was last asked.
    pub fn watch(&self) -> watch::Receiver<BTreeMap<&'static str, String>> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_news_when_it_comes_and_when_it_goes() {
        let troubles = Troubles::default();
        assert!(!troubles.any());
        assert!(troubles.set("log", Some("2 s behind".into())));
        assert!(!troubles.set("log", Some("3 s behind".into())));
        assert!(troubles.set("reads", Some("no connection is free".into())));
        assert_eq!(troubles.text(), "log: 3 s behind\nreads: no connection is free\n");
        assert!(troubles.set("log", None) && !troubles.set("log", None) && troubles.any());
    }
}
