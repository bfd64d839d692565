//! Patterns over streams, from a user's side, and against naive engines.

mod common;

use std::os::fd::AsRawFd;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use perlipc::{Cmd, Deadline, Error, Events, Expect, Fork, Poll, Stream, expect, fork, pty};

common::scenarios![passwd_and_su, a_log_that_handlers_cut, a_log_without_readers];

fn list(texts: &[&str]) -> Expect {
    let mut expect = Expect::new();
    for text in texts {
        expect.text(text).unwrap();
    }
    expect
}

/// A stream that has these bytes to read, with its other end.
fn saying(bytes: &[u8]) -> (Stream, Stream) {
    let (reader, mut writer) = Stream::pipe().unwrap();
    writer.write(bytes).unwrap();
    (reader, writer)
}

#[test]
fn a_dialogue_on_a_pty() {
    let cmd = Cmd::shell("printf 'name? '; read n; echo \"hi $n\"; exit 3");
    let mut s = pty::open(&cmd, 24, 80).unwrap();
    assert_eq!(list(&["nomatch", "name? "]).wait(&mut s).unwrap(), 1);
    let found = s.found().unwrap();
    assert_eq!((found.before(), found.matched()), (&b""[..], &b"name? "[..]));
    s.write(b"bob\n").unwrap();
    let mut greeting = Expect::new();
    greeting.regex(r"hi (\w+)(x)?\r?\n").unwrap();
    assert_eq!(greeting.wait(&mut s).unwrap(), 0);
    let found = s.found().unwrap();
    assert_eq!((found.group(0), found.group(1)), (Some(&b"hi bob\n"[..]), Some(&b"bob"[..])));
    assert_eq!((found.group(2), found.group(3), found.groups()), (None, None, 2));
    let mut end = list(&["more"]);
    end.eof();
    assert_eq!(end.wait(&mut s).unwrap(), 1);
    assert_eq!(s.close().unwrap().unwrap().code(), Some(3));
}

#[test]
fn a_timeout_keeps_the_data_and_the_end_gives_it() {
    let (mut reader, mut writer) = saying(b"partial");
    let wanted = list(&["done"]);
    let error = wanted.wait_until(&mut reader, Deadline::after_ms(50)).unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.step(), "expect");
    assert_eq!(reader.found().unwrap().before(), b"partial");
    let mut or_time = list(&["done"]);
    or_time.timeout();
    assert_eq!(or_time.wait_until(&mut reader, Deadline::NOW).unwrap(), 1);
    writer.write(b" do").unwrap();
    assert!(wanted.wait_until(&mut reader, Deadline::NOW).is_err());
    writer.write(b"ne; rest").unwrap();
    assert_eq!(wanted.wait(&mut reader).unwrap(), 0);
    assert_eq!(reader.found().unwrap().before(), b"partial ");
    drop(writer);
    let error = wanted.wait(&mut reader).unwrap_err();
    assert_eq!(error.errno(), libc::ENODATA);
    assert_eq!(error.to_string(), "expect: the end came first");
    assert_eq!(reader.found().unwrap().before(), b"; rest");
    assert_eq!(reader.readline().unwrap(), Some(&b"; rest"[..]), "what was not matched is unread");
}

#[test]
fn the_first_of_the_list_wins_or_the_leftmost_when_settled() {
    let (mut reader, _writer) = saying(b"one two");
    assert_eq!(list(&["two", "one"]).wait(&mut reader).unwrap(), 0);
    assert_eq!(reader.found().unwrap().before(), b"one ");

    let (mut reader, _writer) = saying(b"one two");
    let mut settled = list(&["two", "one"]);
    settled.settled(true);
    assert_eq!(settled.wait(&mut reader).unwrap(), 1);
    assert_eq!(settled.wait(&mut reader).unwrap(), 0);
}

#[test]
fn settled_waits_for_what_could_change_a_match_and_no_longer() {
    let mut number = Expect::new();
    number.regex(r"\d+").unwrap();
    let (mut reader, mut writer) = saying(b"1");
    assert_eq!(number.wait(&mut reader).unwrap(), 0, "arrived: at once");
    number.settled(true);
    writer.write(b"2").unwrap();
    assert!(number.wait_until(&mut reader, Deadline::after_ms(30)).is_err());
    writer.write(b"3 ").unwrap();
    assert_eq!(number.wait(&mut reader).unwrap(), 0);
    assert_eq!(reader.found().unwrap().matched(), b"23");
    let mut prompt = list(&["login: "]);
    prompt.settled(true);
    writer.write(b"login: ").unwrap();
    assert_eq!(prompt.wait_until(&mut reader, Deadline::after_ms(5000)).unwrap(), 0, "no byte more is needed");
    writer.write(b"45").unwrap();
    drop(writer);
    assert_eq!(number.wait(&mut reader).unwrap(), 0, "the end decides");
    assert_eq!(reader.found().unwrap().matched(), b"45");
}

