//! A signal after each single instruction.
//!
//! The processor's trap flag has it send SIGTRAP after every instruction, as debuggers do. So each place in a record is
//! met, in the code that the compiler really made, and none is left to chance.
#![allow(dead_code, reason = "each test uses some")]

use std::{
    arch::asm,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{interrupted::observe_in_handler, signals};

/// The processor's trap flag among its others.
const TRAP: i64 = 0x100;

static STEPS: AtomicU64 = AtomicU64::new(0);
/// The handler observes in the steps from this one on,
static FIRST: AtomicU64 = AtomicU64::new(0);
/// up to this one, which is the last step.
static LAST: AtomicU64 = AtomicU64::new(0);

extern "C" fn handle(_signal: libc::c_int, _info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let step = 1 + STEPS.fetch_add(1, Ordering::Relaxed);
    if step >= FIRST.load(Ordering::Relaxed) {
        observe_in_handler();
    }
    if step >= LAST.load(Ordering::Relaxed) {
        let context = context.cast::<libc::ucontext_t>();
        // SAFETY: the system hands a handler with SA_SIGINFO a context that is valid until it returns.
        unsafe { (*context).uc_mcontext.gregs[libc::REG_EFL as usize] &= !TRAP };
    }
}

/// Calls `work` and has the handler observe after each of its instructions. Returns how many these were.
pub(crate) fn at_each_step(work: impl FnOnce()) -> u64 {
    step(0, u64::MAX, work)
}

/// Calls `work` and has the handler observe after its instruction of this number alone. Returns whether it has so many.
pub(crate) fn at_step(number: u64, work: impl FnOnce()) -> bool {
    step(number, number, work) == number
}

fn step(first: u64, last: u64, work: impl FnOnce()) -> u64 {
    signals::install_with_context(libc::SIGTRAP, handle);
    FIRST.store(first, Ordering::Relaxed);
    LAST.store(last, Ordering::Relaxed);
    STEPS.store(0, Ordering::Relaxed);
    // SAFETY: it sets the trap flag and nothing else. The handler of the trap is installed, and runs without the flag.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
    work();
    // SAFETY: it clears the trap flag and nothing else.
    unsafe { asm!("pushfq", "and qword ptr [rsp], -0x101", "popfq") };
    STEPS.load(Ordering::Relaxed)
}
