//! Signals and their handlers.
#![allow(dead_code, reason = "each test uses some")]

/// A handler that is given the state of what it interrupts.
pub(crate) type WithContext = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

/// Has `handler` called at each such signal.
///
/// The handler must be async-signal-safe: what it records with the engine is so by the promise under test.
pub(crate) fn install(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) {
    install_at(signal, handler as usize, libc::SA_RESTART);
}

/// The same with another kind of handler.
pub(crate) fn install_with_context(signal: libc::c_int, handler: WithContext) {
    install_at(signal, handler as usize, libc::SA_RESTART | libc::SA_SIGINFO);
}

fn install_at(signal: libc::c_int, handler: libc::sighandler_t, flags: libc::c_int) {
    // SAFETY: all zeroes is a valid `sigaction`: no flags, an empty mask, the default action.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    // SAFETY: `action` is valid for reads during the call, and a null pointer asks for no old action.
    let result = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    assert_eq!(result, 0, "sigaction: {}", std::io::Error::last_os_error());
}

/// Sends the process SIGALRM a thousand times a second, or never again.
pub(crate) fn ring(on: bool) {
    let every = libc::timeval { tv_sec: 0, tv_usec: if on { 1_000 } else { 0 } };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    // SAFETY: `timer` is valid for reads during the call, and a null pointer asks for no old value.
    let result = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    assert_eq!(result, 0, "setitimer: {}", std::io::Error::last_os_error());
}

/// Whether the calling thread, and threads that it starts from now on, take SIGALRM. The system would else interrupt
/// the main thread alone, as long as that takes it.
pub(crate) fn take_alarms(take: bool) {
    let how = if take { libc::SIG_UNBLOCK } else { libc::SIG_BLOCK };
    // SAFETY: all zeroes is a valid set, which `sigemptyset` makes the empty one.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is valid for writes during the call.
    let mut result = unsafe { libc::sigemptyset(&raw mut set) };
    // SAFETY: as above.
    result |= unsafe { libc::sigaddset(&raw mut set, libc::SIGALRM) };
    // SAFETY: `set` is valid for reads during the call, and a null pointer asks for no old set.
    result |= unsafe { libc::pthread_sigmask(how, &raw const set, std::ptr::null_mut()) };
    assert_eq!(result, 0);
}
