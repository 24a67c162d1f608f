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

/// A type of one field, which serde writes, as a jsonb column. Beside it stand `FromSqlRow` and `AsExpression`.
macro_rules! json_column {
    ($ty:ident) => {
        impl $crate::model::column::Column for $ty {
            type Sql = diesel::sql_types::Jsonb;
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Jsonb, diesel::pg::Pg> for $ty {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, &[1])?;
                serde_json::to_writer(out, &self.0)?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Jsonb, diesel::pg::Pg> for $ty {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                match value.as_bytes() {
                    [1, json @ ..] => Ok($ty(serde_json::from_slice(json)?)),
                    _ => Err("unknown jsonb version".into()),
                }
            }
        }
    };
}
pub(crate) use json_column;

impl<T: Column> Column for Option<T>
where
    T::Sql: diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>,
{
    type Sql = Nullable<T::Sql>;
}
