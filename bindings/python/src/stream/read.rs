//! What reads from a stream: bytes, records one by one, many of them a call.

#![allow(unsafe_code)]

use memchr::memmem;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMemoryView, PySlice, PyString};

use super::{Call, Stream, records};
use crate::data::{self, PIECE, utf8, with_room};
use crate::error::raise;
use crate::expect;
use crate::front::front;
use crate::number;
use crate::signal::blocking;
use crate::time::Seconds;

/// Many lines are taken from the core at once; so many that the way there costs nothing, not so many that a list of
/// them leaves the cache.
const BATCH: usize = 4096;
impl Stream {
    /// Up to `size` bytes, or all of them; less only at the end. What cannot be finished is put back.
    fn read_bytes(&self, py: Python<'_>, call: &mut Call<'_>, size: Option<usize>, all: &mut Vec<u8>) -> PyResult<()> {
        let core: &mut perlipc::Stream = call;
        let answer = blocking(py, || match size {
            None => core.read_to_end(all).map(drop),
            Some(size) => loop {
                let done = all.len();
                let piece = (size - done).min(done.max(PIECE));
                all.resize(done + piece, 0);
                match core.read_full(&mut all[done..]) {
                    Ok(n) => {
                        all.truncate(done + n);
                        if n < piece || all.len() == size {
                            return Ok(());
                        }
                    }
                    Err(error) => {
                        all.truncate(done);
                        return Err(error);
                    }
                }
            },
        });
        answer.inspect_err(|_| call.unread(all, 0))
    }

    /// Up to `size` characters, or all; with `once` after one look at what is there.
    fn read_text<'py>(&self, py: Python<'py>, size: Option<usize>, once: bool) -> PyResult<Bound<'py, PyAny>> {
        let mut call = self.call_to_read()?;
        let mut all = Vec::new();
        let Some(size) = size.filter(|_| !once || size.is_some()) else {
            self.read_bytes(py, &mut call, None, &mut all)?;
            return self.give(py, &all);
        };
        let mut left = size;
        let mut ended = false;
        while left > 0 {
            let (bytes, characters) = prefix(call.buffered(), left, ended);
            if bytes > 0 {
                all.extend_from_slice(&call.buffered()[..bytes]);
                call.consume(bytes);
                left -= characters;
                continue;
            }
            if ended || (once && !all.is_empty()) {
                break;
            }
            let core: &mut perlipc::Stream = &mut call;
            match blocking(py, || core.fill()) {
                Ok(more) => ended = !more,
                Err(error) => {
                    call.unread(&all, 0);
                    return Err(error);
                }
            }
        }
        self.give(py, &all)
    }

    /// Calls `each` for many records at a time until it has enough or the input ends.
    fn batches(
        &self,
        py: Python<'_>,
        call: &mut Call<'_>,
        most: Option<usize>,
        mut each: impl FnMut(&[u8]) -> PyResult<()>,
    ) -> PyResult<()> {
        let mut left = most.unwrap_or(usize::MAX);
        while left > 0 {
            let core: &mut perlipc::Stream = call;
            let (data, ends) = blocking(py, || core.readlines(left.min(BATCH)))?;
            if ends.len() < 2 {
                break;
            }
            let _unswept = Unswept::new(py);
            for span in ends.windows(2) {
                each(&data[span[0] as usize..span[1] as usize])?;
            }
            left -= ends.len() - 1;
        }
        Ok(())
    }

    /// Records in a list; after an error they are in the stream again.
    fn list<'py>(&self, py: Python<'py>, most: Option<usize>, hint: Option<usize>) -> PyResult<Bound<'py, PyList>> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let list = PyList::empty(py);
        let mut size = 0;
        loop {
            let left = most.map_or(BATCH, |most| (most - list.len()).min(BATCH));
            if left == 0 {
                return Ok(list);
            }
            // Where the size decides, it is looked at after each.
            let left = if hint.is_some() { 1 } else { left };
            let core: &mut perlipc::Stream = &mut call;
            let batch = blocking(py, || core.readlines(left));
            let put = batch.and_then(|(data, ends)| {
                for span in ends.windows(2) {
                    let line = &data[span[0] as usize..span[1] as usize];
                    size += line.len();
                    append(&list, self.give(py, line)?)?;
                }
                Ok(ends.len() > 1)
            });
            match put {
                Ok(true) if hint.is_none_or(|hint| size < hint) => {}
                Ok(_) => return Ok(list),
                Err(error) => {
                    let mut all = Vec::with_capacity(size);
                    for line in list.iter() {
                        match line.cast::<PyBytes>() {
                            Ok(line) => all.extend_from_slice(line.as_bytes()),
                            Err(_) => all.extend_from_slice(&utf8(line.cast::<PyString>()?)?),
                        }
                    }
                    call.unread(&all, list.len() as u64);
                    return Err(error);
                }
            }
        }
    }

    #[inline(always)]
    fn next_slow<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.reading(py)?;
        let mut call = self.within(timeout, Stream::enter_to_read)?;
        let core: &mut perlipc::Stream = &mut call;
        let line = blocking(py, || core.readline())?;
        line.map(|line| self.give(py, line)).transpose()
    }
}

