//! Patterns over any stream: waits until one of a list is found in what arrives, and says what stood before it.
//!
//! An [`Expect`] is prepared once and can be shared; what was found belongs to the stream ([`Stream::found`]). Each byte
//! is looked at once by each pattern, however the bytes arrive: a text is searched for with a short overlap, a regular
//! expression is an automaton whose state lives on from one read to the next, and from one call to the next with the
//! same patterns.

mod dfa;
mod search;
mod watch;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use memchr::memmem;
use regex_automata::MatchKind;
use regex_automata::meta;
use regex_automata::util::look::Look;
use regex_automata::util::syntax;
use regex_syntax::hir::Hir;

use self::dfa::{Dfa, program};
pub(crate) use self::search::Scan;
pub(crate) use self::watch::{Seen, Watch};
use crate::error::{Error, Result};
use crate::stream::{Reader, Stream};
use crate::sys::memory::Made;
use crate::time::Deadline;

/// How long a call waits when nothing is said.
const DEFAULT: Duration = Duration::from_secs(30);

/// Tables larger than this are not made ahead, but as they are needed.
const DENSE_LIMIT: usize = 1 << 20;

/// Nor are those of an automaton larger than this: a class of Unicode's digits takes milliseconds, and most of its tables are
/// never looked at.
const NFA_LIMIT: usize = 1 << 10;

/// A regular expression whose automaton is larger than this is refused: a few braces ask for gigabytes.
const NFA_MOST: usize = 10 << 20;

/// A list of patterns: see the [module](self).
///
/// After each read the first pattern of the list that matches anywhere in what is unread wins, at its leftmost place,
/// and `$` is the end of what has arrived: Perl's way, which answers as soon as can be, but whose answer may depend on how
/// the bytes arrive. [`settled`](Expect::settled) has the other way.
#[derive(Debug)]
pub struct Expect {
    /// Tells the lists apart, and one list before a change from after it.
    id: u64,
    patterns: Vec<Pattern>,
    settled: bool,
    window: usize,
    limit: Option<Duration>,
    /// All patterns in one automaton, for the settled mode.
    together: Made<Result<(Dfa, Vec<usize>)>>,
}

#[derive(Debug)]
enum Pattern {
    Text(memmem::Finder<'static>),
    Regex(Arc<Regex>),
    Eof,
    Timeout,
}

#[derive(Debug)]
struct Regex {
    parsed: Hir,
    forward: Dfa,
    reverse: Dfa,
    /// What finds the groups of a match, if there are any.
    groups: Option<meta::Regex>,
    /// What comes behind a match can change where it starts, and its groups.
    looks_ahead: bool,
}

/// The last that were made, the latest first: a program says the same few over and over. Only tried: whom another thread, or a
/// fork in its midst, holds it from does without.
static KNOWN: Mutex<Vec<(String, Arc<Regex>)>> = Mutex::new(Vec::new());
const KNOWN_MOST: usize = 16;

impl Regex {
    fn known(pattern: &str) -> Option<Arc<Regex>> {
        let mut known = KNOWN.try_lock().ok()?;
        let at = known.iter().position(|(text, _)| text == pattern)?;
        known[..=at].rotate_right(1);
        Some(known[0].1.clone())
    }

    fn new(pattern: &str) -> Result<Arc<Regex>> {
        let bad = |what: String| Error::invalid("expect", format!("{pattern:?}: {what}"));
        let parsed = parsed(pattern).map_err(bad)?;
        let nfa = program(&[&parsed], false, Some(NFA_MOST)).map_err(bad)?;
        let behind = [Look::Start, Look::StartLF, Look::StartCRLF];
        let looks_ahead = nfa.look_set_any().iter().any(|look| !behind.contains(&look));
        let forward = Dfa::new(&nfa, MatchKind::LeftmostFirst).map_err(bad)?;
        let reverse = program(&[&parsed], true, Some(NFA_MOST)).map_err(bad)?;
        let reverse = Dfa::new(&reverse, MatchKind::All).map_err(bad)?;
        let groups = (parsed.properties().explicit_captures_len() > 0)
            .then(|| {
                // The bounds of a match are known when it is asked.
                let config = meta::Config::new().utf8_empty(false).dfa(false);
                meta::Builder::new().configure(config).build_from_hir(&parsed).map_err(|error| bad(error.to_string()))
            })
            .transpose()?;
        let regex = Arc::new(Regex { parsed, forward, reverse, groups, looks_ahead });
        if let Ok(mut known) = KNOWN.try_lock() {
            known.truncate(KNOWN_MOST - 1);
            known.insert(0, (pattern.to_owned(), regex.clone()));
        }
        Ok(regex)
    }
}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Default for Expect {
    fn default() -> Expect {
        Expect::new()
    }
}

impl Expect {
    /// An empty list.
    pub fn new() -> Expect {
        Expect {
            id: next_id(),
            patterns: Vec::new(),
            settled: false,
            window: usize::MAX,
            limit: Some(DEFAULT),
            together: Made::new(),
        }
    }

