//! Damaged, foreign and unfinished files.

use perfvec::inst::{OpClass, Retirement, StaticInst};
use perfvec::trace::{format, Block, Reader, Writer};
use perfvec::{Error, ErrorKind};
use perfvec_test_support::stream::*;
use proptest::prelude::*;
use std::fs::OpenOptions;
use xxhash_rust::xxh3::xxh3_64;

fn timed_walk(n: usize) -> Stream {
    let mut stream = walk(11, 3, n);
    for (_, cycles) in stream.retirements.iter_mut().skip(5).step_by(3) {
        *cycles = Some(2);
    }
    stream
}

/// Damage must be an error, and what came before it must be a prefix of the stream.
fn assert_refused(bytes: &[u8], original: &Stream) -> Error {
    let (read, end) = replay(bytes);
    assert!(original.statics.starts_with(&read.statics));
    assert!(original.retirements.starts_with(&read.retirements));
    end.expect_err("damage went unnoticed")
}

#[test]
fn every_truncation_is_an_error() {
    let stream = timed_walk(500);
    let (bytes, _) = record(&stream);
    for length in 0..bytes.len() {
        let e = assert_refused(&bytes[..length], &stream);
        assert_eq!(e.kind(), ErrorKind::Corrupt, "{length}: {e}");
    }
}

#[test]
fn every_single_bit_flip_is_an_error() {
    let stream = timed_walk(300);
    let (bytes, _) = record(&stream);
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let e = assert_refused(&damaged, &stream);
        let version = (8..12).contains(&(bit / 8));
        let expected = if version {
            ErrorKind::Version
        } else {
            ErrorKind::Corrupt
        };
        assert_eq!(e.kind(), expected, "bit {bit}: {e}");
    }
}

#[test]
fn what_precedes_the_damage_is_delivered_and_the_error_repeats() {
    let block = format::BLOCK_RETIREMENTS;
    let stream = walk(5, 20, 2 * block + 10);
    let (bytes, _) = record(&stream);
    for damaged in [bytes.len() - 65, bytes.len() - 1] {
        let mut bytes = bytes.clone();
        bytes[damaged] ^= 4;
        let (read, end) = replay(&bytes);
        assert!(read.retirements.len() >= 2 * block);
        assert!(end.unwrap_err().message().contains("intact retirements"));
    }
    let cut = &bytes[..bytes.len() - 70];
    let mut reader = Reader::from_source(cut, "cut.pvt").unwrap();
    let mut b = Block::default();
    assert!(reader.next_block(&mut b).unwrap() && reader.next_block(&mut b).unwrap());
    let first = reader.next_block(&mut b).unwrap_err();
    assert_eq!(
        reader.next_block(&mut b).unwrap_err().message(),
        first.message()
    );
    assert!(first.message().contains("cut.pvt") && first.message().contains("truncated"));
}

/// Start and end of every block.
fn blocks(bytes: &[u8]) -> Vec<(usize, usize)> {
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let mut at = 16 + u32_at(12) + 8;
    let mut found = Vec::new();
    while &bytes[at..at + 4] == b"PVTB" {
        let end = at + 40 + u32_at(at + 16);
        found.push((at, end));
        at = end;
    }
    found
}

#[test]
fn missing_repeated_and_foreign_blocks_are_errors() {
    let stream = walk(5, 20, 2 * format::BLOCK_RETIREMENTS + 10);
    let (bytes, _) = record(&stream);
    let found = blocks(&bytes);
    assert_eq!(found.len(), 3);
    let (start, end) = found[1];
    let missing = [&bytes[..start], &bytes[end..]].concat();
    let repeated = [&bytes[..end], &bytes[start..]].concat();
    let appended = [&bytes[..], &[0]].concat();
    let twice = [&bytes[..], &bytes[..]].concat();
    for damaged in [missing, repeated, appended, twice] {
        assert_eq!(assert_refused(&damaged, &stream).kind(), ErrorKind::Corrupt);
    }
    // A whole block of another trace, valid in itself, is found out by the stream hash at the end.
    let (other, _) = record(&walk(6, 20, 2 * format::BLOCK_RETIREMENTS + 10));
    let (s, e) = blocks(&other)[2];
    let grafted = [&bytes[..found[2].0], &other[s..e], &bytes[found[2].1..]].concat();
    assert_eq!(replay(&grafted).1.unwrap_err().kind(), ErrorKind::Corrupt);
}

