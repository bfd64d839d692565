//! Patterns over streams.

use perlipc::Deadline;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::data::owned;
use crate::error::raise;
use crate::number;
use crate::stream::{Parts, Stream};

/// A list of patterns, prepared once for many calls of Stream.expect, and on any number of streams.
///
/// Each pattern is bytes (str for text streams), taken as it is, a compiled re.Pattern, which is searched for with the
/// syntax that the two have in common (no look-around, no back references, nothing possessive), or EOF. One of str is of
/// characters, in UTF-8, so that what is none it does not match, but for \\b, which knows ASCII's words alone; one of bytes is
/// of bytes. After each read the first of the list that matches anywhere in what is unread wins, and $ is the end of what has
/// arrived. With settled=True only matches count that no further byte could change: the leftmost wins, then the first of the
/// list, however the bytes arrive. window is how many of the last bytes are kept, at least, while nothing is found; None:
/// all.
///
/// >>> import perlipc as ipc
/// >>> prompt = ipc.Expect([b"$ ", ipc.EOF])
#[pyclass(frozen, weakref, module = "perlipc")]
pub(crate) struct Expect {
    core: perlipc::Expect,
    patterns: Py<PyTuple>,
    settled: bool,
    window: Option<usize>,
}

fn eof<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    py.import("perlipc.expect")?.getattr("EOF")
}

/// Flags of re, and the letters of those that the core has too.
const LETTERS: [(u32, char); 5] = [(2, 'i'), (8, 'm'), (16, 's'), (UNICODE, 'u'), (VERBOSE, 'x')];
const UNICODE: u32 = 32;
const VERBOSE: u32 = 64;
const ASCII: u32 = 256;

/// The text of a regular expression of re's, where the core would silently read something else into it: of bytes each counts
/// alone, whatever text they would be.
fn translated(pattern: impl Iterator<Item = char> + Clone, flags: u32) -> PyResult<String> {
    let mut source = String::new();
    let put = |source: &mut String, c: char| match c {
        '\u{80}'..='\u{ff}' if flags & UNICODE == 0 => *source += &format!("\\x{:02x}", c as u32),
        // Where blanks count for nothing, only ASCII's do.
        c if !c.is_ascii() && c.is_whitespace() => *source += &format!("\\x{{{:x}}}", c as u32),
        c => source.push(c),
    };
    let mut pattern = pattern.peekable();
    // Inside a class, and at its beginning, where a bracket ends nothing.
    let (mut class, mut begins) = (false, false);
    // In a class: behind what may begin a range, and behind a range's hyphen.
    let (mut low, mut hyphen) = (false, false);
    // Behind a quantifier.
    let mut quantified = false;
    while let Some(c) = pattern.next() {
        let first = std::mem::take(&mut begins);
        let (was_low, was_hyphen) = (std::mem::take(&mut low), std::mem::take(&mut hyphen));
        let was_quantified = std::mem::take(&mut quantified);
        low = class && !was_hyphen;
        match c {
            '\\' => match pattern.next() {
                Some('b') if class => source += "\\x08",
                // Of words of ASCII: automata know no others' edges.
                Some(edge @ ('b' | 'B')) => source += &format!("(?-u:\\{edge})"),
                Some('Z') => source += "\\z",
                // Perl's is what is no newline.
                Some('N') => {
                    return Err(PyValueError::new_err("expect: a character by its name (\\N{..}) is not supported"));
                }
                Some(kind @ ('w' | 'W' | 'd' | 'D' | 's' | 'S')) if flags & ASCII != 0 => {
                    let not = if kind.is_ascii_uppercase() { "^" } else { "" };
                    source += &format!(
                        "[{not}[:{}:]]",
                        match kind.to_ascii_lowercase() {
                            'w' => "word",
                            'd' => "digit",
                            _ => "space",
                        }
                    );
                }
                // Elsewhere one or two of them are a reference to a group, and the core knows the others.
                Some(digit @ '0'..='7') if class => {
                    let mut octal = digit.to_string();
                    while octal.len() < 3
                        && let Some(digit) = pattern.next_if(|c| c.is_digit(8))
                    {
                        octal.push(digit);
                    }
                    source += &format!("\\{octal:0>3}");
                }
                Some(c) if !c.is_ascii() => put(&mut source, c),
                Some(c) => source.extend(['\\', c]),
                None => source.push('\\'),
            },
            '[' if !class => {
                (class, begins) = (true, true);
                source.push('[');
                if pattern.next_if_eq(&'^').is_some() {
                    source.push('^');
                }
            }
            // No class is in another one, nor joined with it.
            '[' | '&' | '~' if class => source.extend(['\\', c]),
            ']' => {
                class &= first;
                source.push(']');
            }
            '-' if class && was_low && pattern.peek() != Some(&']') => {
                (low, hyphen) = (false, true);
                source.push('-');
            }
            // Nor taken from it.
            '-' if class => source += "\\-",
            // Whatever (?x: is around it.
            '#' | ' ' | '\t'..='\r' if class => source += &format!("\\x{:02x}", c as u32),
            '#' if flags & VERBOSE != 0 => skip_comment(&mut pattern, '\n'),
            '+' if was_quantified => {
                return Err(PyValueError::new_err(
                    "expect: a quantifier that gives nothing back (*+) is not supported",
                ));
            }
            '(' if !class && {
                let mut ahead = pattern.clone();
                ahead.next() == Some('?') && ahead.next() == Some('#')
            } =>
            {
                skip_comment(&mut pattern, ')');
                quantified = was_quantified;
            }
            '{' if !class => match numbers(&mut pattern) {
                Some((least, most)) => {
                    quantified = true;
                    source += &format!("{{{least},{most}}}");
                }
                None => source += "\\{",
            },
            '}' if !class => source += "\\}",
            '*' | '+' | '?' if !class => {
                quantified = true;
                source.push(c);
            }
            c => put(&mut source, c),
        }
    }
    Ok(source)
}