    fn push(&mut self, pattern: Pattern) -> usize {
        self.id = next_id();
        self.together = Made::new();
        self.patterns.push(pattern);
        self.patterns.len() - 1
    }

    /// These bytes, as they are. Its index in the list.
    pub fn text(&mut self, text: impl AsRef<[u8]>) -> Result<usize> {
        match text.as_ref() {
            [] => Err(Error::invalid("expect", "an empty text is everywhere")),
            text => Ok(self.push(Pattern::Text(memmem::Finder::new(text).into_owned()))),
        }
    }

    /// A regular expression over bytes: Perl's syntax without look-around and back references; `.` and classes are bytes,
    /// not characters, unless it begins with `(?u)`, for which the feature `unicode` has the classes. Its index in the list.
    pub fn regex(&mut self, pattern: &str) -> Result<usize> {
        let regex = match Regex::known(pattern) {
            Some(regex) => regex,
            None => Regex::new(pattern)?,
        };
        Ok(self.push(Pattern::Regex(regex)))
    }

    /// The end of the stream counts as found; without it, it is an error (ENODATA). Its index in the list.
    pub fn eof(&mut self) -> usize {
        self.push(Pattern::Eof)
    }

    /// The deadline counts as found; without it, it is an error. Its index in the list.
    pub fn timeout(&mut self) -> usize {
        self.push(Pattern::Timeout)
    }

    /// Whether only decided matches count: those that no further byte could change. Of these the leftmost wins, then the
    /// first in the list, however the bytes arrive; `$` is the end of the stream. It may wait for a byte or an end that
    /// never comes, where the other way has answered.
    pub fn settled(&mut self, on: bool) -> &mut Expect {
        self.settled = on;
        self.id = next_id();
        self
    }

    /// How many of the last bytes are kept, at least, while nothing is found: what is further back is dropped, and a match
    /// that began there, or may have, is an error ([`Error::TooLong`]). `None`: all are kept, as at first.
    pub fn window(&mut self, window: Option<usize>) -> &mut Expect {
        self.window = window.unwrap_or(usize::MAX);
        self
    }

    /// How long [`wait`](Expect::wait) waits: 30 seconds at first; `None` is for ever.
    pub fn limit(&mut self, limit: Option<Duration>) -> &mut Expect {
        self.limit = limit;
        self
    }

    /// When a wait that begins now is over, if nothing else is said.
    pub fn default_deadline(&self) -> Deadline {
        Deadline::after(self.limit)
    }

    /// Waits until one of the patterns is found: its index. What was found is in [`Stream::found`], and the stream goes on
    /// behind it. After a timeout all that arrived is unread still.
    pub fn wait(&self, stream: &mut Stream) -> Result<usize> {
        self.wait_until(stream, self.default_deadline())
    }

    /// The same with a deadline of its own.
    pub fn wait_until(&self, stream: &mut Stream, deadline: Deadline) -> Result<usize> {
        stream.expect(self, deadline)
    }
}

/// A dialogue in one call: waits for each text and answers it, until all are through; how many were. An empty text
/// waits for nothing, an empty answer says nothing.
pub fn script(stream: &mut Stream, steps: &[(&[u8], &[u8])], deadline: Deadline) -> Result<usize> {
    for (text, answer) in steps {
        if !text.is_empty() {
            let mut expect = Expect::new();
            expect.text(text)?;
            expect.wait_until(stream, deadline)?;
        }
        if !answer.is_empty() {
            stream.write(answer)?;
            stream.flush()?;
        }
    }
    Ok(steps.len())
}

/// What Perl has behind a backslash and the engine has not, or has as something else: `\<` and `\>` are these characters, as
/// Perl's quotemeta writes them, and no word boundaries.
fn perl_escapes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('<')) => out += "\\x3C",
            ('\\', Some('>')) => out += "\\x3E",
            ('\\', Some('e')) => out += "\\x1B",
            // A class in a class is the two together.
            ('\\', Some('h')) => out += "[\\x20\\t]",
            ('\\', Some('H')) => out += "[^\\x20\\t]",
            // Refused in a class, where Perl takes it for a letter: no range goes from z to a.
            ('\\', Some('R')) => out += "(?:(?:z-a){0}\\r\\n|[\\n-\\r])",
            ('\\', Some('N')) if chars.peek() != Some(&'{') => out += "[^\\n]",
            ('\\', Some('c')) if chars.peek().is_some_and(char::is_ascii) => {
                let letter = chars.next().unwrap_or_default().to_ascii_uppercase();
                out += &format!("\\x{:02X}", letter as u32 ^ 0x40);
            }
            ('\\', Some(digit @ '0'..='7')) => {
                let mut octal = digit.to_string();
                let mut ahead = chars.clone();
                while octal.len() < 3
                    && let Some(digit) = ahead.next_if(|c| c.is_digit(8))
                {
                    octal.push(digit);
                }
                match u8::from_str_radix(&octal, 8) {
                    Ok(number) if digit == '0' || octal.len() == 3 => {
                        out += &format!("\\x{number:02X}");
                        chars = ahead;
                    }
                    // A reference to a group, which is refused.
                    _ => out.extend(['\\', digit]),
                }
            }
            (c, escaped) => out.extend([Some(c), escaped].into_iter().flatten()),
        }
    }
    out
}

