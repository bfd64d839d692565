//! The programs of examples/rust do what they say.

mod common;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Command, Stdio};

/// `cargo test` builds them beside the tests.
fn example(name: &str) -> Command {
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(|deps| deps.parent()).unwrap().join("examples").join(name);
    assert!(
        built.exists(),
        "{} is not built: cargo test builds it; before cargo test --test, cargo build --examples",
        built.display()
    );
    Command::new(built)
}

fn says(name: &str) -> String {
    let output = example(name).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn open_proc() {
    let said = says("open_proc");
    assert_eq!(said.lines().count(), 10);
    assert!(said.ends_with("    10\ta line\n"), "{said}");
}

#[test]
fn open2_cat() {
    let said = says("open2_cat");
    assert!(said.starts_with("     1\tstuff\n") && said.ends_with("    10\tstuff\nexited with 0\n"), "{said}");
}

#[test]
fn flock_timeout() {
    let said = says("flock_timeout");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("by the alarm: ") && lines[0].contains("ALRM"), "{said}");
    assert!(lines[1].starts_with("by its limit: ") && lines[1].contains("timed out"), "{said}");
}

#[test]
fn time_limit() {
    let said = says("time_limit");
    assert_eq!(said, "begun\ntimed out: true, killed by TERM\nexec no-such-program: No such file or directory\n");
}

#[test]
fn expect_bc() {
    if !common::has("bc", "--version") {
        common::skipped("expect_bc", "no bc");
        return;
    }
    assert_eq!(says("expect_bc"), "6 * 7 = 42\n2 ^ 64 = 18446744073709551616\n");
}

#[test]
fn catch_zap() {
    let mut process = example("catch_zap").stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "waiting\n");
    perlipc::signal::kill("INT", process.id() as i32).unwrap();
    let mut said = String::new();
    out.read_to_string(&mut said).unwrap();
    assert!(process.wait().unwrap().success());
    assert!(said.starts_with("Somebody sent me a SIGINT\n") && said.ends_with("; shucks: 1\n"), "{said}");
}

#[test]
fn tcp_fork_server() {
    let mut process = example("tcp_fork_server").arg("0").stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let mut client = TcpStream::connect(line.trim().trim_start_matches("server started on ")).unwrap();
    let mut greeting = String::new();
    client.read_to_string(&mut greeting).unwrap();
    assert!(greeting.starts_with("Hello there, it is now\n"), "{greeting}");
    perlipc::signal::kill("TERM", process.id() as i32).unwrap();
    let mut said = String::new();
    out.read_to_string(&mut said).unwrap();
    assert!(process.wait().unwrap().success());
    assert!(said.ends_with("1 served\n"), "{said}");
}