/// What follows a backslash ends no comment of re's.
fn skip_comment(pattern: &mut impl Iterator<Item = char>, end: char) {
    while let Some(c) = pattern.next().filter(|c| *c != end) {
        if c == '\\' {
            pattern.next();
        }
    }
}

/// The numbers of a quantifier behind its brace; `None`: the brace is no quantifier's, and stands for itself.
fn numbers(pattern: &mut (impl Iterator<Item = char> + Clone)) -> Option<(String, String)> {
    let mut ahead = pattern.clone();
    let text: String = ahead.by_ref().take_while(|c| *c != '}').collect();
    let ended = pattern.clone().any(|c| c == '}');
    let (least, most) = text.split_once(',').unwrap_or((&text, &text));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !ended || text.is_empty() || !digits(least) || !digits(most) {
        return None;
    }
    *pattern = ahead;
    Some((if least.is_empty() { "0" } else { least }.to_owned(), most.to_owned()))
}

/// The text of a compiled regular expression with its flags; `None` for what is none.
fn compiled(pattern: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if !pattern.hasattr("pattern")? || !pattern.hasattr("flags")? {
        return Ok(None);
    }
    let mut flags: u32 = pattern.getattr("flags")?.extract()?;
    let pattern = pattern.getattr("pattern")?;
    let source = match pattern.cast::<PyString>() {
        Ok(text) => {
            flags |= UNICODE;
            translated(text.to_str()?.chars(), flags)?
        }
        Err(_) => translated(owned(&pattern, false)?.iter().map(|byte| char::from(*byte)), flags)?,
    };
    let letters: String = LETTERS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, letter)| letter).collect();
    Ok(Some(if letters.is_empty() { source } else { format!("(?{letters}){source}") }))
}

/// Bytes, a str, or a compiled regular expression, as the text of one.
pub(crate) fn regex(pattern: &Bound<'_, PyAny>) -> PyResult<String> {
    if pattern.is_instance_of::<PyString>() || pattern.is_instance_of::<PyBytes>() {
        let text = owned(pattern, pattern.is_instance_of::<PyString>())?;
        return Ok(text.iter().map(|byte| format!("\\x{byte:02x}")).collect());
    }
    compiled(pattern)?.ok_or_else(|| PyTypeError::new_err("a pattern is bytes, str, or a compiled regular expression"))
}

fn add(expect: &mut perlipc::Expect, pattern: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = pattern.py();
    let added = if pattern.is_instance_of::<PyString>() || pattern.is_instance_of::<PyBytes>() {
        expect.text(owned(pattern, pattern.is_instance_of::<PyString>())?)
    } else if pattern.is(eof(py)?) {
        Ok(expect.eof())
    } else if let Some(regex) = compiled(pattern)? {
        expect.regex(&regex)
    } else {
        return Err(PyTypeError::new_err("a pattern is bytes, str, a compiled regular expression or EOF"));
    };
    added.map(drop).map_err(|error| raise(py, error))
}

/// One pattern or many.
fn build(patterns: &Bound<'_, PyAny>) -> PyResult<perlipc::Expect> {
    let mut expect = perlipc::Expect::new();
    if is_many(patterns) {
        for pattern in patterns.try_iter()? {
            add(&mut expect, &pattern?)?;
        }
    } else {
        add(&mut expect, patterns)?;
    }
    Ok(expect)
}

fn is_many(patterns: &Bound<'_, PyAny>) -> bool {
    patterns.is_instance_of::<PyList>() || patterns.is_instance_of::<PyTuple>()
}

