//! Patterns over any stream: waits until one of a list is found in what arrives, and says what stood before it.
//!
//! An [`Expect`] is prepared once and can be shared; what was found belongs to the stream ([`Stream::found`]). Each byte
//! is looked at once by each pattern, however the bytes arrive: a text is searched for with a short overlap, a regular
//! expression is an automaton whose state lives on from one read to the next, and from one call to the next with the
//! same patterns.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use memchr::memmem;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::hybrid;
use regex_automata::nfa::thompson;
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, Input, MatchKind, meta};

use crate::error::{Error, Result};
use crate::stream::{Reader, Stream};
use crate::time::Deadline;

/// How long a call waits when nothing is said.
const DEFAULT: Duration = Duration::from_secs(30);

/// Tables larger than this are not made ahead, but as they are needed.
const DENSE_LIMIT: usize = 1 << 20;

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
    together: OnceLock<Result<(Dfa, Vec<usize>)>>,
}

#[derive(Debug)]
enum Pattern {
    Text(memmem::Finder<'static>),
    Regex(Box<Regex>),
    Eof,
    Timeout,
}

#[derive(Debug)]
struct Regex {
    source: String,
    forward: Dfa,
    reverse: Dfa,
    groups: meta::Regex,
    /// What comes behind a match can change where it starts, and its groups.
    looks_ahead: bool,
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
            together: OnceLock::new(),
        }
    }

    fn push(&mut self, pattern: Pattern) -> usize {
        self.id = next_id();
        self.together = OnceLock::new();
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
    /// not characters. Its index in the list.
    pub fn regex(&mut self, pattern: &str) -> Result<usize> {
        let bad = |what: String| Error::invalid("expect", format!("{pattern:?}: {what}"));
        let groups = meta::Builder::new()
            .configure(meta::Config::new().utf8_empty(false))
            .syntax(syntax_config())
            .build(pattern)
            .map_err(|error| match error.syntax_error() {
                Some(error) => bad(error.to_string().lines().last().unwrap_or_default().to_owned()),
                None => bad(error.to_string()),
            })?;
        let nfa = program(&[pattern], false).map_err(bad)?;
        let behind = [Look::Start, Look::StartLF, Look::StartCRLF];
        let looks_ahead = nfa.look_set_any().iter().any(|look| !behind.contains(&look));
        let forward = Dfa::new(&nfa, MatchKind::LeftmostFirst).map_err(bad)?;
        let reverse = program(&[pattern], true).and_then(|nfa| Dfa::new(&nfa, MatchKind::All)).map_err(bad)?;
        let source = pattern.to_owned();
        Ok(self.push(Pattern::Regex(Box::new(Regex { source, forward, reverse, groups, looks_ahead }))))
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

fn syntax_config() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

// ---- automata ----

/// Tables made ahead, or, where they would be too large, as they are needed.
#[derive(Debug)]
enum Dfa {
    Dense(Box<dense::DFA<Vec<u32>>>),
    Lazy(Box<Lazy>),
}

#[derive(Debug)]
struct Lazy {
    dfa: hybrid::dfa::DFA,
    /// The same, whose tables are never emptied: for looks at what may come, which go back to where they began.
    looks: hybrid::dfa::DFA,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Dense(StateID),
    Lazy(hybrid::LazyStateID),
}

/// An automaton on its way through what arrives.
#[derive(Debug)]
struct Run {
    state: Option<State>,
    cache: Option<hybrid::dfa::Cache>,
    /// The last match seen: which pattern, and where it ends.
    last: Option<(usize, u64)>,
}

fn program(patterns: &[&str], reverse: bool) -> std::result::Result<thompson::NFA, String> {
    thompson::Compiler::new()
        .syntax(syntax_config())
        .configure(thompson::Config::new().utf8(false).reverse(reverse).which_captures(thompson::WhichCaptures::None))
        .build_many(patterns)
        .map_err(|error| error.to_string())
}

impl Dfa {
    fn new(nfa: &thompson::NFA, kind: MatchKind) -> std::result::Result<Dfa, String> {
        let config = dense::Config::new()
            .match_kind(kind)
            .dfa_size_limit(Some(DENSE_LIMIT))
            .determinize_size_limit(Some(4 * DENSE_LIMIT));
        if let Ok(dfa) = dense::Builder::new().configure(config).build_from_nfa(nfa) {
            return Ok(Dfa::Dense(Box::new(dfa)));
        }
        let lazy = |config: hybrid::dfa::Config| {
            let config = config.match_kind(kind);
            let dfa = hybrid::dfa::Builder::new().configure(config).build_from_nfa(nfa.clone());
            dfa.map_err(|error| error.to_string())
        };
        let dfa = lazy(hybrid::dfa::Config::new())?;
        let looks = lazy(hybrid::dfa::Config::new().cache_capacity(usize::MAX))?;
        Ok(Dfa::Lazy(Box::new(Lazy { dfa, looks })))
    }

    /// At the beginning. `beside`: the byte on the other side of where it starts, if there is one.
    fn run(&self, anchored: Anchored, beside: Option<u8>) -> Run {
        let config = start::Config::new().anchored(anchored).look_behind(beside);
        let mut run = Run { state: None, cache: None, last: None };
        match self {
            Dfa::Dense(dfa) => run.state = dfa.start_state(&config).ok().map(State::Dense),
            Dfa::Lazy(lazy) => {
                let mut cache = lazy.dfa.create_cache();
                run.state = lazy.dfa.start_state(&mut cache, &config).ok().map(State::Lazy);
                run.cache = Some(cache);
            }
        }
        run
    }

    /// One byte further; `None` is the end of input. Where it came from is no state any more.
    fn step(&self, run: &mut Run, from: State, byte: Option<u8>) -> Option<State> {
        self.next(run, from, byte, |lazy| &lazy.dfa)
    }

    /// What would come of it, from a state that stays.
    fn look(&self, run: &mut Run, from: State, byte: Option<u8>) -> Option<State> {
        self.next(run, from, byte, |lazy| &lazy.looks)
    }

    fn next(
        &self,
        run: &mut Run,
        from: State,
        byte: Option<u8>,
        which: impl Fn(&Lazy) -> &hybrid::dfa::DFA,
    ) -> Option<State> {
        match (self, from) {
            (Dfa::Dense(dfa), State::Dense(state)) => {
                let next = match byte {
                    Some(byte) => dfa.next_state(state, byte),
                    None => dfa.next_eoi_state(state),
                };
                (!dfa.is_dead_state(next) && !dfa.is_quit_state(next)).then_some(State::Dense(next))
            }
            (Dfa::Lazy(lazy), State::Lazy(state)) => {
                let (dfa, cache) = (which(lazy), run.cache.as_mut()?);
                let next = match byte {
                    Some(byte) => dfa.next_state(cache, state, byte),
                    None => dfa.next_eoi_state(cache, state),
                }
                .ok()?;
                (!next.is_dead() && !next.is_quit()).then_some(State::Lazy(next))
            }
            _ => None,
        }
    }

    /// The pattern that the state says has matched, before its last byte.
    fn matched(&self, run: &Run, state: Option<State>) -> Option<usize> {
        match (self, state?) {
            (Dfa::Dense(dfa), State::Dense(state)) => {
                dfa.is_match_state(state).then(|| dfa.match_pattern(state, 0).as_usize())
            }
            (Dfa::Lazy(lazy), State::Lazy(state)) => {
                let cache = run.cache.as_ref()?;
                state.is_match().then(|| lazy.dfa.match_pattern(cache, state, 0).as_usize())
            }
            _ => None,
        }
    }

    /// Through all of `bytes`, whose first is at `base`; until nothing more can match.
    fn advance(&self, run: &mut Run, bytes: &[u8], base: u64) {
        if let (Dfa::Dense(dfa), Some(State::Dense(state))) = (self, run.state) {
            run.state = advance_dense(dfa, state, bytes, base, &mut run.last).map(State::Dense);
            return;
        }
        for (at, byte) in bytes.iter().enumerate() {
            let Some(state) = run.state else { return };
            run.state = self.step(run, state, Some(*byte));
            if let Some(pattern) = self.matched(run, run.state) {
                run.last = Some((pattern, base + at as u64));
            }
        }
    }

    /// What has matched if the input ends at `end`.
    fn at_end(&self, run: &mut Run, end: u64) -> Option<(usize, u64)> {
        if let Some(state) = run.state {
            let last = self.look(run, state, None);
            if let Some(pattern) = self.matched(run, last) {
                return Some((pattern, end));
            }
        }
        run.last
    }

    /// What has matched, if nothing that comes after `end` can change it.
    fn decided(&self, run: &mut Run, end: u64) -> Option<(usize, u64)> {
        let Some(state) = run.state else { return run.last };
        if run.last.is_some() && self.is_over(run, state) {
            return run.last;
        }
        let last = self.look(run, state, None);
        let pattern = self.matched(run, last)?;
        // Matches are said one byte late: whatever that is, it must say this one and have nothing behind it.
        let mut seen = None;
        for byte in 0..=u8::MAX {
            let next = self.look(run, state, Some(byte))?;
            if seen != Some(next) {
                if self.matched(run, Some(next)) != Some(pattern) || !self.is_over(run, next) {
                    return None;
                }
                seen = Some(next);
            }
        }
        Some((pattern, end))
    }

    /// Whether no byte leads on from here, and neither does the end.
    fn is_over(&self, run: &mut Run, state: State) -> bool {
        (0..=u8::MAX).all(|byte| self.look(run, state, Some(byte)).is_none())
            && self.look(run, state, None).is_none_or(|last| self.matched(run, Some(last)).is_none())
    }
}

/// The loop that all bytes go through.
fn advance_dense(
    dfa: &dense::DFA<Vec<u32>>,
    mut state: StateID,
    bytes: &[u8],
    base: u64,
    last: &mut Option<(usize, u64)>,
) -> Option<StateID> {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        state = dfa.next_state(state, *byte);
        if dfa.is_special_state(state) {
            if dfa.is_match_state(state) {
                *last = Some((dfa.match_pattern(state, 0).as_usize(), base + at as u64));
            } else if dfa.is_dead_state(state) || dfa.is_quit_state(state) {
                return None;
            } else if dfa.is_accel_state(state) {
                // All other bytes would lead back here.
                let rest = &bytes[at + 1..];
                let found = match *dfa.accelerator(state) {
                    [one] => memchr::memchr(one, rest),
                    [one, two] => memchr::memchr2(one, two, rest),
                    [one, two, three] => memchr::memchr3(one, two, three, rest),
                    _ => Some(0),
                };
                at += found.unwrap_or(rest.len());
            }
        }
        at += 1;
    }
    Some(state)
}

// ---- a search over what arrives ----

/// How far a search has come that has not found anything yet: it goes on there when more has arrived.
#[derive(Debug)]
pub(crate) struct Scan {
    id: u64,
    /// One for each pattern, or one for all of them together.
    runs: Vec<Option<Run>>,
    /// How much of what is unread was searched.
    searched: usize,
    /// How much was dropped in front of it, and the last byte of that.
    trimmed: u64,
    behind: Option<u8>,
}

impl Scan {
    /// What is further back than the window was dropped: that many bytes, the last of which is given.
    fn trimmed(&mut self, drop: usize, behind: Option<u8>) {
        self.behind = behind;
        self.trimmed += drop as u64;
        self.searched -= drop;
    }
}

/// Where something was found, from the beginning of what is unread.
#[derive(PartialEq)]
struct Hit {
    index: usize,
    start: usize,
    end: usize,
    groups: Vec<Option<Range<usize>>>,
}

/// Patterns that are watched for in what passes by.
#[derive(Debug)]
pub(crate) struct Watch {
    expect: Expect,
    scan: Option<Scan>,
    /// What has passed and may be the beginning of a match.
    passed: Vec<u8>,
}

/// What a [`Watch`] saw: which pattern, its match with its groups, and how many of the new bytes belong to it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) index: usize,
    pub(crate) taken: usize,
    matched: Vec<u8>,
    groups: Vec<Option<Range<usize>>>,
}

