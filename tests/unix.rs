//! Unix sockets, from a user's side.

mod common;

use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use perlipc::{Addr, Deadline, Error, Stream, unix};

#[test]
fn a_conversation_by_path_and_by_name() {
    let dir = common::Dir::new("unix");
    let path = dir.path("catsock");
    for name in [path.clone(), format!("@perlipc-{}", std::process::id())] {
        let listener = unix::listen(&name, "").unwrap();
        assert_eq!(listener.local().unwrap().to_string(), name);
        let mut client = unix::connect(&name, "", Deadline::NEVER).unwrap();
        let mut server = listener.accept(Deadline::after_ms(5000)).unwrap();
        assert_eq!(server.peer().unwrap(), Addr::Unnamed);
        assert_eq!(client.peer().unwrap().to_string(), name);
        server.write(b"Hello there\n").unwrap();
        server.close().unwrap();
        assert_eq!(client.readline().unwrap(), Some(&b"Hello there\n"[..]));
        assert_eq!(client.readline().unwrap(), None);
        let peer = unix::peer(&client).unwrap();
        // SAFETY: no arguments.
        assert_eq!((peer.pid, peer.uid), (std::process::id() as i32, unsafe { libc::geteuid() }));
    }
    // The file and its lock are gone with the listener.
    assert_eq!(std::fs::read_dir(&dir.0).unwrap().count(), 0);
}

#[test]
fn the_file() {
    let dir = common::Dir::new("unixfile");
    let path = dir.path("s");
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert!(!unix::is_socket(&path).unwrap());
    std::os::unix::fs::symlink(dir.path("circle"), dir.path("circle")).unwrap();
    for leads_nowhere in [dir.path("circle"), "x".repeat(300)] {
        assert!(!unix::is_socket(&leads_nowhere).unwrap());
    }
    let listener = unix::listen(&path, "").unwrap();
    assert!(unix::is_socket(&path).unwrap());
    assert_eq!(mode(), 0o600);
    let error = unix::listen(&path, "").unwrap_err();
    assert_eq!((error.step(), error.errno(), error.path()), ("bind", libc::EADDRINUSE, path.as_str()));
    // Who could cancel it does not keep it.
    let canceler = listener.canceler();
    drop(listener);
    canceler.cancel();
    assert_eq!(unix::connect(&path, "", Deadline::NEVER).unwrap_err().errno(), libc::ENOENT);
    let listener = unix::listen(&path, "mode=666,keep").unwrap();
    assert_eq!(mode(), 0o666);
    drop(listener);
    // Left behind, it refuses, and is taken over.
    assert!(unix::is_socket(&path).unwrap());
    for deadline in [Deadline::NEVER, Deadline::after_ms(100)] {
        assert_eq!(unix::connect(&path, "", deadline).unwrap_err().errno(), libc::ECONNREFUSED);
    }
    drop(unix::listen(&path, "").unwrap());
    // What is no socket is never replaced.
    std::fs::write(&path, "mine").unwrap();
    assert_eq!(unix::listen(&path, "").unwrap_err().errno(), libc::EADDRINUSE);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    for bad in ["mode=9", "nosuch", "backlog=x"] {
        assert!(matches!(unix::listen(dir.path("t"), bad), Err(Error::Invalid { .. })), "{bad}");
    }
    assert!(matches!(unix::listen("a\0b", ""), Err(Error::Invalid { .. })));
    assert!(matches!(unix::connect("", "", Deadline::NEVER), Err(Error::Invalid { .. })));
}

#[test]
fn a_live_server_is_never_replaced() {
    let dir = common::Dir::new("unixlive");
    let path = dir.path("s");
    // perl knows nothing of our lock: first bound, then listening, then gone.
    let program =
        "use Socket; $|=1; socket S,PF_UNIX,SOCK_STREAM,0; bind S,sockaddr_un($ARGV[0]) or die; print qq(bound\\n);
        <STDIN>; listen S,5; print qq(listening\\n); <STDIN>; close S; print qq(closed\\n);";
    let mut perl = Command::new("perl")
        .args(["-e", program, &path])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = std::io::BufReader::new(perl.stdout.take().unwrap());
    let mut tell = perl.stdin.take().unwrap();
    for state in ["bound\n", "listening\n", "closed\n"] {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        assert_eq!(line, state);
        let answer = unix::listen(&path, "");
        if state == "closed\n" {
            answer.unwrap();
        } else {
            assert_eq!(answer.unwrap_err().errno(), libc::EADDRINUSE, "{state}");
            assert!(unix::is_socket(&path).unwrap(), "{state}");
        }
        let told = std::io::Write::write_all(&mut tell, b"\n");
        assert!(told.is_ok() || state == "closed\n");
    }
    drop(tell);
    assert!(perl.wait().unwrap().success());
}

