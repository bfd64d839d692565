//! Rust's standard library, with a thread that feeds.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio, exit};
use std::time::Instant;

fn often(mut op: impl FnMut()) {
    let limit: f64 = std::env::var("BENCH_BOX").ok().and_then(|text| text.parse().ok()).unwrap_or(0.1);
    op();
    op();
    let mut took = Vec::new();
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < limit {
        let from = Instant::now();
        op();
        took.push(from.elapsed().as_nanos() as f64);
    }
    took.sort_by(f64::total_cmp);
    println!("{:.4}", took[took.len() / 4]);
}

fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    if what == "echo" {
        let program = format!("{}/echo", std::env::var("BENCH_BIN").unwrap_or(".".into()));
        let mut kid = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut writer = kid.stdin.take().unwrap();
        let mut reader = BufReader::new(kid.stdout.take().unwrap());
        let mut line = Vec::new();
        often(|| {
            writer.write_all(b"a line of thirty-two characters\n").unwrap();
            line.clear();
            assert_eq!(reader.read_until(b'\n', &mut line).unwrap(), 32);
        });
        drop(writer);
        assert!(kid.wait().unwrap().success());
        return;
    }
    let Some(mib) = what.strip_prefix("cat_").and_then(|mib| mib.parse::<usize>().ok()) else { exit(77) };
    let size = if mib == 0 { 20 } else { mib << 20 };
    let input: Vec<u8> = (0..size).map(|at| b"0123456789abcdef"[at % 16]).collect();
    often(|| {
        let mut kid = Command::new("/bin/cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut writer = kid.stdin.take().unwrap();
        let mut out = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| writer.write_all(&input).map(|()| drop(writer)).unwrap());
            kid.stdout.take().unwrap().read_to_end(&mut out).unwrap();
        });
        assert!(kid.wait().unwrap().success() && out == input);
    });
}
