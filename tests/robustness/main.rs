//! Full disks, hostile files, files that change underneath, memory that must not grow.

mod disk_full;
mod fuzz_corpus;
mod hostile_files;
mod trust;
