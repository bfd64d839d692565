#![no_main]

#[path = "../../tests/fuzz/expect.rs"]
mod expect;

libfuzzer_sys::fuzz_target!(|data: &[u8]| expect::run(data));
