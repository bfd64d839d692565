//! The fuzz targets of `fuzz/`, on bytes that are the same in each run: cargo-fuzz finds more with the same functions, where
//! there is one.

#[path = "fuzz/argv.rs"]
mod argv;
mod common;
#[path = "fuzz/expect.rs"]
mod expect;

common::scenarios![argv_names];

fn bytes(random: &mut common::Random, most: u64) -> Vec<u8> {
    let len = random.below(most);
    // Few kinds of bytes meet more often.
    let kinds = 1 + random.below(256);
    (0..len).map(|_| (random.below(kinds) + if kinds < 32 { 96 } else { 0 }) as u8).collect()
}

#[test]
fn expect_engine() {
    let mut random = common::Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..common::scale(10_000) {
        expect::run(&bytes(&mut random, 200));
    }
}

fn argv_names() {
    let dir = common::Dir::new("fuzz");
    std::env::set_current_dir(&dir.0).unwrap();
    let mut random = common::Random(0x9e37_79b9_7f4a_7c15);
    let before = common::descriptors();
    for _ in 0..common::scale(3_000) {
        // A command may have written to them.
        std::fs::write("a", "a1\na2\n").unwrap();
        std::fs::write("b", "b1\nb2").unwrap();
        argv::run(&bytes(&mut random, 40));
    }
    perlipc::orphans();
    assert_eq!(common::descriptors(), before);
    common::no_child_is_left();
}

#[test]
fn argv_parser() {
    let mut command = common::command("argv_names");
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    common::finish("argv_names", output);
}
