//! The user's terminal joined with a child's: by a pty in the user's place, and in tmux.

mod common;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::process::Command;
use std::time::{Duration, Instant};

use common::{alone, has, skipped};
use perlipc::interact::Event;
use perlipc::*;

common::scenarios![shell_joined, cat_joined, ends_by_a_handler, hygiene];

const LIMIT: Duration = Duration::from_secs(20);

fn soon() -> Deadline {
    Deadline::after(Some(LIMIT))
}

/// A terminal in the user's place: what is typed there, and what it shows.
struct User {
    master: File,
    slave: OwnedFd,
    shown: String,
}

impl User {
    fn new() -> User {
        let (mut master, mut slave) = (-1, -1);
        let size = libc::winsize { ws_row: 31, ws_col: 97, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: out-pointers and a size to read; the descriptors are new.
        unsafe {
            assert_eq!(libc::openpty(&mut master, &mut slave, std::ptr::null_mut(), std::ptr::null(), &size), 0);
            User { master: File::from_raw_fd(master), slave: OwnedFd::from_raw_fd(slave), shown: String::new() }
        }
    }

    fn interact(&self) -> Interact {
        let mut interact = Interact::new();
        interact.terminal(self.slave.as_raw_fd(), self.slave.as_raw_fd());
        interact
    }

    fn types(&self, keys: &[u8]) {
        (&self.master).write_all(keys).unwrap();
    }

    /// Until it shows that, and forgets what stood before it.
    fn sees(&mut self, text: &str) {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.shown.find(text) {
                self.shown.drain(..at + text.len());
                return;
            }
            assert!(Instant::now() < end, "no {text:?} in {:?}", self.shown);
            let mut fds = libc::pollfd { fd: self.master.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: one entry.
            if unsafe { libc::poll(&mut fds, 1, 100) } == 1 {
                let mut room = [0; 4096];
                let n = self.master.read(&mut room).unwrap();
                self.shown.push_str(&String::from_utf8_lossy(&room[..n]));
            }
        }
    }

    fn modes(&self) -> libc::termios {
        modes(self.slave.as_raw_fd())
    }

    fn is_raw(&self) -> bool {
        self.modes().c_lflag & (libc::ICANON | libc::ECHO | libc::ISIG) == 0
    }

    fn is_cooked(&self) -> bool {
        let modes = self.modes();
        modes.c_lflag & (libc::ICANON | libc::ECHO | libc::ISIG) == libc::ICANON | libc::ECHO | libc::ISIG
            && modes.c_oflag & libc::OPOST != 0
    }
}

fn modes(terminal: RawFd) -> libc::termios {
    // SAFETY: an out-pointer.
    unsafe {
        let mut modes = std::mem::zeroed();
        assert_eq!(libc::tcgetattr(terminal, &mut modes), 0);
        modes
    }
}

fn shell(script: &str) -> Stream {
    let mut cmd = Cmd::shell(format!("{script}\n:"));
    cmd.terminal("echo,crlf");
    // What a background job finds ignored a shell's trap cannot take back.
    cmd.default_signals(["INT", "QUIT", "TSTP", "HUP"]);
    pty::open(&cmd, 0, 0).unwrap()
}

/// The child's side runs in a thread of its own while `user` is the user.
fn beside<T: Send>(call: impl FnOnce() -> T + Send, user: impl FnOnce()) -> T {
    std::thread::scope(|scope| {
        let join = scope.spawn(call);
        user();
        join.join().unwrap()
    })
}

#[test]
fn what_is_typed_reaches_the_child_and_what_it_says_is_shown() {
    let _alone = alone();
    let mut user = User::new();
    let mut child =
        shell("read line; stty size; echo ready; read line; echo \"got $line\"; read rest; echo \"and $rest\"");
    let mut interact = user.interact();
    let event = beside(
        || {
            let event = interact.next(&mut child, soon());
            (event, interact.next(&mut child, soon()))
        },
        || {
            user.types(b"\r");
            user.sees("31 97\r\nready\r\n");
            assert!(user.is_raw());
            user.types(b"one\r");
            user.sees("one\r\ngot one\r\n");
            user.types(b"\x1dtwo\r");
            user.sees("and two\r\n");
        },
    );
    assert_eq!(event, (Ok(Event::Escape), Ok(Event::Eof)), "what is typed behind the escape key is for the next call");
    assert!(user.is_cooked());
    assert!(child.close().unwrap().unwrap().success());
}

#[test]
fn what_was_typed_before_the_escape_key_is_on_its_way() {
    let _alone = alone();
    let mut user = User::new();
    let mut child = shell("read line; echo ready; read line; echo \"got $line\"; read rest");
    let mut interact = user.interact();
    let event = beside(
        || interact.next(&mut child, soon()),
        || {
            user.types(b"\r");
            user.sees("ready\r\n");
            // In one piece with the key.
            user.types(b"one\r\x1d");
        },
    );
    assert_eq!(event, Ok(Event::Escape));
    // Nothing is written here: only the answer is waited for.
    let mut answer = Expect::new();
    answer.text("got one").unwrap();
    child.expect(&answer, soon()).unwrap();
    child.write(b"\n").unwrap();
    child.close().unwrap();
}

#[test]
fn keys_are_the_childs() {
    let _alone = alone();
    let mut user = User::new();
    let mut child = shell("trap 'echo interrupted; exit 4' INT; echo ready; while :; do sleep 0.05; done");
    let mut interact = user.interact();
    let event = beside(
        || interact.next(&mut child, soon()),
        || {
            user.sees("ready\r\n");
            user.types(b"\x03");
            user.sees("interrupted\r\n");
        },
    );
    assert_eq!(event, Ok(Event::Eof));
    assert_eq!(child.close().unwrap().unwrap().code(), Some(4));
}

#[test]
fn the_size_is_handed_on() {
    let _alone = alone();
    let mut user = User::new();
    // The first size may come as a signal too, and cuts a read short.
    let script = "trap 'stty size' WINCH; echo ready; until [ \"$line\" = enough ]; do read line; done; echo over";
    let mut child = shell(script);
    let mut interact = user.interact();
    let event = beside(
        || interact.next(&mut child, soon()),
        || {
            user.sees("ready\r\n");
            let size = libc::winsize { ws_row: 40, ws_col: 132, ws_xpixel: 0, ws_ypixel: 0 };
            // SAFETY: a size to read. The terminal is not this process's own, so the kernel sends it no WINCH.
            unsafe {
                assert_eq!(libc::ioctl(user.master.as_raw_fd(), libc::TIOCSWINSZ, &size), 0);
                libc::kill(libc::getpid(), libc::SIGWINCH);
            }
            user.types(b"\r");
            user.sees("40 132\r\n");
            user.types(b"enough\r");
            user.sees("over\r\n");
        },
    );
    assert_eq!(event, Ok(Event::Eof));
}

#[test]
fn patterns_of_both_sides_are_told_of() {
    let _alone = alone();
    let mut user = User::new();
    let mut child = shell("echo ready; while read line; do echo \"said $line.\"; done");
    let mut interact = user.interact();
    interact.escape(None);
    let help = interact.key("~?").unwrap();
    let number = interact.input("[0-9]+[\r\n]").unwrap();
    let said = interact.output(r"said (\w+)(x)?").unwrap();
    assert_eq!((help, number, said), (0, 1, 2));
    beside(
        || {
            assert_eq!(interact.next(&mut child, soon()), Ok(Event::Seen(said)));
            assert_eq!((interact.seen(0), interact.seen(1)), (Some(&b"said one"[..]), Some(&b"one"[..])));
            assert_eq!((interact.groups(), interact.seen(2), interact.seen(3)), (2, None, None));
            // The terminal may hand on the line's end in a piece of its own.
            let unread = child.buffered();
            assert!(!unread.is_empty() && b".\r\n".starts_with(unread), "what is behind it is unread: {unread:?}");
            assert_eq!(interact.next(&mut child, soon()), Ok(Event::Seen(help)));
            assert_eq!(interact.seen(0), Some(&b"~?"[..]));
            // A callback's turn: it may talk with the child itself.
            child.write(b"mine\n").unwrap();
            let mut expect = Expect::new();
            expect.text("said mine.").unwrap();
            expect.wait(&mut child).unwrap();
            assert_eq!(interact.next(&mut child, soon()), Ok(Event::Seen(number)));
            assert_eq!(interact.seen(0).map(|seen| &seen[..2]), Some(&b"12"[..]));
            assert_eq!(interact.next(&mut child, soon()), Ok(Event::Seen(said)));
            assert_eq!(interact.seen(1), Some(&b"12"[..]));
            assert_eq!(interact.next(&mut child, soon()), Ok(Event::Eof));
        },
        || {
            user.sees("ready\r\n");
            user.types(b"one\r");
            user.sees("said one.\r\n");
            user.types(b"~?");
            // It is alone in its turn; what is typed then is for later.
            user.types(b"12\r");
            user.sees("said 12.\r\n");
            user.types(b"\x04");
        },
    );
    assert!(user.is_cooked());
}

#[test]
fn the_beginning_of_a_key_waits_for_its_rest() {
    let _alone = alone();
    let mut user = User::new();
    let mut child = shell("stty -echo; echo ready; while read line; do echo \"<$line>\"; done");
    let mut interact = user.interact();
    let key = interact.key("~~.").unwrap();
    beside(
        || assert_eq!(interact.next(&mut child, soon()), Ok(Event::Seen(key))),
        || {
            user.sees("ready\r\n");
            user.types(b"a~b~~c\r");
            user.sees("<a~b~~c>\r\n");
            user.types(b"~");
            // Half a second after it has been read, whenever that is, it is no part of a key.
            std::thread::sleep(Duration::from_millis(1500));
            user.types(b"~.\r");
            user.sees("<~~.>\r\n");
            user.types(b"~~~.");
        },
    );
    assert_eq!(interact.seen(0), Some(&b"~~."[..]));
}

#[test]
fn without_a_terminal_the_end_of_the_input_is_told() {
    let _alone = alone();
    let (reader, mut writer) = Stream::pipe().unwrap();
    let (mut shown, output) = Stream::pipe().unwrap();
    let mut interact = Interact::new();
    interact.terminal(reader.as_fd().as_raw_fd(), output.as_fd().as_raw_fd());
    let mut child = pty::open(&Cmd::argv(["cat", "-n"]), 0, 0).unwrap();
    writer.write(b"one\ntwo").unwrap();
    writer.close().unwrap();
    assert_eq!(interact.next(&mut child, soon()), Ok(Event::Eof));
    assert!(child.close().unwrap().unwrap().success());
    drop(output);
    let mut all = Vec::new();
    shown.read_to_end(&mut all).unwrap();
    assert_eq!(String::from_utf8_lossy(&all), "     1\tone\n     2\ttwo");
}

#[test]
fn a_socket_is_joined_a_line_at_a_time() {
    let _alone = alone();
    let mut user = User::new();
    let (mut ours, mut theirs) = unix::pair().unwrap();
    let mut interact = user.interact();
    beside(
        || assert_eq!(interact.next(&mut ours, soon()), Ok(Event::Eof)),
        || {
            user.types(b"hello\n");
            assert_eq!(theirs.readline().unwrap(), Some(&b"hello\n"[..]));
            assert!(user.is_cooked(), "it is no pty");
            theirs.write(b"answer\n").unwrap();
            user.sees("answer\r\n");
            theirs.close().unwrap();
        },
    );
}

#[test]
fn much_goes_both_ways() {
    let _alone = alone();
    let mut user = User::new();
    let mut cmd =
        Cmd::shell("stty raw -echo; echo ready; head -c 300000 | od -An -v -tx1 -w1 | tr -d '\\n' | wc -c; echo over");
    cmd.terminal("echo,crlf");
    let mut child = pty::open(&cmd, 0, 0).unwrap();
    let mut interact = user.interact();
    interact.escape(None);
    beside(
        || assert_eq!(interact.next(&mut child, soon()), Ok(Event::Eof)),
        || {
            user.sees("ready");
            // All bytes there are.
            let all: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
            user.types(&all);
            user.sees("900000");
            user.sees("over");
        },
    );
}

#[test]
fn deadline_cancel_and_one_at_a_time() {
    let _alone = alone();
    let user = User::new();
    let mut child = shell("read line");
    child.timeout(Some(Duration::from_millis(1)));
    let mut interact = user.interact();
    let since = Instant::now();
    let error = interact.next(&mut child, Deadline::after_ms(100)).unwrap_err();
    assert!(error.is_timeout() && since.elapsed() >= Duration::from_millis(100), "{error}");
    assert!(user.is_cooked());

    child.deadline(Deadline::after_ms(100));
    assert!(interact.next(&mut child, soon()).unwrap_err().is_timeout(), "the deadline of all calls");
    child.deadline(Deadline::NEVER);

    let canceler = child.canceler();
    let mut other = shell("read line");
    let canceled = beside(
        || interact.next(&mut child, soon()),
        || {
            assert!(common::eventually(|| user.is_raw()));
            let error = user.interact().next(&mut other, soon()).unwrap_err();
            assert!(matches!(error, Error::Busy { .. }), "{error}");
            canceler.cancel();
        },
    );
    assert!(matches!(canceled.unwrap_err(), Error::Canceled { .. }));
    assert!(user.is_cooked());
}

#[test]
fn bad_words_are_refused() {
    let mut interact = Interact::new();
    assert!(interact.key("").is_err());
    assert!(interact.input("(").is_err());
    for everywhere in ["", "x*", "(a|)", "^", "$", r"\b"] {
        assert!(interact.output(everywhere).is_err(), "{everywhere:?} matches everywhere");
    }
    let (mut reader, _writer) = Stream::pipe().unwrap();
    assert_eq!(interact.next(&mut reader, Deadline::NOW).unwrap_err().errno(), libc::EBADF);
    let mut child = shell("read line");
    let error = interact.terminal(-1, -1).next(&mut child, Deadline::NOW).unwrap_err();
    assert_eq!((error.step(), error.errno()), ("interact", libc::EBADF));
}

// ---- what a process must leave ----

fn hygiene() {
    let user = User::new();
    let mut child = shell("echo ready; read line");
    let before = common::Hygiene::look();
    let mut interact = user.interact();
    let seen = interact.output("ready").unwrap();
    assert_eq!(interact.next(&mut child, soon()), Ok(Event::Seen(seen)));
    assert!(interact.next(&mut child, Deadline::after_ms(10)).unwrap_err().is_timeout());
    common::Hygiene::look().is_as(&before, "interact");
}

#[test]
fn the_process_is_as_before() {
    common::run("hygiene");
}

// ---- the user is a shell, and at its terminal ----

/// A shell as the user's own has joined it: bash beneath a terminal.
fn shell_joined() {
    let mut cmd = Cmd::argv(["bash", "--norc", "--noprofile"]);
    cmd.env("PS1", Some(b"CHILD$ ")).env("HISTFILE", None).terminal("echo,crlf");
    joined(&cmd);
}

/// A child without job control of its own.
fn cat_joined() {
    joined(Cmd::shell("echo ready; exec cat -n").terminal("echo,crlf"));
}

#[test]
fn what_was_seen_is_told_later_when_it_could_not_be_shown() {
    let _alone = alone();
    let (reader, _writer) = Stream::pipe().unwrap();
    let (mut shown, mut full) = Stream::pipe().unwrap();
    let mut interact = Interact::new();
    interact.terminal(reader.as_fd().as_raw_fd(), full.as_fd().as_raw_fd());
    let number = interact.output("h(.)re").unwrap();
    full.timeout(Some(Duration::from_millis(1)));
    assert!(full.write(&[b'x'; 1 << 20]).unwrap_err().is_timeout());
    let mut child = pty::open(&Cmd::shell("echo here and there; read end"), 0, 0).unwrap();
    for _ in 0..2 {
        let answer = interact.next(&mut child, Deadline::after_ms(50));
        assert!(answer.as_ref().is_err_and(Error::is_timeout), "{answer:?}");
    }
    let room = shown.read(&mut [0; 1 << 16]).unwrap();
    assert!(room >= 4096);
    assert_eq!(interact.next(&mut child, soon()), Ok(Event::Seen(number)));
    assert_eq!(interact.seen(1), Some(&b"e"[..]));
    assert_eq!(child.readline().unwrap(), Some(&b" and there\n"[..]));
}

#[test]
fn a_line_too_long_for_the_childs_terminal_is_not_cut() {
    let _alone = alone();
    let longest = [&[b'x'; 4095][..], b"\n"].concat();
    for (text, fits) in [(longest.repeat(2), true), ([&[b'x'; 4096][..], b"\n"].concat(), false)] {
        let (reader, mut writer) = Stream::pipe().unwrap();
        let (mut shown, output) = Stream::pipe().unwrap();
        let mut interact = Interact::new();
        interact.terminal(reader.as_fd().as_raw_fd(), output.as_fd().as_raw_fd());
        writer.write(&text).unwrap();
        drop(writer);
        let mut child = pty::open(&Cmd::argv(["wc", "-c"]), 0, 0).unwrap();
        let answer = interact.next(&mut child, soon());
        if fits {
            assert_eq!(answer.unwrap(), Event::Eof);
            assert_eq!(shown.readline().unwrap(), Some(&b"8192\n"[..]));
        } else {
            assert!(matches!(answer, Err(Error::TooLong { limit: 4095, .. })), "{answer:?}");
        }
    }
}

fn joined(cmd: &Cmd) {
    let mut child = pty::open(cmd, 0, 0).unwrap();
    let event = Interact::new().next(&mut child, Deadline::NEVER).unwrap();
    println!("joined no more: {event:?}");
}

/// A deferred handler that ends the process in the midst of it.
fn ends_by_a_handler() {
    signal::handle("USR1", |_| std::process::exit(7)).unwrap();
    cat_joined();
}

/// The scenario as a shell starts it.
fn scenario(name: &str) -> String {
    format!("{}={name} {}", common::SCENARIO, std::env::current_exe().unwrap().display())
}

#[test]
fn every_way_out_puts_the_terminal_back() {
    for (way, scenario_name, keys, says) in [
        ("the escape key", "cat_joined", "\x1d", "joined no more: Escape\r\nstatus 0"),
        ("the child's end", "cat_joined", "\x04", "joined no more: Eof\r\nstatus 0"),
        ("TERM", "cat_joined", "", "status 143"),
        ("HUP", "cat_joined", "", "status 129"),
        ("INT", "cat_joined", "", "status 130"),
        ("QUIT", "cat_joined", "", "status 131"),
        ("SEGV", "cat_joined", "", "status 139"),
        ("ABRT", "cat_joined", "", "status 134"),
        ("ALRM", "cat_joined", "", "status 142"),
        ("PIPE", "cat_joined", "", "status 141"),
        ("RTMIN", "cat_joined", "", "status 162"),
        ("USR1", "ends_by_a_handler", "", "status 7"),
    ] {
        let mut cmd = Cmd::shell(format!(
            "ulimit -c 0; trap : INT QUIT; before=$(stty -g); {}; status=$?; [ \"$(stty -g)\" = \"$before\" ] || stty -a; echo status $status",
            scenario(scenario_name)
        ));
        cmd.terminal("echo,crlf").default_signals(["PIPE"]);
        let mut terminal = pty::open(&cmd, 24, 80).unwrap();
        terminal.timeout(Some(LIMIT));
        let mut ready = Expect::new();
        ready.text("ready\r\n").unwrap();
        ready.wait(&mut terminal).unwrap_or_else(|error| panic!("{way}: {error}"));
        if keys.is_empty() {
            let shell = terminal.child().unwrap().pid();
            let kids = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
            signal::kill(way, kids.split_whitespace().next().unwrap().parse().unwrap()).unwrap();
        } else {
            terminal.write(keys.as_bytes()).unwrap();
        }
        let mut all = Vec::new();
        let read = terminal.read_to_end(&mut all);
        read.unwrap_or_else(|error| panic!("{way}: {error}: {:?}", String::from_utf8_lossy(&all)));
        let all = String::from_utf8_lossy(&all);
        assert!(all.ends_with(&format!("{says}\r\n")) && !all.contains("icanon"), "{way}: {all:?}");
        assert!(terminal.close().unwrap().unwrap().success());
    }
}

/// A tmux server of this test's own.
struct Tmux(String);

impl Tmux {
    fn start(name: &str) -> Tmux {
        let tmux = Tmux(format!("perlipc-{name}-{}", std::process::id()));
        let mut command = tmux.command();
        // What a CI runner says of its own terminal is no business of this one.
        command.env_remove("TMUX").env("TERM", "xterm").env("SHELL", "/bin/bash");
        command.args(["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24"]);
        assert!(command.arg("exec env 'PS1=USER$ ' bash --norc --noprofile").status().unwrap().success());
        tmux
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.0]);
        command
    }

    fn tell(&self, args: &[&str]) -> String {
        let output = self.command().args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn keys(&self, keys: &[&str]) {
        self.tell(&[&["send-keys"], keys].concat());
    }

    fn line(&self, text: &str) {
        self.keys(&["-l", text]);
        self.keys(&["Enter"]);
    }

    /// Until the screen is as it should be.
    fn until(&self, ready: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            let screen = self.tell(&["capture-pane", "-p", "-J"]);
            if ready(screen.trim_end()) {
                return screen;
            }
            assert!(Instant::now() < end, "not so:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Until the program in it has the terminal raw: what is typed before is echoed twice, by the kernel too.
    fn raw(&self) {
        let tty = File::open(self.tell(&["display-message", "-p", "#{pane_tty}"]).trim()).unwrap();
        let end = Instant::now() + LIMIT;
        while modes(tty.as_raw_fd()).c_lflag & (libc::ICANON | libc::ECHO | libc::ISIG) != 0 {
            assert!(Instant::now() < end, "the terminal stays cooked");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Until the screen has these lines, in this order, and the last of them is where the cursor stands.
    #[track_caller]
    fn shows(&self, lines: &[&str]) -> String {
        self.until(|screen| {
            let mut wanted = lines.iter().peekable();
            for line in screen.lines() {
                wanted.next_if(|wanted| line.trim_end() == **wanted);
            }
            wanted.peek().is_none() && lines.last() == screen.lines().last().map(str::trim_end).as_ref()
        })
    }

    /// A fresh screen.
    fn clear(&self, prompt: &str) {
        self.keys(&["C-l"]);
        self.shows(&[prompt]);
        self.tell(&["clear-history"]);
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.command().arg("kill-server").output();
    }
}

#[test]
fn a_shell_in_tmux_is_as_at_a_terminal() {
    if !has("tmux", "-V") || !has("bash", "--version") {
        return skipped("a session in tmux", "tmux or bash is not installed");
    }
    let tmux = Tmux::start("shell");
    tmux.shows(&["USER$"]);
    tmux.line("modes=$(stty -g); clear");
    tmux.line(&format!("clear; {}", scenario("shell_joined")));
    tmux.shows(&["CHILD$"]);

    // Lines are edited with the child's keys, and its output is not staggered.
    tmux.keys(&["echo hllo", "Left", "Left", "Left", "e", "Enter"]);
    tmux.shows(&["CHILD$ echo hello", "hello", "CHILD$"]);
    tmux.line("printf 'one\\ntwo\\n'; tty -s && echo tty");
    tmux.shows(&["one", "two", "tty", "CHILD$"]);

    // Control-C is the child's. A job that speaks has the terminal; before it, the key would be its shell's.
    let sleeps = "sh -c 'echo asleep; exec sleep 100'";
    tmux.line(sleeps);
    tmux.shows(&["asleep"]);
    tmux.keys(&["C-c"]);
    tmux.until(|screen| screen.contains("^C\n") && screen.ends_with("CHILD$"));
    tmux.line("echo $?");
    tmux.shows(&["130", "CHILD$"]);

    // So is Control-Z, where a shell has job control.
    tmux.clear("CHILD$");
    tmux.line(sleeps);
    tmux.shows(&["asleep"]);
    tmux.keys(&["C-z"]);
    tmux.until(|screen| screen.contains("[1]+  Stopped") && screen.ends_with("CHILD$"));
    tmux.line("kill %1; wait; clear");
    tmux.shows(&["CHILD$"]);

    // The size, now and when it changes.
    tmux.line("stty size");
    tmux.shows(&["24 80", "CHILD$"]);
    tmux.tell(&["resize-window", "-x", "100", "-y", "30"]);
    // Until the change has come through.
    tmux.line("while [ \"$(stty size)\" != '30 100' ]; do sleep 0.1; done; stty size");
    tmux.shows(&["30 100", "CHILD$"]);
    tmux.clear("CHILD$");

    // A program that takes the whole screen.
    tmux.line("tput cup 4 10; printf here; tput cup 6 0");
    let screen = tmux.shows(&["          here", "CHILD$"]);
    assert_eq!(screen.lines().nth(4), Some("          here"));

    tmux.clear("CHILD$");
    tmux.keys(&["C-]"]);
    tmux.shows(&["CHILD$ joined no more: Escape", "USER$"]);
    tmux.line("[ \"$(stty -g)\" = \"$modes\" ] && echo as before");
    tmux.shows(&["as before", "USER$"]);
}

#[test]
fn a_child_alone_in_tmux_stops_and_goes_on_with_its_user() {
    if !has("tmux", "-V") || !has("bash", "--version") {
        return skipped("job control in tmux", "tmux or bash is not installed");
    }
    let tmux = Tmux::start("cat");
    tmux.shows(&["USER$"]);
    tmux.line("modes=$(stty -g); clear");
    tmux.line(&format!("clear; {}", scenario("cat_joined")));
    tmux.shows(&["ready"]);
    tmux.line("one");
    tmux.shows(&["one", "     1  one"]);
    for round in 2..4 {
        // With nobody else to take it up: both stop, and the user is at the shell.
        tmux.keys(&["C-z"]);
        tmux.until(|screen| screen.contains("Stopped") && screen.ends_with("USER$"));
        tmux.line("clear; ps -o stat= $(pgrep -P $(jobs -p)); [ \"$(stty -g)\" = \"$modes\" ] && echo as before");
        let screen = tmux.shows(&["as before", "USER$"]);
        assert!(screen.starts_with('T'), "the child is stopped:\n{screen}");
        tmux.line("clear; fg >/dev/null");
        tmux.raw();
        tmux.line("more");
        tmux.shows(&["more", &format!("     {round}  more")]);
    }
    // Stopped from outside, twice; and ended in the background.
    tmux.line("go");
    tmux.shows(&["go", "     4  go"]);
    let program = tmux.tell(&["display-message", "-p", "#{pane_pid}"]).trim().to_owned();
    let kids = std::fs::read_to_string(format!("/proc/{program}/task/{program}/children")).unwrap();
    let pid: i32 = kids.trim().parse().unwrap();
    for signal in ["TSTP", "STOP"] {
        signal::kill(signal, pid).unwrap();
        tmux.until(|screen| screen.ends_with("USER$"));
        tmux.line("clear; fg >/dev/null");
        tmux.raw();
        tmux.line(signal);
        tmux.until(|screen| screen.ends_with(&format!("  {signal}")));
    }
    signal::kill("TERM", pid).unwrap();
    tmux.until(|screen| screen.contains("Terminated") && screen.ends_with("USER$"));
    tmux.line("clear; [ \"$(stty -g)\" = \"$modes\" ] && echo as before");
    tmux.shows(&["as before", "USER$"]);
}
