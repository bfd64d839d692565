//! The pieces of assembly, x86-64: a bare system call, the call that a signal can cut, and the start of a child.
//! Another architecture is another file like this one.

use std::arch::{asm, global_asm};
use std::sync::atomic::{AtomicU32, AtomicU64};

/// The numbers that the kernel's handler needs to know where it interrupted the thread.
pub(super) type Registers = libc::ucontext_t;

/// A bare system call; the kernel's answer, `-errno` on failure.
///
/// # Safety
/// The arguments are what the kernel expects for `nr`.
#[inline(always)]
pub(super) unsafe fn syscall(nr: i64, a: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: the kernel clobbers rax, rcx and r11 only; memory is clobbered by default.
    unsafe {
        asm!("syscall", inlateout("rax") nr as isize => result, in("rdi") a[0], in("rsi") a[1], in("rdx") a[2],
            in("r10") a[3], in("r8") a[4], in("r9") a[5], lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result
}

/// The address of this thread's control block: tells one thread from another without a call, in a handler too.
#[inline(always)]
pub(super) fn thread_pointer() -> usize {
    let at: usize;
    // SAFETY: the x86-64 ABI keeps the block's own address at its offset 16; glibc sets it before a thread's first instruction.
    unsafe { asm!("mov {}, fs:[0x10]", out(reg) at, options(nostack, preserves_flags, readonly)) };
    at
}

/// Clears bits of a word by one instruction: whole for a handler on this thread, not for another thread.
#[inline(always)]
pub(super) fn clear_bits(word: &AtomicU64, bits: u64) {
    // SAFETY: an aligned word that is there as long as the borrow.
    unsafe { asm!("and qword ptr [{}], {}", in(reg) word.as_ptr(), in(reg) !bits, options(nostack)) };
}

/// Sets bits, as [`clear_bits`].
#[inline(always)]
pub(super) fn set_bits(word: &AtomicU64, bits: u64) {
    // SAFETY: an aligned word that is there as long as the borrow.
    unsafe { asm!("or qword ptr [{}], {}", in(reg) word.as_ptr(), in(reg) bits, options(nostack)) };
}

/// Adds one, as [`clear_bits`].
#[inline(always)]
pub(super) fn add_one(number: &AtomicU32) {
    // SAFETY: an aligned number that is there as long as the borrow.
    unsafe { asm!("inc dword ptr [{}]", in(reg) number.as_ptr(), options(nostack)) };
}

// perlipc_cut: looks at the word that rcx points to, and unless something is pending makes the system call that all other
// registers are ready for. Between the look and the call no instruction may be lost: a handler that finds the thread inside
// [begin, end) moves it to the exit, so a signal that arrives in between, or makes the kernel restart the call, ends it with
// -EINTR. What the call has already answered is never thrown away: then the thread stands at `end` or behind.
global_asm!(
    ".text",
    ".p2align 4",
    ".globl perlipc_cut, perlipc_cut_begin, perlipc_cut_end, perlipc_cut_exit, perlipc_cut_over",
    ".hidden perlipc_cut, perlipc_cut_begin, perlipc_cut_end, perlipc_cut_exit, perlipc_cut_over",
    ".type perlipc_cut, @function",
    "perlipc_cut:",
    ".cfi_startproc",
    "perlipc_cut_begin:",
    "cmp qword ptr [rcx], 0",
    "jne perlipc_cut_exit",
    "syscall",
    "perlipc_cut_end:",
    "ret",
    "perlipc_cut_exit:",
    "mov rax, -4",
    "ret",
    "perlipc_cut_over:",
    ".cfi_endproc",
    ".size perlipc_cut, . - perlipc_cut",
);

// perlipc_start(nr, a0, a1, a2, main, plan): clone or clone3 with a stack of the child's own; the child calls
// main(plan) there and never comes back, so the parent's frames are not touched. With a plain fork in the place of
// CLONE_VM the same stack is found at the same address, copied.
global_asm!(
    ".text",
    ".p2align 4",
    ".globl perlipc_start",
    ".hidden perlipc_start",
    ".type perlipc_start, @function",
    "perlipc_start:",
    ".cfi_startproc",
    "mov rax, rdi",
    "mov rdi, rsi",
    "mov rsi, rdx",
    "mov rdx, rcx",
    "xor r10d, r10d",
    "push r12",
    "push r13",
    "mov r12, r8",
    "mov r13, r9",
    "xor r8d, r8d",
    "syscall",
    "test rax, rax",
    "jz 2f",
    "pop r13",
    "pop r12",
    "ret",
    "2:",
    "xor ebp, ebp",
    "and rsp, -16",
    "mov rdi, r13",
    "call r12",
    "ud2",
    ".cfi_endproc",
    ".size perlipc_start, . - perlipc_start",
);

unsafe extern "C" {
    fn perlipc_cut();
    static perlipc_cut_begin: u8;
    static perlipc_cut_end: u8;
    static perlipc_cut_exit: u8;
    static perlipc_cut_over: u8;
    pub(super) fn perlipc_start(
        nr: isize,
        a0: usize,
        a1: usize,
        a2: usize,
        main: unsafe extern "C" fn(*mut libc::c_void) -> !,
        plan: *mut libc::c_void,
    ) -> isize;
}

/// A system call by way of the stub: `-EINTR` without a call when the word is not zero, or a signal comes before its answer.
///
/// # Safety
/// As [`syscall`].
#[inline(always)]
pub(super) unsafe fn cut<const N: usize>(word: *const u64, nr: i64, a: [usize; N]) -> isize {
    let result: isize;
    // The kernel does not look at the registers of arguments that a call does not have.
    macro_rules! call {
        ($($register:tt $n:literal)*) => {
            asm!("call {stub}", stub = sym perlipc_cut, inlateout("rax") nr as isize => result,
                inlateout("rcx") word => _, lateout("r11") _, $(in($register) a[$n],)*)
        };
    }
    // SAFETY: the stub and the kernel clobber rax, rcx and r11 only; memory is clobbered by default.
    unsafe {
        match N {
            0 => call!(),
            1 => call!("rdi" 0),
            2 => call!("rdi" 0 "rsi" 1),
            3 => call!("rdi" 0 "rsi" 1 "rdx" 2),
            4 => call!("rdi" 0 "rsi" 1 "rdx" 2 "r10" 3),
            5 => call!("rdi" 0 "rsi" 1 "rdx" 2 "r10" 3 "r8" 4),
            _ => call!("rdi" 0 "rsi" 1 "rdx" 2 "r10" 3 "r8" 4 "r9" 5),
        }
    }
    result
}

/// Called by the kernel's handler alone: if the interrupted thread stands in the stub before its call, move it to the exit.
/// Whether it stands in the stub at all: behind its call it is on its way out, and waits no more.
///
/// # Safety
/// `registers` is the third argument of a running SA_SIGINFO handler.
#[inline(always)]
pub(super) unsafe fn cut_if_waiting(registers: *mut Registers) -> bool {
    // SAFETY: the kernel made the context on this thread's stack; only the addresses of the labels are taken.
    unsafe {
        let pc = &mut (*registers).uc_mcontext.gregs[libc::REG_RIP as usize];
        let begin = &raw const perlipc_cut_begin as i64;
        let end = &raw const perlipc_cut_end as i64;
        let over = &raw const perlipc_cut_over as i64;
        if *pc >= begin && *pc < end {
            *pc = &raw const perlipc_cut_exit as i64;
            return true;
        }
        *pc >= end && *pc < over
    }
}

/// Called by the kernel's handler alone: what it goes back to has these signals blocked.
///
/// # Safety
/// As [`cut_if_waiting`].
#[inline(always)]
pub(super) unsafe fn hold_back(registers: *mut Registers, signals: u64) {
    // SAFETY: the kernel made the context, whose mask it takes back; its own is 64 bits long.
    unsafe {
        let mask = (&raw mut (*registers).uc_sigmask).cast::<u64>();
        mask.write(mask.read() | signals);
    }
}

/// Where the interrupted thread stands: instruction, stack.
///
/// # Safety
/// As [`cut_if_waiting`].
#[inline(always)]
pub(super) unsafe fn place(registers: *mut Registers) -> (usize, usize) {
    // SAFETY: the kernel made the context on this thread's stack.
    unsafe {
        let registers = &(*registers).uc_mcontext.gregs;
        (registers[libc::REG_RIP as usize] as usize, registers[libc::REG_RSP as usize] as usize)
    }
}