/// While many objects are made at once that are all wanted, the collector of cycles need not look at them again and again.
/// The interpreter is held meanwhile: nobody else goes without it.
struct Unswept<'py>(Python<'py>, bool);

impl<'py> Unswept<'py> {
    fn new(py: Python<'py>) -> Unswept<'py> {
        // SAFETY: no arguments, and the interpreter is held.
        Unswept(py, unsafe { ffi::PyGC_Disable() } != 0)
    }
}

impl Drop for Unswept<'_> {
    fn drop(&mut self) {
        if self.1 {
            // SAFETY: as above.
            unsafe { ffi::PyGC_Enable() };
        }
    }
}

#[inline]
fn append(list: &Bound<'_, PyList>, item: Bound<'_, PyAny>) -> PyResult<()> {
    list.append(item)
}

/// How many bytes make up to `most` characters, as the decoder would count them, and how many characters they are. A
/// character that has only begun at the end is left, unless that is the `end` of all.
fn prefix(data: &[u8], most: usize, end: bool) -> (usize, usize) {
    let (mut at, mut count) = (0, 0);
    while count < most && at < data.len() {
        let rest = &data[at..data.len().min(at + 4)];
        let len = match rest[0] {
            0..0x80 => 1,
            _ => match std::str::from_utf8(rest) {
                Ok(text) => text.chars().next().map_or(1, char::len_utf8),
                Err(error) if error.valid_up_to() > 0 => std::str::from_utf8(&rest[..error.valid_up_to()])
                    .ok()
                    .and_then(|t| t.chars().next())
                    .map_or(1, char::len_utf8),
                // It may become one when more comes.
                Err(error) if error.error_len().is_none() && !end => return (at, count),
                // Each byte that is none becomes a character of its own.
                Err(_) => 1,
            },
        };
        at += len;
        count += 1;
    }
    (at, count)
}

fn size(size: Option<isize>) -> Option<usize> {
    size.and_then(|size| usize::try_from(size).ok())
}

front!(READLINE, "readline", Stream, |py, this, call| {
    call.has_up_to(0).then(|| this.readline(py, None).map(Bound::into_ptr))
});

pub(super) fn put_front(py: Python<'_>) -> PyResult<()> {
    READLINE.put(py)
}

#[pymethods]
impl Stream {
    /// How many records were read. Perl: $. of this stream alone.
    #[getter]
    fn lineno(&self) -> u64 {
        self.enter_to_read().map_or(self.lineno.get(), |call| call.lineno())
    }

    /// What ends a record: any bytes (str for text); empty for paragraphs; an int for records of that many bytes; None
    /// for the whole input at once. Lines at first. Perl: $/ of this stream alone.
    #[getter]
    fn separator(&self, py: Python<'_>) -> Py<PyAny> {
        self.separator.borrow().clone_ref(py)
    }

    #[setter]
    fn set_separator(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = value.py();
        self.reading(py)?;
        let separator = data::separator(value, self.text)?;
        self.enter_to_read()?.separator(separator).map_err(|error| raise(py, error))?;
        // The one before goes when it is not borrowed any more: what its end runs may look here.
        drop(self.separator.replace(value.clone().unbind()));
        Ok(())
    }

