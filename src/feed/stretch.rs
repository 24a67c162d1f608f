//! Neighbouring activities on their way to many readers at the same time, in the pieces in which they are sent: made once.

use std::sync::{Arc, OnceLock};

use prost::bytes::Bytes;

use super::kept::{Form, Kept};

/// A part of the log without a hole, of one activity at least.
#[derive(Debug)]
pub struct Stretch {
    since: i64,
    up_to: i64,
    activities: Vec<Arc<Kept>>,
    forms: [OnceLock<Arc<[Bytes]>>; Form::COUNT],
}

impl Stretch {
    /// Of dense activities in their order. `None`: there are none.
    pub fn new(activities: Vec<Arc<Kept>>) -> Option<Arc<Stretch>> {
        let (since, up_to) = (activities.first()?.position - 1, activities.last()?.position);
        Some(Arc::new(Stretch { since, up_to, activities, forms: Default::default() }))
    }

    /// The position before the first.
    pub fn since(&self) -> i64 {
        self.since
    }

    /// The position of the last.
    pub fn up_to(&self) -> i64 {
        self.up_to
    }

    pub fn activities(&self) -> &[Arc<Kept>] {
        &self.activities
    }

    /// All of it in one form, made by whoever needs it first.
    pub fn shown(&self, form: Form, make: impl FnOnce(&[Arc<Kept>]) -> Vec<Bytes>) -> Arc<[Bytes]> {
        self.forms[form.nth()].get_or_init(|| make(&self.activities).into()).clone()
    }
}

impl PartialEq for Stretch {
    fn eq(&self, other: &Stretch) -> bool {
        self.activities == other.activities
    }
}
