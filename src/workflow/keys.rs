//! Names of a struct's keys, obtained from serde, so that they are listed only once.

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// The names and aliases of a struct's fields, in their order; empty for whatever is no struct.
pub fn keys_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut keys: &[&str] = &[];
    // There is no value to read: what is asked for is noted.
    let _ = T::deserialize(Fields(&mut keys));
    keys
}

struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("only the names were asked for"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("no struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_structs_own() {
        #[derive(serde::Deserialize)]
        struct Shape {
            #[serde(rename = "type")]
            _kind: Option<String>,
            #[serde(alias = "other")]
            _one: u8,
        }
        assert_eq!(keys_of::<Shape>(), ["type", "_one", "other"]);
        assert_eq!(keys_of::<std::collections::BTreeMap<String, u8>>(), [""; 0]);
    }
}