fn parsed(pattern: &str) -> std::result::Result<Hir, String> {
    let parsed = syntax::parse_with(&perl_escapes(pattern), &syntax::Config::new().unicode(false).utf8(false));
    parsed.map_err(|error| error.to_string().lines().last().unwrap_or_default().to_owned())
}

/// What an [`Expect`] found in a stream. Offsets into the reader's buffer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    before: Range<usize>,
    matched: Range<usize>,
    groups: Vec<Option<Range<usize>>>,
}

/// What was found in a stream last.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    buffer: &'a [u8],
    place: &'a Place,
}

impl<'a> Found<'a> {
    pub(crate) fn new(buffer: &'a [u8], place: &'a Place) -> Found<'a> {
        Found { buffer, place }
    }

    /// What had arrived before the match; after a timeout or the end, all that is unread.
    pub fn before(&self) -> &'a [u8] {
        self.buffer.get(self.place.before.clone()).unwrap_or_default()
    }

    /// What matched.
    pub fn matched(&self) -> &'a [u8] {
        self.buffer.get(self.place.matched.clone()).unwrap_or_default()
    }

    /// A group of the regular expression; 0 is the whole match. `None` for one that took no part.
    pub fn group(&self, group: usize) -> Option<&'a [u8]> {
        match group.checked_sub(1) {
            None => Some(self.matched()),
            Some(i) => self.buffer.get(self.place.groups.get(i)?.clone()?),
        }
    }

    /// How many groups the regular expression has, without the whole match.
    pub fn groups(&self) -> usize {
        self.place.groups.len()
    }
}

impl Reader {
    /// See [`Expect::wait_until`].
    pub(crate) fn expect(&mut self, expect: &Expect, deadline: Deadline) -> Result<usize> {
        let deadline = deadline.min(self.deadline());
        self.restore();
        // The ends of lines found ahead do not survive a fill.
        self.forget_marks();
        self.found = None;
        let mut scan = match self.scan.take() {
            Some(scan) if scan.id == expect.id && self.start == self.scan_start => scan,
            _ => Box::new(expect.scan()?),
        };
        let answer = self.expect_in(expect, &mut scan, deadline);
        if answer.is_err() {
            self.scan_start = self.start;
            self.scan = Some(scan);
        }
        match answer {
            Err(error) if error.is_timeout() => expect.position(|p| matches!(p, Pattern::Timeout)).ok_or(error),
            answer => answer,
        }
    }

    fn expect_in(&mut self, expect: &Expect, scan: &mut Scan, deadline: Deadline) -> Result<usize> {
        if scan.searched < self.buffered().len() {
            if let Some(index) = self.find(expect, scan, false)? {
                return Ok(index);
            }
        }
        loop {
            let came = self.fill(1, deadline);
            match came {
                Ok(true) => {
                    if let Some(index) = self.find(expect, scan, false)? {
                        return Ok(index);
                    }
                }
                Ok(false) => {
                    if let Some(index) = self.find(expect, scan, true)? {
                        return Ok(index);
                    }
                    self.found_nothing();
                    let Some(index) = expect.position(|p| matches!(p, Pattern::Eof)) else {
                        return Err(Error::os("expect", libc::ENODATA));
                    };
                    self.start = self.end;
                    self.forget_marks();
                    return Ok(index);
                }
                Err(error) => {
                    self.found_nothing();
                    return Err(error.for_step("expect"));
                }
            }
        }
    }

    fn found_nothing(&mut self) {
        let place = Place { before: self.start..self.end, matched: self.end..self.end, groups: Vec::new() };
        self.found = Some(Box::new(place));
    }

    fn find(&mut self, expect: &Expect, scan: &mut Scan, over: bool) -> Result<Option<usize>> {
        let hit = match expect.search(scan, self.buffered(), over) {
            Ok(hit) => hit,
            Err(error) => {
                self.found_nothing();
                return Err(error);
            }
        };
        let Some(hit) = hit else {
            let unread = self.end - self.start;
            // Not at each read, or moving what stays would cost more than the search.
            if unread / 2 > expect.window {
                let drop = unread - expect.window;
                scan.trimmed(drop, self.buffered().get(drop - 1).copied());
                self.start += drop;
                self.forget_marks();
            }
            return Ok(None);
        };
        let from = self.start;
        let shift = |range: Range<usize>| from + range.start..from + range.end;
        self.found = Some(Box::new(Place {
            before: from..from + hit.start,
            matched: shift(hit.start..hit.end),
            groups: hit.groups.into_iter().map(|group| group.map(shift)).collect(),
        }));
        self.start = from + hit.end;
        self.behind_paragraph = false;
        self.forget_marks();
        Ok(Some(hit.index))
    }
}
