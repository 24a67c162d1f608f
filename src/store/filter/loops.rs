//! Comprehensions: a subquery over the items of a list, which are few: a ticket has at most 64 tags.
//!
//! As with && and ||, an item that decides does so though another has no answer: that is `TRUE = ANY` and `TRUE = ALL` of a
//! subquery, NULL where nothing decides.

use super::fence::once;
use super::operand::{Compiler, Operand, refuse};
use super::sorted::Sort;
use crate::store::sql::{Bind, Sql, sql};
use crate::workflow::Problem;
use crate::workflow::cel::ast::{Expr, Literal, Loop, LoopKind};

/// What a variable is called, and its place in FROM: the outer one, and that of a loop inside a loop.
const VARIABLES: [(&str, &str); 2] = [("l0.item", " AS l0(item)"), ("l1.item", " AS l1(item)")];

/// The rows of a loop.
struct Range {
    from: Sql,
    item: Sort,
    /// JSON that may be no list: the loop has an answer only where this is true.
    only: Option<Sql>,
}

impl Compiler<'_> {
    pub(super) fn local(&self, slot: usize, expr: &Expr) -> Result<Operand, Problem> {
        match (VARIABLES.get(slot), self.locals.get(slot)) {
            (Some((name, _)), Some(sort)) => Ok(Operand::of(Sql::from(*name), *sort)),
            _ => refuse(expr, "a variable out of its scope"),
        }
    }

    /// exists(), all() and exists_one().
    pub(super) fn over(&self, over: &Loop, expr: &Expr) -> Result<Sql, Problem> {
        match over.kind {
            LoopKind::Exists => self.each(over, expr, |rows| sql!["TRUE = ANY (SELECT ", rows, ")"]),
            LoopKind::All => self.each(over, expr, |rows| sql!["TRUE = ALL (SELECT ", rows, ")"]),
            LoopKind::ExistsOne => Ok(sql![self.count(over, expr)?, " = 1"]),
            LoopKind::Filter | LoopKind::Map => refuse(expr, "true or false is needed here"),
        }
    }

    /// How many items pass; NULL where one has no answer.
    pub(super) fn count(&self, over: &Loop, expr: &Expr) -> Result<Sql, Problem> {
        self.each(over, expr, |rows| {
            let counted =
                "(SELECT CASE WHEN count(*) = count(p.yes) THEN count(*) FILTER (WHERE p.yes) END FROM (SELECT ";
            sql![counted, rows, ") AS p(yes))"]
        })
    }

    /// `form` of `body FROM items`.
    fn each(&self, over: &Loop, expr: &Expr, form: impl Fn(Sql) -> Sql) -> Result<Sql, Problem> {
        let Some((_, place)) = VARIABLES.get(self.locals.len()) else {
            return refuse(expr, "lists look into lists two deep at most");
        };
        let Range { from, item, only } = self.range(&over.range)?;
        if !self.locals.is_empty() && item == Sort::Json {
            return refuse(expr, "inside a loop, lists look only into lists of words");
        }
        let mut inside = self.clone();
        inside.locals.push(item);
        let rows = sql!["(", inside.truth(&over.body)?, ") FROM ", from, *place];
        let answer = form(rows);
        Ok(match only {
            Some(only) => sql!["(CASE WHEN ", only, " THEN ", answer, " END)"],
            None => sql!["(", answer, ")"],
        })
    }

    fn range(&self, range: &Expr) -> Result<Range, Problem> {
        if let Some(all) = self.constant_list(range) {
            return written_out(&all, range);
        }
        let found = self.operand(range)?;
        match found.sort {
            Sort::Words => {
                let from = sql!["jsonb_array_elements_text(", found.sql, ")"];
                Ok(Range { from, item: Sort::Text, only: None })
            }
            Sort::Json => {
                let only = sql!["jsonb_typeof(", found.sql.clone(), ") IN ('array', 'object')"];
                let items = once(found.sql, |it| {
                    sql![
                        "CASE jsonb_typeof(",
                        it.clone(),
                        ") WHEN 'array' THEN ",
                        it.clone(),
                        " WHEN 'object' THEN (SELECT coalesce(jsonb_agg(k), '[]') FROM jsonb_object_keys(",
                        it,
                        ") AS k) END"
                    ]
                });
                Ok(Range { from: sql!["jsonb_array_elements(", items, ")"], item: Sort::Json, only: Some(only) })
            }
            _ => refuse(range, "lists cannot look into this"),
        }
    }
}

fn written_out(all: &[Literal], range: &Expr) -> Result<Range, Problem> {
    let texts = all.iter().map(|l| if let Literal::Text(t) = l { Some(t.clone()) } else { None });
    if let Some(texts) = texts.collect::<Option<Vec<String>>>() {
        if texts.iter().any(|text| text.contains('\0')) {
            return refuse(range, "no text holds U+0000");
        }
        return Ok(Range { from: sql!["unnest(", Bind::Texts(texts), ")"], item: Sort::Text, only: None });
    }
    let numbers = all.iter().map(|l| if let Literal::Int(i) = l { Some(*i) } else { None });
    match numbers.collect::<Option<Vec<i64>>>() {
        Some(numbers) => Ok(Range { from: sql!["unnest(", Bind::Ints(numbers), ")"], item: Sort::Int, only: None }),
        None => refuse(range, "lists go through lists of texts or of whole numbers only"),
    }
}