/// A file whose only block holds `payload` under a valid checksum: what a hostile writer can do.
fn forged(raw: &[u8], retirements: u32, statics: u32, timed: u32, claimed: u32) -> Vec<u8> {
    let (mut bytes, _) = record(&Stream::default());
    bytes.truncate(bytes.len() - 64);
    let payload = zstd::bulk::compress(raw, 1).unwrap();
    let mut head = b"PVTB".to_vec();
    for field in [
        retirements,
        statics,
        claimed,
        payload.len() as u32,
        timed,
        0,
        0,
    ] {
        head.extend_from_slice(&field.to_le_bytes());
    }
    let sum = xxh3_64(&[&head[..], &payload].concat());
    bytes.extend(head);
    bytes.extend(sum.to_le_bytes());
    bytes.extend(payload);
    bytes
}

fn raw_of_a_block() -> (Vec<u8>, u32, u32, u32) {
    let stream = timed_walk(200);
    let (bytes, _) = record(&stream);
    let (start, end) = blocks(&bytes)[0];
    let raw = zstd::bulk::decompress(&bytes[start + 40..end], 1 << 20).unwrap();
    let timed = stream.retirements.iter().filter(|r| r.1.is_some()).count();
    (raw, 200, stream.statics.len() as u32, timed as u32)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Behind valid checksums the content may be anything: never a panic, never more than claimed.
    #[test]
    fn forged_payloads_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        counts in (0u32..4, 0u32..4, 0u32..4),
        shrink in 0usize..4,
    ) {
        let (mut raw, n, statics, timed) = raw_of_a_block();
        for (at, value) in edits {
            let at = at.index(raw.len());
            raw[at] = value;
        }
        raw.truncate(raw.len() - shrink);
        let claimed = raw.len() as u32;
        let bytes = forged(&raw, n + counts.0, statics + counts.1, timed + counts.2, claimed);
        let (read, end) = replay(&bytes);
        prop_assert!(end.is_err()); // if only for the footer that is not there
        prop_assert!(read.retirements.len() <= n as usize + 4);
    }

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(replay(&bytes).1.unwrap_err().kind(), ErrorKind::Corrupt);
        let (good, _) = record(&Stream::default());
        let mut bytes = [&good[..good.len() - 64], b"PVTB", &bytes[..]].concat();
        prop_assert!(replay(&bytes).1.is_err());
        bytes.truncate(good.len());
        prop_assert!(replay(&bytes).1.is_err());
    }
}

#[test]
fn an_honest_forgery_reads_up_to_the_missing_footer() {
    let (raw, n, statics, timed) = raw_of_a_block();
    let (read, end) = replay(&forged(&raw, n, statics, timed, raw.len() as u32));
    assert_eq!(read.retirements.len(), n as usize);
    assert!(end.unwrap_err().message().contains("truncated"));
}

#[test]
fn claims_beyond_the_limits_are_refused_before_memory_is_taken() {
    let (raw, n, statics, timed) = raw_of_a_block();
    let length = raw.len() as u32;
    for (n, statics, timed, claimed) in [
        (u32::MAX, statics, timed, length),
        (n, u32::MAX, timed, length),
        (n, statics, n + 1, length),
        (n, statics, timed, u32::MAX),
        (0, 0, 0, length),
        (n, statics, timed, length - 1),
        (n, statics, timed, length + 1),
    ] {
        let e = replay(&forged(&raw, n, statics, timed, claimed))
            .1
            .unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Corrupt, "{e}");
        assert!(!e.message().contains("truncated"), "{e}");
    }
    let mut long = format::MAGIC.to_vec();
    long.extend(format::VERSION.to_le_bytes());
    long.extend(u32::MAX.to_le_bytes());
    assert!(replay(&long).1.unwrap_err().message().contains("1 MiB"));
}

