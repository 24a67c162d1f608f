//! The walk over the checked expression.

use super::Condition;
use super::column::{Column, Sort, column};
use super::{ids, json};
use crate::model::time::Instant;
use crate::store::audience::Audience;
use crate::store::sql::{Bind, Sql, sql};
use crate::workflow::cel::ast::{Compare, Expr, Function, Kind, Literal, Path};
use crate::workflow::schema::Type;
use crate::workflow::{Filter, Problem};

/// The condition that keeps what `filter` matches, as `audience` may ask for it.
///
/// # Errors
/// What has no form in SQL, with its place: such a filter is fit for streams only.
pub fn compile(filter: &Filter, audience: &Audience) -> Result<Condition, Problem> {
    let expr = filter.expr();
    let sql = sql!["(", Compiler { audience }.truth(expr)?, ")"];
    Ok(Condition { sql, hot: is_hot(expr) })
}

/// One word of an enumeration, or a list of them: the few filters that an index serves.
fn is_hot(expr: &Expr) -> bool {
    match &expr.kind {
        Kind::Compare(Compare::Equal, a, b) => {
            matches!((&a.kind, a.ty, &b.kind), (Kind::Field(_), Type::Enum(_), Kind::Literal(_)))
        }
        Kind::In(a, b) => matches!((&a.kind, a.ty, literals(b)), (Kind::Field(_), Type::Enum(_), Some(_))),
        _ => false,
    }
}

struct Compiler<'a> {
    audience: &'a Audience,
}

/// SQL for a value.
struct Operand {
    sql: Sql,
    sort: Sort,
}

fn refuse<T>(expr: &Expr, message: impl Into<String>) -> Result<T, Problem> {
    let hint = "lists take fields, literals, == != < <= > >= in && || ! has(), startsWith(), endsWith(), contains(), \
                lower() and size()";
    Err(Problem::error("unsupported", expr.at, message, hint))
}