#[pymethods]
impl Expect {
    #[new]
    #[pyo3(signature = (patterns, *, settled = false, window = None))]
    fn new(
        patterns: &Bound<'_, PyAny>,
        settled: bool,
        #[pyo3(from_py_with = number::window)] window: Option<usize>,
    ) -> PyResult<Expect> {
        let py = patterns.py();
        let mut expect = build(patterns)?;
        if window == Some(0) {
            return Err(PyValueError::new_err("a window of 0 bytes"));
        }
        expect.settled(settled).window(window);
        let patterns = match is_many(patterns) {
            true => patterns.try_iter()?.collect::<PyResult<Vec<_>>>()?,
            false => vec![patterns.clone()],
        };
        let patterns = PyTuple::new(py, patterns)?.unbind();
        Ok(Expect { core: expect, patterns, settled, window })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let eof = eof(py)?;
        let shown = |pattern: Bound<'_, PyAny>| match pattern.is(&eof) {
            true => Ok("EOF".to_owned()),
            false => pattern.repr().map(|text| text.to_string()),
        };
        let patterns = self.patterns.bind(py).iter().map(shown).collect::<PyResult<Vec<_>>>()?.join(", ");
        let settled = if self.settled { ", settled=True" } else { "" };
        let window = self.window.map(|window| format!(", window={window}")).unwrap_or_default();
        Ok(format!("Expect([{patterns}]{settled}{window})"))
    }
}

/// What an expect found.
#[pyclass(frozen, generic, module = "perlipc")]
pub(crate) struct Match {
    index: usize,
    before: Py<PyAny>,
    matched: Py<PyAny>,
    groups: Py<PyTuple>,
}

impl Match {
    pub(crate) fn new(index: usize, (before, matched, groups): Parts) -> Match {
        Match { index, before, matched, groups }
    }
}

#[pymethods]
impl Match {
    /// Which of the patterns it is.
    #[getter]
    fn index(&self) -> usize {
        self.index
    }

    /// What had arrived before it.
    #[getter]
    fn before(&self, py: Python<'_>) -> Py<PyAny> {
        self.before.clone_ref(py)
    }

    /// What matched; empty for EOF.
    #[getter]
    fn r#match(&self, py: Python<'_>) -> Py<PyAny> {
        self.matched.clone_ref(py)
    }

    /// The groups of the regular expression; None for one that took no part.
    #[getter]
    fn groups(&self, py: Python<'_>) -> Py<PyTuple> {
        self.groups.clone_ref(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (before, matched) = (self.before.bind(py).repr()?, self.matched.bind(py).repr()?);
        Ok(format!(
            "Match(index={}, before={before}, match={matched}, groups={})",
            self.index,
            self.groups.bind(py).repr()?
        ))
    }
}

/// See Stream.expect.
pub(crate) fn expect(
    stream: &Stream,
    py: Python<'_>,
    patterns: &Bound<'_, PyAny>,
    deadline: Deadline,
) -> PyResult<Match> {
    let built;
    let prepared = patterns.cast::<Expect>();
    let expect = match &prepared {
        Ok(expect) => &expect.get().core,
        Err(_) => {
            built = build(patterns)?;
            &built
        }
    };
    let (answer, found) = stream.expect_core(py, expect, deadline, false)?;
    told(py, answer, found)
}

/// The same without waiting: None when no pattern is there yet.
pub(crate) fn now(stream: &Stream, py: Python<'_>, patterns: &Expect) -> PyResult<Option<Match>> {
    match stream.expect_core(py, &patterns.core, Deadline::NOW, true)? {
        (Err(error), _) if error.is_timeout() => Ok(None),
        (answer, found) => told(py, answer, found).map(Some),
    }
}

fn told(py: Python<'_>, answer: perlipc::Result<usize>, found: Parts) -> PyResult<Match> {
    match answer {
        Ok(index) => Ok(Match::new(index, found)),
        Err(error) => {
            let (before, _, _) = found;
            let name = match &error {
                error if error.is_timeout() => "ExpectTimeout",
                perlipc::Error::Os { errno: libc::ENODATA, .. } => "ExpectEOF",
                _ => return Err(raise(py, error)),
            };
            Err(PyErr::from_value(py.import("perlipc.expect")?.getattr(name)?.call1((before,))?))
        }
    }
}

/// See Stream.script.
pub(crate) fn script(
    stream: &Stream,
    py: Python<'_>,
    steps: &Bound<'_, PyAny>,
    deadline: Deadline,
) -> PyResult<Vec<Match>> {
    let mut found = Vec::new();
    for step in steps.try_iter()? {
        let (patterns, answer) = step?.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
        if !patterns.is_none() {
            found.push(expect(stream, py, &patterns, deadline)?);
        }
        if !answer.is_none() {
            stream.write_within(py, &answer, deadline)?;
        }
    }
    Ok(found)
}
