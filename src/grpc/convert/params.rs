//! Parameters of filters, from google.protobuf.Value.

use std::collections::BTreeMap;

use prost_types::Value;
use prost_types::value::Kind;

use super::mask::shown;
use super::violations::Violations;
use crate::model::limits::{FILTER_CHARS, FILTER_PARAMS, PARAM_ITEMS, PARAM_NAME_CHARS, PARAMS_BYTES};
use crate::workflow::cel::ast::Literal;
use crate::workflow::{Param, Params};

const FIELD: &str = "filter_params";

/// A filter as it is sent: CEL, and the values that it reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterText {
    pub source: String,
    pub params: Params,
}

impl FilterText {
    pub fn is_empty(&self) -> bool {
        self.source.trim().is_empty()
    }
}

pub fn filter(found: &mut Violations, source: String, params: BTreeMap<String, Value>) -> FilterText {
    found.text("filter", &source, FILTER_CHARS);
    if source.trim().is_empty() && !params.is_empty() {
        found.add(FIELD, "must be empty: there is no filter that reads it");
    }
    FilterText { source, params: self::params(found, params) }
}

fn params(found: &mut Violations, sent: BTreeMap<String, Value>) -> Params {
    if sent.len() > FILTER_PARAMS {
        found.add(FIELD, format!("must have at most {FILTER_PARAMS} entries, has {}", sent.len()));
        return Params::default();
    }
    let mut room = PARAMS_BYTES;
    let mut read = BTreeMap::new();
    for (name, value) in sent {
        if !Params::is_name(&name) || name.len() > PARAM_NAME_CHARS {
            let description = "is no name: write 1 to 64 letters, digits and _, the first of them no digit";
            found.add(&format!("{FIELD}.{}", shown(&name)), description);
            continue;
        }
        let field = format!("{FIELD}.{name}");
        room = room.saturating_sub(name.len());
        if let Some(param) = param(found, &field, value, &mut room) {
            read.insert(name, param);
        }
        if room == 0 {
            found.add(FIELD, format!("must have at most {PARAMS_BYTES} bytes of names and values"));
            break;
        }
    }
    Params::new(read)
}

/// `None`: it is none, which `found` says.
fn param(found: &mut Violations, field: &str, value: Value, room: &mut usize) -> Option<Param> {
    let Some(Kind::ListValue(list)) = value.kind else {
        return literal(found, field, value, room).map(Param::One);
    };
    if list.values.len() > PARAM_ITEMS {
        found.add(field, format!("must have at most {PARAM_ITEMS} items, has {}", list.values.len()));
        return None;
    }
    let items = list.values.into_iter().enumerate();
    items.map(|(i, item)| literal(found, &format!("{field}[{i}]"), item, room)).collect::<Option<_>>().map(Param::Many)
}

fn literal(found: &mut Violations, field: &str, value: Value, room: &mut usize) -> Option<Literal> {
    const SCALAR: usize = 8;
    let bytes = if let Some(Kind::StringValue(text)) = &value.kind { text.len() } else { SCALAR };
    *room = room.saturating_sub(bytes);
    let wrong = match value.kind {
        None => "must be set",
        Some(Kind::NullValue(_)) => return Some(Literal::Null),
        Some(Kind::BoolValue(b)) => return Some(Literal::Bool(b)),
        Some(Kind::NumberValue(n)) if n.is_finite() => return Some(number(n)),
        Some(Kind::NumberValue(_)) => "must be a finite number",
        Some(Kind::StringValue(text)) if text.contains('\0') => "must not contain U+0000",
        Some(Kind::StringValue(text)) => return Some(Literal::Text(text)),
        Some(Kind::ListValue(_)) => "must be no list: a list holds strings, numbers, true, false and null",
        Some(Kind::StructValue(_)) => "must be no object: a parameter is one value, or a list of values",
    };
    found.add(field, wrong);
    None
}

/// Without a fraction it is whole, as in JSON.
fn number(n: f64) -> Literal {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match n.fract() == 0.0 && n.abs() <= EXACT {
        true => Literal::Int(n as i64),
        false => Literal::Double(n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::convert::value::to_pb;
    use crate::grpc::pb::FILE_DESCRIPTOR_SET;
    use prost_reflect::{DescriptorPool, Kind as FieldKind};
    use serde_json::{Value as Json, json};

    fn read(sent: Json) -> Result<Params, Vec<String>> {
        let mut found = Violations::default();
        let Json::Object(sent) = sent else { panic!("an object") };
        let sent = sent.into_iter().map(|(name, value)| (name, to_pb(value))).collect();
        let text = filter(&mut found, "true".into(), sent);
        if found.is_empty() { Ok(text.params) } else { Err(found.fields().into_iter().map(str::to_owned).collect()) }
    }

    #[test]
    fn values_are_literals() {
        let params = read(json!({ "a": "x' || true || '", "b": [1, 1.5, null, true], "_c9": 1e300 })).expect("well");
        let of = |name| params.get_key_value(name).map(|(_, param)| param.clone());
        assert_eq!(of("a"), Some(Param::One(Literal::Text("x' || true || '".into()))));
        let items = vec![Literal::Int(1), Literal::Double(1.5), Literal::Null, Literal::Bool(true)];
        assert_eq!((of("b"), of("_c9")), (Some(Param::Many(items)), Some(Param::One(Literal::Double(1e300)))));
    }

    #[test]
    fn what_is_no_parameter_is_named_and_much_of_it_is_bounded() {
        assert_eq!(read(json!({ "a": { "b": 1 } })), Err(vec!["filter_params.a".into()]));
        assert_eq!(read(json!({ "a": [1, [2]] })), Err(vec!["filter_params.a[1]".into()]));
        assert_eq!(read(json!({ "a": "\u{0}" })), Err(vec!["filter_params.a".into()]));
        for name in ["", "9", "a.b", "ä", &"a".repeat(65)] {
            assert_eq!(read(json!({ name: 1 })).expect_err(name).len(), 1);
        }
        let many: serde_json::Map<String, Json> = (0..33).map(|n| (format!("p{n}"), json!(n))).collect();
        assert_eq!(read(Json::Object(many)), Err(vec!["filter_params".into()]));
        assert_eq!(read(json!({ "a": vec![0; 501] })), Err(vec!["filter_params.a".into()]));
        assert_eq!(read(json!({ "a": "x".repeat(PARAMS_BYTES) })), Err(vec!["filter_params".into()]));
        let mut found = Violations::default();
        filter(&mut found, " ".into(), BTreeMap::from([("a".into(), to_pb(json!(1)))]));
        assert_eq!(found.fields(), ["filter_params"], "it would select everything");
    }

    #[test]
    fn every_request_with_a_filter_takes_parameters() {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
        let docket = pool.services().filter(|service| service.full_name().starts_with("docket."));
        let requests: Vec<_> = docket.flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
        let filtered: Vec<_> = requests
            .iter()
            .map(|method| method.input())
            .filter(|it| it.get_field_by_name("filter").is_some())
            .collect();
        assert!(filtered.len() > 15, "the services were walked");
        for request in filtered {
            let field = request.get_field_by_name(FIELD).unwrap_or_else(|| panic!("{} has no {FIELD}", request.name()));
            let FieldKind::Message(entry) = field.kind() else { panic!("{} has another {FIELD}", request.name()) };
            let value = entry.get_field_by_name("value").map(|field| field.kind());
            assert!(matches!(value, Some(FieldKind::Message(m)) if m.full_name() == "google.protobuf.Value"));
        }
    }
}
