//! The perfvec trace: recording, reading, damage, hashes.

mod damage;
mod golden;
mod hash;
mod regions;
mod round_trip;
