//! Many datagrams in one system call.

use std::os::fd::{AsFd, AsRawFd};

use crate::addr::Addr;
use crate::block::Stop;
use crate::dgram::{Dgram, Received, Wants};
use crate::error::{Error, Result};
use crate::sys::socket::{Messages, Name};
use crate::time::Deadline;

/// What the kernel takes in one call.
const MOST: usize = 1024;

/// Room for the messages that one [`Dgram::recv_batch`] receives.
pub struct Batch {
    messages: Messages,
    room: Vec<u8>,
    size: usize,
    count: usize,
}

impl Batch {
    /// Room for that many messages of up to that many bytes each, at least one of each; ENOMEM when there is not so much
    /// memory.
    pub fn new(most: usize, size: usize) -> Result<Batch> {
        let total = size.saturating_mul(most);
        if total == 0 {
            return Err(Error::invalid("batch", "room for no message"));
        }
        // Asked for first, since a vector that cannot be had ends the process; one of zeros costs no page before it is used.
        let can = Vec::<u8>::new().try_reserve_exact(total);
        can.map_err(|_| Error::os("batch", libc::ENOMEM))?;
        Ok(Batch { messages: Messages::new(), room: vec![0; total], size, count: 0 })
    }

    /// How many messages the last call received.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The i-th message: what of it fitted, and its true length and sender.
    pub fn get(&self, i: usize) -> Option<(&[u8], Received)> {
        if i >= self.count {
            return None;
        }
        let (len, name) = self.messages.received(i)?;
        let data = self.room.get(i * self.size..)?.get(..len.min(self.size))?;
        Some((data, Received { len, from: Addr::of(&name) }))
    }
}

impl Dgram {
    /// Sends many messages, in one system call as long as they go out at once; `None` is the connected peer. How many
    /// went out: less than all only when one failed after the first, and the next call tells why. A handler that gives the
    /// call up is told at once, and then not how many went out.
    pub fn send_batch(&self, messages: &[(&[u8], Option<&Addr>)], deadline: Deadline) -> Result<usize> {
        let (done, result) = self.send_some(messages, deadline);
        result.map(|()| done)
    }

    /// The same, and how many went out also where it fails.
    pub(crate) fn send_some(&self, messages: &[(&[u8], Option<&Addr>)], deadline: Deadline) -> (usize, Result<()>) {
        // Most batches go to one place.
        let (mut names, mut dirs, mut last) = (Vec::<Name>::with_capacity(messages.len()), Vec::new(), None);
        for (_, to) in messages {
            match names.last() {
                Some(name) if last == Some(to) => names.push(*name),
                _ => match self.target(*to) {
                    Ok(target) => {
                        names.push(target.name);
                        dirs.extend(target.dir);
                    }
                    Err(error) => return (0, Err(error)),
                },
            }
            last = Some(to);
        }
        let fd = self.as_fd().as_raw_fd();
        let mut batch = Messages::new();
        let mut done = 0;
        while let (Some(rest @ [(_, next), ..]), Some(names)) = (messages.get(done..), names.get(done..)) {
            let rest = rest.get(..MOST).unwrap_or(rest);
            let sent = self.until(Wants::room(*next), deadline, |word, flags| {
                let pairs = rest.iter().zip(names).map(|((data, _), name)| (*data, *name));
                batch.send(word, fd, pairs, flags)
            });
            match sent {
                Ok(sent) => done += sent,
                // A handler's word is said once: the next call would not know of it.
                Err(stop) if done > 0 && !matches!(stop, Stop::Abandoned { .. } | Stop::Interrupted) => break,
                Err(stop) => return (done, Err(stop.error("send"))),
            }
        }
        (done, Ok(()))
    }

    /// Receives what is there, or what comes next, as many messages as the batch has room for, in one system call; how
    /// many.
    pub fn recv_batch(&self, batch: &mut Batch, deadline: Deadline) -> Result<usize> {
        let fd = self.as_fd().as_raw_fd();
        batch.count = 0;
        let Batch { messages, room, size, count } = batch;
        *count = self
            .until(Wants::Message, deadline, |word, flags| {
                // Waiting is for the first alone.
                messages.recv(word, fd, room, *size, flags | libc::MSG_WAITFORONE)
            })
            .map_err(|stop| stop.error("recv"))?;
        Ok(*count)
    }
}
