//! Rows of tables: each struct is a row, and its fields are the columns.
//!
//! Diesel's `table!` is for tables of a few columns only. It makes two impls for each pair of columns: for the tickets'
//! 54 columns alone 2,862, which took the compiler longer than all the rest of the crate.

use diesel::deserialize::{self, FromSql};
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::result::QueryResult;

use super::column::Column;
use super::time::Instant;

/// The value at `place`, which moves on.
pub fn next<'r, T: FromSql<T::Sql, Pg> + Column>(
    row: &impl diesel::row::Row<'r, Pg>,
    place: &mut usize,
) -> deserialize::Result<T> {
    let value = row.get_value::<T::Sql, T, usize>(*place);
    *place += 1;
    value
}

/// A struct that is a table's row. Made by [`row!`], which lists the columns once.
///
/// Statements that read rows select `COLUMNS` in their order, which is that of the fields: values are found by place.
pub trait Row: Sized + Send + 'static + deserialize::QueryableByName<Pg> {
    const TABLE: &'static str;
    const KEY: &'static [&'static str];
    const COLUMNS: &'static [&'static str];

    /// One array for each column.
    type Arrays<'a>: Send + Sync;

    fn arrays<'a>(rows: impl Iterator<Item = &'a Self>) -> Self::Arrays<'a>;

    /// `unnest($1) AS a, unnest($2) AS b, …` in the order of `COLUMNS`, with the types that [`Column`] gives.
    ///
    /// In a select list they advance in step, a row at a time; as `FROM unnest($1, $2, …)` each would be stored first, at
    /// twice the cost. Arrays of one length only: [`Row::arrays`] makes no others.
    fn bind<'b>(arrays: &'b Self::Arrays<'_>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

/// A row with the stamps that every resource has.
pub trait Stamped {
    /// The application whose token made it; '' for people.
    fn app_id(&self) -> &str;

    fn is_deleted(&self) -> bool;

    fn etag_version(&self) -> i64;

    /// The log position of the last activity that changed it.
    fn position(&self) -> i64;

    /// It is written, now, by this actor, in the activity at `position`.
    fn touch(&mut self, at: Instant, by: &str, position: i64);

    /// It is deleted, now, by this actor; [`Stamped::touch`] is to follow.
    fn delete(&mut self, at: Instant, by: &str);

    /// Takes all the stamps of another one, and its tenant.
    fn stamp_as(&mut self, other: &Self);

    /// Takes the stamps of a row that is new, and `origin.source` where it names none.
    fn begin(&mut self, origin: Origin<'_>);
}

/// Where a new row comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub tenant: &'a str,
    pub app_id: &'a str,
    pub source: &'a str,
    pub at: Instant,
    pub by: &'a str,
    pub schema_version: i32,
    /// Of an earlier life, whose etags must not be good for this one; 0 where there was none.
    pub etag_version: i64,
}

