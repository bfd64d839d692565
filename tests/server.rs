//! Servers, from a user's side. Each runs in a process of its own, since a server forks.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use perlipc::server::Event;
use perlipc::{Addr, Cmd, Deadline, Listener, Server, Stream, tcp, unix};

/// A server in a process of its own, that has told its port.
struct Running {
    process: Child,
    out: BufReader<std::process::ChildStdout>,
    port: String,
}

impl Running {
    fn start(scenario: &str, variables: &[(&str, &str)]) -> Running {
        let mut command = common::command(scenario);
        // A panic on purpose needs no long story.
        command.env("RUST_BACKTRACE", "0");
        command.envs(variables.iter().copied()).stdout(Stdio::piped());
        Running::of(command)
    }

    fn of(mut command: Command) -> Running {
        let mut process = command.spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut port = String::new();
        out.read_line(&mut port).unwrap();
        Running { process, out, port: port.trim().to_owned() }
    }

    fn connect(&self) -> Stream {
        let mut stream = tcp::connect(Some("127.0.0.1"), &self.port, "", Deadline::after_ms(10_000)).unwrap();
        stream.timeout(Some(Duration::from_secs(20)));
        stream
    }

    /// One request and its whole answer.
    fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }

    fn signal(&self, signal: &str) {
        perlipc::signal::kill(signal, self.process.id() as i32).unwrap();
    }

    /// Stops it; what it printed last.
    fn stop(mut self) -> String {
        self.signal("TERM");
        let begin = Instant::now();
        let said = self.said();
        // When all is done it ends, however long it might have taken.
        assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
        said
    }

    fn said(&mut self) -> String {
        let mut said = String::new();
        self.out.read_to_string(&mut said).unwrap();
        assert!(self.process.wait().unwrap().success(), "{said}");
        said
    }
}

fn variable(name: &str) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn served(stream: &mut Stream) -> i32 {
    match stream.readline() {
        Ok(Some(b"fail\n")) => 3,
        Ok(Some(b"panic\n")) => panic!("as asked"),
        Ok(Some(b"exit\n")) => std::process::exit(5),
        Ok(Some(b"256\n")) => 256,
        Ok(Some(b"-512\n")) => -512,
        Ok(Some(b"slow\n")) => {
            std::thread::sleep(Duration::from_millis(300));
            i32::from(stream.write(b"slow answer\n").is_err())
        }
        Ok(Some(b"gate\n")) => i32::from(stream.write(b"here\n").is_err() || !matches!(stream.readline(), Ok(Some(_)))),
        Ok(Some(b"hang\n")) => {
            let _ = Cmd::shell("sleep 1000 & wait").run(Deadline::NEVER);
            0
        }
        Ok(Some(b"two\n")) => {
            // SAFETY: there is one thread; and plain numbers, for what is left if this is not found.
            unsafe {
                libc::fork();
                libc::alarm(30);
            }
            if stream.write(b"here\n").is_err() {
                return 1;
            }
            loop {
                // SAFETY: nothing is passed.
                unsafe { libc::pause() };
            }
        }
        Ok(Some(line)) => {
            let answer = [b"served ", line].concat();
            i32::from(stream.write(&answer).is_err())
        }
        _ => 4,
    }
}

/// A server of the kind that the variables say; prints its report.
fn serves() {
    // What takes longer than a scenario may is what was asked for.
    // SAFETY: a plain number.
    unsafe { libc::alarm(if common::scale(10) == 10 { 900 } else { 100 }) };
    let before = common::descriptors();
    {
        let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
        let port = listener.local().unwrap().port().unwrap();
        let mut server = Server::new(listener).unwrap();
        server.handler(served).drain(Some("TERM"), Duration::from_millis(variable("DRAIN").max(1) as u64));
        server.prefork(variable("PREFORK")).iterative(variable("ITERATIVE") > 0);
        server.limit(variable("LIMIT").max(1));
        if variable("EACH") > 0 {
            server.each(Some(Duration::from_millis(variable("EACH") as u64)));
        }
        if variable("NOFILE") > 0 {
            let most = variable("NOFILE") as libc::rlim_t;
            let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
            // SAFETY: plain numbers.
            assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
        }
        let tell = variable("TELL") > 0;
        server.log(move |event| match event {
            Event::Ready => println!("{port}"),
            Event::Started { pid, .. } if tell => println!("pid {pid}"),
            _ => {}
        });
        let report = server.run().unwrap();
        println!(
            "accepted {} ok {} failed {} killed {} cut {} unknown {} drained {}",
            report.accepted, report.ok, report.failed, report.killed, report.cut, report.unknown, report.drained
        );
        assert!(matches!(perlipc::signal::disposition("TERM").unwrap(), perlipc::signal::Disposition::Default));
    }
    common::no_child_is_left();
    assert_eq!(common::descriptors(), before);
}

