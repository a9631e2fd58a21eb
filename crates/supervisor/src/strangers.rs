//! Descriptors that nobody meant for us.

/// The first descriptor that is neither standard input, standard output nor standard error.
const FIRST: libc::c_uint = 3;

/// Closes what whoever started the server had open and did not mean to hand on: a child has the descriptors that it
/// needs and no other. To be called before this process opens one. Before Linux 5.9 it does nothing.
#[expect(unsafe_code, reason = "no crate in use closes descriptors that it does not own")]
pub(crate) fn close() {
    // SAFETY: nothing of this process has a descriptor above standard error yet, so nobody's is closed; the call takes
    // no pointer.
    unsafe { libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, 0) };
}