#[test]
fn lines_and_patterns_take_turns() {
    let (mut reader, _writer) = saying(b"first\nkey=value;second\nthird\n");
    assert_eq!(reader.readline().unwrap(), Some(&b"first\n"[..]));
    assert_eq!(list(&[";"]).wait(&mut reader).unwrap(), 0);
    assert_eq!(reader.found().unwrap().before(), b"key=value");
    assert_eq!(reader.readline().unwrap(), Some(&b"second\n"[..]));
    assert!(list(&["key"]).wait_until(&mut reader, Deadline::NOW).is_err(), "what was read is gone");
    assert_eq!(reader.readline().unwrap(), Some(&b"third\n"[..]));
}

#[test]
fn the_window_bounds_what_is_kept() {
    let (mut reader, mut writer) = saying(b"");
    let mut wanted = Expect::new();
    wanted.regex("a+b").unwrap();
    wanted.window(Some(1000));
    for _ in 0..100 {
        writer.write(&[b'x'; 1000]).unwrap();
        assert!(wanted.wait_until(&mut reader, Deadline::NOW).is_err());
        assert!(reader.buffered().len() <= 2001);
    }
    writer.write(b"aab").unwrap();
    assert_eq!(wanted.wait(&mut reader).unwrap(), 0);
    let found = reader.found().unwrap();
    assert_eq!(found.matched(), b"aab");
    assert!(found.before().len() >= 1000 && found.before().len() <= 2001);

    for _ in 0..5 {
        writer.write(&[b'a'; 1000]).unwrap();
        assert!(wanted.wait_until(&mut reader, Deadline::NOW).is_err());
    }
    writer.write(b"b").unwrap();
    let error = wanted.wait(&mut reader).unwrap_err();
    assert!(matches!(error, Error::TooLong { limit: 1000, .. }), "{error}");
    let mut long = list(&[&"x".repeat(20)]);
    long.window(Some(10));
    assert!(matches!(long.wait(&mut reader), Err(Error::Invalid { .. })));
}

#[test]
fn a_script_of_pairs_in_one_call_and_a_log() {
    let cmd = Cmd::shell("printf 'login: '; read a; printf 'Password: '; read b; echo \"$a/$b\"");
    let mut s = pty::open(&cmd, 24, 80).unwrap();
    let (mut seen, log) = Stream::pipe().unwrap();
    let mut log = log;
    s.log(Some(log.release().unwrap())).unwrap();
    let steps: [(&[u8], &[u8]); 3] = [(b"login: ", b"me\n"), (b"Password: ", b"secret\n"), (b"me/secret\n", b"")];
    assert_eq!(expect::script(&mut s, &steps, Deadline::after_ms(10_000)).unwrap(), 3);
    s.log(None).unwrap();
    let mut all = Vec::new();
    seen.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"login: Password: me/secret\n");
}

/// A handler of the host's, for which the kernel starts no call again.
#[test]
fn a_log_has_all_whatever_handlers_run() {
    common::run("a_log_that_handlers_cut");
}

fn a_log_that_handlers_cut() {
    static RAN: AtomicUsize = AtomicUsize::new(0);
    extern "C" fn ran(_: libc::c_int) {
        RAN.fetch_add(1, Ordering::SeqCst);
    }
    // SAFETY: a handler that does what a signal may; no SA_RESTART. The number of this process's only thread.
    let main = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = ran as *const () as usize;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
        libc::gettid()
    };
    let said = [&[b'x'; 20_000][..], b"done"].concat();
    let (mut reader, _writer) = saying(&said);
    let (mut seen, mut log) = Stream::pipe().unwrap();
    let log = log.release().unwrap();
    // SAFETY: plain numbers.
    assert!(unsafe { libc::fcntl(log.as_raw_fd(), libc::F_SETPIPE_SZ, 4096) } >= 4096);
    reader.log(Some(log)).unwrap();
    let drains = std::thread::spawn(move || {
        let stat = format!("/proc/self/task/{main}/stat");
        for round in 0..3 {
            let asleep = || std::fs::read_to_string(&stat).unwrap().rsplit(')').next().unwrap().starts_with(" S");
            assert!(common::eventually(asleep), "it does not wait for the log");
            // SAFETY: a thread of this process.
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), main, libc::SIGUSR1) };
            assert!(common::eventually(|| RAN.load(Ordering::SeqCst) > round), "the handler did not run");
        }
        let mut all = Vec::new();
        seen.read_to_end(&mut all).unwrap();
        all
    });
    assert_eq!(list(&["done"]).wait(&mut reader).unwrap(), 0);
    reader.log(None).unwrap();
    assert!(drains.join().unwrap() == said, "something is missing");
}

