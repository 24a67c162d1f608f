//! Names, for the checker: roots, fields and variables of comprehensions.

use super::ast::{Expr, ExprKind, Literal, Path};
use super::check::Checker;
use crate::workflow::diagnostic::suggest;
use crate::workflow::schema::{self, Enumeration, Root, Type};

impl Checker<'_> {
    pub(super) fn ident(&mut self, name: &str, at: usize) -> Expr {
        if let Some(slot) = self.locals.iter().rposition(|(local, _)| local == name) {
            return Expr { kind: ExprKind::Local(slot), ty: self.locals[slot].1, at };
        }
        if let Some(root) = self.scope.roots.iter().copied().find(|root| root.name() == name) {
            return Expr { kind: ExprKind::Field(Path { root, names: Vec::new() }), ty: root.ty(), at };
        }
        if self.names_params(name) {
            return self.wrong("type", at, "`params` as a whole has no value".into(), "name one: params.name".into());
        }
        if self.names_variables(name) {
            let hint = "name one: variables.name".into();
            return self.wrong("type", at, "`variables` as a whole has no value".into(), hint);
        }
        let roots = self.scope.roots;
        let hint = if let Some(word) = enum_word(name) {
            format!("words stand between quotes: '{word}'")
        } else if let Some(root) = roots.iter().find(|r| matches!(r.ty(), Type::Object(o) if o.field(name).is_some())) {
            format!("did you mean `{}.{name}`?", root.name())
        } else {
            suggest(name, roots.iter().map(|root| root.name()).chain(self.locals.iter().map(|(l, _)| l.as_str())))
        };
        self.wrong("unknown-variable", at, format!("there is no `{name}` here"), hint)
    }

    /// `base.name`, or `base['name']`.
    pub(super) fn member(&mut self, base: Expr, name: &str, at: usize) -> Expr {
        if let Some(path) = self.beside_the_row(&base, name) {
            return Expr { ty: path.root.ty(), kind: ExprKind::Field(path), at };
        }
        let of_data = |path: &Path| {
            self.scope.due && path.root == Root::Event && matches!(path.names.as_slice(), [data] if data == "data")
        };
        let ty = match base.ty {
            Type::Map if matches!(&base.kind, ExprKind::Field(path) if of_data(path)) => Type::Object(&schema::DUE),
            ty => ty,
        };
        let ty = match ty {
            Type::Object(object) => match object.field(name) {
                Some(field) => field.ty,
                None => {
                    let hint = match name {
                        "tenant_id" => "the tenant is the token's, and no other can be asked for".into(),
                        _ => suggest(name, object.names()),
                    };
                    return self.wrong("unknown-field", at, format!("{} has no field `{name}`", object.name), hint);
                }
            },
            Type::Changes => match schema::changing().find(|field| field.name == name) {
                Some(field) => Type::Change(&field.ty),
                None => {
                    let hint = suggest(name, schema::changing().map(|field| field.name));
                    return self.wrong("unknown-field", at, format!("no change of a ticket names `{name}`"), hint);
                }
            },
            Type::Change(ty) if matches!(name, "old" | "new") => *ty,
            Type::Change(_) => {
                let message = format!("a change has `old` and `new`, no `{name}`");
                return self.wrong("unknown-field", at, message, suggest(name, ["old", "new"]));
            }
            Type::Map | Type::Any => Type::Any,
            other => {
                return self.wrong("unknown-field", at, format!("{other} has no fields"), format!("remove .{name}"));
            }
        };
        match base.kind {
            ExprKind::Field(mut path) => {
                path.names.push(name.to_owned());
                Expr { kind: ExprKind::Field(path), ty, at }
            }
            // A finding of before: one is enough.
            ExprKind::Literal(Literal::Null) => base,
            kind => {
                let key = Expr { kind: ExprKind::Literal(Literal::Text(name.to_owned())), ty: Type::Text, at };
                Expr { kind: ExprKind::Index(Box::new(Expr { kind, ..base }), Box::new(key)), ty, at }
            }
        }
    }

    /// What is told of a ticket and stands in no row of it.
    fn beside_the_row(&self, base: &Expr, name: &str) -> Option<Path> {
        let ExprKind::Field(Path { root: Root::Ticket, names }) = &base.kind else { return None };
        let root = Root::OpenIssues;
        let is_it = names.is_empty() && root.name().strip_prefix("ticket.") == Some(name);
        (is_it && self.scope.roots.contains(&root)).then(|| Path { root, names: Vec::new() })
    }
}

/// The stored word, where a bare name is one.
fn enum_word(name: &str) -> Option<&'static str> {
    let all: [&Enumeration; 6] = [
        &schema::STATUS,
        &schema::PRIORITY,
        &schema::TICKET_TYPE,
        &schema::CHANNEL,
        &schema::VISIBILITY,
        &schema::AUTHOR_KIND,
    ];
    let upper = name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    all.into_iter().find_map(|words| words.word(name)).filter(|_| upper)
}