impl Seen {
    pub(crate) fn of(index: usize, matched: &[u8]) -> Seen {
        Seen { index, taken: matched.len(), matched: matched.to_vec(), groups: Vec::new() }
    }

    /// A group of the match; 0 is all of it.
    pub(crate) fn group(&self, group: usize) -> Option<&[u8]> {
        match group.checked_sub(1) {
            None => Some(&self.matched),
            Some(i) => self.matched.get(self.groups.get(i)?.clone()?),
        }
    }

    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }
}

impl Watch {
    /// With so many of the last bytes kept.
    pub(crate) fn new(window: usize) -> Watch {
        let mut expect = Expect::new();
        expect.window(Some(window));
        Watch { expect, scan: None, passed: Vec::new() }
    }

    /// One more regular expression, that matches something at least. Its index.
    pub(crate) fn regex(&mut self, pattern: &str) -> Result<usize> {
        let index = self.expect.regex(pattern)?;
        let parsed = syntax::parse_with(pattern, &syntax_config());
        if parsed.is_ok_and(|parsed| parsed.properties().minimum_len().unwrap_or(0) == 0) {
            self.expect.patterns.pop();
            return Err(Error::invalid("interact", format!("{pattern:?} matches nothing at all, everywhere")));
        }
        self.scan = None;
        Ok(index)
    }

