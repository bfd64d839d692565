//! The manual's open_proc example: ten lines, one by one, through `cat -n` on a pseudo-terminal, which needs no -u there.
//!
//!     cargo run --example open_proc

use std::io::{self, Write};

use perlipc::{Cmd, pty};

fn main() -> perlipc::Result<()> {
    let mut proc = pty::open(&Cmd::argv(["cat", "-n"]), 24, 80)?;
    for _ in 0..10 {
        proc.write(b"a line\n")?;
        let Some(line) = proc.readline()? else { break };
        let _ = io::stdout().write_all(line);
    }
    proc.close()?;
    Ok(())
}