const LONG: (&str, &str) = ("DRAIN", "20000");

#[test]
fn three_kinds_of_server() {
    for kind in [("LIMIT", "10"), ("PREFORK", "3"), ("ITERATIVE", "1")] {
        let running = Running::start("serves", &[kind, LONG]);
        for i in 0..5 {
            assert_eq!(running.ask(&format!("req{i}\n")), format!("served req{i}\n"), "{kind:?}");
        }
        assert_eq!(running.ask("fail\n"), "");
        let said = running.stop();
        assert_eq!(said, "accepted 6 ok 5 failed 1 killed 0 cut 0 unknown 0 drained true\n", "{kind:?}");
    }
}

/// A function that ends its process instead of coming back.
#[test]
fn a_handler_that_exits() {
    for kind in [("LIMIT", "10"), ("PREFORK", "1")] {
        let running = Running::start("serves", &[kind, LONG]);
        assert_eq!(running.ask("exit\n"), "");
        assert_eq!(running.ask("next\n"), "served next\n");
        assert_eq!(running.stop(), "accepted 2 ok 1 failed 1 killed 0 cut 0 unknown 0 drained true\n", "{kind:?}");
    }
}

/// Of an exit code only eight bits arrive.
#[test]
fn codes_that_are_none() {
    for kind in [("LIMIT", "10"), ("PREFORK", "1"), ("ITERATIVE", "1")] {
        let running = Running::start("serves", &[kind, LONG]);
        assert_eq!((running.ask("256\n"), running.ask("-512\n")), (String::new(), String::new()));
        assert_eq!(running.stop(), "accepted 2 ok 0 failed 2 killed 0 cut 0 unknown 0 drained true\n", "{kind:?}");
    }
}

#[test]
fn a_limit_of_none() {
    let mut server = Server::new(tcp::listen(Some("127.0.0.1"), "0", "").unwrap()).unwrap();
    let error = server.exec(&Cmd::new("cat")).limit(0).run().unwrap_err();
    assert_eq!(error.to_string(), "server: the limit is at least one process");
    server.stopper().stop();
    assert!(server.limit(1).run().unwrap().drained);
}

#[test]
fn what_was_accepted_is_finished() {
    for kind in [("LIMIT", "10"), ("PREFORK", "2"), ("ITERATIVE", "1")] {
        let running = Running::start("serves", &[kind, LONG]);
        // The last ones wait in the kernel's queue when the server is told to stop.
        let mut clients: Vec<Stream> = (0..4).map(|_| running.connect()).collect();
        for client in &mut clients {
            client.write(b"slow\n").unwrap();
        }
        let said = running.stop();
        for client in &mut clients {
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).unwrap();
            assert_eq!(answer, b"slow answer\n", "{kind:?}");
        }
        assert_eq!(said, "accepted 4 ok 4 failed 0 killed 0 cut 0 unknown 0 drained true\n", "{kind:?}");
    }
}

#[test]
fn a_drain_has_an_end() {
    let mut running = Running::start("serves", &[("LIMIT", "10"), ("DRAIN", "200"), ("TELL", "1")]);
    let mut client = running.connect();
    client.write(b"hang\n").unwrap();
    let mut line = String::new();
    running.out.read_line(&mut line).unwrap();
    let begin = Instant::now();
    let said = running.stop();
    assert_eq!(said, "accepted 1 ok 0 failed 0 killed 1 cut 1 unknown 0 drained false\n");
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    // Its descendants too: nobody holds the connection open.
    assert!(matches!(client.read(&mut [0; 9]), Ok(0)));
}

#[test]
fn a_connection_has_an_end() {
    let running = Running::start("serves", &[("LIMIT", "1"), LONG, ("EACH", "200")]);
    assert_eq!(running.ask("hang\n"), "");
    assert_eq!(running.ask("next\n"), "served next\n");
    assert_eq!(running.stop(), "accepted 2 ok 1 failed 0 killed 1 cut 1 unknown 0 drained true\n");
    let running = Running::start("serves", &[("PREFORK", "1"), LONG, ("EACH", "200")]);
    // Silence is the timeout of the stream's calls.
    let mut silent = running.connect();
    assert_eq!(silent.read(&mut [0; 9]).unwrap(), 0);
    assert_eq!(running.ask("next\n"), "served next\n");
    assert_eq!(running.stop(), "accepted 2 ok 1 failed 1 killed 0 cut 0 unknown 0 drained true\n");
}

