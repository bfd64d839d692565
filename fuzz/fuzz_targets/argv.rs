#![no_main]

#[path = "../../tests/fuzz/argv.rs"]
mod argv;

// In an empty directory, with < /dev/null: names may be commands that write files there.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    std::fs::write("a", "a1\na2\n").unwrap();
    std::fs::write("b", "b1\nb2").unwrap();
    argv::run(data)
});
