//! Patterns that are watched for in what passes by, as interact does.

use std::ops::Range;

use super::search::Scan;
use super::{Expect, parsed};
use crate::error::{Error, Result};

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
        if parsed(pattern).is_ok_and(|parsed| parsed.properties().minimum_len().unwrap_or(0) == 0) {
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
