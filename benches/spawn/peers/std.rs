//! What Rust's standard library offers: Command, output, BufRead.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

const LINES: u64 = 5_000_000;
const BYTES: usize = 64 << 20;

/// The lower quartile of single times, as bench.h takes it.
fn often(mut op: impl FnMut()) {
    let limit: f64 = std::env::var("BENCH_BOX").ok().and_then(|s| s.parse().ok()).unwrap_or(0.1);
    op();
    op();
    let begin = Instant::now();
    let mut from = begin;
    let mut took = Vec::with_capacity(1 << 17);
    while (from - begin).as_secs_f64() < limit {
        op();
        let to = Instant::now();
        took.push((to - from).as_nanos() as f64);
        from = to;
    }
    took.sort_by(f64::total_cmp);
    println!("{:.2}", took[took.len() / 4]);
}

fn once(count: u64, op: impl FnOnce()) {
    let from = Instant::now();
    op();
    println!("{:.4}", from.elapsed().as_nanos() as f64 / count as f64);
}

fn touch() {
    let size: usize = std::env::var("BENCH_TOUCH").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let mut all: Vec<u8> = Vec::with_capacity(size);
    all.resize(size, 1);
    std::hint::black_box(&all);
    std::mem::forget(all);
}

fn main() {
    let metric = std::env::args().nth(1).unwrap_or_default();
    let dir = std::env::var("BENCH_BIN").unwrap_or_else(|_| ".".into());
    let (tiny, talk) = (format!("{dir}/tiny"), format!("{dir}/talk"));
    touch();
    let run = |program: &str| assert!(Command::new(program).status().unwrap().success());
    let capture = |args: &[&str], both: bool, want: usize| {
        let errors = if both { Stdio::piped() } else { Stdio::inherit() };
        let output = Command::new(&talk).args(args).stdin(Stdio::inherit()).stderr(errors).output().unwrap();
        assert!(output.status.success() && output.stdout.len() == want);
    };
    match metric.as_str() {
        "tiny" => often(|| run(&tiny)),
        "true" => often(|| run("/bin/true")),
        "line" => often(|| capture(&["line"], false, 3)),
        "line_both" => often(|| capture(&["line"], true, 3)),
        "bytes" => once(1, || capture(&["bytes", "67108864"], false, BYTES)),
        "lines_calls" => once(LINES, || {
            let mut child = Command::new(&talk).args(["lines", "5000000"]).stdout(Stdio::piped()).spawn().unwrap();
            let mut from = BufReader::with_capacity(1 << 16, child.stdout.take().unwrap());
            let (mut count, mut line) = (0, Vec::new());
            while from.read_until(b'\n', &mut line).unwrap() > 0 {
                count += 1;
                line.clear();
            }
            assert!(child.wait().unwrap().success() && count == LINES);
        }),
        _ => std::process::exit(77),
    }
}
