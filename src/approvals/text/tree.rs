//! A document's text as a tree with byte spans, and its conversions: into our types, into a [`serde_json::Value`], and
//! from a path back to a place.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;

use jsonc_parser::ast::{Object, ObjectProp, ObjectPropName, Value};
use jsonc_parser::common::{Range, Ranged};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor, value};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::approvals::model::path::{Path, Step};

/// The name of a property. (The parser's own accessor borrows for longer than necessary.)
pub(in crate::approvals) fn key<'n>(property: &'n ObjectProp<'_>) -> &'n str {
    match &property.name {
        ObjectPropName::String(name) => &name.value,
        ObjectPropName::Word(name) => name.value,
    }
}

/// The last property with that name, as JSON readers keep the last of duplicates.
pub(in crate::approvals) fn get<'n, 't>(object: &'n Object<'t>, name: &str) -> Option<&'n ObjectProp<'t>> {
    object.properties.iter().rev().find(|property| key(property) == name)
}

/// Removes the last value of each repeated key, the innermost objects first. Returns `false` if there was none.
pub(in crate::approvals) fn drop_last_duplicates(node: &mut Value<'_>) -> bool {
    let mut dropped = false;
    match node {
        Value::Object(object) => {
            for property in &mut object.properties {
                dropped |= drop_last_duplicates(&mut property.value);
            }
            if !dropped {
                let mut last = HashMap::with_capacity(object.properties.len());
                let mut repeated = HashSet::new();
                for (index, property) in object.properties.iter().enumerate() {
                    if last.insert(key(property), index).is_some() {
                        repeated.insert(key(property));
                    }
                }
                let gone: HashSet<usize> =
                    repeated.into_iter().filter_map(|key| last.get(key).copied()).collect();
                let mut index = 0;
                object.properties.retain(|_| {
                    index += 1;
                    !gone.contains(&(index - 1))
                });
                dropped = !gone.is_empty();
            }
        }
        Value::Array(array) => {
            for element in &mut array.elements {
                dropped |= drop_last_duplicates(element);
            }
        }
        _ => {}
    }
    dropped
}

/// A number's value, JSON5 forms included. `None` if it is infinite, not a number, or too large for a double.
pub(in crate::approvals) fn number(text: &str) -> Option<serde_json::Number> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let magnitude = u64::from_str_radix(hex, 16).ok();
        return match (magnitude, negative) {
            (Some(magnitude), false) => Some(magnitude.into()),
            (Some(magnitude), true) => i64::try_from(magnitude).ok().map(|value| (-value).into()),
            (None, _) => None,
        };
    }
    let mut plain = String::with_capacity(text.len() + 2);
    plain.push_str(if negative { "-" } else { "" });
    plain.push_str(if digits.starts_with('.') { "0" } else { "" });
    match digits.find('.') {
        Some(dot) if !digits[dot + 1..].starts_with(|c: char| c.is_ascii_digit()) => {
            plain.push_str(&digits[..=dot]);
            plain.push('0');
            plain.push_str(&digits[dot + 1..]);
        }
        _ => plain.push_str(digits),
    }
    plain.parse().ok()
}

/// The tree as plain JSON. A number without a value becomes 0: the caller has already reported it.
pub(in crate::approvals) fn to_json(node: &Value<'_>) -> serde_json::Value {
    match node {
        Value::StringLit(text) => text.value.as_ref().into(),
        Value::NumberLit(literal) => {
            serde_json::Value::Number(number(literal.value).unwrap_or_else(|| 0.into()))
        }
        Value::BooleanLit(boolean) => boolean.value.into(),
        Value::NullKeyword(_) => serde_json::Value::Null,
        Value::Array(array) => array.elements.iter().map(to_json).collect(),
        Value::Object(object) => object
            .properties
            .iter()
            .map(|property| (key(property).to_owned(), to_json(&property.value)))
            .collect(),
    }
}

/// The tree as the text of plain JSON, with every property at its place. A number without a value becomes 0.
pub(in crate::approvals) fn to_json_text(node: &Value<'_>, text: &mut String) {
    match node {
        Value::Object(object) => {
            text.push('{');
            for (index, property) in object.properties.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::Value::from(key(property)).to_string());
                text.push(':');
                to_json_text(&property.value, text);
            }
            text.push('}');
        }
        Value::Array(array) => {
            text.push('[');
            for (index, element) in array.elements.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                to_json_text(element, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&to_json(scalar).to_string()),
    }
}

