//! Routing by google.api.http: the RPC of a method and path, and its request from path, query and body.

use std::fmt;

use percent_encoding::percent_decode_str;
use prost_reflect::{DynamicMessage, ExtensionDescriptor, MethodDescriptor, Value as Reflected};
use serde_json::{Map, Value};

use super::schema::{Schema, listed, named};
use super::words::violation;
use super::{alias, filter, read, same};
use crate::command::refusal::Violation;

#[derive(Debug)]
pub struct Routes {
    /// The more literal a path is, the earlier it stands.
    routes: Vec<Route>,
}

#[derive(Debug)]
struct Route {
    verb: String,
    segments: Vec<Segment>,
    /// `undelete` of `/api/v1/tickets/{id}:undelete`; empty without one.
    action: String,
    /// `*`, a field of the request, or empty.
    body: String,
    method: MethodDescriptor,
}

/// Fields of the request, each as a path into it, with their texts.
type Captured = Vec<(String, String)>;

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// Fills this field of the request, a path into it.
    Field(String),
}

/// A request by method and path.
#[derive(Clone, Debug, Default)]
pub struct HttpRequest {
    /// GET, POST, …, in any case.
    pub verb: String,
    /// May end with a query: `/api/v1/tickets?status=open`.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
}

#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    #[error("no RPC has the path {path}; there are:\n{near}")]
    NoSuchPath { path: String, near: String },
    #[error("{path} has no {verb}; it has {allowed}")]
    NoSuchVerb { verb: String, path: String, allowed: String },
    #[error("{placeholder} stands for a value: write one there, like TKT-0042")]
    Placeholder { placeholder: String },
    #[error("{verb} {path} takes no body; give its fields as query: -q name=value")]
    NoBody { verb: String, path: String },
    #[error("{0} streams: use `docket tail`, or a gRPC client")]
    Streams(String),
    #[error("the request cannot be read{}", violations(.0))]
    Unreadable(Vec<Violation>),
}

fn violations(found: &[Violation]) -> String {
    let line = |v: &Violation| match v.field.as_str() {
        "" | "." => format!("\n  {}", v.description),
        field => format!("\n  {field}: {}", v.description),
    };
    found.iter().map(line).collect()
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:<6} ", self.verb)?;
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => write!(f, "/{text}")?,
                Segment::Field(field) => write!(f, "/{{{field}}}")?,
            }
        }
        if !self.action.is_empty() {
            write!(f, ":{}", self.action)?;
        }
        Ok(())
    }
}

impl Routes {
    pub fn new(schema: &Schema) -> Routes {
        let mut routes = Vec::new();
        if let Some(http) = schema.pool.get_extension_by_name("google.api.http") {
            schema.methods().for_each(|method| routes.extend(annotated(&method, &http)));
        }
        let fields = |route: &Route| route.segments.iter().filter(|s| matches!(s, Segment::Field(_))).count();
        routes.sort_by_key(|route| (route.action.is_empty(), fields(route)));
        Routes { routes }
    }

    /// The RPC and its request.
    pub fn request(&self, asked: HttpRequest) -> Result<(MethodDescriptor, DynamicMessage), RouteError> {
        let HttpRequest { verb, path, mut query, body } = asked;
        let verb = verb.to_uppercase();
        let (path, inline) = path.split_once('?').map_or((path.as_str(), ""), |(path, query)| (path, query));
        let inline = inline.split('&').filter(|pair| !pair.is_empty());
        query.extend(inline.map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(&key.replace('+', " ")), decoded(&value.replace('+', " ")))
        }));
        let path = contract_path(path);
        let (route, captured) = self.find(&verb, &path)?;
        if route.method.is_server_streaming() || route.method.is_client_streaming() {
            return Err(RouteError::Streams(route.method.name().to_owned()));
        }
        if body.is_some() && route.body.is_empty() {
            return Err(RouteError::NoBody { verb, path });
        }
        let written = route.written(captured, query, body).map_err(RouteError::Unreadable)?;
        let request = read::request(&route.method.input(), written).map_err(RouteError::Unreadable)?;
        Ok((route.method.clone(), request))
    }

    fn find(&self, verb: &str, path: &str) -> Result<(&Route, Captured), RouteError> {
        let fits: Vec<_> = self.routes.iter().filter_map(|route| Some((route, route.captures(path)?))).collect();
        let allowed: Vec<&str> = fits.iter().map(|(route, _)| route.verb.as_str()).collect();
        let allowed = allowed.join(", ");
        let found = fits.into_iter().find(|(route, _)| route.verb == verb);
        match found {
            Some((_, captured)) if captured.iter().any(|(_, value)| value.starts_with('{') && value.ends_with('}')) => {
                let placeholder = captured.into_iter().map(|(_, value)| value).find(|value| value.starts_with('{'));
                Err(RouteError::Placeholder { placeholder: placeholder.unwrap_or_default() })
            }
            Some(found) => Ok(found),
            None if !allowed.is_empty() => {
                Err(RouteError::NoSuchVerb { verb: verb.to_owned(), path: path.to_owned(), allowed })
            }
            None => Err(RouteError::NoSuchPath { path: path.to_owned(), near: self.near(path) }),
        }
    }

    /// The paths of the same collection, or the collections.
    fn near(&self, path: &str) -> String {
        let collection = path.split('/').nth(3).unwrap_or_default();
        let of = |route: &&Route| route.segments.get(2) == Some(&Segment::Literal(collection.to_owned()));
        let mut lines: Vec<String> = self.routes.iter().filter(of).map(Route::to_string).collect();
        if lines.is_empty() {
            lines = self.routes.iter().filter(|r| r.segments.len() == 3).map(Route::to_string).collect();
        }
        lines.sort();
        lines.dedup();
        lines.join("\n")
    }
}