#[test]
fn a_server_that_only_binds_under_another_path_is_there_all_the_same() {
    let dir = common::Dir::new("unixrel");
    let link = dir.path("link");
    std::os::unix::fs::symlink(dir.path(""), &link).unwrap();
    for (bound, ours) in [("s", dir.path("s")), (&dir.path("t"), format!("{link}/t"))] {
        let program =
            "use Socket; $|=1; socket S,PF_UNIX,SOCK_STREAM,0; bind S,sockaddr_un($ARGV[0]) or die; print 1; <STDIN>";
        let mut perl = Command::new("perl")
            .args(["-e", program, bound])
            .current_dir(dir.path(""))
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Read::read_exact(perl.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        assert_eq!(unix::listen(&ours, "").unwrap_err().errno(), libc::EADDRINUSE, "{ours}");
        drop(perl.stdin.take());
        assert!(perl.wait().unwrap().success());
        unix::listen(&ours, "").unwrap();
    }
}

#[test]
fn what_a_dead_server_left_is_taken_over_while_a_client_of_it_is_still_served() {
    let dir = common::Dir::new("unixserved");
    let path = dir.path("s");
    // As a child of a forking server: the connection stays, what listened is gone.
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let _client = unix::connect(&path, "", Deadline::NEVER).unwrap();
    let _served = listener.accept().unwrap();
    drop(listener);
    let listener = unix::listen(&path, "").unwrap();
    unix::connect(&path, "", Deadline::NEVER).unwrap();
    listener.accept(Deadline::NOW).unwrap();
}

#[test]
fn of_two_starters_one_wins() {
    let dir = common::Dir::new("unixtwo");
    for round in 0..common::scale(1000) {
        let path = dir.path("s");
        // Half of the rounds find a dead server's file.
        if round % 2 == 1 {
            drop(unix::listen(&path, "keep=1").unwrap());
        }
        let barrier = std::sync::Barrier::new(2);
        let start = || {
            barrier.wait();
            unix::listen(&path, "")
        };
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(start);
            let other = scope.spawn(start);
            (one.join().unwrap(), other.join().unwrap())
        });
        let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
        assert_eq!(lost.unwrap_err().errno(), libc::EADDRINUSE, "round {round}");
        let listener = won.unwrap();
        unix::connect(&path, "", Deadline::NEVER).unwrap();
        listener.accept(Deadline::NOW).unwrap();
    }
}

#[test]
fn long_names() {
    let dir = common::Dir::new("unixlong");
    let path = dir.path(&"n".repeat(70));
    let path = if path.len() > 108 { path } else { dir.path(&"n".repeat(80)) };
    assert!(path.len() > 100);
    let deep = format!("{}/{}", dir.path(&"d".repeat(200)), "n".repeat(60));
    std::fs::create_dir(dir.path(&"d".repeat(200))).unwrap();
    for path in [path, deep] {
        let listener = unix::listen(&path, "").unwrap();
        assert!(unix::is_socket(&path).unwrap());
        let mut client = unix::connect(&path, "", Deadline::NEVER).unwrap();
        let mut server = listener.accept(Deadline::after_ms(5000)).unwrap();
        server.write(b"x").unwrap();
        assert_eq!(client.read(&mut [0; 9]).unwrap(), 1);
        assert_eq!(unix::listen(&path, "").unwrap_err().errno(), libc::EADDRINUSE);
    }
    // Too long for any way: refused, never cut.
    let error = unix::listen(dir.path(&"n".repeat(120)), "").unwrap_err();
    assert_eq!(error.errno(), libc::ENAMETOOLONG);
    let name = format!("@{}", "n".repeat(108));
    let error = unix::listen(&name, "").unwrap_err();
    assert_eq!((error.errno(), error.path()), (libc::ENAMETOOLONG, &*name));
    assert!(unix::listen(format!("@{}", "n".repeat(107)), "").is_ok());
}

