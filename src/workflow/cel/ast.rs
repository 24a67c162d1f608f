//! Checked expressions: names resolved, types checked, enum words in their stored form.

use std::fmt;
use std::sync::Arc;

use super::pattern::Pattern;
use crate::model::time::Instant;
use crate::workflow::schema::{Root, Roots, Type};

/// A node and what is known of it.
#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Type,
    /// Byte offset in the source text, for messages.
    pub at: usize,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Literal(Literal),
    /// A field of a root, or a whole root (`names` empty), or a value in a map below it.
    Field(Path),
    /// Whether the path leads to a value: absent things, missing keys, empty text and null are not there.
    Has(Path),
    /// A comprehension's variable; 0 = that of the outermost one.
    Local(usize),
    Not(Box<Expr>),
    /// Two or more. An error on one side is no error when another side decides, as in SQL's NULL.
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare(Compare, Box<Expr>, Box<Expr>),
    /// The left in the right: an item in a list, a key in a map.
    In(Box<Expr>, Box<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    /// Condition, then, else.
    Choose(Box<[Expr; 3]>),
    List(Vec<Expr>),
    /// A computed key or index; a literal key of a field's map is part of its [`Path`].
    Index(Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
    Matches(Box<Expr>, Arc<Pattern>),
    Changed(Changed),
    /// Whether a calendar, by its name or id, is open at a time.
    InHours(String, Box<Expr>),
    /// How many whole minutes of a calendar lie between two times.
    BusinessMinutes(String, Box<[Expr; 2]>),
    Loop(Loop),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Time(Instant),
    /// Microseconds.
    Duration(i64),
}

/// `ticket.custom.region` is `{Ticket, [custom, region]}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    pub root: Root,
    pub names: Vec<String>,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root.name())?;
        for name in &self.names {
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if plain { write!(f, ".{name}")? } else { write!(f, "[{name:?}]")? }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Compare {
    pub fn symbol(self) -> &'static str {
        match self {
            Compare::Equal => "==",
            Compare::NotEqual => "!=",
            Compare::Less => "<",
            Compare::LessOrEqual => "<=",
            Compare::Greater => ">",
            Compare::GreaterOrEqual => ">=",
        }
    }

    pub fn is_order(self) -> bool {
        !matches!(self, Compare::Equal | Compare::NotEqual)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Arithmetic {
    pub fn symbol(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Remainder => "%",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Characters of a text, items of a list, keys of a map.
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Lower,
    /// A text, or the texts of a list, as tags and addresses compare. Nobody writes it: it stands on both sides of `in ticket.tags`
    /// and of `ticket.requester_email ==`.
    Fold,
    /// RFC 3339 text into a time; a literal is read at load.
    Timestamp,
    /// `90m`, `1.5h` into a duration; a literal is read at load.
    Duration,
}

impl Function {
    pub fn name(self) -> &'static str {
        match self {
            Function::Size => "size",
            Function::Contains => "contains",
            Function::StartsWith => "startsWith",
            Function::EndsWith => "endsWith",
            Function::Lower => "lower",
            Function::Fold => "fold",
            Function::Timestamp => "timestamp",
            Function::Duration => "duration",
        }
    }
}

/// `changed('priority', 'MEDIUM', 'HIGH')`.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    pub field: String,
    pub from: Option<Literal>,
    pub to: Option<Literal>,
}

#[derive(Clone, Debug)]
pub struct Loop {
    pub kind: LoopKind,
    pub range: Box<Expr>,
    /// What is asked of each item, or made of it (`Map`).
    pub body: Box<Expr>,
    /// Only items that pass this are mapped (`map` with three arguments).
    pub only: Option<Box<Expr>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopKind {
    Exists,
    ExistsOne,
    All,
    Filter,
    Map,
}

/// The nodes right below one, by `as_ref` and `iter` or by `as_mut` and `iter_mut`.
macro_rules! children {
    ($kind:expr, $one:ident, $all:ident) => {
        match $kind {
            ExprKind::Literal(_)
            | ExprKind::Field(_)
            | ExprKind::Has(_)
            | ExprKind::Local(_)
            | ExprKind::Changed(_) => Vec::new(),
            ExprKind::Not(a) | ExprKind::Negate(a) | ExprKind::Matches(a, _) | ExprKind::InHours(_, a) => {
                vec![a.$one()]
            }
            ExprKind::And(all) | ExprKind::Or(all) | ExprKind::List(all) | ExprKind::Call(_, all) => {
                all.$all().collect()
            }
            ExprKind::Compare(_, a, b) | ExprKind::In(a, b) | ExprKind::Arithmetic(_, a, b) | ExprKind::Index(a, b) => {
                vec![a.$one(), b.$one()]
            }
            ExprKind::Choose(three) => three.$all().collect(),
            ExprKind::BusinessMinutes(_, two) => two.$all().collect(),
            ExprKind::Loop(l) => {
                [l.range.$one(), l.body.$one()].into_iter().chain(l.only.$all().map(|only| only.$one())).collect()
            }
        }
    };
}

impl Expr {
    /// Whether it is worth the same whatever it is asked about: it reads nothing but `now` and its own variables. `around`
    /// is the number of comprehensions that it stands in.
    pub fn is_constant(&self, around: usize) -> bool {
        let mut constant = true;
        self.walk(&mut |e| {
            constant &= match &e.kind {
                ExprKind::Field(path) => path.root == Root::Now,
                ExprKind::Has(_) | ExprKind::Changed(_) | ExprKind::InHours(..) | ExprKind::BusinessMinutes(..) => {
                    false
                }
                ExprKind::Local(_) | ExprKind::Loop(_) => around == 0,
                _ => true,
            };
        });
        constant
    }

    /// Calls `visit` for this node and every node below it.
    pub fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        visit(self);
        for below in self.children() {
            below.walk(visit);
        }
    }

    /// The nodes right below this one.
    pub fn children(&self) -> Vec<&Expr> {
        children!(&self.kind, as_ref, iter)
    }

    /// The same, to change them.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        children!(&mut self.kind, as_mut, iter_mut)
    }

    /// The calendars that it names, each with its place.
    pub fn calendars(&self) -> Vec<(String, usize)> {
        let mut all = Vec::new();
        self.walk(&mut |e| match &e.kind {
            ExprKind::InHours(calendar, _) | ExprKind::BusinessMinutes(calendar, _) => {
                all.push((calendar.clone(), e.at));
            }
            _ => {}
        });
        all
    }

    /// The roots that it names.
    pub fn roots(&self) -> Roots {
        let mut roots = Roots::default();
        self.walk(&mut |e| match &e.kind {
            ExprKind::Field(path) | ExprKind::Has(path) => roots.insert(path.root),
            ExprKind::Changed(_) => roots.insert(Root::Changes),
            _ => {}
        });
        roots
    }
}
