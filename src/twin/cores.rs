//! Cores by name, and files that describe a core.

use super::gem5;
use super::parameters::{CoreKind, CoreParameters};
use super::parts::Part;
use super::rules::Rules;
use crate::error::{Error, ErrorKind, Result};
use crate::file::read_bounded;
use crate::microarch::stack::CORES;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::OnceLock;

const NAMED: &str = include_str!("cores.toml");
/// Largest file that describes cores: gem5's configuration of a thousand has about 100 MB.
pub const MAX_BYTES: u64 = 1 << 28;

/// A core and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedCore {
    /// Its name: that of the file where it gives none.
    pub name: String,
    /// Its parameters.
    pub parameters: CoreParameters,
}

/// The cores that the library knows by name, the middle ones of each kind first.
pub fn named() -> &'static [NamedCore] {
    static CORES: OnceLock<Vec<NamedCore>> = OnceLock::new();
    CORES.get_or_init(|| {
        let mut cores = vec![
            NamedCore {
                name: "middle-o3".into(),
                parameters: CoreParameters::middle(CoreKind::OutOfOrder),
            },
            NamedCore {
                name: "middle-minor".into(),
                parameters: CoreParameters::middle(CoreKind::InOrder),
            },
        ];
        let table: Map<String, Value> =
            toml::from_str(NAMED).expect("the library's own cores are valid TOML");
        let mut left: Vec<(String, Map<String, Value>)> = table
            .into_iter()
            .filter_map(|(name, core)| match core {
                Value::Object(map) => Some((name, map)),
                _ => None,
            })
            .collect();
        // A core may be like one that comes later in the alphabet.
        while !left.is_empty() {
            let next =
                left.iter()
                    .position(|(_, map)| match map.get("like").and_then(Value::as_str) {
                        None => true,
                        Some(like) => cores.iter().any(|c: &NamedCore| c.name == like),
                    });
            let (name, map) = left.remove(next.expect("no core is like itself"));
            let parameters =
                from_map(&name, &map, &cores).expect("the library's own cores are valid");
            cores.push(NamedCore { name, parameters });
        }
        cores[2..].sort_by(|a, b| a.name.cmp(&b.name));
        cores
    })
}

/// The core called `name`.
pub fn find(name: &str) -> Result<&'static NamedCore> {
    named().iter().find(|c| c.name == name).ok_or_else(|| {
        let all = named().iter().map(|c| c.name.as_str()).collect::<Vec<_>>();
        Error::new(
            ErrorKind::NotFound,
            format!(
                "no core is named \"{name}\"; known cores: {}",
                all.join(", ")
            ),
        )
    })
}

fn from_map(name: &str, map: &Map<String, Value>, cores: &[NamedCore]) -> Result<CoreParameters> {
    let like = match map.get("like") {
        None => None,
        Some(Value::String(like)) => Some(cores.iter().find(|c| c.name == *like).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("core {name}: like = \"{like}\" is not a known core; `perfvec cores` lists them"),
            )
        })?),
        Some(other) => {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("core {name}: like is {other}; give the name of a core in quotes"),
            ))
        }
    };
    let base = match (like, map.get("kind").and_then(Value::as_str)) {
        (Some(core), Some(kind)) if core.parameters.kind.word() != kind => {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "core {name}: like = \"{}\" is of kind \"{}\", but kind = \"{kind}\"; remove one of them",
                    core.name, core.parameters.kind.word()
                ),
            ))
        }
        (Some(core), _) => core.parameters.clone(),
        (None, Some("minor")) => CoreParameters::middle(CoreKind::InOrder),
        (None, Some(_)) => CoreParameters::middle(CoreKind::OutOfOrder),
        (None, None) => {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("core {name}: set like = \"NAME OF A CORE\", or kind = \"o3\" or \"minor\" to start from an average core"),
            ))
        }
    };
    CoreParameters::from_map(name, &base, map)
}

impl NamedCore {
    /// A core from the text of a TOML or JSON file: flat, `like` or `kind` and what differs.
    /// `name` is its name where the text gives none.
    pub fn from_text(name: &str, text: &str) -> Result<Self> {
        let bad = |e: String| Error::new(ErrorKind::InvalidArgument, format!("core {name}: {e}"));
        let map = parse(text).map_err(bad)?;
        if gem5::is_config(&map) {
            return Err(bad("it is a configuration of gem5; `perfvec cores from-gem5 CONFIG.json -o CORE.toml` reads a core from it, and as a model it stands for all its CPUs".into()));
        }
        let name = match map.get("name") {
            None => name.to_string(),
            Some(Value::String(own)) if !own.is_empty() => own.clone(),
            Some(other) => return Err(bad(format!("name is {other}; give a string"))),
        };
        let parameters = from_map(&name, &map, named())?;
        Ok(Self { name, parameters })
    }

