//! Segment: consecutive activities for many readers; each encoding is made once.

use std::sync::{Arc, OnceLock};

use prost::bytes::Bytes;

use super::shared_activity::{Form, SharedActivity};

/// A part of the log without a hole, of one activity at least.
#[derive(Debug)]
pub struct Segment {
    since: i64,
    up_to: i64,
    activities: Vec<Arc<SharedActivity>>,
    forms: [OnceLock<Arc<[Bytes]>>; Form::COUNT],
}

impl Segment {
    /// Of dense activities in their order. `None`: there are none.
    pub fn new(activities: Vec<Arc<SharedActivity>>) -> Option<Arc<Segment>> {
        let (since, up_to) = (activities.first()?.position - 1, activities.last()?.position);
        Some(Arc::new(Segment { since, up_to, activities, forms: Default::default() }))
    }

    /// The position before the first.
    pub fn since(&self) -> i64 {
        self.since
    }

    /// The position of the last.
    pub fn up_to(&self) -> i64 {
        self.up_to
    }

    pub fn activities(&self) -> &[Arc<SharedActivity>] {
        &self.activities
    }

    /// All of it in one form, made by whoever needs it first.
    pub fn encoded(&self, form: Form, make: impl FnOnce(&[Arc<SharedActivity>]) -> Vec<Bytes>) -> Arc<[Bytes]> {
        self.forms[form.nth()].get_or_init(|| make(&self.activities).into()).clone()
    }
}

impl PartialEq for Segment {
    fn eq(&self, other: &Segment) -> bool {
        self.activities == other.activities
    }
}
