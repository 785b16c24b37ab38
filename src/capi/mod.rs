//! The C ABI. The only unsafe code of the crate besides the kernel interface.