fn contract_path(path: &str) -> String {
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let path = path.trim_end_matches('/');
    for (theirs, ours) in alias::PATHS {
        if let Some(rest) = path.strip_prefix(theirs) {
            return format!("{ours}{rest}");
        }
    }
    path.to_owned()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The routes of one RPC: its own and its additional bindings.
fn annotated(method: &MethodDescriptor, http: &ExtensionDescriptor) -> Vec<Route> {
    let options = method.options();
    let rule = options.get_extension(http);
    let Some(rule) = rule.as_message() else { return Vec::new() };
    let mut routes: Vec<Route> = route(method, rule).into_iter().collect();
    if let Some(more) = rule.get_field_by_name("additional_bindings") {
        let more = more.as_list().unwrap_or_default();
        routes.extend(more.iter().filter_map(Reflected::as_message).filter_map(|rule| route(method, rule)));
    }
    routes
}

fn route(method: &MethodDescriptor, rule: &DynamicMessage) -> Option<Route> {
    let text = |field: &str| rule.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned));
    let verbs = ["get", "put", "post", "delete", "patch"];
    let (verb, path) = verbs.iter().find_map(|verb| {
        let path = rule.has_field_by_name(verb).then(|| text(verb)).flatten()?;
        Some((verb.to_uppercase(), path))
    })?;
    let (path, action) = match path.rsplit_once(':') {
        Some((path, action)) => (path.to_owned(), action.to_owned()),
        None => (path, String::new()),
    };
    let segment = |text: &str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(field) => Segment::Field(field.to_owned()),
        None => Segment::Literal(text.to_owned()),
    };
    let segments = path.split('/').skip(1).map(segment).collect();
    Some(Route { verb, segments, action, body: text("body").unwrap_or_default(), method: method.clone() })
}

impl Route {
    /// What the path gives to the fields in it, if it has this shape.
    fn captures(&self, path: &str) -> Option<Captured> {
        let path = match self.action.as_str() {
            "" => path,
            action => path.strip_suffix(action)?.strip_suffix(':')?,
        };
        let given: Vec<&str> = path.split('/').skip(1).collect();
        if given.len() != self.segments.len() {
            return None;
        }
        let mut captured = Vec::new();
        for (segment, given) in self.segments.iter().zip(given) {
            match segment {
                Segment::Literal(text) if text == given => {}
                Segment::Literal(_) => return None,
                Segment::Field(_) if given.is_empty() => return None,
                Segment::Field(field) => captured.push((field.clone(), decoded(given))),
            }
        }
        Some(captured)
    }

    /// The request as JSON. What the path names, a body may name too, and nothing else.
    fn written(
        &self,
        captured: Captured,
        query: Vec<(String, String)>,
        body: Option<Value>,
    ) -> Result<Value, Vec<Violation>> {
        let mut written = match (self.body.as_str(), body) {
            ("" | "*", None) => Map::new(),
            ("" | "*", Some(Value::Object(fields))) => fields,
            ("" | "*", Some(_)) => return Err(vec![violation("", "the body must be a JSON object".into())]),
            (field, body) => Map::from_iter([(field.to_owned(), body.unwrap_or_else(|| Value::Object(Map::new())))]),
        };
        self.query(query, &mut written).map_err(|violation| vec![violation])?;
        let others = captured.iter().filter_map(|(field, value)| same::contradiction(&written, field, value));
        let others: Vec<Violation> = others.collect();
        if !others.is_empty() {
            return Err(others);
        }
        for (field, value) in captured {
            put(&mut written, &field, Value::String(value));
        }
        Ok(Value::Object(written))
    }

    /// A list's query may name fields of what it lists: they narrow it.
    fn query(&self, query: Vec<(String, String)>, written: &mut Map<String, Value>) -> Result<(), Violation> {
        let request = self.method.input();
        let about = request.get_field_by_name("filter").and_then(|_| listed(&self.method));
        let mut given: Vec<(String, Vec<String>)> = Vec::new();
        for (key, value) in query {
            match given.iter_mut().find(|(name, _)| *name == key) {
                Some((_, values)) => values.push(value),
                None => given.push((key, vec![value])),
            }
        }
        let mut conditions = Vec::new();
        for (key, values) in given {
            let own = named(&request, key.split('.').next().unwrap_or_default());
            let values = match &own {
                Some(field) if field.is_list() => {
                    values.iter().flat_map(|value| filter::listed(value)).map(str::to_owned).collect()
                }
                _ => values,
            };
            match &about {
                Some(_) if key == "filter" => conditions.extend(values.iter().map(|value| format!("({value})"))),
                Some(about) if own.is_none() => conditions.push(filter::condition(about, &key, &values)?),
                _ => put(written, &key, one_or_many(values)),
            }
        }
        if !conditions.is_empty() {
            written.insert("filter".to_owned(), Value::String(conditions.join(" && ")));
        }
        Ok(())
    }
}

fn one_or_many(mut values: Vec<String>) -> Value {
    match values.len() {
        1 => Value::String(values.remove(0)),
        _ => values.into_iter().map(Value::String).collect(),
    }
}

/// `ticket.id` into the object `ticket`, in whatever spelling its names stand there.
fn put(object: &mut Map<String, Value>, path: &str, value: Value) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let key = same::key(object, first).unwrap_or(first).to_owned();
    let Some(rest) = rest else {
        object.insert(key, value);
        return;
    };
    let inner = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}