    /// Reads size bytes (characters of a text stream), less only at the end; all until the end when size is negative
    /// or None. Perl: read.
    #[pyo3(signature = (size = Some(-1), /), text_signature = "($self, size=-1, /)")]
    fn read<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number::size)] size: Option<isize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.reading(py)?;
        let size = self::size(size);
        if self.text {
            return self.read_text(py, size, false);
        }
        let mut call = self.call_to_read()?;
        let mut all = Vec::new();
        self.read_bytes(py, &mut call, size, &mut all)?;
        self.give(py, &all)
    }

    /// Reads what is there, up to size bytes (characters of a text stream); waits if there is nothing, and is empty
    /// only at the end. Perl: sysread, with the buffer counted in.
    #[pyo3(signature = (size = Some(-1), /), text_signature = "($self, size=-1, /)")]
    fn read1<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number::size)] size: Option<isize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.reading(py)?;
        let size = self::size(size).unwrap_or(PIECE);
        if self.text {
            return self.read_text(py, Some(size), true);
        }
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        with_room(size.min(PIECE), |room| {
            let n = blocking(py, || core.read(room))?;
            self.give(py, &room[..n])
        })
    }

    /// The next size bytes (characters of a text stream), less only at the end; they stay, for the next read. Perl: getc
    /// and ungetc; recv with MSG_PEEK.
    #[pyo3(signature = (size, /))]
    fn peek<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number::size)] size: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        if !self.text {
            let ahead = blocking(py, || core.peek(size).map(<[u8]>::len))?;
            return self.give(py, &core.buffered()[..ahead]);
        }
        let mut ended = false;
        loop {
            let (bytes, characters) = prefix(core.buffered(), size, ended);
            if characters == size || ended {
                return self.give(py, &core.buffered()[..bytes]);
            }
            ended = !blocking(py, || core.fill())?;
        }
    }

    /// Reads what is there into a writable buffer and says how many bytes; 0 at the end.
    #[pyo3(signature = (buffer, /))]
    fn readinto(&self, py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.reading(py)?;
        if self.text {
            return Err(Stream::unsupported(py, "a text stream has no readinto"));
        }
        let view = PyMemoryView::from(buffer)?.call_method1("cast", ("B",))?;
        if view.getattr("readonly")?.is_truthy()? {
            return Err(PyTypeError::new_err("a writable buffer is needed"));
        }
        let mut call = self.call_to_read()?;
        let mut room = vec![0; view.len()?.min(4 * PIECE)];
        let core: &mut perlipc::Stream = &mut call;
        let n = blocking(py, || core.read(&mut room))?;
        view.set_item(PySlice::new(py, 0, n as isize, 1), PyBytes::new(py, &room[..n]))?;
        Ok(n)
    }

    /// The next record with its separator; empty at the end. Perl: <FH>.
    #[pyo3(signature = (*, timeout = None), text_signature = "($self, *, timeout=...)")]
    #[inline(always)]
    fn readline<'py>(&self, py: Python<'py>, timeout: Option<Seconds>) -> PyResult<Bound<'py, PyAny>> {
        let line = if timeout.is_none() { self.__next__(py)? } else { self.next_slow(py, timeout.map(f64::from))? };
        match line {
            Some(line) => Ok(line),
            None => self.give(py, b""),
        }
    }

    /// All records until the end, or until they have hint bytes together.
    #[pyo3(signature = (hint = Some(-1), /), text_signature = "($self, hint=-1, /)")]
    fn readlines<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number::hint)] hint: Option<isize>,
    ) -> PyResult<Bound<'py, PyList>> {
        self.list(py, None, size(hint).filter(|hint| *hint > 0))
    }

    /// The next n records; less only at the end. Many lines a call are much quicker than one.
    #[pyo3(signature = (n, /))]
    #[pyo3(name = "take")]
    fn take_lines<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number::n)] n: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        self.list(py, Some(n), None)
    }

    /// Reads to the end and says how many records there were, without making an object of any. Perl: 1 while <FH>; $.
    fn count_lines(&self, py: Python<'_>) -> PyResult<u64> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || {
            let before = core.lineno();
            while core.readlines(usize::MAX)?.1.len() > 1 {}
            Ok(core.lineno() - before)
        })
    }

    /// Reads to the end: the records that hold the given bytes (str of a text stream). An object is made of those
    /// alone. Perl: grep { index($_, $what) >= 0 } <FH>.
    #[pyo3(signature = (what, /))]
    fn grep<'py>(&self, py: Python<'py>, what: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        self.reading(py)?;
        let (what, _) = self.take(what)?;
        let finder = memmem::Finder::new(&*what);
        let list = PyList::empty(py);
        let mut call = self.call_to_read()?;
        self.batches(py, &mut call, None, |line| match finder.find(line) {
            Some(_) => append(&list, self.give(py, line)?),
            None => Ok(()),
        })?;
        Ok(list)
    }

    /// Reads the next n records, or all to the end, each split at the given bytes (str of a text stream), or at runs
    /// of white space without any, and without its newline: a list of lists. Perl: map { chomp; [split] } <FH>.
    #[pyo3(signature = (separator = None, /, *, n = None))]
    fn split<'py>(
        &self,
        py: Python<'py>,
        separator: Option<&Bound<'py, PyAny>>,
        #[pyo3(from_py_with = number::n)] n: Option<usize>,
    ) -> PyResult<Bound<'py, PyList>> {
        self.reading(py)?;
        let separator = separator.map(|separator| self.take(separator)).transpose()?;
        if separator.as_ref().is_some_and(|(bytes, _)| bytes.is_empty()) {
            return Err(PyValueError::new_err("empty separator"));
        }
        let finder = separator.as_ref().map(|(bytes, _)| memmem::Finder::new(&**bytes));
        let list = PyList::empty(py);
        let mut call = self.call_to_read()?;
        let mut fields = Vec::new();
        self.batches(py, &mut call, n, |line| {
            match &finder {
                None => {
                    for field in line.split(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)) {
                        if !field.is_empty() {
                            fields.push(self.give(py, field)?);
                        }
                    }
                }
                Some(finder) => {
                    let line = line.strip_suffix(b"\n").unwrap_or(line);
                    let mut from = 0;
                    for at in finder.find_iter(line) {
                        fields.push(self.give(py, &line[from..at])?);
                        from = at + finder.needle().len();
                    }
                    fields.push(self.give(py, &line[from..])?);
                }
            }
            append(&list, PyList::new(py, fields.drain(..))?.into_any())
        })?;
        Ok(list)
    }

    /// Whether there is nothing more to read. Waits to know, and loses nothing. Perl: eof.
    fn eof(&self, py: Python<'_>) -> PyResult<bool> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.eof())
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().reading(slf.py())?;
        records::iterator(slf)
    }

    #[inline(always)]
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        {
            let mut call = self.enter_to_read()?;
            if let Some(line) = call.readline_ahead() {
                return self.give(py, line).map(Some);
            }
        }
        self.next_slow(py, self.timeout.get())
    }

    /// For lines(): the next record if readline() need not read for it, empty at the end; else None, and of a closed stream.
    fn _line_ahead<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.other.is_closed() {
            return Ok(None);
        }
        let mut call = self.enter_to_read()?;
        if let Some(line) = call.readline_ahead() {
            return self.give(py, line).map(Some);
        }
        if !call.is_record_ahead() {
            return Ok(None);
        }
        let core: &mut perlipc::Stream = &mut call;
        let line = blocking(py, || core.readline())?;
        self.give(py, line.unwrap_or_default()).map(Some)
    }

    /// For perlipc.aio: reads more behind what is buffered; False at the end.
    fn _fill(&self, py: Python<'_>) -> PyResult<bool> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.fill())
    }

    /// For perlipc.aio: how many bytes are buffered.
    fn _buffered(&self) -> PyResult<usize> {
        Ok(self.enter_to_read()?.buffered().len())
    }

    /// For perlipc.aio: what expect() finds without waiting; None, without a copy of what is unread, if that is nothing.
    fn _expect(&self, py: Python<'_>, patterns: &expect::Expect) -> PyResult<Option<expect::Match>> {
        expect::now(self, py, patterns)
    }
}
