//! The system calls of an association: which, and why. The filters are made from these tables, and
//! `docs/reference/sandbox.md` is printed from them.

/// A system call and what is made of it.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// As the manual calls it.
    pub name: &'static str,
    pub(crate) number: i64,
    /// For which arguments the row holds.
    pub when: When,
    /// Of a forbidden one: whether the housekeeper and those who connect to peers may make it all the same.
    pub keepers_may: bool,
    /// What it is for, or against.
    pub why: &'static str,
}

/// For which arguments a row holds.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// Whatever they are.
    Always,
    /// Where one of these lists of tests is passed whole; and what that means, in words.
    One(&'static [&'static [Argument]], &'static str),
}

/// A test of an argument.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    /// Which, from 0.
    pub(crate) index: u8,
    pub(crate) test: Test,
}

/// What an argument is held against. The kernel takes an `int` from the lower half of a register, and so do the first
/// three.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test {
    Is(libc::c_int),
    IsNot(libc::c_int),
    /// Of the bits `of` those of `value` are set, and no others.
    Has {
        of: libc::c_int,
        value: libc::c_int,
    },
    IsNull,
}

const fn call(name: &'static str, number: libc::c_long, why: &'static str) -> Call {
    // On a machine of 32 bits a c_long is shorter.
    #[allow(clippy::unnecessary_cast, reason = "not unnecessary everywhere")]
    let number = number as i64;
    Call { name, number, when: When::Always, keepers_may: false, why }
}

const fn is(index: u8, value: libc::c_int) -> Argument {
    Argument { index, test: Test::Is(value) }
}

const NOT_EXECUTABLE: &[&[Argument]] =
    &[&[Argument { index: 2, test: Test::Has { of: libc::PROT_EXEC, value: 0 } }]];

/// SOCK_CLOEXEC and SOCK_NONBLOCK may be set or not.
const TYPE_OF_SOCKET: libc::c_int = !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK);

const LOCAL: &[&[Argument]] = &[
    &[
        is(0, libc::AF_UNIX),
        Argument { index: 1, test: Test::Has { of: TYPE_OF_SOCKET, value: libc::SOCK_STREAM } },
    ],
    &[
        is(0, libc::AF_UNIX),
        Argument { index: 1, test: Test::Has { of: TYPE_OF_SOCKET, value: libc::SOCK_DGRAM } },
    ],
];

/// What a new namespace is asked for by. The value of CLONE_NEWTIME is that of a signal in clone(2).
const NAMESPACES: libc::c_int = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

/// A thread; or a child of the nursery, as the supervisor's crate forks it.
const THREAD_OR_CHILD: &[&[Argument]] = &[
    &[Argument {
        index: 0,
        test: Test::Has { of: NAMESPACES | libc::CLONE_THREAD, value: libc::CLONE_THREAD },
    }],
    &[is(0, libc::CLONE_PARENT | libc::CLONE_PIDFD | libc::SIGCHLD)],
];

#[allow(
    clippy::cast_possible_truncation,
    reason = "requests are 32 bits long, whatever a C library calls their type"
)]
const NO_WAITING_OR_TERMINAL: &[&[Argument]] =
    &[&[is(1, libc::FIONBIO as libc::c_int)], &[is(1, libc::TCGETS as libc::c_int)]];