impl Compiler<'_> {
    /// An expression that is true, false or NULL.
    fn truth(&self, expr: &Expr) -> Result<Sql, Problem> {
        match &expr.kind {
            Kind::Literal(Literal::Bool(b)) => Ok(Sql::from(if *b { "TRUE" } else { "FALSE" })),
            Kind::Not(inner) => Ok(sql!["NOT (", self.truth(inner)?, ")"]),
            Kind::And(all) => self.every(all, " AND "),
            Kind::Or(all) => self.every(all, " OR "),
            Kind::Has(path) => self.has(path, expr),
            Kind::Compare(how, a, b) => self.compare(*how, a, b),
            Kind::In(item, list) => self.within(item, list),
            Kind::Call(function, args) => self.test(*function, args, expr),
            Kind::Field(_) => match self.operand(expr)? {
                Operand { sql, sort: Sort::Json } => Ok(json::as_bool(sql)),
                _ => refuse(expr, "true or false is needed here"),
            },
            _ => refuse(expr, "this cannot be asked of a list"),
        }
    }

    fn every(&self, all: &[Expr], between: &'static str) -> Result<Sql, Problem> {
        let all = all.iter().map(|e| self.truth(e)).collect::<Result<Vec<_>, _>>()?;
        Ok(sql!["(", Sql::join(all, between), ")"])
    }

    fn has(&self, path: &Path, expr: &Expr) -> Result<Sql, Problem> {
        if path.names.is_empty() {
            return Ok(Sql::from("TRUE"));
        }
        let (column, below) = self.column(path, expr)?;
        let sql = Sql::from(column.sql);
        Ok(match column.sort {
            Sort::Json if !below.is_empty() => json::has(self.below(sql, below, expr)?),
            Sort::Text => sql![sql, " <> ''"],
            Sort::Words => sql![sql, " <> '[]'::jsonb"],
            Sort::IdOrNone(_) => sql![sql, " IS NOT NULL"],
            _ if column.optional => sql![sql, " IS NOT NULL"],
            _ => Sql::from("TRUE"),
        })
    }

    /// The column of a path, and the names below it.
    fn column<'p>(&self, path: &'p Path, expr: &Expr) -> Result<(Column, &'p [String]), Problem> {
        match column(path.root, &path.names, self.audience) {
            Some(found) if found.sort == Sort::Json => Ok((found, path.names.get(1..).unwrap_or_default())),
            Some(found) => Ok((found, &[])),
            None => refuse(expr, format!("lists cannot be asked for {path}")),
        }
    }

    /// Down into a map, name by name; NULL where a name is missing.
    fn below(&self, map: Sql, names: &[String], expr: &Expr) -> Result<Sql, Problem> {
        let mut sql = map;
        for name in names {
            sql = sql!["(", sql, " -> ", text(name, expr)?, ")"];
        }
        Ok(sql)
    }

    fn operand(&self, expr: &Expr) -> Result<Operand, Problem> {
        let (sql, sort) = match &expr.kind {
            Kind::Literal(Literal::Int(i)) => (Sql::from(Bind::Int(*i)), Sort::Int),
            Kind::Literal(Literal::Double(d)) => (Sql::from(Bind::Double(*d)), Sort::Double),
            Kind::Literal(Literal::Text(t)) => (text(t, expr)?, Sort::Text),
            Kind::Literal(Literal::Time(t)) => (Sql::from(Bind::Time(time(*t))), Sort::Time),
            Kind::Negate(inner) => match &inner.kind {
                Kind::Literal(Literal::Int(i)) => (Sql::from(Bind::Int(i.saturating_neg())), Sort::Int),
                Kind::Literal(Literal::Double(d)) => (Sql::from(Bind::Double(-d)), Sort::Double),
                _ => return refuse(expr, "lists do not calculate"),
            },
            Kind::Field(path) => {
                let (column, below) = self.column(path, expr)?;
                (self.below(Sql::from(column.sql), below, expr)?, column.sort)
            }
            Kind::Call(Function::Lower, args) => match args.as_slice() {
                [of] => (sql!["lower(", self.text(of)?, ")"], Sort::Text),
                _ => return refuse(expr, "lower() takes one text"),
            },
            Kind::Call(Function::Size, args) => match args.as_slice() {
                [of] => (self.size(of)?, Sort::Int),
                _ => return refuse(expr, "size() takes one value"),
            },
            Kind::Arithmetic(..) => return refuse(expr, "lists do not calculate"),
            _ => (sql!["(", self.truth(expr)?, ")"], Sort::Bool),
        };
        Ok(Operand { sql, sort })
    }

    /// An operand that is text, or NULL where a map holds something else.
    fn text(&self, expr: &Expr) -> Result<Sql, Problem> {
        match self.operand(expr)? {
            Operand { sql, sort: Sort::Text } => Ok(sql),
            Operand { sql, sort: Sort::Json } => Ok(json::as_text(sql)),
            _ => refuse(expr, "lists can only compare this as a whole"),
        }
    }

    fn size(&self, of: &Expr) -> Result<Sql, Problem> {
        match self.operand(of)? {
            Operand { sql, sort: Sort::Text } => Ok(sql!["length(", sql, ")"]),
            Operand { sql, sort: Sort::Words } => Ok(sql!["jsonb_array_length(", sql, ")"]),
            _ => refuse(of, "lists know no size of this"),
        }
    }

    /// A function that is true or false.
    fn test(&self, function: Function, args: &[Expr], expr: &Expr) -> Result<Sql, Problem> {
        let [of, with] = args else { return refuse(expr, "this cannot be asked of a list") };
        let (of, with) = (self.text(of)?, self.text(with)?);
        match function {
            Function::StartsWith => Ok(sql!["starts_with(", of, ", ", with, ")"]),
            Function::EndsWith => Ok(sql!["right(", of, ", length(", with.clone(), ")) = ", with]),
            Function::Contains => Ok(sql!["strpos(", of, ", ", with, ") > 0"]),
            Function::Size | Function::Lower | Function::Timestamp | Function::Duration => {
                refuse(expr, "true or false is needed here")
            }
        }
    }

    fn compare(&self, how: Compare, a: &Expr, b: &Expr) -> Result<Sql, Problem> {
        let (left, right) = (self.operand(a)?, self.operand(b)?);
        if !how.is_order() {
            return match (left.sort, right.sort) {
                (Sort::Id(_) | Sort::IdOrNone(_) | Sort::Display, Sort::Text) => shown(how, left, a, b),
                (Sort::Text, Sort::Id(_) | Sort::IdOrNone(_) | Sort::Display) => shown(how, right, b, a),
                (Sort::Json, _) => Ok(sql![left.sql, symbol(how), as_json(right, b)?]),
                (_, Sort::Json) => Ok(sql![as_json(left, a)?, symbol(how), right.sql]),
                (Sort::Text, Sort::Text) | (Sort::Bool, Sort::Bool) | (Sort::Time, Sort::Time) => {
                    Ok(sql![left.sql, symbol(how), right.sql])
                }
                (Sort::Int | Sort::Double, Sort::Int | Sort::Double) => Ok(sql![left.sql, symbol(how), right.sql]),
                _ => refuse(a, "lists cannot compare these two"),
            };
        }
        let (left, right) = match (left.sort, right.sort) {
            // Characters by their numbers, as CEL orders them, whatever the database's collation.
            (Sort::Text | Sort::Json, Sort::Text) | (Sort::Text, Sort::Json) => {
                (sql!["(", self.text(a)?, ") COLLATE \"C\""], sql!["(", self.text(b)?, ")"])
            }
            (Sort::Json, Sort::Int | Sort::Double) => (sql!["(", json::as_number(left.sql), ")"], right.sql),
            (Sort::Int | Sort::Double, Sort::Json) => (left.sql, sql!["(", json::as_number(right.sql), ")"]),
            (Sort::Int | Sort::Double, Sort::Int | Sort::Double) | (Sort::Time, Sort::Time) => (left.sql, right.sql),
            _ => return refuse(a, format!("lists cannot compare these two with {}", how.symbol())),
        };
        Ok(sql![left, symbol(how), right])
    }

    fn within(&self, item: &Expr, list: &Expr) -> Result<Sql, Problem> {
        let found = self.operand(item)?;
        if let Some(literals) = literals(list) {
            return among(found, &literals, item, list);
        }
        if let Kind::List(items) = &list.kind {
            let each = items.iter().map(|one| self.compare(Compare::Equal, item, one));
            return Ok(sql!["(", Sql::join(each.collect::<Result<Vec<_>, _>>()?, " OR "), ")"]);
        }
        let place = self.operand(list)?;
        match (place.sort, found.sort) {
            (Sort::Words, Sort::Text) => Ok(json::exists(place.sql, self.text(item)?)),
            (Sort::Words, Sort::Json) => Ok(sql!["(", json::exists_if_text(place.sql, found.sql), ")"]),
            (Sort::Json, sort) => {
                let (into, item_as_json) = (|| place.sql.clone(), as_json(found, item)?);
                let (is_item, is_key) = match sort {
                    Sort::Text => (json::holds(into(), item_as_json), json::exists(into(), self.text(item)?)),
                    Sort::Json => {
                        (json::holds_any(into(), item_as_json.clone()), json::exists_if_text(into(), item_as_json))
                    }
                    _ => (json::holds(into(), item_as_json.clone()), json::never(item_as_json)),
                };
                Ok(json::contains(into(), is_item, is_key))
            }
            _ => refuse(list, "lists cannot look into this"),
        }
    }
}

