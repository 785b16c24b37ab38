//! The published PerfVec text traces: `x.txt` with every instruction, `x.sq.txt` with the stores.
//!
//! One record a line, numbers separated by blanks, as PerfVec's fork of gem5 prints them and its
//! `Inst::read` (`DP/inst_noflush_impl.h`) takes them:
//!
//! ```text
//! fault sq_index  fetch completed retired decoded renamed dispatched issued  [stored sq_left]
//! op micro cond uncond direct squash_after serialize_after serialize_before
//! atomic store_conditional read_barrier write_barrier quiesce non_speculative
//! has_address address size depth  3 walk depths  3 walk addresses  3 write-backs
//! pc taken mispredicted fetch_depth  3 walk depths  3 walk addresses  2 write-backs
//! sources destinations  (class index) per source  (class index) per destination
//! ```
//!
//! Times are in picoseconds; all but `fetch` count from `fetch`. Of a store (`sq_index` not -1)
//! that did not fault, the main file may stop after `issued`; the record is then the next line of
//! the store file, which repeats those fields.

use super::text_line::Lines;
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, InstId, OpClass, RegClass, Resolved, StaticInst, MAX_DST, MAX_SRC};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Most distinct static instructions of one trace (2 GiB of them).
pub const MAX_STATICS: usize = 1 << 24;

/// Register classes below this have at most [`MAX_INDEX`] as index; it is the last class itself.
const LAST_CLASS: i64 = 6;
/// Largest index of a register of a class before the last.
const MAX_INDEX: i64 = 49;
/// `sq_index` of a line that starts a segment instead of being a record.
const SEGMENT: i64 = -99;

/// One record of a text trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextRecord {
    /// The static instruction, if this is its first record; its id is `retirement.inst`.
    pub interned: Option<StaticInst>,
    /// The record; `target` is always 0, which the format does not have.
    pub retirement: Resolved,
    /// When it was fetched, in picoseconds.
    pub fetched: u64,
    /// When it retired, in picoseconds.
    pub retired: u64,
}

/// Reads a text trace from front to back. Memory: one line of each file and the distinct static
/// instructions, at most [`MAX_STATICS`]. Used by one thread at a time.
///
/// Static instructions are distinguished by everything that a record says of one (pc, op, properties,
/// registers, access size). The format has no instruction length; it is given as 4.
pub struct TextReader<R = BufReader<File>> {
    main: Lines<R>,
    stores: Lines<R>,
    ids: HashMap<StaticInst, InstId>,
    ended: bool,
}

/// The fields before the properties.
#[derive(Clone, Copy, PartialEq)]
struct Head {
    fault: bool,
    sq_index: i64,
    fetched: u64,
    completed: u64,
    retired: u64,
    stages: [u64; 4],
}

impl TextReader {
    /// Opens `path` (`x.txt`) and its store file (`x.sq.txt`) beside it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if path.extension().is_none_or(|e| e != "txt") {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{}: a PerfVec text trace is named x.txt, with x.sq.txt beside it",
                    path.display()
                ),
            ));
        }
        let stores = path.with_extension("sq.txt");
        let open = |p: &Path| {
            crate::file::check_regular(p).map_err(|e| e.context(p.display()))?;
            let file = File::open(p).map_err(|e| Error::io(p, &e))?;
            Ok::<_, Error>(BufReader::with_capacity(1 << 16, file))
        };
        Ok(Self::from_sources(
            open(path)?,
            path.display().to_string(),
            open(&stores)?,
            stores.display().to_string(),
        ))
    }
}

impl<R: BufRead> TextReader<R> {
    /// Reads the main and the store file from anything; the names are what errors call them.
    pub fn from_sources(
        main: R,
        main_name: impl Into<String>,
        stores: R,
        stores_name: impl Into<String>,
    ) -> Self {
        Self {
            main: Lines::new(main, main_name),
            stores: Lines::new(stores, stores_name),
            ids: HashMap::new(),
            ended: false,
        }
    }

    /// Distinct static instructions so far.
    pub fn statics(&self) -> usize {
        self.ids.len()
    }

    /// The next record; `None` at the end of the main file, or where the store file ends before
    /// a store's record (recording stopped while the store was under way). Errors: `Corrupt` with
    /// file, line and field; `Io`; `OutOfMemory` beyond [`MAX_STATICS`]. After an error or the
    /// end there is only the end.
    #[allow(clippy::should_implement_trait)] // an iterator's item would bury the Result
    pub fn next(&mut self) -> Result<Option<TextRecord>> {
        if self.ended {
            return Ok(None);
        }
        let record = self.read();
        self.ended = !matches!(record, Ok(Some(_)));
        record
    }

    fn read(&mut self) -> Result<Option<TextRecord>> {
        if !self.main.advance()? {
            if self.stores.advance()? {
                return Err(self
                    .stores
                    .error("a store that the main file lacks; pass two files of one recording"));
            }
            return Ok(None);
        }
        let head = read_head(&mut self.main)?;
        let is_store = head.sq_index != -1 && !head.fault;
        let lines = if is_store && self.main.at_end() {
            if !self.stores.advance()? {
                return Ok(None);
            }
            let twin = read_head(&mut self.stores)?;
            let same_index = head.sq_index == 0 || twin.sq_index == head.sq_index;
            if !same_index
                || (twin.fault, twin.fetched, twin.stages)
                    != (head.fault, head.fetched, head.stages)
            {
                return Err(self.stores.error(&format!(
                    "not the record of the store at {}; pass two files of one recording",
                    self.main.place()
                )));
            }
            &mut self.stores
        } else {
            &mut self.main
        };
        if is_store {
            lines.skip("stored, sq_left", 2)?;
        }
        let (inst, mut retirement) = read_body(lines, head)?;
        lines.finish()?;
        let mut interned = None;
        let next = self.ids.len();
        retirement.inst = *self.ids.entry(inst).or_insert_with(|| {
            interned = Some(inst);
            next as InstId
        });
        if self.ids.len() > MAX_STATICS {
            return Err(Error::new(
                ErrorKind::OutOfMemory,
                format!(
                    "{}: more than {MAX_STATICS} distinct static instructions; this is not a trace of one program",
                    self.main.place()
                ),
            ));
        }
        Ok(Some(TextRecord {
            interned,
            retirement,
            fetched: head.fetched,
            retired: head.fetched.saturating_add(head.retired),
        }))
    }
}

