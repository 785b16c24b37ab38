//! Hosts: programs under QEMU, and the adapters of examples/.

mod adapters;
mod guests;
mod profile;
mod qemu;
