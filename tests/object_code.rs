//! What runs between clone and exec, and in the kernel's signal handler, calls nothing: held against the object code of
//! the library as it is shipped, whatever the compiler made of the source.

mod common;

use std::path::PathBuf;
use std::process::Command;

fn library() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    // What is built is the source beside this test; where make has built it already, nothing is done.
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let built =
        Command::new(cargo).args(["build", "--release", "--quiet", "--lib"]).current_dir(&root).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), |dir| root.join(dir));
    target.join("release/libperlipc.so")
}

/// The instructions of the one function whose symbol has this in it: address, mnemonic, operands.
fn code(listing: &str, name: &str) -> Vec<(u64, String, String)> {
    let mut functions = Vec::new();
    let mut inside = false;
    for line in listing.lines() {
        if line.ends_with(">:") {
            inside = line.contains(name);
            if inside {
                functions.push(Vec::new());
            }
        } else if inside {
            let Some((address, rest)) = line.trim().split_once(':') else { continue };
            let rest = rest.trim();
            let (mnemonic, operands) = rest.split_once(' ').unwrap_or((rest, ""));
            let Some(function) = functions.last_mut() else { continue };
            function.push((u64::from_str_radix(address, 16).unwrap(), mnemonic.into(), operands.trim().into()));
        }
    }
    assert_eq!(functions.len(), 1, "{name} is {} functions", functions.len());
    functions.remove(0)
}

/// What is forbidden in it.
fn offences(code: &[(u64, String, String)], own_thread: bool) -> Vec<String> {
    let (first, last) = (code[0].0, code[code.len() - 1].0);
    let mut found = Vec::new();
    for (at, (address, mnemonic, operands)) in code.iter().enumerate() {
        let what = format!("{address:x}: {mnemonic} {operands}");
        if mnemonic.starts_with("call") {
            found.push(what);
        } else if mnemonic.starts_with('j') || mnemonic == "notrack" {
            let target = operands.split([' ', '<']).next().and_then(|hex| u64::from_str_radix(hex, 16).ok());
            let inside = match target {
                Some(target) => (first..=last).contains(&target),
                // A match by a table of distances: the compiler's, and it stays inside.
                None => {
                    let before = &code[at.saturating_sub(3)..at];
                    operands.starts_with("*%r") && before.iter().any(|(_, mnemonic, _)| mnemonic == "movslq")
                }
            };
            if !inside {
                found.push(what);
            }
        } else if operands.contains("%fs:") && !(own_thread && operands.contains("%fs:0x10,")) {
            // A thread-local variable.
            found.push(what);
        } else if operands.contains("%gs:") || mnemonic == "ud2" {
            found.push(what);
        }
    }
    found
}

#[test]
fn child_and_handler_call_nothing() {
    if !common::has("objdump", "--version") {
        return common::skipped("object code", "objdump is not installed");
    }
    let library = library();
    let output = Command::new("objdump").args(["-d", "--no-show-raw-insn"]).arg(&library).output().unwrap();
    assert!(output.status.success());
    let listing = String::from_utf8_lossy(&output.stdout);
    for (name, own_thread) in [
        ("perlipc5spawn5child10child_main17h", false),
        ("board9on_signal17h", true),
        ("terminal6on_end17h", false),
        ("terminal7on_stop17h", false),
    ] {
        let code = code(&listing, name);
        assert!(code.iter().any(|(_, mnemonic, _)| mnemonic == "syscall"), "{name} does nothing");
        let offences = offences(&code, own_thread);
        assert!(offences.is_empty(), "{name} must not do this:\n{}", offences.join("\n"));
    }
    // The handler in front of a host's calls that one, by its address, and nothing else.
    let front = code(&listing, "board15on_signal_front17h");
    let mut offences_of_front = offences(&front, true);
    offences_of_front.retain(|what| !what.contains(": call *%"));
    assert!(offences_of_front.is_empty(), "on_signal_front must not do this:\n{}", offences_of_front.join("\n"));
    // That the look sees: a function that does call.
    assert!(!offences(&code(&listing, "<ipc_popen_open>"), false).is_empty());
}
