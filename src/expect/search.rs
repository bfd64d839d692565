//! The search over what arrives: each byte is looked at once, and the search goes on where it was.

use std::borrow::Cow;
use std::ops::Range;

use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

use super::dfa::{Dfa, Run, program};
use super::{Expect, Pattern};
use crate::error::{Error, Result};

/// How far a search has come that has not found anything yet: it goes on there when more has arrived.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(super) id: u64,
    /// One for each pattern, or one for all of them together.
    runs: Vec<Option<Run>>,
    /// How much of what is unread was searched.
    pub(super) searched: usize,
    /// How much was dropped in front of it, and the last byte of that.
    pub(super) trimmed: u64,
    behind: Option<u8>,
}

impl Scan {
    /// What is further back than the window was dropped: that many bytes, the last of which is given.
    pub(super) fn trimmed(&mut self, drop: usize, behind: Option<u8>) {
        self.behind = behind;
        self.trimmed += drop as u64;
        self.searched -= drop;
    }
}

/// Where something was found, from the beginning of what is unread.
#[derive(PartialEq)]
pub(super) struct Hit {
    pub(super) index: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) groups: Vec<Option<Range<usize>>>,
}

impl Expect {
    pub(super) fn scan(&self) -> Result<Scan> {
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
    pub(super) fn machine(&self) -> Result<&(Dfa, Vec<usize>)> {
        let build = || {
            let mut all = Vec::new();
            let mut which = Vec::new();
            for (i, pattern) in self.patterns.iter().enumerate() {
                all.push(match pattern {
                    Pattern::Text(finder) => Cow::Owned(Hir::literal(finder.needle())),
                    Pattern::Regex(regex) => Cow::Borrowed(&regex.parsed),
                    Pattern::Eof | Pattern::Timeout => continue,
                });
                which.push(i);
            }
            program(&all, false, None)
                .and_then(|nfa| Dfa::new(&nfa, MatchKind::LeftmostFirst))
                .map(|dfa| (dfa, which))
                .map_err(|what| Error::invalid("expect", what))
        };
        self.together.get_or_make(build).as_ref().map_err(Error::clone)
    }

    /// Searches what is new; `over`: nothing more will come.
    pub(super) fn search(&self, scan: &mut Scan, unread: &[u8], over: bool) -> Result<Option<Hit>> {
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
        if let Some(finder) = &regex.groups {
            // With the byte before the edge of what was dropped.
            let behind = scan.behind.filter(|_| start == 0);
            let shift = usize::from(behind.is_some());
            let text = match (behind, next) {
                (None, None) => Cow::Borrowed(unread),
                _ => Cow::Owned([behind.as_slice(), unread, next.as_slice()].concat()),
            };
            let mut found = finder.create_captures();
            let input = Input::new(&*text).span(start + shift..text.len()).anchored(Anchored::Yes);
            finder.search_captures(&input, &mut found);
            let range = |i| found.get_group(i).map(|span| span.start - shift..span.end - shift);
            groups = (1..finder.captures_len()).map(range).collect();
        }
        Ok(Hit { index, start, end, groups })
    }

    pub(super) fn position(&self, wanted: impl Fn(&Pattern) -> bool) -> Option<usize> {
        self.patterns.iter().position(wanted)
    }
}
