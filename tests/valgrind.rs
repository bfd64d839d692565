//! Under valgrind, where a child on shared memory is silently a copy: errors still arrive, and nothing leaks.

mod common;

use perlipc::*;

common::scenarios![errors_arrive];

fn errors_arrive() {
    let before = common::descriptors();
    for _ in 0..3 {
        for (mut cmd, wanted) in [
            (Cmd::new("/no/such"), "exec /no/such: No such file or directory"),
            (Cmd::new("/etc/passwd"), "exec /etc/passwd: Permission denied"),
            (Cmd::new("true").dir("/no/such").clone(), "chdir /no/such: No such file or directory"),
        ] {
            assert_eq!(cmd.start().unwrap_err().to_string(), wanted);
            // A descriptor of the child's where the report would go.
            for fd in 3..12 {
                cmd.redirect(fd, "null");
            }
            assert_eq!(cmd.start().unwrap_err().to_string(), wanted);
        }
        assert_eq!(Cmd::argv(["sh", "-c", "exit 3"]).run(Deadline::NEVER).unwrap().code(), Some(3));
        let mut stream = popen::open("echo a; exit 4|").unwrap();
        assert_eq!(stream.readline().unwrap(), Some(&b"a\n"[..]));
        assert_eq!(stream.close().unwrap().unwrap().code(), Some(4));
        let got = capture::run(&Cmd::new("cat"), Some(b"in"), Deadline::after_ms(60_000)).unwrap();
        assert_eq!(got.output(), b"in");
    }
    common::no_child_is_left();
    assert_eq!(common::descriptors(), before);
    println!("done");
}

#[test]
fn a_copy_in_the_place_of_shared_memory() {
    if !common::has("valgrind", "--version") {
        return common::skipped("valgrind", "it is not installed");
    }
    // The same here, beside which valgrind's answer stands.
    assert_eq!(common::run("errors_arrive"), "done\n");
    let log = std::env::temp_dir().join(format!("perlipc-valgrind-{}", std::process::id()));
    let output = std::process::Command::new("valgrind")
        .args(["--track-fds=yes", "--error-exitcode=99", "--quiet", "--child-silent-after-fork=yes"])
        .arg(format!("--log-file={}", log.display()))
        .arg(std::env::current_exe().unwrap())
        .env(common::SCENARIO, "errors_arrive")
        .output()
        .unwrap();
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    let _ = std::fs::remove_file(&log);
    assert!(
        output.status.success() && output.stdout == b"done\n",
        "{}\n{}\n{said}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}
