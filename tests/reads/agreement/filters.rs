//! Filters made at random from the schema: every field of a root comes into them, in every form of the language.

use docket::workflow::schema::{Root, Type};

use super::random::Random;
use super::rows::{INTS, TEXTS};

const COMPARE: &[&str] = &["==", "!=", "<", "<=", ">", ">="];
const EQUAL: &[&str] = &["==", "!="];
const CALLS: &[&str] = &["startsWith", "endsWith", "contains"];

/// A condition of at most 1,024 characters over `root`.
pub fn over(random: &mut Random, root: Root) -> String {
    let mut fields = Vec::new();
    leaves(root.name(), root.ty(), 2, &mut fields);
    let write = Write { fields };
    loop {
        let depth = random.below(4);
        let mut text = write.truth(random, depth, &mut Vec::new());
        // What a list can be narrowed by stands beside what it cannot.
        for _ in 0..random.below(3) {
            text = format!("{} && ({text})", write.atom(random, 0, &mut Vec::new()));
        }
        if text.chars().count() <= 1_024 {
            return text;
        }
    }
}

/// The fields that have a value of their own.
fn leaves(path: &str, ty: Type, deep: usize, into: &mut Vec<(String, Type)>) {
    match ty {
        Type::Object(object) if deep > 0 => {
            for field in object.fields {
                leaves(&format!("{path}.{}", field.name), field.ty, deep - 1, into);
            }
        }
        Type::Object(_) => {}
        Type::Changes => {
            for (field, side) in [("priority", "old"), ("subject", "new"), ("due_at", "new"), ("tags", "old")] {
                let ty = match field {
                    "due_at" => Type::Time,
                    "tags" => Type::List(&Type::Text),
                    _ => Type::Text,
                };
                into.push((format!("{path}.{field}.{side}"), ty));
            }
        }
        ty => into.push((path.to_owned(), ty)),
    }
}

/// The variables of the loops around, with what they stand for.
type Locals = Vec<(String, Kind)>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Any,
}

struct Write {
    fields: Vec<(String, Type)>,
}

fn quoted(text: &str) -> String {
    let plain = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
    format!("'{plain}'")
}

impl Write {
    fn field(&self, random: &mut Random, fits: impl Fn(Type) -> bool) -> Option<String> {
        let all: Vec<&String> = self.fields.iter().filter(|(_, ty)| fits(*ty)).map(|(path, _)| path).collect();
        if all.is_empty() { None } else { Some(random.of(&all).clone()) }
    }

    fn local(&self, random: &mut Random, locals: &Locals, kind: Kind) -> Option<String> {
        let all: Vec<&String> = locals.iter().filter(|(_, of)| *of == kind).map(|(name, _)| name).collect();
        if all.is_empty() || random.one_in(3) { None } else { Some(random.of(&all).clone()) }
    }

    fn literal_text(&self, random: &mut Random) -> String {
        quoted(random.of(TEXTS))
    }

    fn text(&self, random: &mut Random, deep: usize, locals: &mut Locals) -> String {
        if let Some(local) = self.local(random, locals, Kind::Text) {
            return local;
        }
        match random.below(if deep == 0 { 4 } else { 8 }) {
            0 => self.literal_text(random),
            1..=3 => self.field(random, |ty| ty == Type::Text).unwrap_or("''".into()),
            4 => format!("lower({})", self.text(random, deep - 1, locals)),
            5 => {
                let list = self.field(random, |ty| matches!(ty, Type::List(_))).unwrap_or("['a']".into());
                format!("{list}[{}]", random.of(&[0, 1, 5]))
            }
            6 => {
                let (a, b) = (self.text(random, deep - 1, locals), self.text(random, deep - 1, locals));
                format!("({} ? {a} : {b})", self.truth(random, deep - 1, locals))
            }
            _ => self.any(random, locals),
        }
    }

    /// A value out of a map.
    fn any(&self, random: &mut Random, locals: &Locals) -> String {
        if let Some(local) = self.local(random, locals, Kind::Any) {
            return local;
        }
        match self.field(random, |ty| ty == Type::Map) {
            Some(map) => {
                let below =
                    random.of(&[".a", ".b", ".a.b", "['c d']", "['é\\'']", ".a[0]", ".b[0].b", ".b['']", ".none"]);
                format!("{map}{below}")
            }
            None => self.literal_text(random),
        }
    }