/// What is allowed. Everything else is answered as by a kernel that does not have the call (ENOSYS).
pub const ALLOWED: &[Call] = &[
    // Of its connection.
    call("recvfrom", libc::SYS_recvfrom, "a peer, the supervisor and the recorder are heard and spoken to"),
    call("recvmsg", libc::SYS_recvmsg, "a peer, the supervisor and the recorder are heard and spoken to"),
    call("sendto", libc::SYS_sendto, "a peer, the supervisor and the recorder are heard and spoken to"),
    call("sendmsg", libc::SYS_sendmsg, "a peer, the supervisor and the recorder are heard and spoken to"),
    call("read", libc::SYS_read, "the same; the service log"),
    call("readv", libc::SYS_readv, "the same; the service log"),
    call("write", libc::SYS_write, "the same; the service log"),
    call("writev", libc::SYS_writev, "the same; the service log"),
    #[cfg(target_arch = "x86_64")]
    call("poll", libc::SYS_poll, "waiting for any of them"),
    call("ppoll", libc::SYS_ppoll, "waiting for any of them"),
    #[cfg(target_arch = "x86_64")]
    call("select", libc::SYS_select, "waiting, as some C libraries put it"),
    call("pselect6", libc::SYS_pselect6, "waiting, as some C libraries put it"),
    call("setsockopt", libc::SYS_setsockopt, "time limits, acknowledgement and delay of a connection"),
    call("getsockopt", libc::SYS_getsockopt, "time limits, acknowledgement and delay of a connection"),
    call("shutdown", libc::SYS_shutdown, "the end of a connection"),
    call("getsockname", libc::SYS_getsockname, "whose connection it is"),
    call("getpeername", libc::SYS_getpeername, "whose connection it is"),
    // Of its files.
    call("pread64", libc::SYS_pread64, "the catalog, and instances in parts"),
    call("preadv", libc::SYS_preadv, "the catalog, and instances in parts"),
    call("pwrite64", libc::SYS_pwrite64, "the catalog, and instances in parts"),
    call("pwritev", libc::SYS_pwritev, "the catalog, and instances in parts"),
    call("lseek", libc::SYS_lseek, "the catalog, and instances in parts"),
    call("openat", libc::SYS_openat, "the files of the data directory; Landlock says which"),
    #[cfg(target_arch = "x86_64")]
    call("open", libc::SYS_open, "the files of the data directory; Landlock says which"),
    call("close", libc::SYS_close, "descriptors, and locks between processes"),
    call("dup", libc::SYS_dup, "descriptors, and locks between processes"),
    #[cfg(target_arch = "x86_64")]
    call("dup2", libc::SYS_dup2, "descriptors, and locks between processes"),
    call("dup3", libc::SYS_dup3, "descriptors, and locks between processes"),
    call("fcntl", libc::SYS_fcntl, "descriptors, and locks between processes"),
    call("flock", libc::SYS_flock, "descriptors, and locks between processes"),
    call("fstat", libc::SYS_fstat, "what a file is, how long, and how much room there is"),
    call("newfstatat", libc::SYS_newfstatat, "what a file is, how long, and how much room there is"),
    #[cfg(target_arch = "x86_64")]
    call("stat", libc::SYS_stat, "what a file is, how long, and how much room there is"),
    #[cfg(target_arch = "x86_64")]
    call("lstat", libc::SYS_lstat, "what a file is, how long, and how much room there is"),
    call("statx", libc::SYS_statx, "what a file is, how long, and how much room there is"),
    call("statfs", libc::SYS_statfs, "what a file is, how long, and how much room there is"),
    call("fstatfs", libc::SYS_fstatfs, "what a file is, how long, and how much room there is"),
    #[cfg(target_arch = "x86_64")]
    call("access", libc::SYS_access, "SQLite asks whether a file is there and what it is called"),
    call("faccessat", libc::SYS_faccessat, "SQLite asks whether a file is there and what it is called"),
    #[cfg(target_arch = "x86_64")]
    call("readlink", libc::SYS_readlink, "SQLite asks whether a file is there and what it is called"),
    call("readlinkat", libc::SYS_readlinkat, "SQLite asks whether a file is there and what it is called"),
    call("getcwd", libc::SYS_getcwd, "SQLite asks whether a file is there and what it is called"),
    call("fsync", libc::SYS_fsync, "what was acknowledged is on the disk"),
    call("fdatasync", libc::SYS_fdatasync, "what was acknowledged is on the disk"),
    call("sync_file_range", libc::SYS_sync_file_range, "what was acknowledged is on the disk"),
    call("ftruncate", libc::SYS_ftruncate, "room reserved, and given back"),
    call("fallocate", libc::SYS_fallocate, "room reserved, and given back"),
    call("fadvise64", libc::SYS_fadvise64, "room reserved, and given back"),
    #[cfg(target_arch = "x86_64")]
    call("mkdir", libc::SYS_mkdir, "drafts become instances, what is withdrawn goes"),
    call("mkdirat", libc::SYS_mkdirat, "drafts become instances, what is withdrawn goes"),
    #[cfg(target_arch = "x86_64")]
    call("rename", libc::SYS_rename, "drafts become instances, what is withdrawn goes"),
    call("renameat", libc::SYS_renameat, "drafts become instances, what is withdrawn goes"),
    call("renameat2", libc::SYS_renameat2, "drafts become instances, what is withdrawn goes"),
    #[cfg(target_arch = "x86_64")]
    call("link", libc::SYS_link, "drafts become instances, what is withdrawn goes"),
    call("linkat", libc::SYS_linkat, "drafts become instances, what is withdrawn goes"),
    #[cfg(target_arch = "x86_64")]
    call("unlink", libc::SYS_unlink, "drafts become instances, what is withdrawn goes"),
    call("unlinkat", libc::SYS_unlinkat, "drafts become instances, what is withdrawn goes"),
    #[cfg(target_arch = "x86_64")]
    call("rmdir", libc::SYS_rmdir, "drafts become instances, what is withdrawn goes"),
    call("getdents64", libc::SYS_getdents64, "drafts become instances, what is withdrawn goes"),
    call(
        "fchown",
        libc::SYS_fchown,
        "SQLite gives its log to the owner of the catalog; directories that are durable are marked",
    ),
    call(
        "fchmod",
        libc::SYS_fchmod,
        "SQLite gives its log to the owner of the catalog; directories that are durable are marked",
    ),
    call("sendfile", libc::SYS_sendfile, "bytes of a file to a socket or a file"),
    call("copy_file_range", libc::SYS_copy_file_range, "bytes of a file to a socket or a file"),
    call("splice", libc::SYS_splice, "bytes of a file to a socket or a file"),
    // Of its memory.
    call("brk", libc::SYS_brk, "memory; none of it can be executed"),
    Call {
        when: When::One(NOT_EXECUTABLE, "without PROT_EXEC"),
        ..call("mmap", libc::SYS_mmap, "memory; none of it can be executed")
    },
    Call {
        when: When::One(NOT_EXECUTABLE, "without PROT_EXEC"),
        ..call("mprotect", libc::SYS_mprotect, "memory; none of it can be executed")
    },
    call("munmap", libc::SYS_munmap, "memory; none of it can be executed"),
    call("mremap", libc::SYS_mremap, "memory; none of it can be executed"),
    call("madvise", libc::SYS_madvise, "memory; none of it can be executed"),
    call("futex", libc::SYS_futex, "threads wait for each other"),
    call("futex_waitv", libc::SYS_futex_waitv, "threads wait for each other"),
    call("set_robust_list", libc::SYS_set_robust_list, "threads wait for each other"),
    call("rseq", libc::SYS_rseq, "threads wait for each other"),
    call("membarrier", libc::SYS_membarrier, "threads wait for each other"),
    call("sched_yield", libc::SYS_sched_yield, "threads wait for each other"),
    // Of itself.
    call(
        "clock_gettime",
        libc::SYS_clock_gettime,
        "the time, where the kernel does not give it without a call, and waiting",
    ),
    call(
        "clock_getres",
        libc::SYS_clock_getres,
        "the time, where the kernel does not give it without a call, and waiting",
    ),
    call(
        "gettimeofday",
        libc::SYS_gettimeofday,
        "the time, where the kernel does not give it without a call, and waiting",
    ),
    #[cfg(target_arch = "x86_64")]
    call("time", libc::SYS_time, "the time, where the kernel does not give it without a call, and waiting"),
    call(
        "clock_nanosleep",
        libc::SYS_clock_nanosleep,
        "the time, where the kernel does not give it without a call, and waiting",
    ),
    call(
        "nanosleep",
        libc::SYS_nanosleep,
        "the time, where the kernel does not give it without a call, and waiting",
    ),
    call("getrandom", libc::SYS_getrandom, "keys of hash maps, names of drafts"),
    call("getpid", libc::SYS_getpid, "the name of a draft, the header of a lock"),
    call("gettid", libc::SYS_gettid, "the name of a draft, the header of a lock"),
    call("getppid", libc::SYS_getppid, "the name of a draft, the header of a lock"),
    call("getuid", libc::SYS_getuid, "the name of a draft, the header of a lock"),
    call("geteuid", libc::SYS_geteuid, "the name of a draft, the header of a lock"),
    call("getgid", libc::SYS_getgid, "the name of a draft, the header of a lock"),
    call("getegid", libc::SYS_getegid, "the name of a draft, the header of a lock"),
    call(
        "rt_sigaction",
        libc::SYS_rt_sigaction,
        "the guard behind a thread's stack; going on after a signal",
    ),
    call(
        "rt_sigprocmask",
        libc::SYS_rt_sigprocmask,
        "the guard behind a thread's stack; going on after a signal",
    ),
    call(
        "rt_sigreturn",
        libc::SYS_rt_sigreturn,
        "the guard behind a thread's stack; going on after a signal",
    ),
    call("sigaltstack", libc::SYS_sigaltstack, "the guard behind a thread's stack; going on after a signal"),
    call(
        "restart_syscall",
        libc::SYS_restart_syscall,
        "the guard behind a thread's stack; going on after a signal",
    ),
    call("sched_getaffinity", libc::SYS_sched_getaffinity, "C libraries size what they allocate"),
    call("sysinfo", libc::SYS_sysinfo, "C libraries size what they allocate"),
    call("uname", libc::SYS_uname, "C libraries size what they allocate"),
    call("getrusage", libc::SYS_getrusage, "C libraries size what they allocate"),
    call("exit", libc::SYS_exit, "the end"),
    call("exit_group", libc::SYS_exit_group, "the end"),
    // With some arguments only.
    Call {
        when: When::One(LOCAL, "AF_UNIX, and SOCK_STREAM or SOCK_DGRAM only"),
        ..call("socket", libc::SYS_socket, "the recorder, who connects to peers for it, and the audit trail")
    },
    call("connect", libc::SYS_connect, "the same: there are no other sockets"),
    Call {
        when: When::One(THREAD_OR_CHILD, "a thread, or a child as the nursery forks it; no new namespace"),
        ..call("clone", libc::SYS_clone, "files are synced on threads; the nursery forks")
    },
    Call {
        when: When::One(NO_WAITING_OR_TERMINAL, "FIONBIO and TCGETS only"),
        ..call("ioctl", libc::SYS_ioctl, "reading without waiting; whether the log goes to a terminal")
    },
    Call {
        when: When::One(&[&[is(0, libc::PR_SET_NAME)]], "PR_SET_NAME only"),
        ..call("prctl", libc::SYS_prctl, "names of threads")
    },
    Call {
        when: When::One(&[&[Argument { index: 2, test: Test::IsNull }]], "to read them only"),
        ..call("prlimit64", libc::SYS_prlimit64, "how many files may be open, how long the stack is")
    },
    Call {
        when: When::One(&[&[is(2, libc::SIGABRT)]], "SIGABRT only"),
        ..call("tgkill", libc::SYS_tgkill, "giving up: abort(3)")
    },
    Call {
        when: When::One(&[&[is(1, libc::SIGABRT)]], "SIGABRT only"),
        ..call("tkill", libc::SYS_tkill, "giving up, as some C libraries put it")
    },
];