#[test]
fn descriptors_travel() {
    let said = common::run("descriptor_scenario");
    assert_eq!(said, "clean\n");
}

fn descriptor_scenario() {
    let (mut one, mut other) = unix::pair().unwrap();
    let before = common::descriptors();
    {
        let (mut reader, writer) = Stream::pipe().unwrap();
        unix::send_fds(&mut one, b"take this", &[writer.as_fd()]).unwrap();
        drop(writer);
        let mut room = [0; 64];
        let (n, mut fds) = unix::recv_fds(&mut other, &mut room, 4).unwrap();
        assert_eq!((&room[..n], fds.len()), (&b"take this"[..], 1));
        // SAFETY: plain numbers.
        let flags = unsafe { libc::fcntl(fds[0].as_raw_fd(), libc::F_GETFD) };
        assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
        let mut writer = Stream::adopt(fds.remove(0)).unwrap();
        writer.write(b"through\n").unwrap();
        drop(writer);
        assert_eq!(reader.readline().unwrap(), Some(&b"through\n"[..]));
        assert_eq!(reader.readline().unwrap(), None);
    }
    assert_eq!(common::descriptors(), before);
    // More than there is room for: told, and none stays.
    other.timeout(Some(std::time::Duration::from_secs(10)));
    let null = std::fs::File::open("/dev/null").unwrap();
    for most in [0, 1, 2, 3] {
        let fds = vec![null.as_fd(); 5];
        unix::send_fds(&mut one, b"x", &fds).unwrap();
        let error = unix::recv_fds(&mut other, &mut [0; 9], most).unwrap_err();
        assert_eq!(error.errno(), libc::EMSGSIZE, "{most}");
        // What they came with is not lost to who asks.
        unix::send_fds(&mut one, b"yz", &fds).unwrap();
        let mut room = [0; 9];
        let (n, fds) = unix::recvmsg(&mut other, &mut room, most).unwrap();
        assert_eq!((&room[..n], fds.unwrap_err().errno()), (&b"yz"[..], libc::EMSGSIZE), "{most}");
    }
    // Who asked for credentials gets them before the descriptors: these have their room all the same, and no more of it.
    other.set_option("passcred", 1).unwrap();
    for most in 0..=9 {
        unix::send_fds(&mut one, b"x", &[null.as_fd(); 5]).unwrap();
        match unix::recv_fds(&mut other, &mut [0; 9], most) {
            Ok((n, fds)) => assert_eq!((n, fds.len()), (1, 5), "{most}"),
            Err(error) => assert!(error.errno() == libc::EMSGSIZE && most < 5, "{most}: {error}"),
        }
        assert!(one.write(b"y").is_ok() && unix::recv_fds(&mut other, &mut [0; 9], most).unwrap().1.is_empty());
    }
    // A pidfd of the sender, that nobody asked us for, does not stay.
    const SO_PASSPIDFD: i32 = 76;
    let on = 1i32;
    // SAFETY: a number with its length.
    let knows = unsafe {
        let at = (&raw const on).cast();
        libc::setsockopt(other.as_fd().as_raw_fd(), libc::SOL_SOCKET, SO_PASSPIDFD, at, 4) == 0
    };
    unix::send_fds(&mut one, b"x", &[null.as_fd(); 5]).unwrap();
    assert_eq!(unix::recv_fds(&mut other, &mut [0; 9], 5).unwrap().1.len(), 5, "{knows}");
    other.set_option("passcred", 0).unwrap();
    unix::send_fds(&mut one, b"x", &vec![null.as_fd(); 253]).unwrap();
    assert_eq!(unix::recv_fds(&mut other, &mut [0; 9], 253).unwrap().1.len(), 253);
    assert_eq!(common::descriptors().len(), before.len() + 1);
    // None left for them: that is the error, and not a room that was too small.
    unix::send_fds(&mut one, b"x", &[null.as_fd(); 5]).unwrap();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: room for two numbers.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        let less = libc::rlimit { rlim_cur: before.len() as u64 + 3, ..limit };
        libc::setrlimit(libc::RLIMIT_NOFILE, &less);
    }
    let mut room = [0; 9];
    let (n, fds) = unix::recvmsg(&mut other, &mut room, 5).unwrap();
    assert_eq!((&room[..n], fds.unwrap_err().errno()), (&b"x"[..], libc::EMFILE));
    // SAFETY: two numbers.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    drop(null);
    assert_eq!(common::descriptors(), before);
    assert!(unix::send_fds(&mut one, b"", &[]).is_err());
    other.timeout(Some(std::time::Duration::from_millis(20)));
    assert!(unix::recv_fds(&mut other, &mut [0; 9], 1).unwrap_err().is_timeout());
    one.write(b"a\nb\n").unwrap();
    other.readline().unwrap();
    assert!(matches!(unix::recv_fds(&mut other, &mut [0; 9], 1), Err(Error::Invalid { .. })));
    assert!(unix::peer_pidfd(&one).is_ok_and(|fd| fd.as_raw_fd() > 2) || cfg!(not(target_os = "linux")));
    println!("clean");
}

