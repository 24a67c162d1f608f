//! A row is a struct; its columns travel to the database as one array each.

use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::result::QueryResult;

/// A struct that is a table's row. Made by [`row!`], which lists the columns once.
pub trait Row: Sized + 'static {
    const TABLE: &'static str;
    const KEY: &'static [&'static str];
    const COLUMNS: &'static [&'static str];

    /// One array for each column.
    type Arrays<'a>: Send + Sync;

    fn arrays<'a>(rows: impl Iterator<Item = &'a Self>) -> Self::Arrays<'a>;

    /// `unnest($1) AS a, unnest($2) AS b, …` in the order of `COLUMNS`, with the array types that `table!` gives.
    ///
    /// In a select list they advance in step, a row at a time; as `FROM unnest($1, $2, …)` each would be stored first, at
    /// twice the cost. Arrays of one length only: [`Row::arrays`] makes no others.
    fn bind<'b>(arrays: &'b Self::Arrays<'_>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

/// `row! { /// docs  Name in table, key(a, b) { field: Type, … } }` makes the struct, its Diesel derives and its [`Row`].
/// `+ stamps` after the key adds the columns that every resource has.
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
    };
    ($(#[$meta:meta])* $name:ident in $table:ident, key($($key:ident),+) {
        $($(#[$field_meta:meta])* $field:ident : $ty:ty),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, diesel::Queryable, diesel::Selectable)]
        #[diesel(table_name = crate::model::schema::$table, check_for_backend(diesel::pg::Pg))]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $ty),*
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
                        diesel::sql_types::Array<diesel::dsl::SqlTypeOf<crate::model::schema::$table::$field>>, _,
                    >($field)?;
                    out.push_sql(concat!(") AS ", stringify!($field)));
                )*
                let _ = comma;
                Ok(())
            }
        }
    };
}
