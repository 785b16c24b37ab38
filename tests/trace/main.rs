//! The perfvec trace: recording, reading, damage, hashes.

mod damage;
mod golden;
mod hash;
mod round_trip;
