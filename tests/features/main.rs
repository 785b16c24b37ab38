//! Feature schemas and what their columns are made of.

mod golden;
mod long;
mod perfvec51;
mod stack_distance;
