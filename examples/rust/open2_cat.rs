//! The manual's open2 example: ten lines to `cat -u -n` and back.
//!
//!     cargo run --example open2_cat

use std::io::{self, Write};

use perlipc::{Cmd, popen};

fn main() -> perlipc::Result<()> {
    let (mut reader, mut writer) = popen::open2(&Cmd::argv(["cat", "-u", "-n"]))?;
    for _ in 0..10 {
        writer.write(b"stuff\n")?;
        let Some(line) = reader.readline()? else { break };
        let _ = io::stdout().write_all(line);
    }
    writer.close()?;
    // Closing the last of the two waits for the child.
    println!("{}", reader.close()?.expect("this stream carries a child"));
    Ok(())
}