    fn int(&self, random: &mut Random, deep: usize, locals: &mut Locals) -> String {
        match random.below(if deep == 0 { 4 } else { 9 }) {
            0 => random.of(INTS).to_string().replace("-9223372036854775808", "(-9223372036854775807 - 1)"),
            1 => {
                random.of(&["0", "1", "2.0", "2.5", "-1", "1e23", "9007199254740992.0", "9223372036854775808.0"]).into()
            }
            2 | 3 => self.field(random, |ty| ty == Type::Int).unwrap_or("1".into()),
            4 | 5 => {
                let operator = random.of(&["+", "-", "*", "/", "%"]);
                let (a, b) = (self.int(random, deep - 1, locals), self.int(random, deep - 1, locals));
                format!("({a} {operator} {b})")
            }
            6 => format!("size({})", self.sized(random, deep - 1, locals)),
            7 => format!("-({})", self.int(random, deep - 1, locals)),
            _ => format!(
                "({} {} {})",
                self.any(random, locals),
                random.of(&["+", "*", "/", "%"]),
                random.of(&["1", "2", "0"])
            ),
        }
    }

    fn sized(&self, random: &mut Random, deep: usize, locals: &mut Locals) -> String {
        match random.below(4) {
            0 => self.text(random, deep, locals),
            1 => self.any(random, locals),
            2 => self.field(random, |ty| matches!(ty, Type::List(_) | Type::Map)).unwrap_or("'é'".into()),
            _ => self.over(random, deep, locals, "filter"),
        }
    }

    fn time(&self, random: &mut Random, deep: usize) -> String {
        match random.below(if deep == 0 { 4 } else { 6 }) {
            0 => format!("timestamp('2026-01-01T00:0{}:00Z')", random.below(6)),
            1 => random.of(&["now", "timestamp('0001-01-01T00:00:00Z')", "timestamp('9999-12-31T23:59:59Z')"]).into(),
            2 | 3 => self.field(random, |ty| ty == Type::Time).unwrap_or("now".into()),
            _ => format!(
                "({} {} {})",
                self.time(random, deep - 1),
                random.of(&["+", "-"]),
                self.duration(random, deep - 1)
            ),
        }
    }

    fn duration(&self, random: &mut Random, deep: usize) -> String {
        match random.below(if deep == 0 { 1 } else { 4 }) {
            0 | 1 => format!("duration('{}')", random.of(&["0s", "1m", "90s", "-1h", "24h", "1us", "2000000h"])),
            2 => format!("({} - {})", self.time(random, deep - 1), self.time(random, deep - 1)),
            _ => format!("(-{} + {})", self.duration(random, deep - 1), self.duration(random, deep - 1)),
        }
    }

    fn literal(&self, random: &mut Random) -> String {
        match random.below(6) {
            0 | 1 => self.literal_text(random),
            2 | 3 => self.int(random, 0, &mut Vec::new()),
            _ => random.of(&["true", "false", "null", "9007199254740993", "1.5", "1e23"]).into(),
        }
    }

    /// exists, all, exists_one and filter.
    fn over(&self, random: &mut Random, deep: usize, locals: &mut Locals, how: &str) -> String {
        let words = |random: &mut Random| self.field(random, |ty| matches!(ty, Type::List(_)));
        let (range, kind) = match random.below(5) {
            0 | 1 => (words(random).unwrap_or("['a', 'b']".into()), Kind::Text),
            2 => (self.field(random, |ty| ty == Type::Map).unwrap_or("['a']".into()), Kind::Text),
            3 => (self.any(random, locals), Kind::Any),
            _ => ("['a', 'vip', '%']".into(), Kind::Text),
        };
        let name = format!("x{}", locals.len());
        locals.push((name.clone(), kind));
        let body = self.truth(random, deep, locals);
        locals.pop();
        format!("{range}.{how}({name}, {body})")
    }

    fn truth(&self, random: &mut Random, deep: usize, locals: &mut Locals) -> String {
        if deep == 0 || random.one_in(3) {
            return self.atom(random, deep, locals);
        }
        let deep = deep - 1;
        match random.below(8) {
            0 => format!("!({})", self.truth(random, deep, locals)),
            1..=4 => {
                let operator = random.of(&["&&", "||", "&&", "||", "==", "!="]);
                let (a, b) = (self.truth(random, deep, locals), self.truth(random, deep, locals));
                format!("({a}) {operator} ({b})")
            }
            5 => {
                let (a, b) = (self.truth(random, deep, locals), self.truth(random, deep, locals));
                format!("({} ? {a} : {b})", self.truth(random, deep, locals))
            }
            _ => {
                let how = random.of(&["exists", "all", "exists_one"]);
                self.over(random, deep, locals, how)
            }
        }
    }

