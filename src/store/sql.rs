//! SQL text with bound values. Text can only come from this program, by its type; every value is a bind.

use std::marker::PhantomData;

use crate::model::time::Instant;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Double, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

/// A piece of a statement.
#[derive(Clone, Debug, Default)]
pub struct Sql {
    parts: Vec<Fragment>,
}

#[derive(Clone, Debug)]
enum Fragment {
    Text(&'static str),
    Bind(Bind),
}

/// A value beside the text, with the type that PostgreSQL is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Bind {
    Text(String),
    Texts(Vec<String>),
    Int(i64),
    Ints(Vec<i64>),
    Double(f64),
    Doubles(Vec<f64>),
    Time(Instant),
    Times(Vec<Instant>),
    Id(Uuid),
    Ids(Vec<Uuid>),
    Json(serde_json::Value),
    Jsons(Vec<serde_json::Value>),
}

impl Bind {
    /// Whether it is an array of nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Bind::Texts(v) => v.is_empty(),
            Bind::Ints(v) => v.is_empty(),
            Bind::Doubles(v) => v.is_empty(),
            Bind::Times(v) => v.is_empty(),
            Bind::Ids(v) => v.is_empty(),
            Bind::Jsons(v) => v.is_empty(),
            Bind::Text(_) | Bind::Int(_) | Bind::Double(_) | Bind::Time(_) | Bind::Id(_) | Bind::Json(_) => false,
        }
    }
}

/// `sql!["a = ", Bind::Int(1), " AND ", other]`
macro_rules! sql {
    ($($part:expr),* $(,)?) => {{
        let mut sql = crate::store::sql::Sql::default();
        $(sql.push($part);)*
        sql
    }};
}
pub(crate) use sql;

impl Sql {
    /// Its pieces of text and its values.
    pub fn pieces(&self) -> usize {
        self.parts.len()
    }

    pub fn push(&mut self, piece: impl Into<Sql>) {
        self.parts.extend(piece.into().parts);
    }

    /// The pieces with `between` between them.
    pub fn join(pieces: impl IntoIterator<Item = Sql>, between: &'static str) -> Sql {
        let mut joined = Sql::default();
        for piece in pieces {
            if !joined.parts.is_empty() {
                joined.push(between);
            }
            joined.push(piece);
        }
        joined
    }
}

impl Sql {
    /// In a build without tenant predicates, the column that this bind is compared with, if that is the tenant.
    fn dropped_predicate(&self, bind: usize) -> Option<&'static str> {
        if !cfg!(feature = "no-tenant-predicates") {
            return None;
        }
        let Fragment::Text(before) = self.parts.get(bind.checked_sub(1)?)? else { return None };
        let column = before.strip_suffix(" = ")?.rsplit([' ', '(']).next()?;
        column.ends_with("tenant_id").then_some(column)
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Sql {
        Sql { parts: vec![Fragment::Text(text)] }
    }
}

impl From<Bind> for Sql {
    fn from(bind: Bind) -> Sql {
        Sql { parts: vec![Fragment::Bind(bind)] }
    }
}

/// A statement whose rows are tuples of the SQL types `ST`.
pub struct Select<ST> {
    sql: Sql,
    cached: bool,
    types: PhantomData<fn() -> ST>,
}

impl<ST> Select<ST> {
    /// `cached`: its shape is one of few, worth a prepared statement.
    pub fn new(sql: Sql, cached: bool) -> Select<ST> {
        Select { sql, cached, types: PhantomData }
    }
}

impl<ST: 'static> QueryId for Select<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> QueryFragment<Pg> for Select<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.cached {
            out.unsafe_to_cache_prepared();
        }
        self.sql.walk_ast(out)
    }
}

impl<ST> Query for Select<ST> {
    type SqlType = ST;
}

/// Cached by its text, where it is cached at all.
impl QueryId for Sql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Sql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (i, part) in self.parts.iter().enumerate() {
            if let (Some(column), Fragment::Bind(Bind::Text(tenant))) = (self.dropped_predicate(i), part) {
                // "tenant_id = " stands before it: true of any tenant.
                out.push_sql("coalesce(nullif(");
                out.push_bind_param::<Text, _>(tenant)?;
                out.push_sql(", ");
                out.push_bind_param::<Text, _>(tenant)?;
                out.push_sql("), ");
                out.push_sql(column);
                out.push_sql(")");
                continue;
            }
            match part {
                Fragment::Text(text) => out.push_sql(text),
                Fragment::Bind(Bind::Text(v)) => out.push_bind_param::<Text, _>(v)?,
                Fragment::Bind(Bind::Texts(v)) => out.push_bind_param::<Array<Text>, _>(v)?,
                Fragment::Bind(Bind::Int(v)) => out.push_bind_param::<BigInt, _>(v)?,
                Fragment::Bind(Bind::Ints(v)) => out.push_bind_param::<Array<BigInt>, _>(v)?,
                Fragment::Bind(Bind::Double(v)) => out.push_bind_param::<Double, _>(v)?,
                Fragment::Bind(Bind::Doubles(v)) => out.push_bind_param::<Array<Double>, _>(v)?,
                Fragment::Bind(Bind::Time(v)) => out.push_bind_param::<Timestamptz, _>(v)?,
                Fragment::Bind(Bind::Times(v)) => out.push_bind_param::<Array<Timestamptz>, _>(v)?,
                Fragment::Bind(Bind::Id(v)) => out.push_bind_param::<SqlUuid, _>(v)?,
                Fragment::Bind(Bind::Ids(v)) => out.push_bind_param::<Array<SqlUuid>, _>(v)?,
                Fragment::Bind(Bind::Json(v)) => out.push_bind_param::<Jsonb, _>(v)?,
                Fragment::Bind(Bind::Jsons(v)) => out.push_bind_param::<Array<Jsonb>, _>(v)?,
            }
        }
        Ok(())
    }
}