fn read_head<R: BufRead>(lines: &mut Lines<R>) -> Result<Head> {
    let fault = lines.flag("fault")?;
    let sq_index = lines.int("sq_index", SEGMENT, i64::MAX)?;
    if sq_index == SEGMENT {
        return Err(lines.error("the start of a segment; only traces of one segment can be read"));
    }
    let [fetched, completed, retired] = [
        lines.unsigned("fetch")?,
        lines.unsigned("completed")?,
        lines.unsigned("retired")?,
    ];
    let mut stages = [0; 4];
    for (time, field) in stages
        .iter_mut()
        .zip(["decoded", "renamed", "dispatched", "issued"])
    {
        *time = lines.unsigned(field)?;
    }
    Ok(Head {
        fault,
        sq_index,
        fetched,
        completed,
        retired,
        stages,
    })
}

fn read_body<R: BufRead>(lines: &mut Lines<R>, head: Head) -> Result<(StaticInst, Resolved)> {
    let op = lines.int("op", 0, OpClass::ALL.len() as i64 - 1)?;
    let op = OpClass::from_u8(op as u8).unwrap_or(OpClass::No_OpClass);
    let mut flags = InstFlags::empty();
    for (field, flag) in [
        ("micro", InstFlags::MICRO_OP),
        ("cond", InstFlags::COND_CTRL),
        ("uncond", InstFlags::UNCOND_CTRL),
        ("direct", InstFlags::DIRECT_CTRL),
        ("squash_after", InstFlags::SQUASH_AFTER),
        ("serialize_after", InstFlags::SERIALIZE_AFTER),
        ("serialize_before", InstFlags::SERIALIZE_BEFORE),
        ("atomic", InstFlags::ATOMIC),
        ("store_conditional", InstFlags::STORE_CONDITIONAL),
        ("read_barrier", InstFlags::READ_BARRIER),
        ("write_barrier", InstFlags::WRITE_BARRIER),
    ] {
        flags.set(flag, lines.flag(field)?);
    }
    lines.int("quiesce", 0, 0)?;
    flags.set(InstFlags::NON_SPECULATIVE, lines.flag("non_speculative")?);
    let has_address = lines.flag("has_address")?;
    let address = lines.unsigned("address")?;
    let access_size = lines.unsigned("size")?;
    lines.skip("depth, data walks, write-backs", 10)?;
    let pc = lines.unsigned("pc")?;
    let taken = lines.flag("taken")?;
    lines.skip("mispredicted, fetch_depth, walks, write-backs", 10)?;
    flags |= memory_flags(flags, op, head.sq_index != -1, has_address);

    let mut inst = StaticInst::new(pc, op, 4);
    inst.flags = flags;
    if has_address {
        inst.access_size = access_size.min(u64::from(u8::MAX)) as u8;
    }
    let sources = lines.int("sources", 0, MAX_SRC as i64)?;
    let destinations = lines.int("destinations", 0, MAX_DST as i64)?;
    for _ in 0..sources {
        let (class, index) = read_register(lines, "source")?;
        inst.push_src(class, index);
    }
    for _ in 0..destinations {
        let (class, index) = read_register(lines, "destination")?;
        inst.push_dst(class, index);
    }
    Ok((
        inst,
        Resolved {
            taken,
            fault: head.fault,
            address: if has_address { address } else { 0 },
            ..Resolved::default()
        },
    ))
}

/// LOAD, STORE and the rest from what the format says of memory: a place in the store queue and
/// whether there is an address.
fn memory_flags(flags: InstFlags, op: OpClass, in_queue: bool, has_address: bool) -> InstFlags {
    let mut memory = InstFlags::empty();
    let writes = flags.intersects(InstFlags::ATOMIC | InstFlags::STORE_CONDITIONAL);
    memory.set(InstFlags::STORE, in_queue || has_address && writes);
    let reads = op == OpClass::MemRead || flags.contains(InstFlags::ATOMIC) || memory.is_empty();
    memory.set(InstFlags::LOAD, has_address && reads);
    memory.set(InstFlags::NO_ADDRESS, in_queue && !has_address);
    let indirect = flags.is_ctrl() && !flags.contains(InstFlags::DIRECT_CTRL);
    memory.set(InstFlags::INDIRECT_CTRL, indirect);
    memory
}

fn read_register<R: BufRead>(lines: &mut Lines<R>, field: &str) -> Result<(RegClass, u16)> {
    let class = lines.int(field, 0, LAST_CLASS)?;
    let max = if class == LAST_CLASS {
        i64::from(u16::MAX)
    } else {
        MAX_INDEX
    };
    let index = lines.int(field, 0, max)?;
    Ok((
        RegClass::from_u8(class as u8).unwrap_or_default(),
        index as u16,
    ))
}