    /// The core that `what` names: one of the library's, or a file.
    pub fn open(what: &str) -> Result<Self> {
        let path = Path::new(what);
        if !path.exists() {
            return find(what).cloned().map_err(|e| {
                Error::new(
                    e.kind(),
                    format!("{what}: no such file, and {}", e.message()),
                )
            });
        }
        let stem = path
            .file_stem()
            .map_or_else(|| "core".into(), |s| s.to_string_lossy());
        read_text(path)
            .and_then(|text| Self::from_text(&stem, &text))
            .map_err(|e| e.context(path.display()))
    }
}

/// Cores that are priced together, and the timing rules that they follow.
#[derive(Debug, Clone, PartialEq)]
pub struct CoreList {
    /// The cores, each name once.
    pub cores: Vec<NamedCore>,
    /// Timing rules of all cores in the list.
    pub rules: Rules,
    /// Notes of the import: for each setting that has no corresponding parameter, the value used
    /// instead.
    pub notes: Vec<String>,
}

/// Most cores of a list: a program vector has [`Part::COUNT`] elements for each.
const MAX_CORES: usize = 4096 / Part::COUNT;
/// Most memory that the machines of a list may take, about.
const MAX_MEMORY: u64 = 8 << 30;

impl CoreList {
    /// The cores that each of `whats` names: one of the library's, or a file.
    pub fn open<'a>(whats: impl IntoIterator<Item = &'a str>, rules: Rules) -> Result<Self> {
        let cores = whats.into_iter().map(NamedCore::open);
        Self::new(cores.collect::<Result<_>>()?, rules)
    }

    /// All cores that the library knows by the name of a real one.
    pub fn known() -> Self {
        let real = named().iter().filter(|c| !c.name.starts_with("middle-"));
        Self::new(real.cloned().collect(), Rules::GEM5).expect("their names differ")
    }

    /// A list of cores with different names; it is kept in their order.
    pub fn new(mut cores: Vec<NamedCore>, rules: Rules) -> Result<Self> {
        let bad = |text: String| Err(Error::new(ErrorKind::InvalidArgument, text));
        if cores.is_empty() || cores.len() > MAX_CORES {
            return bad(format!(
                "{} cores; price 1 to {MAX_CORES} at once",
                cores.len()
            ));
        }
        let bytes = cores.iter().map(|c| c.parameters.memory()).sum::<u64>();
        if cores.len() > 1 && bytes > MAX_MEMORY {
            return bad(format!(
                "the caches of these {} cores take {:.1} GiB of memory to price, and at most {} are taken; give fewer at a time (perfvec explore prices any number, in groups)",
                cores.len(),
                bytes as f64 / (1u64 << 30) as f64,
                MAX_MEMORY >> 30
            ));
        }
        // So that a list is the same after it was in a file.
        cores.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(pair) = cores.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return bad(format!(
                "two cores are named \"{}\"; give one of the files another name = \"...\"",
                pair[0].name
            ));
        }
        Ok(Self {
            cores,
            rules,
            notes: Vec::new(),
        })
    }

    /// From the text of a TOML or JSON file: `rules`, and tables that describe a core each; or
    /// a configuration of gem5, with a core for each kind of CPU, called by its path. `rules` are
    /// taken where the text names none.
    pub fn from_text(text: &str, rules: Rules) -> Result<Self> {
        let map = parse(text).map_err(|e| Error::new(ErrorKind::InvalidArgument, e))?;
        if gem5::is_config(&map) {
            return Self::from_gem5(&Value::Object(map), rules);
        }
        let rules = match map.get("rules") {
            None => rules,
            Some(word) => word.as_str().and_then(Rules::from_word).ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    format!("rules is {word}; give \"gem5\", \"gem5-stock\" or \"textbook\""),
                )
            })?,
        };
        let mut cores: Vec<NamedCore> = Vec::new();
        for (name, core) in map.iter().filter(|(key, _)| *key != "rules") {
            let Value::Object(core) = core else {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!(
                        "{name} is not a table; a list of cores has a table [NAME] for each core"
                    ),
                ));
            };
            let known = [named(), cores.as_slice()].concat();
            cores.push(NamedCore {
                name: name.clone(),
                parameters: from_map(name, core, &known)?,
            });
        }
        Self::new(cores, rules)
    }

    fn from_gem5(config: &Value, rules: Rules) -> Result<Self> {
        let (mut cores, mut notes) = (Vec::new(), Vec::new());
        for described in gem5::read_all(config)? {
            notes.extend(described.notes);
            cores.push(NamedCore {
                name: described.cpu,
                parameters: described.parameters,
            });
        }
        Ok(Self {
            notes,
            ..Self::new(cores, rules)?
        })
    }

    /// Reads a file that [`CoreList::from_text`] takes.
    pub fn read(path: &Path, rules: Rules) -> Result<Self> {
        read_text(path)
            .and_then(|text| Self::from_text(&text, rules))
            .map_err(|e| e.context(path.display()))
    }

    /// As the text of a JSON file that [`CoreList::from_text`] takes.
    pub fn to_text(&self) -> String {
        let mut map = Map::new();
        map.insert("rules".into(), self.rules.word().into());
        for core in &self.cores {
            map.insert(core.name.clone(), core.parameters.to_map().into());
        }
        Value::Object(map).to_string()
    }

    /// Tells lists apart: names, parameters, rules.
    pub fn hash(&self) -> u64 {
        xxhash_rust::xxh3::xxh3_64(self.to_text().as_bytes())
    }

    /// What binds program vectors and tables to the list.
    pub fn id(&self) -> String {
        format!("{CORES}{:016x}", self.hash())
    }
}

fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read_bounded(path, MAX_BYTES)?)
        .map_err(|_| Error::new(ErrorKind::InvalidArgument, "not UTF-8 text"))
}

/// A TOML or JSON text.
fn parse(text: &str) -> std::result::Result<Map<String, Value>, String> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))
    } else {
        toml::from_str(text).map_err(|e| format!("not TOML: {}", e.to_string().trim_end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_knows_its_cores() {
        assert_eq!(named().len(), 27);
        let a72 = &find("cortex-a72-like").unwrap().parameters;
        assert_eq!(
            (a72.rob, a72.l1d_assoc, a72.kind),
            (128, 2, CoreKind::OutOfOrder)
        );
        let mega = &find("boom-mega-like").unwrap().parameters;
        assert_eq!((mega.rob, mega.l1i_kib, mega.clock_ghz), (128, 32, 1.5));
        assert!(find("cortex-a73-like")
            .unwrap_err()
            .to_string()
            .contains("rocket-like"));
    }

    #[test]
    fn a_core_is_like_another_but_for_what_it_says() {
        let base = &find("cortex-a72-like").unwrap().parameters;
        for text in [
            "name = \"mine\"\nlike = \"cortex-a72-like\"\nrob = 192",
            "{\"name\": \"mine\", \"like\": \"cortex-a72-like\", \"rob\": 192}",
        ] {
            let core = NamedCore::from_text("file", text).unwrap();
            assert_eq!(core.name, "mine");
            assert_eq!(
                core.parameters,
                CoreParameters {
                    rob: 192,
                    ..base.clone()
                }
            );
        }
    }

    #[test]
    fn mistakes_are_told() {
        for (text, says) in [
            ("rob = 1", "set like"),
            ("like = \"a\"", "not a known core"),
            ("like = 3", "like is 3"),
            ("like = \"rocket-like\"\nkind = \"o3\"", "remove one"),
            ("like = \"rocket-like\"\nrobb = 3", "not a parameter"),
            ("like = ", "not TOML"),
            ("{\"like\" 3}", "not JSON"),
            ("like = \"rocket-like\"\nname = 3", "name is 3"),
        ] {
            let e = NamedCore::from_text("mine", text).unwrap_err().to_string();
            assert!(e.contains(says) && e.contains("mine"), "{e} lacks {says}");
        }
    }

    #[test]
    fn lists_of_cores_have_rules_and_different_names() {
        let text =
            "rules = \"textbook\"\n[b]\nlike = \"rocket-like\"\n[a]\nlike = \"u74-like\"\nras = 2";
        let list = CoreList::from_text(text, Rules::GEM5).unwrap();
        assert_eq!(list.rules, Rules::TEXTBOOK);
        let names: Vec<&str> = list.cores.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(list.cores[0].parameters.ras, 2);
        let silent = CoreList::from_text("[a]\nlike = \"u74-like\"", Rules::GEM5_STOCK).unwrap();
        assert_eq!(silent.rules, Rules::GEM5_STOCK);
        assert_ne!(list.hash(), CoreList::known().hash());
        for (text, says) in [
            ("", "0 cores"),
            (
                "rules = \"gem6\"\n[a]\nlike = \"rocket-like\"",
                "rules is \"gem6\"",
            ),
            ("a = 3", "a is not a table"),
            ("[a]\nlike = \"rocket-like\"\nrass = 2", "not a parameter"),
        ] {
            let e = CoreList::from_text(text, Rules::GEM5)
                .unwrap_err()
                .to_string();
            assert!(e.contains(says), "{e} lacks {says}");
        }
        let huge = |n: u32| NamedCore {
            name: n.to_string(),
            parameters: CoreParameters {
                l3_kib: 1 << 20,
                ..CoreParameters::middle(CoreKind::OutOfOrder)
            },
        };
        assert!(CoreList::new(vec![huge(0)], Rules::GEM5).is_ok());
        let e = CoreList::new((0..20).map(huge).collect(), Rules::GEM5).unwrap_err();
        assert!(e.message().contains("20 cores take 12.5 GiB"), "{e}");
        let twice = ["rocket-like", "rocket-like"];
        let e = CoreList::open(twice, Rules::GEM5).unwrap_err().to_string();
        assert!(e.contains("two cores are named"), "{e}");
    }
}
