//! The JSON form of resources in an activity's `data`, in both directions; fields have the names of the proto.

use serde_json::{Map, Value, json};

use super::time::Instant;
use super::words::{AgentStatus, SourceType, Words};

/// The given fields, and the stamps that every resource has.
macro_rules! shown {
    ($row:ident, { $($own:tt)* }) => {{
        let mut shown = serde_json::json!({ $($own)* });
        let stamps = serde_json::json!({
            "tenant_id": $row.tenant_id,
            "app_id": $row.app_id,
            "source": $row.source,
            "source_type": $row.source_type.word(),
            "created_at": $row.created_at.to_string(),
            "created_by": $row.created_by,
            "updated_at": $row.updated_at.to_string(),
            "updated_by": $row.updated_by,
            "schema_version": $row.schema_version,
            "etag": crate::model::ticket::etag($row.etag_version),
        });
        if let (serde_json::Value::Object(all), serde_json::Value::Object(stamps)) = (&mut shown, stamps) {
            all.extend(stamps);
            if let Some(at) = $row.deleted_at {
                all.insert("deleted_at".to_owned(), serde_json::json!(at.to_string()));
                all.insert("deleted_by".to_owned(), serde_json::json!($row.deleted_by));
            }
        }
        shown
    }};
}

/// A row out of its fields, and the stamps out of `data`. In a function that answers with an option.
macro_rules! stamped {
    ($row:ident of $data:ident { $($field:ident : $value:expr),* $(,)? }) => {
        Some($row {
            $($field: $value,)*
            tenant_id: $data.text("tenant_id"),
            app_id: $data.text("app_id"),
            source: $data.text("source"),
            source_type: crate::model::words::SourceType::parse(&$data.text("source_type"))?,
            created_at: $data.time("created_at")?,
            created_by: $data.text("created_by"),
            updated_at: $data.time("updated_at")?,
            updated_by: $data.text("updated_by"),
            deleted_at: $data.time("deleted_at"),
            deleted_by: $data.text("deleted_by"),
            schema_version: $data.small("schema_version")?,
            etag_version: i64::from_str_radix(&$data.text("etag"), 16).ok()?,
            position: $data.position,
        })
    };
}

/// `data! { … }`, over a list's lines: `deal_id: …, as deal_id` is `"deal_id"` of the activity's `data`. What of a row has no
/// name on the wire, the data does not have either.
macro_rules! data {
    ($docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt ($($name:ident)?) $cel:tt ($($also:ident: $also_ty:ty)?)
        $write:tt $edit:tt $told:tt;
    )+ }) => {
        impl $crate::model::directory::Logged for $row {
            fn show(&self) -> serde_json::Value {
                use $crate::model::{fields::named, shown::InData};
                let mut all = serde_json::Map::new();
                $(
                    $(all.insert(named!($name).to_owned(), self.$field.show());)?
                    $(all.insert(stringify!($also).to_owned(), self.$also().show());)?
                )+
                all.insert("etag".to_owned(), $crate::model::ticket::etag(self.etag_version).into());
                if self.deleted_at.is_none() {
                    all.remove("deleted_at");
                    all.remove("deleted_by");
                }
                serde_json::Value::Object(all)
            }

            fn read(data: &$crate::model::shown::Data<'_>) -> Option<$row> {
                use $crate::model::{fields::named, shown::InData};
                let mut row = $row::default();
                $($(row.$field = <$ty>::read(data, named!($name))?;)?)+
                row.etag_version = i64::from_str_radix(&data.text("etag"), 16).ok()?;
                row.position = data.position;
                Some(row)
            }
        }
    };
}

pub(crate) use data;
pub(crate) use shown;
pub(crate) use stamped;

/// A value of a row, as an activity's `data` has it.
pub trait InData: Sized {
    fn show(&self) -> Value;

    fn read(data: &Data<'_>, name: &str) -> Option<Self>;
}

/// `in_data! { String => |v| json!(v), |data, name| Some(data.text(name)); }`: how it is shown, and how it is read.
macro_rules! in_data {
    ($($ty:ty => |$v:ident| $show:expr, |$data:ident, $name:ident| $read:expr;)+) => { $(
        impl InData for $ty {
            fn show(&self) -> Value { let $v = self; $show }

            fn read($data: &Data<'_>, $name: &str) -> Option<$ty> { $read }
        }
    )+ };
}

in_data! {
    String => |v| json!(v), |data, name| Some(data.text(name));
    Value => |v| v.clone(), |data, name| Some(data.value(name));
    Words => |v| json!(v.0), |data, name| Some(data.words(name));
    i32 => |v| json!(v), |data, name| data.small(name);
    i64 => |v| json!(v), |data, name| data.fields.get(name).and_then(Value::as_i64);
    Instant => |v| json!(v.to_string()), |data, name| data.time(name);
    Option<Instant> => |v| v.map_or(Value::Null, |at| json!(at.to_string())), |data, name| Some(data.time(name));
    SourceType => |v| json!(v.word()), |data, name| SourceType::parse(&data.text(name));
    AgentStatus => |v| json!(v.word()), |data, name| AgentStatus::parse(&data.text(name));
}

/// What an activity at `position` shows of a resource.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a> {
    pub fields: &'a Map<String, Value>,
    pub position: i64,
}

impl Data<'_> {
    /// '' where there is none.
    pub fn text(&self, name: &str) -> String {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub fn value(&self, name: &str) -> Value {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    pub fn words(&self, name: &str) -> Words {
        let words = self.fields.get(name).and_then(Value::as_array).into_iter().flatten();
        Words(words.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    pub fn small(&self, name: &str) -> Option<i32> {
        self.fields.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok())
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        self.fields.get(name).and_then(Value::as_bool)
    }

    pub fn time(&self, name: &str) -> Option<Instant> {
        self.text(name).parse::<jiff::Timestamp>().ok().map(Instant::from)
    }
}