#[test]
fn a_panic_is_its_clients_alone() {
    for kind in [("LIMIT", "10"), ("PREFORK", "1"), ("ITERATIVE", "0")] {
        let running = Running::start("serves", &[kind, LONG]);
        let answer = running.ask("panic\n");
        assert_eq!(answer, "");
        assert_eq!(running.ask("next\n"), "served next\n");
        assert_eq!(running.stop(), "accepted 2 ok 1 failed 1 killed 0 cut 0 unknown 0 drained true\n", "{kind:?}");
    }
}

/// The client is 0 and 1, for a command and for what a handler prints.
fn executes() {
    let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    let port = listener.local().unwrap().port().unwrap();
    let mut server = Server::new(listener).unwrap();
    if variable("PRINT") > 0 {
        server.prefork(variable("PREFORK")).handler(|_| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            print!("printed {line}");
            // Not on a line of its own, and in C's buffer.
            // SAFETY: a C string.
            unsafe { libc::printf(c"and more".as_ptr()) };
            0
        });
    } else {
        server.exec(&Cmd::shell("read l; echo \"served $l\"; ls /proc/self/fd | wc -l"));
    }
    server.drain(Some("TERM"), Duration::from_secs(5)).log(move |event| match event {
        Event::Ready => println!("{port}"),
        Event::Started { peer: Some(Addr::Inet(peer)), .. } => assert!(peer.ip().is_loopback()),
        _ => {}
    });
    let report = server.run().unwrap();
    println!("{} {} {}", report.accepted, report.ok, report.drained);
}

#[test]
fn the_client_on_0_and_1() {
    let running = Running::start("executes", &[]);
    for i in 0..3 {
        // 0, 1, 2 and the directory.
        assert_eq!(running.ask(&format!("req{i}\n")), format!("served req{i}\n4\n"));
    }
    assert_eq!(running.stop(), "3 3 true\n");
    for prefork in ["0", "1"] {
        let running = Running::start("executes", &[("PRINT", "1"), ("PREFORK", prefork)]);
        for _ in 0..2 {
            assert_eq!(running.ask("a line\n"), "printed a line\nand more");
        }
        assert_eq!(running.stop(), "2 2 true\n");
    }
}

#[test]
fn perl_nc_and_socat_ask() {
    let running = Running::start("serves", &[("LIMIT", "4"), LONG]);
    let port = &running.port;
    let perl = format!(
        "use Socket; socket S,PF_INET,SOCK_STREAM,0; connect S,sockaddr_in({port},INADDR_LOOPBACK) or die;
         syswrite S,qq(hello\\n); print while <S>"
    );
    let mut asked = 1;
    let shell = |line: &str| Command::new("sh").args(["-c", line]).output().unwrap();
    assert_eq!(Command::new("perl").args(["-e", &perl]).output().unwrap().stdout, b"served hello\n");
    for (tool, line) in [
        ("nc", format!("echo hello | timeout 10 nc 127.0.0.1 {port}")),
        ("socat", format!("echo hello | timeout 10 socat -t5 - TCP:127.0.0.1:{port}")),
    ] {
        if shell(&format!("command -v {tool}")).status.success() {
            assert_eq!(shell(&line).stdout, b"served hello\n", "{tool}");
            asked += 1;
        } else {
            common::skipped(tool, "not installed");
        }
    }
    assert!(running.stop().starts_with(&format!("accepted {asked} ok {asked} ")));
}

/// As many clients at a time, of which each asks for so long as there are requests; many more on demand.
fn load() -> (usize, u64) {
    if common::scale(10) == 10 { (1000, 100_000) } else { (200, 1000) }
}

/// What one request came to: the whole answer, or none since the connection ended.
fn asks(port: &str) -> Result<bool, perlipc::Error> {
    let mut stream = tcp::connect(Some("127.0.0.1"), port, "", Deadline::after_ms(30_000))?;
    stream.timeout(Some(Duration::from_secs(30)));
    let mut answer = Vec::new();
    match stream.write(b"storm\n").and_then(|()| stream.read_to_end(&mut answer)) {
        Ok(_) => {
            assert!(answer.is_empty() || answer == b"served storm\n", "half an answer: {answer:?}");
            Ok(!answer.is_empty())
        }
        Err(error) => {
            assert!(matches!(error.errno(), libc::ECONNRESET | libc::EPIPE), "{error}");
            Ok(false)
        }
    }
}