    /// More has come: the first pattern that is in it, with what passed before.
    pub(crate) fn pass(&mut self, new: &[u8]) -> Result<Option<Seen>> {
        if self.expect.patterns.is_empty() {
            return Ok(None);
        }
        let old = self.passed.len();
        self.passed.extend_from_slice(new);
        let mut scan = match self.scan.take() {
            Some(scan) => scan,
            None => self.expect.scan()?,
        };
        match self.expect.search(&mut scan, &self.passed, false) {
            Ok(Some(hit)) => {
                let inside = |range: &Range<usize>| range.start - hit.start..range.end - hit.start;
                let seen = Seen {
                    index: hit.index,
                    taken: hit.end.saturating_sub(old),
                    matched: self.passed.get(hit.start..hit.end).unwrap_or_default().to_vec(),
                    groups: hit.groups.iter().map(|group| group.as_ref().map(inside)).collect(),
                };
                self.passed.clear();
                return Ok(Some(seen));
            }
            // Longer than the window: it is not looked for any further.
            Err(Error::TooLong { .. }) => self.passed.clear(),
            Err(error) => return Err(error),
            Ok(None) => {
                let len = self.passed.len();
                if len / 2 > self.expect.window {
                    let drop = len - self.expect.window;
                    scan.trimmed(drop, self.passed.get(drop - 1).copied());
                    self.passed.drain(..drop);
                }
                self.scan = Some(scan);
            }
        }
        Ok(None)
    }
}

