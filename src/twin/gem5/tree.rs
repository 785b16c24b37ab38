//! The objects of gem5's config.json, by their paths.

use crate::error::{Error, ErrorKind, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) fn bad(text: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}

/// All objects of a configuration.
pub(super) struct Tree<'a>(BTreeMap<&'a str, &'a Map<String, Value>>);

impl<'a> Tree<'a> {
    pub fn new(root: &'a Value) -> Self {
        let mut tree = Self(BTreeMap::new());
        tree.collect(root);
        tree
    }

    fn collect(&mut self, value: &'a Value) {
        match value {
            Value::Object(map) => {
                if let (Some(path), Some(_)) = (text(map, "path"), text(map, "type")) {
                    self.0.insert(path, map);
                }
                map.values().for_each(|v| self.collect(v));
            }
            Value::Array(all) => all.iter().for_each(|v| self.collect(v)),
            _ => (),
        }
    }

    /// Every object, in the order of their paths.
    pub fn all(&self) -> impl Iterator<Item = Object<'a>> + '_ {
        self.0.iter().map(|(path, map)| Object { path, map })
    }

    pub fn get(&self, path: &str) -> Option<Object<'a>> {
        let (path, map) = self.0.get_key_value(path)?;
        Some(Object { path, map })
    }

    /// The object that `field` of `of` is, or names; `None` for NULL.
    pub fn child(&self, of: Object<'a>, field: &str) -> Result<Option<Object<'a>>> {
        match of.map.get(field) {
            Some(Value::Null) => Ok(None),
            Some(Value::Object(map)) => Ok(text(map, "path").map(|path| Object { path, map })),
            Some(Value::String(path)) => self.get(path).map(Some).ok_or_else(|| {
                bad(format!(
                    "{}.{field} is {path}, which is not an object of the file",
                    of.path
                ))
            }),
            _ => Err(of.lacks(field)),
        }
    }
}

fn text<'a>(map: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    map.get(field)?.as_str()
}

/// A SimObject.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub path: &'a str,
    pub map: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// The name of its class in Python.
    pub fn kind(self) -> &'a str {
        text(self.map, "type").unwrap_or_default()
    }

    /// The name of its class in C++.
    pub fn class(self) -> &'a str {
        text(self.map, "cxx_class").unwrap_or_default()
    }

    pub fn lacks(self, field: &str) -> Error {
        bad(format!(
            "{} ({}) has no usable \"{field}\"; give the config.json of gem5 24.0",
            self.path,
            self.kind()
        ))
    }

    pub fn real(self, field: &str) -> Result<f64> {
        let number = match self.map.get(field) {
            Some(Value::String(number)) => number.parse().ok(),
            Some(value) => value.as_f64(),
            None => None,
        };
        number
            .filter(|x| x.is_finite() && *x >= 0.0)
            .ok_or_else(|| self.lacks(field))
    }

    pub fn number(self, field: &str) -> Result<u64> {
        Ok(self.real(field)?.round() as u64)
    }

    pub fn flag(self, field: &str) -> Result<bool> {
        let flag = self.map.get(field).and_then(Value::as_bool);
        flag.ok_or_else(|| self.lacks(field))
    }

    /// The objects of the list `field`.
    pub fn list(self, field: &str) -> Result<Vec<Object<'a>>> {
        let all = self.map.get(field).and_then(Value::as_array);
        let object = |v: &'a Value| {
            let map = v.as_object()?;
            Some(Object {
                path: text(map, "path")?,
                map,
            })
        };
        all.and_then(|all| all.iter().map(object).collect::<Option<_>>())
            .ok_or_else(|| self.lacks(field))
    }

    /// The paths of the objects that the ports called `field` lead to, and the names of the ports
    /// there; none where there is no such port, or nothing is connected to it.
    pub fn peers(self, field: &str) -> Vec<(&'a str, &'a str)> {
        let peer = self.map.get(field).and_then(|port| port.get("peer"));
        let split = |peer: &'a Value| {
            let peer = peer.as_str()?;
            let port = peer.split_once('[').map_or(peer, |(port, _)| port);
            port.rsplit_once('.')
        };
        match peer {
            Some(Value::Array(all)) => all.iter().filter_map(split).collect(),
            Some(one) => split(one).into_iter().collect(),
            None => Vec::new(),
        }
    }
}