/// Clients from many threads while a child is killed every 10 ms: whose child lives has the whole answer, the others
/// see an end, nobody hangs.
fn storm(kind: (&str, &str)) {
    let mut running = Running::start("serves", &[kind, LONG, ("TELL", "1")]);
    let (clients, total) = load();
    let (whole, cut) = (AtomicU64::new(0), AtomicU64::new(0));
    let next = AtomicU64::new(0);
    let over = AtomicBool::new(false);
    let port = running.port.clone();
    let out = &mut running.out;
    let (last, killed) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| {
                    while next.fetch_add(1, Ordering::SeqCst) < total {
                        let count = if asks(&port).unwrap() { &whole } else { &cut };
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        // The pids come as they are started; every 10 ms the newest is killed: an older one may be a stranger's by then.
        let known = std::sync::Mutex::new(None::<i32>);
        let known = &*Box::leak(Box::new(known));
        let reads = scope.spawn(move || {
            let mut line = String::new();
            loop {
                line.clear();
                if out.read_line(&mut line).unwrap() == 0 {
                    return String::new();
                }
                let Some(pid) = line.strip_prefix("pid ") else { return line };
                *known.lock().unwrap() = pid.trim().parse().ok();
            }
        });
        let over = &over;
        let killer = scope.spawn(move || {
            let mut killed = 0u64;
            while !over.load(Ordering::SeqCst) {
                let pid = known.lock().unwrap().take();
                killed += u64::from(pid.is_some_and(|pid| perlipc::signal::kill("KILL", pid).is_ok()));
                std::thread::sleep(Duration::from_millis(10));
            }
            killed
        });
        for client in clients {
            client.join().unwrap();
        }
        over.store(true, Ordering::SeqCst);
        let killed = killer.join().unwrap();
        perlipc::signal::kill("TERM", running.process.id() as i32).unwrap();
        (reads.join().unwrap(), killed)
    });
    assert!(running.process.wait().unwrap().success(), "{last}");
    let (whole, cut) = (whole.into_inner(), cut.into_inner());
    assert_eq!(whole + cut, total);
    assert!(whole >= total / 2 && cut <= killed, "whole {whole}, cut {cut}, killed {killed}");
    assert!(last.ends_with("drained true\n") && last.contains("unknown 0"), "{last}");
    common::say(&format!("{kind:?}: {whole} whole, {cut} cut, {killed} killed: {}", last.trim()));
}

#[test]
fn children_killed_under_load() {
    storm(("LIMIT", "200"));
    storm(("PREFORK", "8"));
}

/// TERM while clients come all the time: those that were accepted are served whole, in time and although more would come.
#[test]
fn stopped_under_load() {
    for kind in [("LIMIT", "50"), ("PREFORK", "4"), ("ITERATIVE", "1")] {
        let running = Running::start("serves", &[kind, LONG]);
        let (whole, none, over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let port = running.port.clone();
        let said = std::thread::scope(|scope| {
            for _ in 0..load().0 {
                scope.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        // Whoever came too late is refused, or reset in the queue.
                        match asks(&port) {
                            Ok(true) => whole.fetch_add(1, Ordering::SeqCst),
                            Ok(false) => none.fetch_add(1, Ordering::SeqCst),
                            Err(error) => {
                                assert!(matches!(error.errno(), libc::ECONNREFUSED | libc::ECONNRESET), "{error}");
                                break;
                            }
                        };
                    }
                });
            }
            assert!(common::eventually(|| whole.load(Ordering::SeqCst) >= 100));
            let said = running.stop();
            over.store(true, Ordering::SeqCst);
            said
        });
        let (whole, none) = (whole.into_inner(), none.into_inner());
        let want = format!("accepted {whole} ok {whole} failed 0 killed 0 cut 0 unknown 0 drained true\n");
        assert_eq!(said, want, "{kind:?}: {none} without an answer");
        common::say(&format!("{kind:?}, stopped: {whole} whole, {none} reset"));
    }
}

