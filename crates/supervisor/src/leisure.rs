//! Work that is in nobody's way.

use rustix::process::setpriority_process;

/// The nicest that a thread can be (sched(7)).
const NICEST: i32 = 19;

/// Has the calling thread work only when no other wants the processor or the disk, as far as the system knows such a thing:
/// of the disk, not every scheduler does.
pub fn work_at_leisure() {
    // On Linux the calling thread, not the process. Who may not be nice works as everybody does.
    setpriority_process(None, NICEST).ok();
    idle_disk();
}

/// ioprio_set(2): the idle class, for the calling thread.
#[expect(unsafe_code, reason = "no library that is linked has this call")]
fn idle_disk() {
    const IOPRIO_WHO_PROCESS: libc::c_int = 1;
    const IOPRIO_CLASS_SHIFT: libc::c_int = 13;
    const IOPRIO_CLASS_IDLE: libc::c_int = 3;
    // SAFETY: three integers and no memory; that it fails, where the kernel lacks it, changes nothing.
    unsafe {
        libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_CLASS_IDLE << IOPRIO_CLASS_SHIFT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_thread_that_says_so_works_at_leisure() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                work_at_leisure();
                assert_eq!(nice(), NICEST);
            });
        });
        assert_eq!(nice(), before);
    }
}
