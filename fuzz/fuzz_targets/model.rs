#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| perfvec_fuzz::model::run(data));
