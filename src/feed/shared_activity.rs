//! An activity shared by many readers; each encoding is made once.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use prost::bytes::Bytes;

use crate::model::activity::Activity;

/// How much of an activity a reader is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// With its ticket.
    pub ticket: bool,
    /// No more than the ticket's requester may see.
    pub public: bool,
}

#[derive(Debug)]
pub struct SharedActivity {
    activity: Arc<Activity>,
    forms: [OnceLock<Bytes>; Form::COUNT],
}

impl Form {
    pub const COUNT: usize = 4;

    /// Its place among all forms.
    pub(super) fn nth(self) -> usize {
        2 * usize::from(self.ticket) + usize::from(self.public)
    }
}

impl SharedActivity {
    pub fn new(activity: Arc<Activity>) -> Arc<SharedActivity> {
        Arc::new(SharedActivity { activity, forms: Default::default() })
    }

    /// The activity in one form, made by whoever needs it first.
    pub fn encoded(&self, form: Form, make: impl FnOnce(&Activity) -> Bytes) -> Bytes {
        self.forms[form.nth()].get_or_init(|| make(&self.activity)).clone()
    }

    /// The activity, where nobody else wants it; else itself.
    pub fn alone(self: Arc<SharedActivity>) -> Result<Activity, Arc<SharedActivity>> {
        Arc::try_unwrap(self).map(|shared| Arc::unwrap_or_clone(shared.activity))
    }
}

impl Deref for SharedActivity {
    type Target = Activity;

    fn deref(&self) -> &Activity {
        &self.activity
    }
}

impl PartialEq for SharedActivity {
    fn eq(&self, other: &SharedActivity) -> bool {
        self.activity == other.activity
    }
}
