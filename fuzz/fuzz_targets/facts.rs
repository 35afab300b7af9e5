#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kfactor_fuzz::drivers::facts(data));
