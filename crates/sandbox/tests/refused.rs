//! What a process in the sandbox tries and is refused, and what it can still do. Each try is a process of its own: this
//! program, run again with the name of the try as its argument, enclosed as an association is.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use sandbox::{Role, enclose};

/// How a try ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// It could be done.
    Done,
    /// It was refused, with this word of the system's.
    Refused(i32),
    /// The process was ended by this signal.
    Ended(i32),
}

/// One try: its name, as whom, what is done, and how that has to end.
struct Try {
    name: &'static str,
    role: Role,
    does: fn(&Path) -> io::Result<()>,
    ends: End,
}

const A: Role = Role::Association;
const DENIED: End = End::Refused(libc::EACCES);
const KILLED: End = End::Ended(libc::SIGSYS);

const TRIES: &[Try] = &[
    tried("the users of the machine are read", A, |_| File::open("/etc/passwd").map(drop), DENIED),
    tried(
        "what the data directory lies in is listed",
        A,
        |data| fs::read_dir(data.join("..")).map(drop),
        DENIED,
    ),
    tried("a home directory is listed", A, |_| fs::read_dir("/root").map(drop), DENIED),
    tried("its own process is looked into", A, |_| File::open("/proc/self/maps").map(drop), DENIED),
    tried("a file is made elsewhere", A, |data| File::create(data.join("../else")).map(drop), DENIED),
    tried("a file is removed elsewhere", A, |data| fs::remove_file(data.join("../outside")), DENIED),
    tried("a symbolic link leads out", A, |data| File::open(data.join("way-out")).map(drop), DENIED),
    tried("a file moves out", A, |data| fs::rename(data.join("kept"), data.join("../taken")), DENIED),
    tried(
        "a program is started",
        A,
        |_| Command::new("/bin/true").status().map(drop),
        End::Refused(libc::ENOSYS),
    ),
    tried("a program is put in place of this one", A, |_| Err(replaced("/bin/true")), KILLED),
    tried("a port is connected to", A, |_| TcpStream::connect("127.0.0.1:9").map(drop), KILLED),
    tried("a port is bound", A, |_| TcpListener::bind("127.0.0.1:0").map(drop), KILLED),
    tried("a datagram is sent", A, |_| UdpSocket::bind("127.0.0.1:0").map(drop), KILLED),
    tried("somebody is listened for", A, |data| UnixListener::bind(data.join("door")).map(drop), KILLED),
    tried(
        "another process is traced",
        A,
        |_| called(libc::SYS_ptrace, [libc::PTRACE_ATTACH.into(), parent()]),
        KILLED,
    ),
    tried("another user is become", A, |_| called(libc::SYS_setuid, [0, 0]), KILLED),
    tried(
        "another namespace is entered",
        A,
        |_| called(libc::SYS_unshare, [libc::CLONE_NEWUSER.into(), 0]),
        KILLED,
    ),
    tried(
        "another process is signalled",
        A,
        |_| called(libc::SYS_kill, [parent(), 0]),
        End::Refused(libc::ENOSYS),
    ),
    tried("memory is made executable", A, |_| executable(), End::Refused(libc::ENOSYS)),
    tried(
        "a call that is on no list is made",
        A,
        |_| called(libc::SYS_sync, [0, 0]),
        End::Refused(libc::ENOSYS),
    ),
    tried("more memory is taken than there is for one", A, |_| memory(8 << 30), End::Refused(libc::ENOMEM)),
    tried("more files are opened than there are for one", A, many_files, End::Refused(libc::EMFILE)),
    tried("a thread is started", A, |_| thread(), End::Done),
    tried("files are made, moved and removed", A, keeps, End::Done),
    tried("files lie on a disk of their own", A, |data| fs::write(data.join("linked/file"), "x"), End::Done),
    tried(
        "a socket of the data directory is reached",
        A,
        |data| UnixStream::connect(data.join("open")).map(drop),
        End::Done,
    ),
    tried(
        "the housekeeper reads elsewhere",
        Role::Housekeeper,
        |_| File::open("/etc/passwd").map(drop),
        DENIED,
    ),
    tried("the housekeeper executes", Role::Housekeeper, |_| Err(replaced("/bin/true")), KILLED),
    tried(
        "the housekeeper connects",
        Role::Housekeeper,
        |_| TcpStream::connect("127.0.0.1:9").map(drop),
        DENIED,
    ),
    tried(
        "the housekeeper listens",
        Role::Housekeeper,
        |data| UnixListener::bind(data.join("door")).map(drop),
        End::Done,
    ),
    tried(
        "the connector binds a port",
        Role::Outward,
        |_| TcpListener::bind("127.0.0.1:0").map(drop),
        DENIED,
    ),
    tried(
        "the connector writes elsewhere",
        Role::Outward,
        |data| File::create(data.join("../else")).map(drop),
        DENIED,
    ),
    tried("the connector executes", Role::Outward, |_| Err(replaced("/bin/true")), KILLED),
    tried(
        "the connector looks up a name",
        Role::Outward,
        |_| TcpStream::connect("localhost:9").map(drop),
        End::Refused(libc::ECONNREFUSED),
    ),
];