fn symbol(how: Compare) -> &'static str {
    match how {
        Compare::Equal => " = ",
        Compare::NotEqual => " <> ",
        Compare::Less => " < ",
        Compare::LessOrEqual => " <= ",
        Compare::Greater => " > ",
        Compare::GreaterOrEqual => " >= ",
    }
}

/// PostgreSQL keeps no U+0000 in text, and refuses to be asked for one.
fn text(text: &str, expr: &Expr) -> Result<Sql, Problem> {
    if text.contains('\0') {
        return refuse(expr, "no text holds U+0000");
    }
    Ok(Sql::from(Bind::Text(text.to_owned())))
}

/// PostgreSQL's years begin in 4713 BC. Nothing is stored there, so what is before it compares as that instant does.
fn time(time: Instant) -> Instant {
    time.max(Instant(-210_866_803_200_000_000))
}

/// An id or a display number beside a text.
fn shown(how: Compare, field: Operand, at: &Expr, text: &Expr) -> Result<Sql, Problem> {
    let Kind::Literal(Literal::Text(text)) = &text.kind else {
        return refuse(at, "lists can only compare this with a text that is written out");
    };
    let equal = ids::among(field.sql, field.sort, &[text]);
    Ok(if how == Compare::NotEqual { sql!["NOT (", equal, ")"] } else { equal })
}