/// The last worker is killed while others wait: one more is made for them.
#[test]
fn nobody_is_forgotten() {
    let mut running = Running::start("serves", &[("PREFORK", "1"), LONG, ("TELL", "1")]);
    let mut clients: Vec<Stream> = (0..3).map(|_| running.connect()).collect();
    for (client, wish) in clients.iter_mut().zip([&b"gate\n"[..], b"slow\n", b"slow\n"]) {
        client.write(wish).unwrap();
    }
    assert_eq!(clients[0].readline().unwrap(), Some(&b"here\n"[..]));
    let mut line = String::new();
    running.out.read_line(&mut line).unwrap();
    let worker: i32 = line.strip_prefix("pid ").unwrap().trim().parse().unwrap();
    running.signal("TERM");
    // The first client is being served until it says something.
    std::thread::sleep(Duration::from_millis(50));
    perlipc::signal::kill("KILL", worker).unwrap();
    let said = running.said();
    assert!(said.ends_with("accepted 3 ok 2 failed 0 killed 1 cut 0 unknown 0 drained true\n"), "{said}");
    let whole = clients.iter_mut().filter_map(|client| client.readline().ok().flatten().map(<[u8]>::to_vec));
    assert_eq!(whole.collect::<Vec<_>>(), vec![b"slow answer\n".to_vec(); 2]);
}

/// Workers that end before they have served anybody are made again at an easy pace, also where there is one alone.
fn dies_at_once() {
    for workers in [1, 3] {
        let mut server = Server::new(tcp::listen(Some("127.0.0.1"), "0", "").unwrap()).unwrap();
        let (stopper, begin) = (server.stopper(), Instant::now());
        let (mut started, last) = (0, std::sync::Arc::new(AtomicU64::new(0)));
        let after = last.clone();
        server.prefork(workers).handler(|_| 0);
        server.fork_by(|| {
            // SAFETY: there is no other thread.
            match unsafe { libc::fork() } {
                // SAFETY: ends the child without what the parent has to do.
                0 => unsafe { libc::_exit(1) },
                pid => Ok(pid),
            }
        });
        server.log(move |event| {
            started += usize::from(matches!(event, Event::Started { .. }));
            if started == 6 * workers {
                after.store(begin.elapsed().as_millis() as u64, Ordering::SeqCst);
                stopper.stop();
            }
        });
        server.run().unwrap();
        let after = last.load(Ordering::SeqCst);
        println!("{}", if after >= 250 { "slowly".to_owned() } else { format!("{workers}: after {after} ms") });
    }
}

#[test]
fn workers_that_never_serve() {
    assert_eq!(common::run("dies_at_once"), "slowly\nslowly\n");
}

/// A panic that ends the server leaves nothing behind: no process, and no listener that lets nobody queue.
fn log_panics() {
    for kind in ["fork", "started", "prefork", "iterative"] {
        let mut server = Server::new(tcp::listen(Some("127.0.0.1"), "0", "").unwrap()).unwrap();
        let port = server.local().unwrap().port().unwrap().to_string();
        let connect = || tcp::connect(Some("127.0.0.1"), &port, "", Deadline::after_ms(500));
        match kind {
            "prefork" => server.prefork(2).handler(|_| 0),
            "fork" | "started" => server.exec(&Cmd::new("cat")),
            _ => server.iterative(true).handler(|_| panic!("as asked")),
        };
        let stopper = server.stopper();
        server.log(move |event| match event {
            Event::Started { .. } if kind == "started" => panic!("as asked"),
            Event::Started { .. } => stopper.stop(),
            Event::Stopping if kind != "iterative" => panic!("as asked"),
            _ => {}
        });
        let client = connect().unwrap();
        if kind == "iterative" {
            server.stopper().stop();
        }
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| server.run())).is_err();
        let child = common::a_child();
        let report = server.report();
        // A worker has perhaps been quicker.
        assert!(report.accepted == 1 || kind == "prefork", "{kind}: {report:?}");
        assert!(!report.drained, "{kind}: {report:?}");
        // All that wait are let in again.
        let clients: Vec<_> = (0..4).map(|_| connect()).collect();
        println!("{kind} {ended} {child:?} {}", clients.iter().all(Result::is_ok));
        drop(client);
    }
}

#[test]
fn a_panic_of_the_log() {
    let want = |kind| format!("{kind} true None true\n");
    assert_eq!(common::run("log_panics"), ["fork", "started", "prefork", "iterative"].map(want).concat());
}