/// What ends the process at once (SIGSYS): nothing of ours does it, an intruder does, and the supervisor says in the log
/// whose association it was.
pub const FORBIDDEN: &[Call] = &[
    call("execve", libc::SYS_execve, "no program is ever executed"),
    call("execveat", libc::SYS_execveat, "no program is ever executed"),
    call("ptrace", libc::SYS_ptrace, "other processes are none of its business"),
    call("process_vm_readv", libc::SYS_process_vm_readv, "other processes are none of its business"),
    call("process_vm_writev", libc::SYS_process_vm_writev, "other processes are none of its business"),
    call("kcmp", libc::SYS_kcmp, "other processes are none of its business"),
    call("pidfd_getfd", libc::SYS_pidfd_getfd, "other processes are none of its business"),
    call("process_madvise", libc::SYS_process_madvise, "other processes are none of its business"),
    Call { keepers_may: true, ..call("bind", libc::SYS_bind, "nobody is listened for: the supervisor does") },
    Call {
        keepers_may: true,
        ..call("listen", libc::SYS_listen, "nobody is listened for: the supervisor does")
    },
    #[cfg(target_arch = "x86_64")]
    Call {
        keepers_may: true,
        ..call("accept", libc::SYS_accept, "nobody is listened for: the supervisor does")
    },
    Call {
        keepers_may: true,
        ..call("accept4", libc::SYS_accept4, "nobody is listened for: the supervisor does")
    },
    call("mount", libc::SYS_mount, "the file system stays as it is"),
    call("umount2", libc::SYS_umount2, "the file system stays as it is"),
    call("pivot_root", libc::SYS_pivot_root, "the file system stays as it is"),
    call("chroot", libc::SYS_chroot, "the file system stays as it is"),
    call("move_mount", libc::SYS_move_mount, "the file system stays as it is"),
    call("open_tree", libc::SYS_open_tree, "the file system stays as it is"),
    call("fsopen", libc::SYS_fsopen, "the file system stays as it is"),
    call("fsconfig", libc::SYS_fsconfig, "the file system stays as it is"),
    call("fsmount", libc::SYS_fsmount, "the file system stays as it is"),
    call("fspick", libc::SYS_fspick, "the file system stays as it is"),
    call("mount_setattr", libc::SYS_mount_setattr, "the file system stays as it is"),
    call("unshare", libc::SYS_unshare, "no other namespace is entered"),
    call("setns", libc::SYS_setns, "no other namespace is entered"),
    call("setuid", libc::SYS_setuid, "nobody else is become"),
    call("setgid", libc::SYS_setgid, "nobody else is become"),
    call("setreuid", libc::SYS_setreuid, "nobody else is become"),
    call("setregid", libc::SYS_setregid, "nobody else is become"),
    call("setresuid", libc::SYS_setresuid, "nobody else is become"),
    call("setresgid", libc::SYS_setresgid, "nobody else is become"),
    call("setfsuid", libc::SYS_setfsuid, "nobody else is become"),
    call("setfsgid", libc::SYS_setfsgid, "nobody else is become"),
    call("setgroups", libc::SYS_setgroups, "nobody else is become"),
    call("capset", libc::SYS_capset, "nobody else is become"),
    call("bpf", libc::SYS_bpf, "ways into the kernel with a history"),
    call("perf_event_open", libc::SYS_perf_event_open, "ways into the kernel with a history"),
    call("userfaultfd", libc::SYS_userfaultfd, "ways into the kernel with a history"),
    call("io_uring_setup", libc::SYS_io_uring_setup, "ways into the kernel with a history"),
    call("add_key", libc::SYS_add_key, "the kernel's keys are not ours"),
    call("request_key", libc::SYS_request_key, "the kernel's keys are not ours"),
    call("keyctl", libc::SYS_keyctl, "the kernel's keys are not ours"),
    call("init_module", libc::SYS_init_module, "the machine is not ours"),
    call("finit_module", libc::SYS_finit_module, "the machine is not ours"),
    call("delete_module", libc::SYS_delete_module, "the machine is not ours"),
    call("kexec_load", libc::SYS_kexec_load, "the machine is not ours"),
    call("reboot", libc::SYS_reboot, "the machine is not ours"),
    call("swapon", libc::SYS_swapon, "the machine is not ours"),
    call("swapoff", libc::SYS_swapoff, "the machine is not ours"),
    call("acct", libc::SYS_acct, "the machine is not ours"),
    call("quotactl", libc::SYS_quotactl, "the machine is not ours"),
    call("settimeofday", libc::SYS_settimeofday, "the machine is not ours"),
    call("clock_settime", libc::SYS_clock_settime, "the machine is not ours"),
    call("sethostname", libc::SYS_sethostname, "the machine is not ours"),
    call("setdomainname", libc::SYS_setdomainname, "the machine is not ours"),
    #[cfg(target_arch = "x86_64")]
    call("mknod", libc::SYS_mknod, "files are opened by their names"),
    call("mknodat", libc::SYS_mknodat, "files are opened by their names"),
    call("open_by_handle_at", libc::SYS_open_by_handle_at, "files are opened by their names"),
    call("name_to_handle_at", libc::SYS_name_to_handle_at, "files are opened by their names"),
    call("personality", libc::SYS_personality, "memory that is executed comes from our own file alone"),
    call("memfd_create", libc::SYS_memfd_create, "memory that is executed comes from our own file alone"),
    call("pkey_mprotect", libc::SYS_pkey_mprotect, "memory that is executed comes from our own file alone"),
    #[cfg(target_arch = "x86_64")]
    call("iopl", libc::SYS_iopl, "the same, by ways of one machine"),
    #[cfg(target_arch = "x86_64")]
    call("ioperm", libc::SYS_ioperm, "the same, by ways of one machine"),
    #[cfg(target_arch = "x86_64")]
    call("modify_ldt", libc::SYS_modify_ldt, "the same, by ways of one machine"),
    #[cfg(target_arch = "x86_64")]
    Call { keepers_may: true, ..call("fork", libc::SYS_fork, "processes are started by the supervisor") },
    #[cfg(target_arch = "x86_64")]
    Call { keepers_may: true, ..call("vfork", libc::SYS_vfork, "processes are started by the supervisor") },
    Call {
        when: When::One(&[&[Argument { index: 0, test: Test::IsNot(libc::AF_UNIX) }]], "other than AF_UNIX"),
        keepers_may: true,
        ..call(
            "socket",
            libc::SYS_socket,
            "connections to peers are opened by the connector, to configured peers only",
        )
    },
];