fn as_json(operand: Operand, expr: &Expr) -> Result<Sql, Problem> {
    let literal = if let Kind::Literal(literal) = &expr.kind { json::of_literal(literal) } else { None };
    match (literal, operand.sort) {
        (Some(value), _) => Ok(Sql::from(Bind::Json(value))),
        (None, Sort::Json) => Ok(operand.sql),
        (None, Sort::Text | Sort::Int | Sort::Double | Sort::Bool) => Ok(sql!["to_jsonb(", operand.sql, ")"]),
        _ => refuse(expr, "lists cannot compare this with a value out of a map"),
    }
}

/// The items of a list that is written out.
fn literals(list: &Expr) -> Option<Vec<&Literal>> {
    let Kind::List(items) = &list.kind else { return None };
    items.iter().map(|item| if let Kind::Literal(literal) = &item.kind { Some(literal) } else { None }).collect()
}

/// Whether the value is one of `all`: one array, so that the statement is the same for any number of them.
fn among(found: Operand, all: &[&Literal], item: &Expr, list: &Expr) -> Result<Sql, Problem> {
    let texts: Vec<&str> =
        all.iter().filter_map(|l| if let Literal::Text(t) = l { Some(t.as_str()) } else { None }).collect();
    if texts.iter().any(|text| text.contains('\0')) {
        return refuse(list, "no text holds U+0000");
    }
    let whole: Vec<i64> = all.iter().filter_map(|l| if let Literal::Int(i) = l { Some(*i) } else { None }).collect();
    let array = match found.sort {
        Sort::Id(_) | Sort::IdOrNone(_) | Sort::Display => return Ok(ids::among(found.sql, found.sort, &texts)),
        Sort::Text => Bind::Texts(texts.iter().map(|text| (*text).to_owned()).collect()),
        Sort::Int if whole.len() == all.len() => Bind::Ints(whole),
        Sort::Int | Sort::Double => Bind::Doubles(all.iter().filter_map(|l| number(l)).collect()),
        Sort::Time => Bind::Times(
            all.iter().filter_map(|l| if let Literal::Time(t) = l { Some(time(*t)) } else { None }).collect(),
        ),
        Sort::Json => Bind::Jsons(all.iter().filter_map(|l| json::of_literal(l)).collect()),
        Sort::Bool | Sort::Words => return refuse(item, "lists cannot look for this in a list"),
    };
    Ok(sql![found.sql, " = ANY(", array, ")"])
}

fn number(literal: &Literal) -> Option<f64> {
    match literal {
        Literal::Int(i) => Some(*i as f64),
        Literal::Double(d) => Some(*d),
        Literal::Null | Literal::Bool(_) | Literal::Text(_) | Literal::Time(_) | Literal::Duration(_) => None,
    }
}
