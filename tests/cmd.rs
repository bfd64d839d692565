use perlipc::*;
use std::time::Duration;
#[test]
fn smoke() {
    let st = Cmd::shell("exit 3;").run(Deadline::NEVER).unwrap();
    assert_eq!(st.code(), Some(3));
    let e = Cmd::new("nosuch_xyz").start().unwrap_err();
    assert_eq!(e.to_string(), "exec nosuch_xyz: No such file or directory");
    let e = Cmd::new("/etc/passwd").start().unwrap_err();
    assert_eq!(e.to_string(), "exec /etc/passwd: Permission denied");
    let mut c = Cmd::argv(["sh", "-c", "echo hi >&5; ls -l /proc/self/fd >&5; exit 7"]);
    c.redirect(5, ">/tmp/x5").redirect(1, "close");
    assert_eq!(c.run(Deadline::NEVER).unwrap().code(), Some(7));
    println!("{}", std::fs::read_to_string("/tmp/x5").unwrap());
    let t = std::time::Instant::now();
    let e = Cmd::shell("sleep 5; sleep 5").system(Deadline::after_ms(100)).unwrap();
    assert!(e.stopped.is_some());
    let c = Cmd::argv(["sleep", "9"]).start().unwrap();
    c.kill("TERM").unwrap();
    assert_eq!(c.wait(Deadline::NEVER).unwrap().to_string(), "killed by TERM");
    assert_eq!(c.kill("TERM").unwrap_err().errno(), libc::ESRCH);
    let mut c = Cmd::argv(["id"]);
    c.user(Some("nobody"), None);
    assert!(c.run(Deadline::NEVER).unwrap().success());
    let c = Cmd::argv(["sleep", "0.1"]).start().unwrap();
    let (p, s) = wait_any(Deadline::after_ms(5000)).unwrap();
    assert_eq!(p, c.pid());
    assert!(s.success());
    match unsafe { fork() }.unwrap() {
        Fork::Child => unsafe { libc::_exit(4) },
        Fork::Parent(c) => {
            let (p, s) = wait_pid(-1, Deadline::NEVER).unwrap();
            assert_eq!(p, c.pid());
            assert_eq!(s.code(), Some(4));
            assert_eq!(c.wait(Deadline::NEVER).unwrap().code(), Some(4));
        }
    }
    let c = Cmd::argv(["sh", "-c", "sleep 0.05; exit 9"]).start().unwrap();
    unsafe {
        let mut st = 0;
        libc::waitpid(-1, &mut st, 0);
    }
    assert_eq!(c.wait(Deadline::NEVER).unwrap().code(), Some(9));
    drop(Cmd::argv(["sleep", "0.1"]).start().unwrap());
    assert_eq!(orphans(), 1);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(orphans(), 0);
}