/// At the limit of descriptors the server waits without spinning, and serves all when there are some again.
fn starved() {
    let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    println!("{}", listener.local().unwrap().port().unwrap());
    let mut server = Server::new(listener).unwrap();
    let (reader, _writer) = Stream::pipe().unwrap();
    let free = std::sync::Arc::new(std::sync::Mutex::new(Vec::<std::fs::File>::new()));
    let held = free.clone();
    let mut used = Duration::ZERO;
    let times = |used: &mut Duration| {
        // SAFETY: an out-pointer.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(libc::RUSAGE_SELF, &mut usage);
            usage
        };
        let time = |t: libc::timeval| Duration::from_micros(t.tv_sec as u64 * 1_000_000 + t.tv_usec as u64);
        std::mem::replace(used, time(usage.ru_utime) + time(usage.ru_stime))
    };
    times(&mut used);
    let begin = Instant::now();
    let mut failed = 0;
    server.exec(&Cmd::shell("read l; echo served $l")).drain(Some("TERM"), Duration::from_secs(5));
    server.log(move |event| {
        if let Event::Failed { error } = event {
            assert_eq!(error.errno(), libc::EMFILE, "{error}");
            failed += 1;
            if failed == 1 {
                times(&mut used);
            }
            // After a second some are free again.
            if begin.elapsed() > Duration::from_secs(1) && !held.lock().unwrap().is_empty() {
                let before = used;
                times(&mut used);
                println!("cpu {} after {failed}", (used - before).as_millis());
                held.lock().unwrap().clear();
            }
        }
    });
    // SAFETY: plain numbers.
    unsafe {
        let limit = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
    while let Ok(file) = std::fs::File::open("/dev/null") {
        free.lock().unwrap().push(file);
    }
    let report = server.run().unwrap();
    println!("{} {} {}", report.accepted, report.ok, report.drained);
    drop(reader);
}

#[test]
fn at_the_descriptor_limit() {
    let mut running = Running::start("starved", &[]);
    let mut clients: Vec<Stream> = (0..5).map(|_| running.connect()).collect();
    for client in &mut clients {
        client.write(b"me\n").unwrap();
    }
    let mut line = String::new();
    running.out.read_line(&mut line).unwrap();
    let cpu: u64 = line.split(' ').nth(1).unwrap().parse().unwrap();
    let begin = Instant::now();
    for client in &mut clients {
        assert_eq!(client.readline().unwrap(), Some(&b"served me\n"[..]));
    }
    assert!(cpu <= 20, "{cpu} ms of a second");
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    assert_eq!(running.stop(), "5 5 true\n");
}

/// More processes than there may be descriptors to watch them by.
#[test]
fn more_children_than_descriptors() {
    let running = Running::start("serves", &[("LIMIT", "64"), ("NOFILE", "24"), LONG]);
    let mut clients: Vec<Stream> = (0..50).map(|_| running.connect()).collect();
    // The last one is served while all others are.
    for client in clients.iter_mut().rev() {
        client.write(b"me\n").unwrap();
        assert_eq!(client.readline().unwrap(), Some(&b"served me\n"[..]));
    }
    drop(clients);
    assert_eq!(running.stop(), "accepted 50 ok 50 failed 0 killed 0 cut 0 unknown 0 drained true\n");
}

/// Trees are searched by descriptors: those of the dead are given back for the next.
#[test]
fn trees_end_at_the_descriptor_limit() {
    let running = Running::start("serves", &[("LIMIT", "64"), ("NOFILE", "24"), ("DRAIN", "100")]);
    let mut clients: Vec<Stream> = (0..30).map(|_| running.connect()).collect();
    for client in &mut clients {
        client.write(b"two\n").unwrap();
        for _ in 0..2 {
            assert_eq!(client.readline().unwrap(), Some(&b"here\n"[..]));
        }
    }
    let said = running.stop();
    // The first may find a table that is still full.
    let gone = clients.iter_mut().filter_map(|client| {
        client.timeout(Some(Duration::from_secs(1)));
        client.read(&mut [0; 9]).map_or_else(|error| error.errno() != libc::ETIMEDOUT, |n| n == 0).then_some(())
    });
    assert!(gone.count() >= 27, "{said}");
    assert!(
        said.starts_with("accepted 30 ok 0 failed 0 killed 30 cut ") && said.ends_with("drained false\n"),
        "{said}"
    );
}