/// It stands in the way until the time is over, and is told the rest later.
#[test]
fn a_log_that_is_full_has_its_time() {
    let said = [&[b'x'; 50_000][..], b"done"].concat();
    let (mut reader, writer) = saying(&said);
    let (mut seen, mut log) = Stream::pipe().unwrap();
    let log = log.release().unwrap();
    // SAFETY: plain numbers.
    assert!(unsafe { libc::fcntl(log.as_raw_fd(), libc::F_SETPIPE_SZ, 4096) } >= 4096);
    reader.log(Some(log)).unwrap();
    let error = list(&["done"]).wait_until(&mut reader, Deadline::after(Some(Duration::from_millis(50)))).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let drains = std::thread::spawn(move || {
        let mut all = Vec::new();
        seen.read_to_end(&mut all).unwrap();
        all
    });
    // What was read meanwhile is found; what is asked for next, when the log has its part.
    assert_eq!(list(&["done"]).wait(&mut reader).unwrap(), 0);
    let mut over = Expect::new();
    over.eof();
    drop(writer);
    over.wait(&mut reader).unwrap();
    reader.log(None).unwrap();
    assert!(drains.join().unwrap() == said, "something is missing");
}

/// A set that reads ahead for lines does not wait for it, and the end of what is read does.
#[test]
fn a_log_that_is_full_beside_a_poll_set() {
    let said = b"a line\n".repeat(5000);
    let (mut reader, writer) = saying(&said);
    drop(writer);
    let (mut seen, mut log) = Stream::pipe().unwrap();
    let log = log.release().unwrap();
    // SAFETY: plain numbers.
    assert!(unsafe { libc::fcntl(log.as_raw_fd(), libc::F_SETPIPE_SZ, 4096) } >= 4096);
    reader.log(Some(log)).unwrap();
    let mut poll = Poll::new();
    poll.stream(reader, Events::LINE, 1).unwrap();
    for _ in 0..5000 {
        poll.next(Deadline::NOW).unwrap();
        assert_eq!(poll.get(1).unwrap().readline().unwrap(), Some(&b"a line\n"[..]));
    }
    let mut reader = poll.take(1).unwrap();
    reader.timeout(Some(Duration::from_millis(50)));
    assert!(reader.readline().unwrap_err().is_timeout());
    reader.timeout(None);
    let drains = std::thread::spawn(move || {
        let mut all = Vec::new();
        seen.read_to_end(&mut all).unwrap();
        all
    });
    assert_eq!(reader.readline().unwrap(), None);
    reader.log(None).unwrap();
    assert!(drains.join().unwrap() == said, "something is missing");
}

/// What the set keeps for it has a bound: then the stream is ready, and the read waits for the log.
#[test]
fn a_log_that_stays_full_beside_a_poll_set() {
    let line = [&[b'x'; 999][..], b"\n"].concat();
    let said = line.repeat(4000);
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    let says = said.clone();
    let speaks = std::thread::spawn(move || writer.write(&says).unwrap());
    let (mut seen, mut log) = Stream::pipe().unwrap();
    reader.log(Some(log.release().unwrap())).unwrap();
    reader.timeout(Some(Duration::from_millis(50)));
    let mut poll = Poll::new();
    poll.stream(reader, Events::LINE, 1).unwrap();
    let mut lines = 0;
    let error = loop {
        assert!(poll.next(Deadline::after_ms(20_000)).unwrap().is_some());
        match poll.get(1).unwrap().readline() {
            Ok(Some(found)) => assert!(found == line),
            Ok(None) => panic!("no bound"),
            Err(error) => break error,
        }
        lines += 1;
    };
    assert!(error.is_timeout() && error.step() == "log", "{error}");
    assert!((1000..2000).contains(&lines), "{lines} lines");
    let mut reader = poll.take(1).unwrap();
    let drains = std::thread::spawn(move || {
        let mut all = Vec::new();
        seen.read_to_end(&mut all).unwrap();
        all
    });
    reader.timeout(None);
    while reader.readline().unwrap().is_some() {
        lines += 1;
    }
    assert_eq!(lines, 4000);
    speaks.join().unwrap();
    reader.log(None).unwrap();
    assert!(drains.join().unwrap() == said, "something is missing");
}

#[test]
fn a_log_that_nobody_reads_is_no_signal() {
    common::run("a_log_without_readers");
}