/// `stamped_row! { Ticket }` makes a row with the columns of `+ stamps` [`Stamped`].
macro_rules! stamped_row {
    ($name:ident) => {
        impl crate::model::row::Stamped for $name {
            fn app_id(&self) -> &str {
                &self.app_id
            }

            fn is_deleted(&self) -> bool {
                self.deleted_at.is_some()
            }

            fn etag_version(&self) -> i64 {
                self.etag_version
            }

            fn position(&self) -> i64 {
                self.position
            }

            fn touch(&mut self, at: crate::model::time::Instant, by: &str, position: i64) {
                self.updated_at = at;
                by.clone_into(&mut self.updated_by);
                self.etag_version += 1;
                self.position = position;
            }

            fn delete(&mut self, at: crate::model::time::Instant, by: &str) {
                self.deleted_at = Some(at);
                by.clone_into(&mut self.deleted_by);
            }

            fn begin(&mut self, origin: crate::model::row::Origin<'_>) {
                origin.tenant.clone_into(&mut self.tenant_id);
                origin.app_id.clone_into(&mut self.app_id);
                if self.source.is_empty() {
                    origin.source.clone_into(&mut self.source);
                }
                self.created_at = origin.at;
                origin.by.clone_into(&mut self.created_by);
                self.updated_at = origin.at;
                origin.by.clone_into(&mut self.updated_by);
                self.deleted_at = None;
                self.deleted_by.clear();
                self.schema_version = origin.schema_version;
                self.etag_version = origin.etag_version;
                self.position = 0;
            }

            fn stamp_as(&mut self, other: &Self) {
                self.tenant_id.clone_from(&other.tenant_id);
                self.app_id.clone_from(&other.app_id);
                self.source.clone_from(&other.source);
                self.source_type = other.source_type;
                self.created_at = other.created_at;
                self.created_by.clone_from(&other.created_by);
                self.updated_at = other.updated_at;
                self.updated_by.clone_from(&other.updated_by);
                self.deleted_at = other.deleted_at;
                self.deleted_by.clone_from(&other.deleted_by);
                self.schema_version = other.schema_version;
                self.etag_version = other.etag_version;
                self.position = other.position;
            }
        }
    };
}

/// `row! { /// docs  Name in table, key(a, b) { field: Type, … } }` makes the struct, and the way to the
/// database ([`Row`]) and back (`QueryableByName`).
/// `+ stamps` after the key adds the columns that every resource has, and makes it [`Stamped`].
macro_rules! row {
    ($(#[$meta:meta])* $name:ident in $table:ident, key($($key:ident),+) + stamps { $($fields:tt)* }) => {
        row! {
            $(#[$meta])* $name in $table, key($($key),+) {
                $($fields)*
                /// The application whose token made it; '' for people.
                app_id: String,
                source: String,
                source_type: crate::model::words::SourceType,
                created_at: crate::model::time::Instant,
                created_by: String,
                updated_at: crate::model::time::Instant,
                updated_by: String,
                deleted_at: Option<crate::model::time::Instant>,
                deleted_by: String,
                schema_version: i32,
                /// Changes only with fields that a caller can write: the etag.
                etag_version: i64,
                /// The log position of the last activity that changed it.
                position: i64,
            }
        }

        stamped_row! { $name }
    };
    ($(#[$meta:meta])* $name:ident in $table:ident, key($($key:ident),+) {
        $($(#[$field_meta:meta])* $field:ident : $ty:ty),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $ty),*
        }

        impl diesel::deserialize::QueryableByName<diesel::pg::Pg> for $name {
            fn build<'r>(row: &impl diesel::row::NamedRow<'r, diesel::pg::Pg>) -> diesel::deserialize::Result<Self> {
                let mut place = 0;
                Ok($name { $($field: crate::model::row::next(row, &mut place)?),* })
            }
        }

        impl crate::model::row::Row for $name {
            const TABLE: &'static str = stringify!($table);
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];
            type Arrays<'a> = ($(Vec<&'a $ty>,)*);

            fn arrays<'a>(rows: impl Iterator<Item = &'a Self>) -> Self::Arrays<'a> {
                let room = rows.size_hint().0;
                $(let mut $field: Vec<&'a $ty> = Vec::with_capacity(room);)*
                for row in rows {
                    $($field.push(&row.$field);)*
                }
                ($($field,)*)
            }

            fn bind<'b>(
                arrays: &'b Self::Arrays<'_>,
                out: &mut diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::result::QueryResult<()> {
                let ($($field,)*) = arrays;
                let mut comma = "unnest(";
                $(
                    out.push_sql(comma);
                    comma = ", unnest(";
                    out.push_bind_param::<
                        diesel::sql_types::Array<<$ty as crate::model::column::Column>::Sql>, _,
                    >($field)?;
                    out.push_sql(concat!(") AS ", stringify!($field)));
                )*
                let _ = comma;
                Ok(())
            }
        }
    };
}