fn stops_itself() {
    let path = format!("/tmp/perlipc-server-{}", std::process::id());
    let mut server = Server::new(unix::listen(&path, "").unwrap()).unwrap();
    assert!(server.run().is_err(), "nothing to do");
    let stopper = server.stopper();
    server.iterative(true).handler(move |stream| {
        stream.write(b"Hello there\n").unwrap();
        stopper.stop();
        0
    });
    let client = std::thread::spawn({
        let path = path.clone();
        move || {
            let mut client = unix::connect(path, "", Deadline::after_ms(5000)).unwrap();
            client.readline().unwrap().map(<[u8]>::to_vec)
        }
    });
    let report = server.run().unwrap();
    assert_eq!((report.accepted, report.ok, report.drained), (1, 1, true));
    assert_eq!(client.join().unwrap().unwrap(), b"Hello there\n");
    // Stopped before it began: what waits already is served.
    let mut server = Server::new(tcp::listen(Some("127.0.0.1"), "0", "").unwrap()).unwrap();
    let port = server.local().unwrap().port().unwrap().to_string();
    let mut client = tcp::connect(Some("127.0.0.1"), &port, "", Deadline::NEVER).unwrap();
    server.exec(&Cmd::argv(["echo", "hi"]));
    server.stopper().stop();
    assert_eq!(server.run().unwrap().accepted, 1);
    assert_eq!(client.readline().unwrap(), Some(&b"hi\n"[..]));
    // A command that cannot be run is the client's end, and no more.
    let mut server = Server::new(tcp::listen(Some("127.0.0.1"), "0", "").unwrap()).unwrap();
    let port = server.local().unwrap().port().unwrap().to_string();
    let mut client = tcp::connect(Some("127.0.0.1"), &port, "", Deadline::NEVER).unwrap();
    server.exec(&Cmd::new("/no/such/program"));
    server.stopper().stop();
    assert_eq!(server.run().unwrap().failed, 1);
    assert!(matches!(client.read(&mut [0; 1]), Ok(0)));
    for words in [1, 2] {
        let mut server = Server::new(tcp::listen(Some("127.0.0.1"), "0", "").unwrap()).unwrap();
        server.exec(&Cmd::new("true"));
        if words == 1 {
            server.prefork(2)
        } else {
            server.iterative(true)
        };
        assert_eq!(server.run().unwrap_err().errno(), libc::EINVAL);
    }
    println!("done");
}

#[test]
fn stopped_from_within() {
    assert_eq!(common::run("stops_itself"), "done\n");
}

/// The process of a client stops the server, which has all the time there is to finish, and runs once more.
fn stopped_by_clients() {
    // SAFETY: a plain number.
    unsafe { libc::alarm(100) };
    let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    let port = listener.local().unwrap().port().unwrap();
    let mut server = Server::new(listener).unwrap();
    let stopper = server.stopper();
    server.handler(move |_| {
        stopper.stop();
        0
    });
    server.prefork(variable("PREFORK")).iterative(variable("ITERATIVE") > 0);
    server.drain(None, Duration::MAX);
    println!("{port}");
    for _ in 0..2 {
        let report = server.run().unwrap();
        println!("accepted {} ok {} drained {}", report.accepted, report.ok, report.drained);
    }
}

#[test]
fn a_client_stops_it_and_it_runs_again() {
    for kind in [("LIMIT", "10"), ("PREFORK", "2"), ("ITERATIVE", "1")] {
        let mut running = Running::start("stopped_by_clients", &[kind]);
        for _ in 0..2 {
            let mut client = running.connect();
            assert!(matches!(client.read(&mut [0; 9]), Ok(0)));
            let mut line = String::new();
            running.out.read_line(&mut line).unwrap();
            assert_eq!(line, "accepted 1 ok 1 drained true\n", "{kind:?}");
        }
        assert_eq!(running.said(), "");
    }
}

/// Its server is killed before a worker has asked to be told of that.
fn dies_of_its_worker() {
    let mut server = Server::new(tcp::listen(Some("127.0.0.1"), "0", "").unwrap()).unwrap();
    server.handler(|_| 0).prefork(1).fork_by(|| {
        let parent = std::process::id() as i32;
        // SAFETY: plain numbers; this process has one thread.
        unsafe {
            let pid = libc::fork();
            if pid == 0 {
                libc::alarm(20);
                libc::kill(parent, libc::SIGKILL);
                while libc::getppid() == parent {
                    libc::sched_yield();
                }
            }
            Ok(pid)
        }
    });
    println!("ready");
    let _ = server.run();
}

#[test]
fn no_worker_outlives_its_server() {
    let mut running = Running::start("dies_of_its_worker", &[("LIMIT", "1")]);
    let begin = Instant::now();
    // To the end, which the worker has open as well.
    assert_eq!(running.out.read_to_string(&mut String::new()).unwrap(), 0);
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    assert!(!running.process.wait().unwrap().success());
}

/// With other threads a handler's process could hang in a lock: refused.
#[test]
fn threads_and_handlers() {
    let _other = std::thread::spawn(std::thread::park);
    let mut server = Server::new(tcp::listen(Some("127.0.0.1"), "0", "").unwrap()).unwrap();
    server.handler(|_| 0);
    assert!(matches!(server.run(), Err(perlipc::Error::Threads { .. })));
}