const fn tried(name: &'static str, role: Role, does: fn(&Path) -> io::Result<()>, ends: End) -> Try {
    Try { name, role, does, ends }
}

fn replaced(program: &str) -> io::Error {
    std::os::unix::process::CommandExt::exec(&mut Command::new(program))
}

fn parent() -> libc::c_long {
    std::os::unix::process::parent_id().into()
}

#[expect(unsafe_code, reason = "no crate makes calls that are to be refused")]
fn called(number: libc::c_long, arguments: [libc::c_long; 2]) -> io::Result<()> {
    // SAFETY: none of the calls tried here is given a pointer.
    match unsafe { libc::syscall(number, arguments[0], arguments[1], 0, 0) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[expect(unsafe_code, reason = "maps memory that can be executed")]
fn executable() -> io::Result<()> {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a mapping of its own, at no fixed place.
    match unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, -1, 0) } {
        libc::MAP_FAILED => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn memory(bytes: usize) -> io::Result<()> {
    let mut memory: Vec<u8> = Vec::new();
    memory.try_reserve_exact(bytes).map_err(|_| io::Error::from_raw_os_error(libc::ENOMEM))
}

fn many_files(data: &Path) -> io::Result<()> {
    let opened: io::Result<Vec<File>> =
        (0..sandbox::limits::OPEN_FILES).map(|_| File::open(data.join("kept"))).collect();
    opened.map(drop)
}

fn thread() -> io::Result<()> {
    std::thread::Builder::new().spawn(|| ())?.join().map_err(|_| io::Error::other("it panicked"))
}

fn keeps(data: &Path) -> io::Result<()> {
    fs::create_dir(data.join("day"))?;
    let mut file = File::create(data.join("draft"))?;
    file.write_all(b"bytes")?;
    file.sync_all()?;
    fs::rename(data.join("draft"), data.join("day/instance"))?;
    assert_eq!(fs::read(data.join("day/instance"))?, b"bytes");
    fs::remove_file(data.join("day/instance"))?;
    fs::remove_dir(data.join("day"))
}

/// In the process of a try.
fn play(name: &str, data: &Path) -> ExitCode {
    let tried = TRIES.iter().find(|tried| tried.name == name).expect("a try of this name");
    enclose(tried.role, data).expect("a sandbox");
    match (tried.does)(data) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(u8::try_from(error.raw_os_error().unwrap_or(255)).unwrap_or(255)),
    }
}

fn end(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(0), _) => End::Done,
        (Some(errno), _) => End::Refused(errno),
        (None, signal) => End::Ended(signal.unwrap_or_default()),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, name, data] = arguments.as_slice()
        && word == "try"
    {
        return play(name, Path::new(data));
    }
    if !sandbox::lacking().is_empty() {
        println!("this kernel lacks {:?}: nothing to test", sandbox::lacking());
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> =
        arguments.iter().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut wrong = 0;
    for tried in
        TRIES.iter().filter(|tried| wanted.is_empty() || wanted.iter().any(|one| tried.name.contains(*one)))
    {
        let room = tempfile::tempdir().expect("a directory");
        let (data, elsewhere) = (room.path().join("data"), room.path().join("disk"));
        fs::create_dir(&data).expect("a data directory");
        fs::create_dir(&elsewhere).expect("a directory elsewhere");
        fs::write(room.path().join("outside"), "x").expect("a file outside");
        fs::write(data.join("kept"), "x").expect("a file");
        std::os::unix::fs::symlink(&elsewhere, data.join("linked")).expect("a link to a directory");
        std::os::unix::fs::symlink("/etc/passwd", data.join("way-out")).expect("a link to a file");
        let _open = UnixListener::bind(data.join("open")).expect("a socket");
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        let status = command.arg("try").arg(tried.name).arg(&data).status().expect("a process");
        let ended = end(status);
        let is_right = ended == tried.ends;
        println!("test {} ... {}", tried.name, if is_right { "ok" } else { "FAILED" });
        if !is_right {
            println!("    ended with {ended:?}, not {:?}", tried.ends);
            wrong += 1;
        }
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
