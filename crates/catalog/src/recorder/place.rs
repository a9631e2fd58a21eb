//! Where the recorder is found: a socket beside the catalog.

use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The longest path of a socket, in bytes: `sun_path` has 108, a NUL among them.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// The socket of the catalog at `path`.
pub(super) fn socket_path(path: &Path) -> PathBuf {
    path.with_extension("recorder")
}

/// Listens at `socket` for processes of our own user, in the place of one that a process before has left. Does not wait
/// in accept().
///
/// # Errors
/// When the system refuses.
pub fn listen(socket: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = reach(socket, |socket| UnixListener::bind(socket))?;
    std::fs::set_permissions(socket, Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Calls `with` with a path to the socket that is short enough for the system.
///
/// # Errors
/// Those of `with`, and when the directory of the socket cannot be opened.
pub fn reach<T>(socket: &Path, with: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if socket.as_os_str().as_bytes().len() <= SOCKET_PATH_BYTES_MAX {
        return with(socket);
    }
    let (Some(directory), Some(name)) = (socket.parent(), socket.file_name()) else {
        return Err(io::ErrorKind::InvalidFilename.into());
    };
    let directory = File::open(directory)?;
    with(&Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name))
}