fn a_log_without_readers() {
    // SAFETY: a plain call; as C programs begin.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let (mut reader, _writer) = saying(b"one\ntwo\nthree");
    let (seen, mut log) = Stream::pipe().unwrap();
    reader.log(Some(log.release().unwrap())).unwrap();
    drop(seen);
    assert_eq!(reader.readline().unwrap(), Some(&b"one\n"[..]));
    assert_eq!(list(&["three"]).wait(&mut reader).unwrap(), 0);
}

#[test]
fn bad_patterns_are_errors_that_say_why() {
    let mut expect = Expect::new();
    let error = expect.regex("a(b").unwrap_err();
    assert!(error.to_string().contains("unclosed group"), "{error}");
    assert!(expect.text("").is_err());
    assert!(expect.regex(r"(a)\1").is_err());
    for pattern in ["(?:(?:[ab]{100}){100}){100}", "((([ab]{100}){100}){100})"] {
        let error = expect.regex(pattern).unwrap_err();
        assert!(error.to_string().contains("limit"), "{error}");
    }
    let mut wild = Expect::new();
    // Its tables would be too large to make ahead.
    wild.regex("[ab]*a[ab]{18}c").unwrap();
    let text = [&[b'b'; 50][..], b"a", &[b'b'; 18], b"c!"].concat();
    let (mut reader, _writer) = saying(&text);
    assert_eq!(wild.wait(&mut reader).unwrap(), 0);
    assert_eq!(reader.found().unwrap().matched(), &text[..text.len() - 1]);
}

#[test]
fn a_prompt_read_from_the_terminal_and_python() {
    let mut s = pty::open(&Cmd::argv(["python3", "-i", "-q"]), 24, 80).unwrap();
    let prompt = list(&[">>> "]);
    prompt.wait(&mut s).unwrap();
    s.write(b"6 * 7\n").unwrap();
    prompt.wait(&mut s).unwrap();
    assert!(String::from_utf8_lossy(s.found().unwrap().before()).contains("42"));
    s.write(b"import getpass; print(getpass.getpass('Secret: ')[::-1])\n").unwrap();
    list(&["Secret: "]).wait(&mut s).unwrap();
    s.write(b"abc\n").unwrap();
    list(&["cba"]).wait(&mut s).unwrap();
}

#[test]
fn a_dialogue_with_bc() {
    if !common::has("bc", "--version") {
        return common::skipped("a dialogue with bc", "bc is not installed");
    }
    let mut s = pty::open(&Cmd::argv(["bc", "-q"]), 24, 80).unwrap();
    s.timeout(Some(Duration::from_secs(10)));
    let mut number = Expect::new();
    number.regex(r"(-?[0-9.]+)\n").unwrap();
    for (asked, answer) in [("6 * 7", "42"), ("scale = 5; 22 / 7", "3.14285"), ("2 ^ 70", "1180591620717411303424")] {
        s.write(format!("{asked}\n").as_bytes()).unwrap();
        number.wait(&mut s).unwrap();
        assert_eq!(s.found().unwrap().group(1).map(String::from_utf8_lossy).as_deref(), Some(answer), "{asked}");
    }
    s.write(b"quit\n").unwrap();
    s.read_to_end(&mut Vec::new()).unwrap();
    assert!(s.close().unwrap().unwrap().success());
}

#[test]
fn su_asks_its_terminal_for_the_password() {
    if !common::has("su", "--version") {
        return common::skipped("a prompt of su", "su is not installed");
    }
    // Root is not asked; a password that is none changes nothing.
    let mut cmd = Cmd::argv(["su", "root", "-c", "true"]);
    cmd.dir("/");
    if common::is_root() {
        cmd.user(Some("65534"), Some("65534")).groups(["65534"]);
    }
    let mut s = pty::open(&cmd, 24, 80).unwrap();
    let mut prompt = Expect::new();
    prompt.regex("(?i)password: ?").unwrap();
    prompt.wait(&mut s).unwrap();
    s.write(b"certainly not this one\n").unwrap();
    let mut refused = Expect::new();
    refused.regex("(?i)su: .*(fail|incorrect|denied)").unwrap();
    refused.wait(&mut s).unwrap();
    assert!(!s.found().unwrap().before().windows(9).any(|text| text == b"certainly"), "it was shown");
    let mut rest = Vec::new();
    s.read_to_end(&mut rest).unwrap();
    assert_eq!(s.close().unwrap().unwrap().code(), Some(1));
}

/// An account that is in no /etc but the one of [`passwd_and_su`].
const NOBODYS: &str = "perlipc-test";