impl Expect {
    fn scan(&self) -> Result<Scan> {
        for pattern in &self.patterns {
            if let Pattern::Text(finder) = pattern {
                if finder.needle().len() > self.window {
                    return Err(Error::invalid("expect", "a text is longer than the window"));
                }
            }
        }
        let fresh = |dfa: &Dfa| Some(dfa.run(Anchored::No, None));
        let runs = if self.settled {
            vec![fresh(&self.machine()?.0)]
        } else {
            let run = |pattern: &Pattern| match pattern {
                Pattern::Regex(regex) => fresh(&regex.forward),
                _ => None,
            };
            self.patterns.iter().map(run).collect()
        };
        Ok(Scan { id: self.id, runs, searched: 0, trimmed: 0, behind: None })
    }

    /// All patterns in one automaton, and which of the list each of its patterns is.
    fn machine(&self) -> Result<&(Dfa, Vec<usize>)> {
        let build = || {
            let mut sources = Vec::new();
            let mut which = Vec::new();
            for (i, pattern) in self.patterns.iter().enumerate() {
                match pattern {
                    Pattern::Text(finder) => {
                        sources.push(finder.needle().iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>());
                    }
                    Pattern::Regex(regex) => sources.push(regex.source.clone()),
                    Pattern::Eof | Pattern::Timeout => continue,
                }
                which.push(i);
            }
            let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
            program(&sources, false)
                .and_then(|nfa| Dfa::new(&nfa, MatchKind::LeftmostFirst))
                .map(|dfa| (dfa, which))
                .map_err(|what| Error::invalid("expect", what))
        };
        self.together.get_or_init(build).as_ref().map_err(Error::clone)
    }

    /// Searches what is new; `over`: nothing more will come.
    fn search(&self, scan: &mut Scan, unread: &[u8], over: bool) -> Result<Option<Hit>> {
        let from = scan.searched.min(unread.len());
        let base = scan.trimmed + from as u64;
        let end = scan.trimmed + unread.len() as u64;
        if self.settled {
            let (dfa, which) = self.machine()?;
            if let Some(Some(run)) = scan.runs.first_mut() {
                dfa.advance(run, &unread[from..], base);
                let found = if over { dfa.at_end(run, end) } else { dfa.decided(run, end) };
                if let Some((pattern, at)) = found {
                    let index = which.get(pattern).copied().unwrap_or_default();
                    if over || at < end || !self.looks_ahead(index) {
                        return self.hit(scan, unread, index, at, None).map(Some);
                    }
                    if let Some(hit) = self.hit_whatever_comes(scan, unread, index, at) {
                        return hit.map(Some);
                    }
                }
            }
            scan.searched = unread.len();
            return Ok(None);
        }
        for (index, pattern) in self.patterns.iter().enumerate() {
            match pattern {
                Pattern::Text(finder) => {
                    let len = finder.needle().len();
                    let from = from.saturating_sub(len - 1);
                    if let Some(at) = finder.find(&unread[from..]) {
                        let start = from + at;
                        return Ok(Some(Hit { index, start, end: start + len, groups: Vec::new() }));
                    }
                }
                Pattern::Regex(regex) => {
                    let Some(Some(run)) = scan.runs.get_mut(index) else { continue };
                    regex.forward.advance(run, &unread[from..], base);
                    if let Some((_, end)) = regex.forward.at_end(run, end) {
                        return self.hit(scan, unread, index, end, None).map(Some);
                    }
                }
                Pattern::Eof | Pattern::Timeout => {}
            }
        }
        scan.searched = unread.len();
        Ok(None)
    }

