//! From addresses to names, through the files that were mapped.

use super::image::{Frame, Image};
use super::modules::{Module, Modules};
use perfvec::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Code in no file: what a JIT compiler wrote, all of it one function.
const JIT: &str = "[JIT]";
/// Code that nothing is known of.
const UNKNOWN: &str = "[unknown]";

/// A place in a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    /// Where it was when it ran.
    pub pc: u64,
    /// The file of its code, an index into the profile's modules.
    pub module: Option<usize>,
    /// At least one, innermost first: all but the last were inlined.
    pub frames: Vec<Frame>,
}

/// What names are looked up in.
pub struct Names {
    modules: Modules,
    images: Vec<Image>,
    /// The image of each module, where it has one.
    image_of: Vec<Option<usize>>,
    /// Whether addresses are those of the file.
    linked: bool,
    /// What the user should know: files that are missing, or that say nothing.
    notes: Vec<String>,
    /// Where each address is in the profile's list.
    known: HashMap<u64, usize>,
    /// Place of the first module in the profile's list.
    base: usize,
    found: bool,
}

impl Names {
    /// The files of `modules`; `program` stands in for the one that it is a copy of. Kind
    /// `Mismatch` for a file that is not the one that ran.
    pub fn of_modules(modules: Modules, program: Option<&Path>) -> Result<Self> {
        let mut names = Self {
            modules,
            images: Vec::new(),
            image_of: Vec::new(),
            linked: false,
            notes: Vec::new(),
            known: HashMap::new(),
            base: 0,
            found: false,
        };
        let mut known: HashMap<PathBuf, Option<usize>> = HashMap::new();
        let mut copy = None;
        if let Some(path) = program {
            let image = Image::read(path)?;
            names.modules.check_copy(path, &image.id)?;
            copy = Some((image.id.clone(), path));
            known.insert(path.into(), Some(names.push(image)));
        }
        for module in names.modules.modules.clone() {
            let path = match copy {
                Some((ref id, path)) if *id == module.id => path,
                _ => Path::new(&module.path),
            };
            if module.path.is_empty() {
                names.image_of.push(None);
                continue;
            }
            let index = match known.get(path) {
                Some(index) => *index,
                None => names.open(path, &module)?,
            };
            known.insert(path.into(), index);
            names.image_of.push(index);
        }
        Ok(names)
    }

    /// A program that ran where it was linked: traces of hosts that note no modules.
    pub fn of_program(path: &Path) -> Result<Self> {
        let image = Image::read(path)?;
        let bad = |what: &str| {
            let message = format!("{}: {what}", path.display());
            Err(Error::new(ErrorKind::InvalidArgument, message))
        };
        if image.movable {
            return bad("a position-independent program, and the trace does not say where it was loaded; record it again with `perfvec record`, or link it with -static -no-pie");
        }
        if !image.has_functions() {
            return bad("no functions in its symbol table; link it without -s");
        }
        Ok(Self {
            modules: Modules::single(Module {
                path: path.display().to_string(),
                start: 0,
                end: u64::MAX,
                offset: 0,
                id: image.id.clone(),
            }),
            images: vec![image],
            image_of: vec![Some(0)],
            linked: true,
            notes: Vec::new(),
            known: HashMap::new(),
            base: 0,
            found: false,
        })
    }

    fn push(&mut self, image: Image) -> usize {
        self.images.push(image);
        self.images.len() - 1
    }

    /// The image of `module` at `path`; `None` and a note where there is none.
    fn open(&mut self, path: &Path, module: &Module) -> Result<Option<usize>> {
        let image = match Image::read(path) {
            Ok(image) => image,
            Err(e) => {
                self.notes.push(format!("no names for code of {e}"));
                return Ok(None);
            }
        };
        if image.id != module.id && !module.id.is_empty() {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "{} ({}): not the file that ran, which was {}; restore that one, or record again",
                    path.display(),
                    image.id,
                    module.id
                ),
            ));
        }
        if !image.has_functions() {
            self.notes
                .push(format!("{} has no symbols", path.display()));
        }
        Ok(Some(self.push(image)))
    }

    /// Adds the modules and notes to those of a profile, before anything is looked up.
    pub fn join(&mut self, modules: &mut Vec<Module>, notes: &mut Vec<String>) {
        self.base = modules.len();
        modules.extend(self.modules.modules.clone());
        notes.append(&mut self.notes);
    }

    /// The place of `pc` in `locations`, where it is added.
    pub fn place(&mut self, pc: u64, locations: &mut Vec<Location>) -> usize {
        if let Some(&known) = self.known.get(&pc) {
            return known;
        }
        locations.push(self.locate(pc));
        self.known.insert(pc, locations.len() - 1);
        locations.len() - 1
    }

    /// Whether any address had a name.
    pub fn found(&self) -> bool {
        self.found
    }

    fn locate(&mut self, pc: u64) -> Location {
        let module = self.modules.find(pc);
        let mut frames = module.map_or_else(Vec::new, |m| self.frames(m, pc));
        self.found |= !frames.is_empty();
        // A program that is all that is known of takes no code that is not its own.
        let module = module.filter(|_| !self.linked || !frames.is_empty());
        if frames.is_empty() {
            let path = module.map(|m| Path::new(&self.modules.modules[m].path));
            let function = match path.map(Path::file_name) {
                None => UNKNOWN.to_string(),
                Some(None) => JIT.to_string(),
                Some(Some(file)) => format!("[{}]", file.to_string_lossy()),
            };
            frames.push(Frame {
                function,
                ..Frame::default()
            });
        }
        let module = module.map(|m| self.base + m);
        Location { pc, module, frames }
    }

    fn frames(&self, module: usize, pc: u64) -> Vec<Frame> {
        let Some(image) = self.image_of[module].map(|i| &self.images[i]) else {
            return Vec::new();
        };
        let m = &self.modules.modules[module];
        let address = match self.linked {
            true => Some(pc),
            false => image.address(pc - m.start + m.offset),
        };
        address.map_or_else(Vec::new, |a| image.frames(a))
    }
}