#[test]
fn passwd_and_su_believe_that_they_talk_to_a_user() {
    let what = "a password changed by passwd and used by su";
    if !common::is_root() {
        return common::skipped(what, "only root can have an /etc of its own");
    }
    if !common::has("su", "--version") || !common::has("passwd", "--help") {
        return common::skipped(what, "su and passwd are not both installed");
    }
    if !common::has_args("unshare", &["--mount", "true"]) {
        return common::skipped(what, "no unshare that may make namespaces");
    }
    let dir = common::Dir::new("etc");
    // Seen by this process and its children alone, and gone with them: the machine's accounts stay as they are.
    let private = "cp -a /etc/. \"$1\" && touch \"$1/perlipc-private\" && mount --bind \"$1\" /etc && exec \"$2\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", private, "sh"]).arg(&dir.0).arg(std::env::current_exe().unwrap());
    common::finish(what, command.env(common::SCENARIO, "passwd_and_su").output().unwrap());
    assert!(!std::fs::read_to_string("/etc/passwd").unwrap().contains(NOBODYS));
}

fn passwd_and_su() {
    assert!(std::path::Path::new("/etc/perlipc-private").exists(), "this is the machine's /etc");
    for (file, line) in
        [("passwd", "x:64321:64321::/:/bin/sh"), ("group", "x:64321:"), ("shadow", "!:19000:0:99999:7:::")]
    {
        let path = format!("/etc/{file}");
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{before}{NOBODYS}:{line}\n")).unwrap();
    }
    let talk = |cmd: &mut Cmd, steps: &[(&str, &str)]| {
        cmd.dir("/").env("LC_ALL", Some(&b"C"[..]));
        let mut s = pty::open(cmd, 24, 80).unwrap();
        let mut said = String::new();
        for (prompt, answer) in steps {
            let mut wanted = Expect::new();
            wanted.regex(prompt).unwrap();
            wanted.wait(&mut s).unwrap_or_else(|error| panic!("{prompt}: {error}: {said}"));
            said += &String::from_utf8_lossy(s.found().unwrap().before());
            s.write(format!("{answer}\n").as_bytes()).unwrap();
        }
        let mut rest = Vec::new();
        s.read_to_end(&mut rest).unwrap();
        said += &String::from_utf8_lossy(&rest);
        assert!(s.close().unwrap().unwrap().success(), "{said}");
        assert!(steps.iter().all(|(_, answer)| !said.contains(answer)), "it was shown: {said}");
        said
    };
    let (first, second) = ("Quite 1 secret", "Other 2 secret");
    // Root is not asked for the one before.
    talk(&mut Cmd::argv(["passwd", NOBODYS]), &[("(?i)new password: ?", first), ("(?i)retype.*: ?", first)]);
    talk(
        Cmd::argv(["passwd"]).user(Some(NOBODYS), None),
        &[("(?i)current.*password: ?", first), ("(?i)new password: ?", second), ("(?i)retype.*: ?", second)],
    );
    let mut su = Cmd::argv(["su", NOBODYS, "-c", "id -un"]);
    su.user(Some("65534"), Some("65534")).groups(["65534"]);
    assert_eq!(talk(&mut su, &[("(?i)password: ?", second)]).trim(), NOBODYS);
}

// ---- against naive engines ----

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

const REGEXES: &[&str] = &[
    "a+",
    "ab|abc",
    "(a|ab)(c|bcd)",
    "b$",
    "^a",
    "(?m)^b",
    "a.*b",
    "a.*?b",
    "\\bc",
    "c\\b",
    "[^a]c",
    "(?:ab)*c",
    "\\z",
    "x",
    "a{2,3}",
    "(b)?(c)",
    "d|",
    "\\Ab+",
    "(?s)c.d",
    "(a$)|(a)",
    "ba$|a",
    "b(c)\\b|c",
    "(b\\b)|(b)",
    "(?m)(c$)|(c)|(^d)|(d)",
    // Too large for tables that are made ahead.
    "(a|b|ab|ba){1,20}c",
    "a{2,40}b?",
    "(?:a|ab|abb|b(?:a|b)){1,12}(c|d)$",
    "(?m)^[ab]{0,30}?(c)\\b",
];
const TEXTS: &[&str] = &["ab", "abc", "d", "cc", "b\n"];

fn naive(pattern: &str) -> regex::bytes::Regex {
    regex::bytes::RegexBuilder::new(pattern).unicode(false).build().unwrap()
}

struct Case {
    expect: Expect,
    naive: Vec<regex::bytes::Regex>,
    data: Vec<u8>,
}