/// The target of a path: the value, and its key, if any.
pub(in crate::approvals) struct Place<'n, 't> {
    pub(in crate::approvals) value: &'n Value<'t>,
    pub(in crate::approvals) key: Option<Range>,
}

/// Finds places by their paths, in time that does not depend on the width of an object.
pub(in crate::approvals) struct Places<'n, 't> {
    root: &'n Value<'t>,
    /// The properties of each wide object by name, by the offset of the object. Created on first use.
    wide: RefCell<HashMap<usize, HashMap<&'n str, &'n ObjectProp<'t>>>>,
}

/// Maximum number of properties for which a linear search is faster than an index.
const NARROW: usize = 16;

impl<'n, 't> Places<'n, 't> {
    pub(in crate::approvals) fn of(root: &'n Value<'t>) -> Self {
        Self { root, wide: RefCell::default() }
    }

    /// Follows a path of keys and decimal indexes from the root.
    pub(in crate::approvals) fn at(&self, path: &Path) -> Option<Place<'n, 't>> {
        let mut place = Place { value: self.root, key: None };
        for step in path.steps() {
            place = match (place.value, step) {
                (Value::Object(object), Step::Key(name)) => {
                    let property = self.property(object, name)?;
                    Place { value: &property.value, key: Some(property.name.range()) }
                }
                (Value::Array(array), Step::Index(index)) => {
                    Place { value: array.elements.get(*index)?, key: None }
                }
                (Value::Array(array), Step::Key(index)) => {
                    Place { value: array.elements.get(index.parse::<usize>().ok()?)?, key: None }
                }
                _ => return None,
            };
        }
        Some(place)
    }

    fn property(&self, object: &'n Object<'t>, name: &str) -> Option<&'n ObjectProp<'t>> {
        if object.properties.len() <= NARROW {
            return get(object, name);
        }
        let mut wide = self.wide.borrow_mut();
        let index = wide.entry(object.range.start).or_insert_with(|| {
            // Of duplicates the last counts, as in `get`.
            object.properties.iter().map(|property| (key(property), property)).collect()
        });
        index.get(name).copied()
    }
}

/// Why a subtree cannot be converted to one of our types. Serde's message in it is never shown: the schema explains
/// values that the types reject.
#[derive(Debug)]
pub(in crate::approvals) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Reads one of our types from a subtree, by the same code that reads plain JSON.
pub(in crate::approvals) fn read<'t, T: Deserialize<'t>>(value: &Value<'t>) -> Result<T, Refused> {
    T::deserialize(Node(value))
}

#[derive(Clone, Copy)]
struct Node<'n, 't>(&'n Value<'t>);

impl<'de> Deserializer<'de> for Node<'_, 'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.0 {
            Value::StringLit(text) => match &text.value {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_str(text),
            },
            Value::NumberLit(literal) => match number(literal.value) {
                Some(number) => number.deserialize_any(visitor).map_err(de::Error::custom),
                None => Err(de::Error::custom("a number without a value")),
            },
            Value::BooleanLit(boolean) => visitor.visit_bool(boolean.value),
            Value::NullKeyword(_) => visitor.visit_unit(),
            Value::Array(array) => visitor.visit_seq(Elements(array.elements.iter())),
            Value::Object(object) => {
                visitor.visit_map(Properties { rest: object.properties.iter(), value: None })
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Elements<'n, 't>(std::slice::Iter<'n, Value<'t>>);

impl<'t> SeqAccess<'t> for Elements<'_, 't> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'t>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        self.0.next().map(|element| seed.deserialize(Node(element))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Properties<'n, 't> {
    rest: std::slice::Iter<'n, ObjectProp<'t>>,
    value: Option<&'n Value<'t>>,
}

impl<'t> MapAccess<'t> for Properties<'_, 't> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'t>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        let Some(property) = self.rest.next() else { return Ok(None) };
        self.value = Some(&property.value);
        match &property.name {
            ObjectPropName::Word(name) => seed.deserialize(value::BorrowedStrDeserializer::new(name.value)),
            ObjectPropName::String(name) => match &name.value {
                Cow::Borrowed(name) => seed.deserialize(value::BorrowedStrDeserializer::new(name)),
                Cow::Owned(name) => seed.deserialize(value::StrDeserializer::new(name)),
            },
        }
        .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        match self.value.take() {
            Some(value) => seed.deserialize(Node(value)),
            None => Err(de::Error::custom("a value without a key")),
        }
    }
}
