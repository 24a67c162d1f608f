//! Reasons why a process is not ready: pending migrations, an unreadable log, no free connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

/// Current troubles of the process, and what there is to be said while it is ready; clones share them.
#[derive(Clone, Debug)]
pub struct Troubles {
    troubles: Arc<watch::Sender<ByFinder>>,
    notes: Arc<watch::Sender<ByFinder>>,
}

/// Descriptions, by the check that found them.
type ByFinder = BTreeMap<&'static str, String>;

impl Default for Troubles {
    fn default() -> Troubles {
        let none = || Arc::new(watch::channel(ByFinder::new()).0);
        Troubles { troubles: none(), notes: none() }
    }
}

impl Troubles {
    /// Sets or clears the trouble of `finder`. Returns whether one appeared or disappeared; a new description alone does not count.
    pub fn set(&self, finder: &'static str, trouble: Option<String>) -> bool {
        put(&self.troubles, finder, trouble)
    }

    /// The same of what keeps the process from nothing.
    pub fn note(&self, finder: &'static str, note: Option<String>) -> bool {
        put(&self.notes, finder, note)
    }

    /// One line per note.
    pub fn notes(&self) -> String {
        lines(&self.notes)
    }

    pub fn any(&self) -> bool {
        !self.troubles.borrow().is_empty()
    }

    /// One line per trouble.
    pub fn text(&self) -> String {
        lines(&self.troubles)
    }

    /// A receiver that is notified when a trouble appears or disappears.
    pub fn watch(&self) -> watch::Receiver<BTreeMap<&'static str, String>> {
        self.troubles.subscribe()
    }
}

fn put(known: &watch::Sender<ByFinder>, finder: &'static str, words: Option<String>) -> bool {
    known.send_if_modified(|known| match words {
        Some(words) => known.insert(finder, words).is_none(),
        None => known.remove(finder).is_some(),
    })
}

fn lines(known: &watch::Sender<ByFinder>) -> String {
    known.borrow().iter().map(|(finder, words)| format!("{finder}: {words}\n")).collect()
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
