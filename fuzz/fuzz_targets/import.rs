#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| perfvec_test_support::fuzz::import::run(data));
