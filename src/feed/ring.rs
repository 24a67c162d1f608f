//! Cache of a tenant's newest activities, without gaps, and its head. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use super::shared_activity::SharedActivity;

/// Activities that are given at once, at most.
pub const HERE: usize = 256;
/// A gap at the end of the log that is no wider is read once for all who miss it.
const NEWEST: i64 = 64;

/// The end of a log, as far as it is known here.
#[derive(Debug, Default)]
pub struct Ring {
    /// The highest position heard of; never one that was not said to be committed.
    head: i64,
    /// Dense: each position is the one before it and one.
    recent: VecDeque<Arc<SharedActivity>>,
}

/// What comes after a position.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// The activities right after it, in order, at least one.
    Here(Vec<Arc<SharedActivity>>),
    /// Not cached here: the table has the positions up to this one. `newest`: it is no more than the end of the log that is
    /// missing, as it is to everybody who keeps up.
    Gap { up_to: i64, newest: bool },
    /// Nothing is known to come.
    Nothing,
}

impl Ring {
    pub fn head(&self) -> i64 {
        self.head
    }

    /// The position of the newest that is cached.
    pub fn newest(&self) -> Option<i64> {
        self.recent.back().map(|activity| activity.position)
    }

    pub fn len(&self) -> usize {
        self.recent.len()
    }

    /// The log goes at least this far. True when that is news.
    pub fn learn(&mut self, head: i64) -> bool {
        let news = head > self.head;
        self.head = self.head.max(head);
        news
    }

    /// Takes committed activities, in order and without a hole, and caches the newest `most`. What does not touch what is
    /// cached replaces it: the hole is in the table. True when the head moved.
    pub fn push(&mut self, activities: &[Arc<SharedActivity>], most: usize) -> bool {
        let Some((first, last)) = ends(activities) else { return false };
        let news = self.learn(last);
        let fresh = match self.newest() {
            Some(newest) if last <= newest => return news,
            Some(newest) if first <= newest + 1 => &activities[(newest + 1 - first) as usize..],
            Some(_) | None => {
                self.recent.clear();
                activities
            }
        };
        self.recent.extend(fresh.iter().cloned());
        let surplus = self.recent.len().saturating_sub(most);
        self.recent.drain(..surplus);
        news
    }

    /// Forgets what everybody has: the positions up to this one.
    pub fn forget(&mut self, up_to: i64) {
        while self.recent.front().is_some_and(|oldest| oldest.position <= up_to) {
            self.recent.pop_front();
        }
        if self.recent.is_empty() && self.recent.capacity() > 64 {
            self.recent.shrink_to(0);
        }
    }

    /// Those activities right after `position` that are cached, `most` at most.
    pub fn here(&self, position: i64, most: usize) -> Vec<Arc<SharedActivity>> {
        let Some(oldest) = self.recent.front().map(|oldest| oldest.position) else { return Vec::new() };
        match usize::try_from(position + 1 - oldest) {
            Ok(from) => self.recent.iter().skip(from).take(most.min(HERE)).cloned().collect(),
            Err(_) => Vec::new(),
        }
    }

    /// Some activities after `position`, or where they are: a gap of `most` positions at most.
    pub fn after(&self, position: i64, most: usize) -> Next {
        if position >= self.head {
            return Next::Nothing;
        }
        let here = self.here(position, most);
        if !here.is_empty() {
            return Next::Here(here);
        }
        let last = position.saturating_add(most as i64);
        match self.recent.front().map(|oldest| oldest.position) {
            Some(oldest) if position + 1 < oldest => Next::Gap { up_to: last.min(oldest - 1), newest: false },
            Some(_) | None => {
                let newest = last >= self.head && self.head - position <= NEWEST;
                Next::Gap { up_to: last.min(self.head), newest }
            }
        }
    }
}

/// The first and the last position, where the activities are dense.
fn ends(activities: &[Arc<SharedActivity>]) -> Option<(i64, i64)> {
    let (first, last) = (activities.first()?.position, activities.last()?.position);
    let dense = activities.windows(2).all(|two| two[1].position == two[0].position + 1);
    dense.then_some((first, last))
}