/// Nobody is there any more: as with every write, who handles PIPE hears of it.
#[test]
fn a_broken_pipe_is_told() {
    assert_eq!(common::run("broken_scenario"), "1 of 1\n2 of 2\n");
}

fn broken_scenario() {
    static HEARD: AtomicU32 = AtomicU32::new(0);
    perlipc::signal::handle("PIPE", |_| {
        HEARD.fetch_add(1, Ordering::SeqCst);
        Ok(())
    })
    .unwrap();
    let (mut one, other) = unix::pair().unwrap();
    drop(other);
    assert_eq!(one.write(b"x").unwrap_err().errno(), libc::EPIPE);
    println!("{} of 1", HEARD.load(Ordering::SeqCst));
    let null = std::fs::File::open("/dev/null").unwrap();
    assert_eq!(unix::send_fds(&mut one, b"x", &[null.as_fd()]).unwrap_err().errno(), libc::EPIPE);
    println!("{} of 2", HEARD.load(Ordering::SeqCst));
}

#[test]
fn a_forked_process_leaves_the_file_alone() {
    assert_eq!(common::run("fork_scenario"), "there\n");
}

fn fork_scenario() {
    let dir = common::Dir::new("unixfork");
    let path = dir.path("s");
    let listener = unix::listen(&path, "").unwrap();
    // SAFETY: there is no other thread.
    match unsafe { perlipc::fork() }.unwrap() {
        perlipc::Fork::Child => {
            drop(listener);
            // SAFETY: ends the child without what the parent has to do.
            unsafe { libc::_exit(0) }
        }
        perlipc::Fork::Parent(child) => assert!(child.wait(Deadline::NEVER).unwrap().success()),
    }
    assert!(unix::is_socket(&path).unwrap());
    unix::connect(&path, "", Deadline::NEVER).unwrap();
    println!("there");
}

#[test]
fn a_path_outlives_the_directory_that_it_was_said_in() {
    assert_eq!(common::run("elsewhere_scenario"), "nothing there, all here\n");
}

fn elsewhere_scenario() {
    let (dir, other) = (common::Dir::new("unixhere"), common::Dir::new("unixthere"));
    let here = std::env::current_dir().unwrap();
    std::env::set_current_dir(dir.path("")).unwrap();
    let listener = unix::listen("s", "").unwrap();
    assert_eq!(listener.local().unwrap().to_string(), "s");
    std::env::set_current_dir(other.path("")).unwrap();
    for name in ["s", "s.lock"] {
        std::fs::write(name, "somebody else's").unwrap();
    }
    drop(listener);
    std::env::set_current_dir(here).unwrap();
    let names = |dir: &common::Dir| std::fs::read_dir(dir.path("")).unwrap().count();
    assert_eq!((names(&dir), names(&other)), (0, 2));
    println!("nothing there, all here");
}

/// Of who was started when the names had been taken away.
#[test]
fn the_lock_of_another_server() {
    let dir = common::Dir::new("unixlock");
    let (path, lock) = (dir.path("s"), dir.path("s.lock"));
    let old = unix::listen(&path, "").unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_file(&lock).unwrap();
    let _new = unix::listen(&path, "").unwrap();
    drop(old);
    assert!(std::fs::exists(&path).unwrap() && std::fs::exists(&lock).unwrap());
}

common::scenarios!(descriptor_scenario, broken_scenario, fork_scenario, elsewhere_scenario);
