//! The C ABI: what it promises, the header, and programs in C and C++ that use it.

mod baseline;
mod header;
mod programs;
