//! Twins: a small machine for each priced core, with that core's own parameters.

pub mod predictors;
pub mod prefetchers;