fn case(random: &mut Random) -> Case {
    let mut expect = Expect::new();
    let mut engines = Vec::new();
    for _ in 0..1 + random.below(3) {
        if random.below(3) == 0 {
            let text = TEXTS[random.below(TEXTS.len())];
            expect.text(text).unwrap();
            engines.push(naive(&regex::escape(text)));
        } else {
            let pattern = REGEXES[random.below(REGEXES.len())];
            expect.regex(pattern).unwrap();
            engines.push(naive(pattern));
        }
    }
    let data = (0..random.below(40)).map(|_| b"aaabbbccd\n"[random.below(10)]).collect();
    Case { expect, naive: engines, data }
}

type Seen = (usize, Vec<u8>, Vec<u8>, Vec<Option<Vec<u8>>>);

fn seen(index: usize, reader: &Stream) -> Seen {
    let found = reader.found().unwrap();
    let groups = (1..=found.groups()).map(|i| found.group(i).map(<[u8]>::to_vec)).collect();
    (index, found.before().to_vec(), found.matched().to_vec(), groups)
}

#[test]
fn arrived_equals_a_naive_search_of_all_unread_after_each_read() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..common::scale(5_000) {
        let Case { expect, naive, data } = case(&mut random);
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        let search = |unread: &[u8]| -> Option<Seen> {
            naive.iter().enumerate().find_map(|(index, regex)| {
                let found = regex.captures(unread)?;
                let whole = found.get(0)?;
                let groups = found.iter().skip(1).map(|g| g.map(|g| g.as_bytes().to_vec())).collect();
                Some((index, unread[..whole.start()].to_vec(), whole.as_bytes().to_vec(), groups))
            })
        };
        let mut unread: Vec<u8> = Vec::new();
        let mut coming: Vec<u8> = Vec::new();
        let mut rest = &data[..];
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(1 + random.below(rest.len().min(8)));
            rest = after;
            writer.write(chunk).unwrap();
            coming.extend_from_slice(chunk);
            // What a match left over is searched before more is read.
            let left_over = if unread.is_empty() { None } else { search(&unread) };
            let wanted = left_over.or_else(|| {
                unread.append(&mut coming);
                search(&unread)
            });
            let got = expect.wait_until(&mut reader, Deadline::NOW).ok().map(|index| seen(index, &reader));
            assert_eq!(got, wanted, "{expect:?} in {:?}", String::from_utf8_lossy(&unread));
            if let Some((_, before, matched, _)) = wanted {
                unread.drain(..before.len() + matched.len());
            }
            assert_eq!(reader.buffered(), unread);
        }
    }
}

#[test]
fn settled_equals_a_naive_search_of_the_whole_for_every_chunking() {
    let mut random = Random(0x1234_5678_9abc_def1);
    for _ in 0..common::scale(5_000) {
        let Case { mut expect, naive, data } = case(&mut random);
        expect.settled(true);
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        // Leftmost, then the first of the list: one expression with all of them as alternatives.
        let wanted: Option<Seen> = naive
            .iter()
            .enumerate()
            .filter_map(|(index, regex)| regex.captures(&data).map(|found| (index, found)))
            .min_by_key(|(index, found)| (found.get(0).map(|m| m.start()), *index))
            .map(|(index, found)| {
                let whole = found.get(0).unwrap();
                let groups = found.iter().skip(1).map(|g| g.map(|g| g.as_bytes().to_vec())).collect();
                (index, data[..whole.start()].to_vec(), whole.as_bytes().to_vec(), groups)
            });
        let mut got = None;
        let mut rest = &data[..];
        while got.is_none() && !rest.is_empty() {
            let (chunk, after) = rest.split_at(1 + random.below(rest.len().min(8)));
            rest = after;
            writer.write(chunk).unwrap();
            got = expect.wait_until(&mut reader, Deadline::NOW).ok().map(|index| seen(index, &reader));
        }
        if got.is_none() {
            drop(writer);
            got = expect.wait_until(&mut reader, Deadline::NEVER).ok().map(|index| seen(index, &reader));
        }
        assert_eq!(got, wanted, "{expect:?} in {:?}", String::from_utf8_lossy(&data));
    }
}

/// None of them could have begun further back than it did.
const NEAR: &[&str] = &[
    "a+",
    "ab|abc",
    "(a|ab)(c|bcd)",
    "b$",
    "^a",
    "(?m)^b",
    "\\bc",
    "c\\b",
    "(b)?(c)",
    "(a$)|(a)",
    "(b\\b)|(b)",
    "a{5,}",
];