fn inherits() {
    let listeners = Listener::inherited().unwrap();
    assert_eq!(listeners.len(), 1);
    assert!(Listener::inherited().unwrap().is_empty());
    let listener = listeners.into_iter().next().unwrap();
    println!("{}", listener.local().unwrap().port().unwrap());
    let mut server = Server::new(listener).unwrap();
    server.handler(served).drain(Some("TERM"), Duration::from_secs(5));
    println!("{}", server.run().unwrap().ok);
}

#[test]
fn sockets_from_whoever_started_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let fd = listener.as_raw_fd();
    // The shell knows the pid that exec keeps.
    let exe = std::env::current_exe().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "export LISTEN_PID=$$; exec \"$0\""]).arg(&exe);
    shell.env(common::SCENARIO, "inherits").env("LISTEN_FDS", "1").stdout(Stdio::piped());
    // SAFETY: a call that a signal handler may make.
    unsafe {
        shell.pre_exec(move || {
            let done = if fd == 3 { libc::fcntl(3, libc::F_SETFD, 0) } else { libc::dup2(fd, 3) };
            if done >= 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        });
    }
    let running = Running::of(shell);
    assert_eq!(running.port, listener.local_addr().unwrap().port().to_string());
    drop(listener);
    assert_eq!(running.ask("there\n"), "served there\n");
    assert_eq!(running.stop(), "1\n");
}

/// More were announced than there are: that is an error, each time, and what is there stays open for who knows better.
fn inherits_too_many() {
    for _ in 0..2 {
        let error = Listener::inherited().unwrap_err();
        println!("{} {} {}", error.step(), error.errno(), error.path());
    }
    // SAFETY: plain numbers.
    println!("{}", unsafe { libc::fcntl(3, libc::F_GETFD) });
}

#[test]
fn fewer_sockets_than_were_announced() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let fd = listener.as_raw_fd();
    let exe = std::env::current_exe().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "export LISTEN_PID=$$; exec \"$0\" 4<&-"]).arg(&exe);
    shell.env(common::SCENARIO, "inherits_too_many").env("LISTEN_FDS", "2");
    // SAFETY: a call that a signal handler may make.
    unsafe {
        shell.pre_exec(move || {
            let done = if fd == 3 { libc::fcntl(3, libc::F_SETFD, 0) } else { libc::dup2(fd, 3) };
            if done >= 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        });
    }
    let said = common::finish("inherits_too_many", shell.output().unwrap());
    assert_eq!(said, format!("LISTEN_FDS {0} 4\nLISTEN_FDS {0} 4\n0\n", libc::EBADF));
}

/// What is no number of descriptors is not taken for none.
fn inherits_no_number() {
    match Listener::inherited() {
        Ok(listeners) => println!("{}", listeners.len()),
        Err(error) => println!("{error}"),
    }
}

#[test]
fn sockets_announced_by_no_number() {
    let exe = std::env::current_exe().unwrap();
    for (count, answer) in [("x", None), ("-1", None), ("", None), ("4294967297", None), ("0", Some("0\n"))] {
        let mut shell = Command::new("sh");
        shell.args(["-c", "export LISTEN_PID=$$; exec \"$0\""]).arg(&exe);
        shell.env(common::SCENARIO, "inherits_no_number").env("LISTEN_FDS", count);
        let said = common::finish("inherits_no_number", shell.output().unwrap());
        let wrong = format!("listener: LISTEN_FDS={count}: no number of descriptors\n");
        assert_eq!(said, answer.unwrap_or(&wrong));
    }
}

fn drops_user() {
    let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    println!("{}", listener.local().unwrap().port().unwrap());
    std::io::stdout().flush().unwrap();
    let mut server = Server::new(listener).unwrap();
    server.exec(&Cmd::shell("id -u")).user("65534", Some("65534")).drain(Some("TERM"), Duration::from_secs(5));
    println!("{}", server.run().unwrap().ok);
}

#[test]
fn privileges_are_given_up() {
    if !common::is_root() {
        return common::skipped("a server that gives up root", "not root");
    }
    let running = Running::start("drops_user", &[]);
    assert_eq!(running.ask(""), "65534\n");
    assert_eq!(running.stop(), "1\n");
}

common::scenarios!(
    serves,
    executes,
    dies_at_once,
    log_panics,
    starved,
    stops_itself,
    stopped_by_clients,
    dies_of_its_worker,
    inherits,
    inherits_too_many,
    inherits_no_number,
    drops_user
);