    fn looks_ahead(&self, index: usize) -> bool {
        matches!(self.patterns.get(index), Some(Pattern::Regex(regex)) if regex.looks_ahead)
    }

    /// A match that ends where what has arrived ends, if it is the same whatever comes behind it: the end, or a byte of any
    /// of the kinds that patterns look ahead for.
    fn hit_whatever_comes(&self, scan: &Scan, unread: &[u8], index: usize, end: u64) -> Option<Result<Hit>> {
        let hit = self.hit(scan, unread, index, end, None);
        let same = |next| self.hit(scan, unread, index, end, Some(next)) == hit;
        b"a \n\r".iter().copied().all(same).then_some(hit)
    }

    /// A match whose end is known: where it starts, and its groups. `next`: what will have come behind all.
    fn hit(&self, scan: &Scan, unread: &[u8], index: usize, end: u64, next: Option<u8>) -> Result<Hit> {
        let beyond = || Error::TooLong { step: "expect", limit: self.window };
        let end = usize::try_from(end.checked_sub(scan.trimmed).ok_or_else(beyond)?).map_err(|_| beyond())?;
        let regex = match self.patterns.get(index) {
            Some(Pattern::Regex(regex)) => regex,
            Some(Pattern::Text(finder)) => {
                let start = end.checked_sub(finder.needle().len()).ok_or_else(beyond)?;
                return Ok(Hit { index, start, end, groups: Vec::new() });
            }
            _ => return Ok(Hit { index, start: end, end, groups: Vec::new() }),
        };
        let dfa = &regex.reverse;
        let mut run = dfa.run(Anchored::Yes, unread.get(end).copied().or(next));
        let mut start = None;
        for (at, byte) in unread[..end].iter().enumerate().rev() {
            let Some(state) = run.state else { break };
            run.state = dfa.step(&mut run, state, Some(*byte));
            if dfa.matched(&run, run.state).is_some() {
                start = Some(at + 1);
            }
        }
        if let Some(state) = run.state {
            // Up to the front: what was dropped there could belong to it.
            run.state = dfa.step(&mut run, state, scan.behind);
            if dfa.matched(&run, run.state).is_some() {
                start = Some(0);
            }
            if scan.behind.is_some() && run.state.is_some_and(|state| !dfa.is_over(&mut run, state)) {
                return Err(beyond());
            }
        }
        let start = start.ok_or_else(beyond)?;
        let mut groups = Vec::new();
        if regex.groups.captures_len() > 1 {
            // With the byte before the edge of what was dropped.
            let behind = scan.behind.filter(|_| start == 0);
            let shift = usize::from(behind.is_some());
            let text = match (behind, next) {
                (None, None) => Cow::Borrowed(unread),
                _ => Cow::Owned([behind.as_slice(), unread, next.as_slice()].concat()),
            };
            let mut found = regex.groups.create_captures();
            let input = Input::new(&*text).span(start + shift..text.len()).anchored(Anchored::Yes);
            regex.groups.search_captures(&input, &mut found);
            let range = |i| found.get_group(i).map(|span| span.start - shift..span.end - shift);
            groups = (1..regex.groups.captures_len()).map(range).collect();
        }
        Ok(Hit { index, start, end, groups })
    }

    fn position(&self, wanted: impl Fn(&Pattern) -> bool) -> Option<usize> {
        self.patterns.iter().position(wanted)
    }
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
        let deadline = deadline.min(self.shared.deadline());
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
        self.forget_marks();
        Ok(Some(hit.index))
    }
}