/// What the naive one finds is found too, if it began in the window; else it may be beyond it.
#[test]
fn a_window_changes_nothing_about_what_begins_in_it() {
    let mut random = Random(0x0dd0_5eed_1234_5678);
    let (mut found, mut beyond) = (0, 0);
    for _ in 0..common::scale(5_000) {
        let sources: Vec<&str> = (0..1 + random.below(2)).map(|_| NEAR[random.below(NEAR.len())]).collect();
        let naive: Vec<_> = sources.iter().map(|source| naive(source)).collect();
        let mut expect = Expect::new();
        for source in &sources {
            expect.regex(source).unwrap();
        }
        let data: Vec<u8> = (0..40 + random.below(80)).map(|_| b"aaaaaabcc  \nxyz"[random.below(15)]).collect();
        let window = 2 + random.below(4);
        expect.settled(true).window(Some(window));
        let first = naive.iter().enumerate().filter_map(|(i, regex)| regex.captures(&data).map(|found| (i, found)));
        let wanted = first.min_by_key(|(index, found)| (found.get(0).map(|m| m.start()), *index));
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        let mut before = 0;
        let answer = loop {
            let come = (before + 1 + random.below(8)).min(data.len());
            if come == before {
                writer.close().unwrap();
                break expect.wait_until(&mut reader, Deadline::NEVER);
            }
            writer.write(&data[before..come]).unwrap();
            match expect.wait_until(&mut reader, Deadline::NOW) {
                Err(error) if error.is_timeout() => before = come,
                answer => break answer,
            }
        };
        let what = format!("{sources:?} in {:?}, window {window}", String::from_utf8_lossy(&data));
        match (answer, wanted) {
            (Ok(index), Some((wanted, captures))) => {
                let (_, kept, matched, groups) = seen(index, &reader);
                let whole = captures.get(0).unwrap();
                let all = captures.iter().skip(1).map(|g| g.map(|g| g.as_bytes().to_vec())).collect::<Vec<_>>();
                assert_eq!((index, &matched[..], groups), (wanted, whole.as_bytes(), all), "{what}");
                assert!(data[..whole.start()].ends_with(&kept), "{what}");
                found += 1;
            }
            (Err(Error::TooLong { .. }), Some((_, captures))) => {
                assert!(captures.get(0).unwrap().start() + window < before, "{what}");
                beyond += 1;
            }
            (Err(error), None) => assert_eq!(error.errno(), libc::ENODATA, "{what}"),
            (answer, wanted) => panic!("{answer:?} for {wanted:?}: {what}"),
        }
    }
    assert!(found > 100 && beyond > 3, "{found} found, {beyond} beyond");
}

#[test]
fn escapes_are_perls() {
    // As `print "yes" if $said =~ /^(?:$pattern)$/`.
    for (pattern, said) in [
        (r"\e\[0m", "\x1b[0m"),
        (r"\033\[\d+m", "\x1b[31m"),
        (r"[\e\007]\0\x07\cG\cg", "\x07\0\x07\x07\x07"),
        (r"\h+\H\h?", " \t x"),
        (r"[\h.]+[^\h]", ". \t."),
        (r"a\Rb\R", "a\r\nb\n"),
        (r"\N+\n\N", "ab\nc"),
        (r"\<\>\c[\c?", "<>\x1b\x7f"),
        (r"\\e\\\\033", r"\e\\033"),
    ] {
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        let mut wanted = Expect::new();
        wanted.regex(&format!("^(?:{pattern})$")).unwrap();
        writer.write(said.as_bytes()).unwrap();
        assert!(wanted.wait_until(&mut reader, Deadline::after_ms(10_000)).is_ok(), "{pattern}");
        assert_eq!(reader.found().unwrap().matched(), said.as_bytes(), "{pattern}");
    }
    for pattern in [r"(a)\1", r"\12", r"\N{U+41}", r"\400", r"\Z", r"\K", r"[\R]", r"[^a\R-]"] {
        assert!(Expect::new().regex(pattern).is_err(), "{pattern}");
    }
}

/// Its tables are made as they are needed, and emptied when they are full: also while something is looked for ahead.
#[test]
fn tables_that_are_emptied_on_the_way() {
    let mut random = Random(0x1357_9bdf_0246_8ace);
    let mut wild = Expect::new();
    wild.regex("x(?:[ab]*a[ab]{18}c)?").unwrap();
    wild.settled(true);
    let (mut reader, mut writer) = saying(b"x");
    for _ in 0..20_000 {
        writer.write(&[b"ab"[random.below(2)]]).unwrap();
        assert!(wild.wait_until(&mut reader, Deadline::NOW).is_err());
    }
    drop(writer);
    assert_eq!(wild.wait(&mut reader).unwrap(), 0);
    assert_eq!(reader.found().unwrap().matched(), b"x");
}

