//! Hours of the calendars that rules name, each read once in a batch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use uuid::Uuid;

use crate::command::{Stop, World};
use crate::model::sla::calendar::{Calendar, CalendarRef};
use crate::model::sla::hours::Hours;
use crate::workflow::NamedHours;

/// By id.
#[derive(Debug, Default)]
pub struct Opened(Mutex<HashMap<Uuid, Read>>);

/// Of this row: another one has other hours, whatever its version says. `None`: they cannot be read.
type Read = (Arc<Calendar>, Option<Arc<Hours>>);

impl Opened {
    fn hours(&self, calendar: Arc<Calendar>) -> Option<Arc<Hours>> {
        let mut known = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match known.get(&calendar.id) {
            Some((row, hours)) if Arc::ptr_eq(row, &calendar) => hours.clone(),
            _ => {
                let hours = calendar.hours().ok().map(Arc::new);
                known.insert(calendar.id, (calendar, hours.clone()));
                hours
            }
        }
    }
}

impl World {
    /// The hours of a calendar by the name or id that a rule has for it.
    pub fn hours_named(&self, name: &str) -> Result<NamedHours, Stop> {
        let row = self.calendar(&CalendarRef::parse(name))?.filter(|row| row.deleted_at.is_none());
        let hours = match row {
            None => Err("is none of this tenant's"),
            Some(row) => self.opened.hours(row).ok_or("cannot be read by this version of Docket"),
        };
        Ok(NamedHours { name: name.to_owned(), hours })
    }
}
