//! `perlipc._perlipc`: the part of the Python package that stands on the Rust core. One noun, one file, as in the core.
//!
//! All that blocks lets other threads run meanwhile, and Python's signal handlers run from inside it: see `signal.rs`.

#![deny(unsafe_code)]

mod addr;
mod argv;
mod capture;
mod child;
mod cmd;
mod data;
mod dgram;
mod error;
mod expect;
mod fifo;
mod flock;
mod front;
mod futex;
mod interact;
mod listener;
mod lock;
mod msg;
mod number;
mod poll;
mod popen;
mod pty;
mod room;
mod sem;
mod server;
mod shm;
mod signal;
mod socket;
mod status;
mod stream;
mod sysv;
mod taint;
mod time;
mod user;
mod value;

/// The compiled part of perlipc. Use the package: `import perlipc as ipc`.
#[pyo3::pymodule(gil_used = true)]
mod _perlipc {
    #[pymodule_export]
    use crate::argv::{ArgvStream, argv};
    #[pymodule_export]
    use crate::capture::{Result, capture, feed, pipeline, qx, result, system};
    #[pymodule_export]
    use crate::child::{Child, Tree, exec, fork, orphans, start, wait, waitpid};
    #[pymodule_export]
    use crate::expect::{Expect, Match};
    #[pymodule_export]
    use crate::fifo::{PrivateFifo, is_fifo, mkfifo, open_fifo};
    #[pymodule_export]
    use crate::flock::flock;
    #[pymodule_export]
    use crate::futex::FutexSemaphore;
    #[pymodule_export]
    use crate::lock::Lock;
    #[pymodule_export]
    use crate::msg::{MessageQueue, msgctl, msgget, msgrcv, msgsnd};
    #[pymodule_export]
    use crate::poll::{Poll, select};
    #[pymodule_export]
    use crate::popen::{fork_open, fork_open2, fork_open3, open, open2, open3};
    #[pymodule_export]
    use crate::pty::open_pty;
    #[pymodule_export]
    use crate::sem::{Semaphore, semctl, semget, semop};
    #[pymodule_export]
    use crate::shm::{SharedMem, shmctl, shmget, shmread, shmwrite};
    #[pymodule_export]
    use crate::signal::{
        alarm, kill, signal_dispatch, signal_fd, signal_front, signal_hand_on, signal_hold, signal_names, signal_next,
        signal_number, signal_trap, signal_trappable, sleep,
    };
    #[pymodule_export]
    use crate::status::Status;
    #[pymodule_export]
    use crate::stream::{Stream, adopt, pipe};
    #[pymodule_export]
    use crate::sysv::{ftok, ipc_limit, ipc_list};
    #[pymodule_export]
    use crate::taint::{clean_environment, taint_check};
    #[pymodule_export]
    use crate::user::drop_privileges;
    #[pymodule_export]
    use crate::value::Shared;

    #[pymodule_export]
    use crate::addr::{
        host_name, pack_address, protocol_name, protocol_number, resolve, service_name, service_port, unpack_address,
    };
    #[pymodule_export]
    use crate::dgram::{Dgram, dgram_pair, udp, unix_dgram};
    #[pymodule_export]
    use crate::listener::{Listener, is_socket, socketpair, tcp_connect, tcp_listen, unix_connect, unix_listen};
    #[pymodule_export]
    use crate::server::{ServerReport, report, serve};
    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        perlipc::signal::host(crate::signal::run_handlers);
        crate::cmd::keep_sys(module.py())?;
        crate::signal::put_fronts(module)?;
        crate::sem::put_fronts(module.py())?;
        crate::stream::put_fronts(module.py())?;
        crate::msg::put_fronts(module.py())
    }
}