#[test]
fn foreign_files_and_newer_versions_say_so() {
    for foreign in [
        &b"\x7fELF"[..],
        b"hello, this is not a trace at all",
        b"\x89PNG\r\n\x1a\n0123456789",
    ] {
        let e = replay(foreign).1.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Corrupt);
        assert!(
            e.message().contains("test.pvt") && e.message().contains("not a perfvec trace"),
            "{e}"
        );
    }
    let (mut newer, _) = record(&Stream::default());
    newer[8] = 2;
    let e = replay(&newer).1.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Version);
    assert!(
        e.message().contains("version 2") && e.message().contains("newer"),
        "{e}"
    );
    let e = Reader::open("/nonexistent/a.pvt").err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Io);
    assert!(e.message().contains("/nonexistent/a.pvt"));
}

#[test]
fn a_full_disk_is_an_error_that_sticks() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let e = Writer::to_sink(Box::new(full), header()).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Io);

    /// Takes `0` bytes, then no more.
    struct Small(usize);
    impl std::io::Write for Small {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if bytes.len() > self.0 {
                return Err(std::io::Error::from_raw_os_error(28)); // ENOSPC
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Writer::to_sink(Box::new(Small(1000)), header()).unwrap();
    let stream = walk(1, 40, 100_000);
    for inst in &stream.statics {
        writer.intern(inst).unwrap();
    }
    let mut outcomes = stream.retirements.iter().map(|(r, _)| writer.retire(r));
    let first = outcomes.find_map(Result::err).unwrap();
    assert_eq!(first.kind(), ErrorKind::Io);
    let after = outcomes.next().unwrap().unwrap_err();
    assert_eq!(after.kind(), ErrorKind::Poisoned);
    drop(outcomes);
    assert_eq!(
        writer.intern(&stream.statics[0]).unwrap_err().kind(),
        ErrorKind::Poisoned
    );
    assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::Poisoned);
}

#[test]
fn a_file_appears_only_when_finished() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pvt");
    let files = || std::fs::read_dir(dir.path()).unwrap().count();
    let inst = StaticInst::new(0, OpClass::IntAlu, 4);

    let mut writer = Writer::create(&path, header()).unwrap();
    writer.intern(&inst).unwrap();
    assert!(!path.exists() && files() == 1);
    drop(writer);
    assert_eq!(files(), 0);

    std::fs::write(&path, "older").unwrap();
    let (mut a, b) = (
        Writer::create(&path, header()).unwrap(),
        Writer::create(&path, header()).unwrap(),
    );
    a.intern(&inst).unwrap();
    a.retire(&Retirement::default()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"older");
    let written = a.finish().unwrap();
    drop(b);
    assert_eq!(files(), 1);
    let mut reader = Reader::open(&path).unwrap();
    while reader.next_block(&mut Block::default()).unwrap() {}
    assert_eq!(reader.summary(), written);
    assert_eq!(Reader::summary_of(&path).unwrap(), written);

    std::fs::write(&path, &std::fs::read(&path).unwrap()[..100]).unwrap();
    assert_eq!(
        Reader::summary_of(&path).unwrap_err().kind(),
        ErrorKind::Corrupt
    );
    assert_eq!(
        Writer::create(dir.path(), header()).err().unwrap().kind(),
        ErrorKind::InvalidArgument
    );
    let e = Writer::create("/dev/null", header()).err().unwrap(); // and not renamed over it
    assert_eq!(e.kind(), ErrorKind::InvalidArgument);
    let e = Writer::create(dir.path().join("none/a.pvt"), header())
        .err()
        .unwrap();
    assert_eq!(e.kind(), ErrorKind::Io);
}
