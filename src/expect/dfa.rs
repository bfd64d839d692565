//! The automata that patterns are made into.

use std::borrow::Borrow;
use std::sync::{Arc, Mutex};

use regex_automata::dfa::{Automaton, dense};
use regex_automata::hybrid::{self, dfa::Cache};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::Hir;

use super::{DENSE_LIMIT, NFA_LIMIT};

/// Tables made ahead, or, where they would be too large, as they are needed.
#[derive(Debug)]
pub(super) enum Dfa {
    Dense(Box<dense::DFA<Vec<u32>>>),
    Lazy(Box<Lazy>),
}

#[derive(Debug)]
pub(super) struct Lazy {
    dfa: hybrid::dfa::DFA,
    /// The same, whose tables are never emptied: for looks at what may come, which go back to where they began.
    looks: hybrid::dfa::DFA,
    /// The tables that the last run has made, for the next one.
    spare: Arc<Mutex<Option<Cache>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Dense(StateID),
    Lazy(hybrid::LazyStateID),
}

/// An automaton on its way through what arrives.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) state: Option<State>,
    tables: Option<Tables>,
    /// The last match seen: which pattern, and where it ends.
    pub(super) last: Option<(usize, u64)>,
}

/// The tables of a lazy automaton, which a run has and gives back.
#[derive(Debug)]
struct Tables {
    cache: Option<Cache>,
    home: Arc<Mutex<Option<Cache>>>,
}

impl Drop for Tables {
    fn drop(&mut self) {
        let small = self.cache.take().filter(|cache| cache.memory_usage() <= DENSE_LIMIT);
        if let (Some(cache), Ok(mut spare)) = (small, self.home.try_lock()) {
            *spare = Some(cache);
        }
    }
}

/// `most`: how many bytes it may come to; of what is larger no more is made.
pub(super) fn program<H: Borrow<Hir>>(
    patterns: &[H],
    reverse: bool,
    most: Option<usize>,
) -> std::result::Result<thompson::NFA, String> {
    let config = thompson::Config::new().utf8(false).reverse(reverse).nfa_size_limit(most);
    thompson::Compiler::new()
        .configure(config.which_captures(thompson::WhichCaptures::None))
        .build_many_from_hir(patterns)
        .map_err(|error| error.to_string())
}

impl Dfa {
    pub(super) fn new(nfa: &thompson::NFA, kind: MatchKind) -> std::result::Result<Dfa, String> {
        let config = dense::Config::new()
            .match_kind(kind)
            .dfa_size_limit(Some(DENSE_LIMIT))
            .determinize_size_limit(Some(4 * DENSE_LIMIT));
        // What its tables come to is told by making them alone, which takes seconds for a class of all of Unicode's letters.
        let small = nfa.memory_usage() <= NFA_LIMIT;
        let make = || dense::Builder::new().configure(config).build_from_nfa(nfa).ok();
        if let Some(dfa) = small.then(make).flatten() {
            return Ok(Dfa::Dense(Box::new(dfa)));
        }
        let lazy = |config: hybrid::dfa::Config| {
            let config = config.match_kind(kind);
            let dfa = hybrid::dfa::Builder::new().configure(config).build_from_nfa(nfa.clone());
            dfa.map_err(|error| error.to_string())
        };
        let dfa = lazy(hybrid::dfa::Config::new())?;
        let looks = lazy(hybrid::dfa::Config::new().cache_capacity(usize::MAX))?;
        Ok(Dfa::Lazy(Box::new(Lazy { dfa, looks, spare: Arc::default() })))
    }

    /// At the beginning. `beside`: the byte on the other side of where it starts, if there is one.
    pub(super) fn run(&self, anchored: Anchored, beside: Option<u8>) -> Run {
        let config = start::Config::new().anchored(anchored).look_behind(beside);
        let mut run = Run { state: None, tables: None, last: None };
        match self {
            Dfa::Dense(dfa) => run.state = dfa.start_state(&config).ok().map(State::Dense),
            Dfa::Lazy(lazy) => {
                let spare = lazy.spare.try_lock().ok().and_then(|mut spare| spare.take());
                let mut cache = spare.unwrap_or_else(|| lazy.dfa.create_cache());
                run.state = lazy.dfa.start_state(&mut cache, &config).ok().map(State::Lazy);
                run.tables = Some(Tables { cache: Some(cache), home: lazy.spare.clone() });
            }
        }
        run
    }

    /// One byte further; `None` is the end of input. Where it came from is no state any more.
    pub(super) fn step(&self, run: &mut Run, from: State, byte: Option<u8>) -> Option<State> {
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
                let (dfa, cache) = (which(lazy), run.tables.as_mut()?.cache.as_mut()?);
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
    pub(super) fn matched(&self, run: &Run, state: Option<State>) -> Option<usize> {
        match (self, state?) {
            (Dfa::Dense(dfa), State::Dense(state)) => {
                dfa.is_match_state(state).then(|| dfa.match_pattern(state, 0).as_usize())
            }
            (Dfa::Lazy(lazy), State::Lazy(state)) => {
                let cache = run.tables.as_ref()?.cache.as_ref()?;
                state.is_match().then(|| lazy.dfa.match_pattern(cache, state, 0).as_usize())
            }
            _ => None,
        }
    }

    /// Through all of `bytes`, whose first is at `base`; until nothing more can match.
    pub(super) fn advance(&self, run: &mut Run, bytes: &[u8], base: u64) {
        if let (Dfa::Dense(dfa), Some(State::Dense(state))) = (self, run.state) {
            run.state = advance_dense(dfa, state, bytes, base, &mut run.last).map(State::Dense);
            return;
        }
        let tables = run.tables.as_mut().and_then(|tables| tables.cache.as_mut());
        if let (Dfa::Lazy(lazy), Some(State::Lazy(state)), Some(cache)) = (self, run.state, tables) {
            run.state = advance_lazy(&lazy.dfa, cache, state, bytes, base, &mut run.last).map(State::Lazy);
        }
    }

    /// What has matched if the input ends at `end`.
    pub(super) fn at_end(&self, run: &mut Run, end: u64) -> Option<(usize, u64)> {
        if let Some(state) = run.state {
            let last = self.look(run, state, None);
            if let Some(pattern) = self.matched(run, last) {
                return Some((pattern, end));
            }
        }
        run.last
    }

    /// What has matched, if nothing that comes after `end` can change it.
    pub(super) fn decided(&self, run: &mut Run, end: u64) -> Option<(usize, u64)> {
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
    pub(super) fn is_over(&self, run: &mut Run, state: State) -> bool {
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

/// The same by tables that are made on the way.
fn advance_lazy(
    dfa: &hybrid::dfa::DFA,
    cache: &mut Cache,
    mut state: hybrid::LazyStateID,
    bytes: &[u8],
    base: u64,
    last: &mut Option<(usize, u64)>,
) -> Option<hybrid::LazyStateID> {
    for (at, byte) in bytes.iter().enumerate() {
        let known = if state.is_tagged() { None } else { Some(dfa.next_state_untagged(cache, state, *byte)) };
        state = match known.filter(|next| !next.is_unknown()) {
            Some(next) => next,
            None => dfa.next_state(cache, state, *byte).ok()?,
        };
        if state.is_tagged() {
            if state.is_match() {
                *last = Some((dfa.match_pattern(cache, state, 0).as_usize(), base + at as u64));
            } else if state.is_dead() || state.is_quit() {
                return None;
            }
        }
    }
    Some(state)
}
