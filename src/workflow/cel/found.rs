//! Values of the fields at a path.

use super::value::Value;

/// `Ok(None)`: there is nothing at this path. `Err`: the path is in no schema, so no checked expression holds it.
pub type Found<'a> = Result<Option<Value<'a>>, NoSuchField>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchField;

/// A thing's field, or where the path ends with the thing itself, `Bool(true)`.
pub(super) fn whole<'a, T>(thing: Option<T>, field: impl FnOnce(T) -> Found<'a>, names: &[String]) -> Found<'a> {
    match thing {
        None => Ok(None),
        Some(_) if names.is_empty() => Ok(Some(Value::Bool(true))),
        Some(thing) => field(thing),
    }
}
