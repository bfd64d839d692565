//! Two questions to bc(1), and a pattern with a group for each answer.
//!
//!     cargo run --example expect_bc

use std::time::Duration;

use perlipc::{Cmd, Deadline, Expect, popen};

fn main() -> perlipc::Result<()> {
    let (mut answers, mut questions) = popen::open2(&Cmd::argv(["bc", "-q"]))?;
    let mut expect = Expect::new();
    expect.regex(r"(\d+)\n")?;
    for question in ["6 * 7", "2 ^ 64"] {
        questions.write(format!("{question}\n").as_bytes())?;
        expect.wait_until(&mut answers, Deadline::after(Some(Duration::from_secs(10))))?;
        let found = answers.found().and_then(|found| found.group(1)).unwrap_or_default();
        println!("{question} = {}", String::from_utf8_lossy(found));
    }
    Ok(())
}