    /// One comparison or question.
    fn atom(&self, random: &mut Random, deep: usize, locals: &mut Locals) -> String {
        match random.below(20) {
            0..=2 => self.word(random),
            3 | 4 => format!(
                "{} {} {}",
                self.text(random, deep, locals),
                random.of(COMPARE),
                self.text(random, deep, locals)
            ),
            5 => {
                let (of, with) = (self.text(random, deep, locals), self.text(random, 0, locals));
                format!("{of}.{}({with})", random.of(CALLS))
            }
            6 | 7 => {
                format!("{} {} {}", self.int(random, deep, locals), random.of(COMPARE), self.int(random, deep, locals))
            }
            8 => {
                let double = self.field(random, |ty| ty == Type::Double).unwrap_or("1.5".into());
                format!("{double} {} {}", random.of(COMPARE), self.int(random, deep, locals))
            }
            9 if random.one_in(3) => {
                let finer = format!(
                    "timestamp('2026-01-01T00:0{}:00.{}')",
                    random.below(6),
                    random.of(&["0000001Z", "9999999Z"])
                );
                let (a, b) = (self.time(random, deep), finer);
                let (a, b) = if random.one_in(2) { (a, b) } else { (b, a) };
                format!("{a} {} {b}", random.of(COMPARE))
            }
            9 | 10 => format!("{} {} {}", self.time(random, deep + 1), random.of(COMPARE), self.time(random, deep)),
            11 => format!("{} {} {}", self.duration(random, 1 + deep), random.of(COMPARE), self.duration(random, deep)),
            12 => self.among(random, locals),
            13 => self.looked_for(random, locals),
            14 => self.asked_for(random),
            15 | 16 => format!("{} {} {}", self.any(random, locals), random.of(COMPARE), self.literal(random)),
            17 => format!("{} {} {}", self.any(random, locals), random.of(COMPARE), self.any(random, locals)),
            18 => self.any(random, locals),
            _ => {
                let list = self.field(random, |ty| matches!(ty, Type::List(_) | Type::Map)).unwrap_or("['a']".into());
                let other = match random.below(3) {
                    0 => self.any(random, locals),
                    1 => format!("[{}, {}]", self.literal_text(random), self.literal_text(random)),
                    _ => self.field(random, |ty| matches!(ty, Type::List(_))).unwrap_or("['a']".into()),
                };
                format!("{list} {} {other}", random.of(EQUAL))
            }
        }
    }

    /// A field of an enumeration, or an event's name.
    fn word(&self, random: &mut Random) -> String {
        let all: Vec<&(String, Type)> =
            self.fields.iter().filter(|(_, ty)| matches!(ty, Type::Enum(_) | Type::Event)).collect();
        if all.is_empty() {
            return "true".into();
        }
        let (path, ty) = random.of(&all);
        let mut word = || match ty {
            Type::Enum(words) => quoted(random.of(words.words)),
            _ => quoted(random.of(&["ticket.created", "ticket.escalated", "ticket.updated", "issue.resolved"])),
        };
        let (a, b) = (word(), word());
        match random.below(4) {
            0 => format!("{path} in [{a}, {b}]"),
            1 => format!("!({path} in [{a}, {b}])"),
            _ => format!("{path} {} {a}", random.of(EQUAL)),
        }
    }

    /// `item in [a, b]`.
    fn among(&self, random: &mut Random, locals: &mut Locals) -> String {
        match random.below(6) {
            0 => format!(
                "{} in [{}, {}]",
                self.text(random, 1, locals),
                self.text(random, 0, locals),
                self.text(random, 0, locals)
            ),
            1 => format!(
                "{} in [{}, {}]",
                self.int(random, 1, locals),
                self.int(random, 0, locals),
                self.int(random, 0, locals)
            ),
            2 => format!("{} in [{}, {}]", self.time(random, 0), self.time(random, 0), self.time(random, 1)),
            3 if random.one_in(2) => format!("{} in []", self.any(random, locals)),
            3 => format!("{} in []", self.time(random, 0)),
            4 => format!("{} in [1, 2.5]", self.field(random, |ty| ty == Type::Double).unwrap_or("1.0".into())),
            _ => format!("{} in [{}, {}]", self.any(random, locals), self.literal(random), self.literal(random)),
        }
    }

    /// `item in field`.
    fn looked_for(&self, random: &mut Random, locals: &mut Locals) -> String {
        let item = match random.below(4) {
            0 => self.literal(random),
            1 => self.any(random, locals),
            _ => self.text(random, 1, locals),
        };
        let place = match random.below(3) {
            0 => self.any(random, locals),
            _ => self.field(random, |ty| matches!(ty, Type::List(_) | Type::Map)).unwrap_or("['a']".into()),
        };
        format!("{item} in {place}")
    }

    /// has() and null.
    fn asked_for(&self, random: &mut Random) -> String {
        let field = self.field(random, |_| true).unwrap_or("now".into());
        match random.below(4) {
            0 => format!("{field} {} null", random.of(EQUAL)),
            1 => match self.field(random, |ty| ty == Type::Map) {
                Some(map) => format!("has({map}.{})", random.of(&["a", "b", "a.b", "none"])),
                None => format!("!has({field})"),
            },
            _ => format!("has({field})"),
        }
    }
}
