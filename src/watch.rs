//! A pipe that ends with a child, for event loops that take pipes but no pidfds. Nothing of the kernel's closes a pipe
//! when a process ends, whatever that has executed and forked since: so a thread waits for all that are asked for, and
//! ends with the last of them.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::block::{self, CALM};
use crate::child::{Own, State};
use crate::sys;

/// One pipe: the child that ends it, and its writing end.
struct Watch {
    child: Arc<State>,
    writer: OwnedFd,
}

#[derive(Default)]
struct Watcher {
    /// Wakes the thread; `None`: there is none.
    wake: Option<Arc<OwnedFd>>,
    /// Not seen by the thread yet.
    fresh: Vec<Watch>,
}

static WATCHER: Own<Mutex<Watcher>> = Own::new();

fn watcher() -> MutexGuard<'static, Watcher> {
    WATCHER.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// The reading end of a pipe that ends when the child does.
pub(crate) fn pipe(child: Arc<State>) -> sys::Result<OwnedFd> {
    let (reader, writer) = sys::pipe()?;
    let mut watcher = watcher();
    let watch = Watch { child, writer };
    if let Some(wake) = &watcher.wake {
        // The counter is far from its end.
        sys::write(&CALM, wake.as_raw_fd(), &1u64.to_ne_bytes())?;
        watcher.fresh.push(watch);
        return Ok(reader);
    }
    let wake = Arc::new(sys::eventfd(libc::EFD_NONBLOCK)?);
    let theirs = wake.clone();
    block::thread("perlipc-watch", move || wait(theirs))?;
    watcher.wake = Some(wake);
    watcher.fresh.push(watch);
    Ok(reader)
}

fn wait(wake: Arc<OwnedFd>) {
    let mut watches: Vec<Watch> = Vec::new();
    let mut ended = Vec::new();
    let last = loop {
        let mut watcher = watcher();
        watches.append(&mut watcher.fresh);
        if watches.is_empty() {
            watcher.wake = None;
            break ended;
        }
        drop(watcher);
        drop(ended);
        let mut fds = vec![block::entry(wake.as_raw_fd(), libc::POLLIN)];
        for watch in &watches {
            fds.push(block::entry(watch.child.pidfd(), libc::POLLIN));
            // An error when nobody has the reading end any more.
            fds.push(block::entry(watch.writer.as_raw_fd(), 0));
        }
        // No signal comes to this thread; but more may be open than may be by now: then each is asked, at times.
        if sys::poll(&CALM, &mut fds, None).is_err() {
            let _ = sys::nanosleep(&CALM, 20_000_000);
            for pair in fds.get_mut(1..).unwrap_or_default().chunks_mut(2) {
                let _ = sys::poll(&CALM, pair, Some(0));
            }
        }
        let _ = sys::read(&CALM, wake.as_raw_fd(), &mut [0; 8]);
        let mut over = fds.get(1..).unwrap_or_default().chunks(2).map(|pair| pair.iter().any(|fd| fd.revents != 0));
        ended = watches.extract_if(.., |_| over.next() == Some(true)).collect::<Vec<_>>();
    };
    // The end of the pipe is the last that is to be seen of this thread.
    let (children, writers): (Vec<_>, Vec<_>) = last.into_iter().map(|watch| (watch.child, watch.writer)).unzip();
    drop(children);
    drop(wake);
    drop(writers);
}