#[test]
fn threads_share_what_was_made_of_the_same_patterns() {
    let talk = |thread: usize| {
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        for round in 0..common::scale(2_000) {
            // More than are kept, small ones and some whose tables are made on the way, each twice and again later.
            let number = (thread + round / 2) % 24;
            let mut wanted = Expect::new();
            wanted.regex(&format!("(\\w+) {number} ([ab]{{1,{}}})c", 4 + 3 * number)).unwrap();
            let answer = "ab".repeat(1 + number % 2);
            let said = format!("say {} ab w{thread} {number} {answer}c", number + 1);
            writer.write(said.as_bytes()).unwrap();
            let found = wanted.wait_until(&mut reader, Deadline::after_ms(10_000)).map(|_| reader.found().unwrap());
            let found = found.unwrap();
            assert_eq!(found.group(1).unwrap(), format!("w{thread}").as_bytes());
            assert_eq!(found.group(2).unwrap(), answer.as_bytes());
            assert!(reader.buffered().is_empty());
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|thread| drop(scope.spawn(move || talk(thread)))));
}

/// As interpreters fork beside threads: what a thread of the parent's was about to make is not waited for.
#[test]
fn a_child_forked_while_a_thread_makes_the_automaton() {
    for _ in 0..5 {
        let mut wanted = Expect::new();
        wanted.settled(true);
        wanted.regex("(?:[ab]{1000}){30}|c").unwrap();
        let began = std::sync::Barrier::new(2);
        let (mut reader, mut writer) = saying(b"c");
        let (mut beside, _writer) = saying(b"c!");
        writer.write(b"!").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                began.wait();
                wanted.wait_until(&mut beside, Deadline::after_ms(60_000)).unwrap();
            });
            began.wait();
            std::thread::sleep(Duration::from_millis(3));
            // SAFETY: a child that takes no lock but the allocator's, which is whole after a fork.
            let child = match unsafe { fork() }.unwrap() {
                Fork::Child => {
                    let found = wanted.wait_until(&mut reader, Deadline::after_ms(60_000));
                    // SAFETY: ends without the parent's threads.
                    unsafe { libc::_exit(i32::from(found.is_err())) }
                }
                Fork::Parent(child) => child,
            };
            let ended = child.wait(Deadline::after_ms(60_000));
            let _ = child.kill("KILL");
            assert!(ended.unwrap().success());
        });
    }
}

/// Of a stream that says nothing more there is nothing to tell, however far its log is behind.
#[test]
fn a_full_log_of_a_stream_that_is_silent_beside_a_poll_set() {
    let line = [&[b'x'; 999][..], b"\n"].concat();
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    let (_seen, mut log) = Stream::pipe().unwrap();
    reader.log(Some(log.release().unwrap())).unwrap();
    let mut poll = Poll::new();
    poll.stream(reader, Events::LINE, 1).unwrap();
    // The set has read all when the log is a megabyte behind.
    for lines in [60; 18].into_iter().chain([35]) {
        writer.write(&line.repeat(lines)).unwrap();
        for _ in 0..lines {
            assert!(poll.next(Deadline::after_ms(20_000)).unwrap().is_some());
            assert!(poll.get(1).unwrap().readline().unwrap() == Some(&line[..]));
        }
    }
    assert!(poll.next(Deadline::after_ms(50)).unwrap_err().is_timeout());
    // What comes now waits for the log.
    poll.get(1).unwrap().timeout(Some(Duration::from_millis(50)));
    writer.write(&line).unwrap();
    assert!(poll.next(Deadline::after_ms(20_000)).unwrap().is_some());
    let error = poll.get(1).unwrap().readline().unwrap_err();
    assert!(error.is_timeout() && error.step() == "log", "{error}");
    // Nor is its end forgotten.
    drop(writer);
    assert!(poll.next(Deadline::after_ms(20_000)).unwrap().is_some());
}

/// What this thread has worked, whoever else is busy.
fn cpu_time() -> Duration {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid place.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}

#[test]
fn the_work_is_linear_in_the_size() {
    let time = |size: usize| {
        let mut wanted = Expect::new();
        wanted.regex("needle[0-9]+z").unwrap();
        wanted.text("other needle").unwrap();
        let cmd = Cmd::shell(format!("head -c {size} /dev/zero | tr '\\0' n; echo needle12z"));
        let mut s = perlipc::popen::start(&cmd, perlipc::Mode::Read).unwrap();
        let since = cpu_time();
        assert_eq!(wanted.wait_until(&mut s, Deadline::after_ms(60_000)).unwrap(), 0);
        assert_eq!(s.found().unwrap().before().len(), size);
        cpu_time() - since
    };
    let small = time(1 << 20).max(Duration::from_millis(5));
    let large = time(8 << 20);
    // A search of all at each read would take 64 times as long.
    assert!(large < small * 30, "{small:?} for 1 MiB, {large:?} for 8 MiB");
}
