//! Types of columns.

use diesel::sql_types::{BigInt, Binary, Bool, Double, Integer, Jsonb, Nullable, Text};
use uuid::Uuid;

/// A type that a column can hold.
pub trait Column {
    /// The column's type in PostgreSQL.
    type Sql;
}

/// `columns! { bool => Bool }` makes `impl Column for bool { type Sql = Bool; }`.
macro_rules! columns {
    ($($ty:ty => $sql:ty),+ $(,)?) => { $(
        impl Column for $ty {
            type Sql = $sql;
        }
    )+ };
}

columns! {
    bool => Bool,
    i32 => Integer,
    i64 => BigInt,
    f64 => Double,
    String => Text,
    Vec<u8> => Binary,
    Uuid => diesel::sql_types::Uuid,
    serde_json::Value => Jsonb,
}

impl<T: Column> Column for Option<T>
where
    T::Sql: diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>,
{
    type Sql = Nullable<T::Sql>;
}
