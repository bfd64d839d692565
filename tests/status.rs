//! `$?`.

use perlipc::*;

#[test]
fn all_numbers() {
    for raw in 0..=0xffff {
        let status = Status::from_raw(raw);
        // The C library's macros, beside ours.
        let code = libc::WIFEXITED(raw).then(|| libc::WEXITSTATUS(raw));
        let signal = libc::WIFSIGNALED(raw).then(|| libc::WTERMSIG(raw));
        assert_eq!((status.raw(), status.code(), status.signal()), (raw, code, signal), "{raw:#x}");
        assert_eq!(status.core(), signal.is_some() && libc::WCOREDUMP(raw), "{raw:#x}");
        if raw & 0xff == 0x7f {
            assert_eq!(status.stopped(), Some(libc::WSTOPSIG(raw)), "{raw:#x}");
        }
        assert_eq!(status.success(), raw == 0);
        assert!(status.is_known());
        let shell = code.or(signal.map(|signal| 128 + signal));
        assert!(shell.is_none_or(|shell| status.shell() == shell), "{raw:#x}");
    }
}

#[test]
fn unknown_is_no_success() {
    for raw in [-1, -5, i32::MIN] {
        let status = Status::from_raw(raw);
        assert_eq!(status, Status::UNKNOWN);
        assert!(!status.is_known() && !status.success() && !status.core());
        assert_eq!((status.code(), status.signal(), status.stopped()), (None, None, None));
        assert_eq!((status.raw(), status.shell(), status.to_string()), (-1, 255, "unknown".into()));
    }
}

#[test]
fn text() {
    assert_eq!(Status::SUCCESS.to_string(), "exited with 0");
    assert_eq!(Status::from_raw(7 << 8).to_string(), "exited with 7");
    assert_eq!(Status::from_raw(libc::SIGTERM).to_string(), "killed by TERM");
    assert_eq!(Status::from_raw(libc::SIGSEGV | 0x80).to_string(), "killed by SEGV, core dumped");
    assert_eq!(Status::from_raw(libc::SIGTSTP << 8 | 0x7f).to_string(), "stopped by TSTP");
    assert_eq!(format!("{:?}", Status::from_raw(256)), "Status(exited with 1)");
}

#[test]
fn as_the_kernel_gives_it() {
    for code in [0, 1, 127, 255] {
        let status = Cmd::argv(["sh", "-c", &format!("exit {code}")]).run(Deadline::NEVER).unwrap();
        assert_eq!(status.raw(), code << 8);
    }
    for signal in ["HUP", "INT", "KILL", "TERM", "USR1", "ALRM"] {
        let status = Cmd::argv(["sh", "-c", &format!("kill -{signal} $$")]).run(Deadline::NEVER).unwrap();
        assert_eq!(status.raw(), signal::number(signal).unwrap());
    }
}
