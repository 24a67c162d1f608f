//! Calendars: weekly hours in local time, holidays, and dates with hours of their own.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Fault;
use super::hours::{Holiday, Hours, Interval, Opening, SpecialDate};
use crate::model::fold::fold;
use crate::model::id;
use crate::model::shown::{Data, shown, stamped};

row! {
    Calendar in calendar, key(tenant_id, id) + stamps {
        tenant_id: String,
        id: Uuid,
        /// Unique among those that are not deleted.
        name: String,
        /// The name as names compare: see [`crate::model::fold`].
        folded: String,
        /// An IANA name, as it was sent.
        time_zone: String,
        /// `[{"day": "MONDAY", "open": "09:00", "close": "17:00"}, …]`.
        weekly: Value,
        /// `[{"date": "2026-12-25", "name": "…"}, …]`, by date.
        holidays: Value,
        /// `[{"date": "2026-12-24", "name": "…", "hours": [{"open": "09:00", "close": "12:00"}]}, …]`, by date.
        special_dates: Value,
        /// 1 when it is made, and one more with each write that changes anything.
        version: i32,
    }
}

reference! {
    /// How a caller may name a calendar.
    CalendarRef by id::CALENDAR
}

impl Calendar {
    /// Ready to be reckoned with; else everything that is wrong, by the contract's field names.
    pub fn hours(&self) -> Result<Hours, Vec<Fault>> {
        let weekly: Vec<Interval> = Self::listed("weekly", &self.weekly)?;
        let holidays: Vec<Holiday> = Self::listed("holidays", &self.holidays)?;
        let special_dates: Vec<SpecialDate> = Self::listed("special_dates", &self.special_dates)?;
        Hours::new(&self.time_zone, Opening { weekly: &weekly, holidays: &holidays, special_dates: &special_dates })
    }

    pub fn has_hours(&self) -> bool {
        self.weekly.as_array().is_some_and(|weekly| !weekly.is_empty())
            || self.special_dates().iter().any(|date| !date.hours.is_empty())
    }

    /// None where a later version of Docket wrote what this one cannot read.
    pub fn weekly(&self) -> Vec<Interval> {
        Self::listed("weekly", &self.weekly).unwrap_or_default()
    }

    /// As [`Calendar::weekly`].
    pub fn holidays(&self) -> Vec<Holiday> {
        Self::listed("holidays", &self.holidays).unwrap_or_default()
    }

    /// As [`Calendar::weekly`].
    pub fn special_dates(&self) -> Vec<SpecialDate> {
        Self::listed("special_dates", &self.special_dates).unwrap_or_default()
    }

    fn listed<T: DeserializeOwned>(field: &str, value: &Value) -> Result<Vec<T>, Vec<Fault>> {
        let fault = |error: serde_json::Error| vec![Fault { field: field.to_owned(), description: error.to_string() }];
        Vec::deserialize(value).map_err(fault)
    }

    /// As its activity and its versions hold it.
    pub fn shown(&self) -> Value {
        shown!(self, {
            "id": id::show(id::CALENDAR, self.id),
            "name": self.name,
            "time_zone": self.time_zone,
            "weekly": self.weekly,
            "holidays": self.holidays,
            "special_dates": self.special_dates,
            "version": self.version,
        })
    }

    /// The inverse of [`Calendar::shown`].
    pub fn read(data: &Data<'_>) -> Option<Calendar> {
        stamped!(Calendar of data {
            id: id::parse(id::CALENDAR, &data.text("id"))?,
            name: data.text("name"),
            folded: fold(&data.text("name")).into_owned(),
            time_zone: data.text("time_zone"),
            weekly: data.value("weekly"),
            holidays: data.value("holidays"),
            special_dates: Some(data.value("special_dates")).filter(Value::is_array).unwrap_or_else(|| json!([])),
            version: data.small("version")?,
        })
    }
}

row! {
    /// A calendar as one of its writes left it.
    CalendarVersion in calendar_version, key(tenant_id, id, version) {
        tenant_id: String,
        id: Uuid,
        version: i32,
        /// Of the write, in the log.
        position: i64,
        /// As [`Calendar::shown`] has it.
        body: Value,
    }
}

impl CalendarVersion {
    pub fn calendar(&self) -> Option<Calendar> {
        Calendar::read(&Data { fields: self.body.as_object()?, position: self.position })
    }
}
