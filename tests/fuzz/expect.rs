//! The expect engine: whatever the bytes say, it finds what a naive search of all that is unread finds, and in settled
//! mode the same for every chunking.

use perlipc::{Deadline, Expect, Stream};
use regex::bytes::{Captures, Regex, RegexBuilder};

const WORDS: &[&str] = &[
    "a+",
    "ab|abc",
    "b$",
    "^a",
    "a.*?b",
    "\\bc",
    "(?:ab)*c",
    "a{2,3}",
    "(b)?(c)",
    "(?s)c.d",
    "d|",
    "(a$)|(a)",
    "(b\\b)|(b)",
    "ba$|a",
    "b(c)\\b|c",
];

/// What is decided from the front of the data.
struct Plan<'a>(&'a [u8]);

impl<'a> Plan<'a> {
    fn below(&mut self, end: usize) -> usize {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        usize::from(*first) % end.max(1)
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// Which pattern, what stood before it, what matched, and its groups.
type Found = (usize, Vec<u8>, Vec<u8>, Vec<Option<Vec<u8>>>);

fn found(index: usize, stream: &Stream) -> Found {
    let found = stream.found().unwrap();
    let groups = (1..=found.groups()).map(|i| found.group(i).map(<[u8]>::to_vec)).collect();
    (index, found.before().to_vec(), found.matched().to_vec(), groups)
}

fn wanted(index: usize, captures: &Captures<'_>, whole: &[u8]) -> Found {
    let groups = captures.iter().skip(1).map(|group| group.map(|group| group.as_bytes().to_vec())).collect();
    (index, whole[..captures.get_match().start()].to_vec(), captures[0].to_vec(), groups)
}

pub fn run(data: &[u8]) {
    let mut plan = Plan(data);
    let mut expect = Expect::new();
    let mut naive: Vec<Regex> = Vec::new();
    for _ in 0..1 + plan.below(3) {
        let kind = plan.below(4);
        let len = 1 + plan.below(8);
        let (text, added) = match kind {
            0 => {
                let text = plan.take(len).to_vec();
                let source = text.iter().map(|byte| format!("\\x{byte:02x}")).collect();
                (source, expect.text(&text))
            }
            1 => {
                let text = String::from_utf8_lossy(plan.take(len)).into_owned();
                let added = expect.regex(&text);
                (text, added)
            }
            _ => {
                let text = WORDS[plan.below(WORDS.len())].to_owned();
                let added = expect.regex(&text);
                (text, added)
            }
        };
        if added.is_err() {
            continue;
        }
        match RegexBuilder::new(&text).unicode(false).build() {
            Ok(regex) => naive.push(regex),
            Err(error) => panic!("{text:?} is taken, and is none: {error}"),
        }
    }
    let settled = plan.below(2) == 1;
    expect.settled(settled);
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    if settled {
        let whole = plan.0;
        let first = naive.iter().enumerate().filter_map(|(index, regex)| Some((index, regex.captures(whole)?)));
        let wanted = first
            .min_by_key(|(index, found)| (found.get_match().start(), *index))
            .map(|(index, found)| wanted(index, &found, whole));
        let mut got = None;
        while got.is_none() && !plan.0.is_empty() {
            let len = 1 + plan.0.len() % 7;
            writer.write(plan.take(len)).unwrap();
            got = expect.wait_until(&mut reader, Deadline::NOW).ok().map(|index| found(index, &reader));
        }
        drop(writer);
        let got = got.or_else(|| expect.wait_until(&mut reader, Deadline::NEVER).ok().map(|i| found(i, &reader)));
        assert_eq!(got, wanted, "{expect:?}");
        return;
    }
    let search = |unread: &[u8]| -> Option<Found> {
        let mut first = naive.iter().enumerate();
        first.find_map(|(index, regex)| Some(wanted(index, &regex.captures(unread)?, unread)))
    };
    let (mut unread, mut coming) = (Vec::new(), Vec::new());
    while !plan.0.is_empty() {
        let len = 1 + plan.0.len() % 7;
        let chunk = plan.take(len);
        writer.write(chunk).unwrap();
        coming.extend_from_slice(chunk);
        // What a match left over is searched before more is read.
        let left_over = if unread.is_empty() { None } else { search(&unread) };
        let wanted = left_over.or_else(|| {
            unread.append(&mut coming);
            search(&unread)
        });
        let got = expect.wait_until(&mut reader, Deadline::NOW).ok().map(|index| found(index, &reader));
        assert_eq!(got, wanted, "{expect:?} in {:?}", String::from_utf8_lossy(&unread));
        if let Some((_, before, matched, _)) = wanted {
            unread.drain(..before.len() + matched.len());
        }
        assert_eq!(reader.buffered(), unread);
    }
}
