use std::io;
use std::time::Instant;

/// What carries the bytes of an association, and tells the time: TCP, TLS, or a script in tests.
pub trait Transport {
    /// The time, against which every deadline is measured.
    fn now(&self) -> Instant;

    /// Some bytes, as many as there are and fit; waits until `deadline` at most, or for ever without one.
    ///
    /// `Ok(0)` says that the peer closed the connection.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when the deadline passes; anything else means that the connection is lost.
    fn read(&mut self, into: &mut [u8], deadline: Option<Instant>) -> io::Result<usize>;

    /// Writes all of the slices, in order, in as few system calls as can be. May change the slices.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when the deadline passes before the last byte is taken; anything else means
    /// that the connection is lost. How much was written is not known then.
    fn write_all(&mut self, bytes: &mut [io::IoSlice<'_>], deadline: Option<Instant>) -> io::Result<()>;

    /// Whether a read would return at once, be it with bytes, the end or an error.
    ///
    /// # Errors
    /// When the connection cannot be asked.
    fn is_readable(&mut self) -> io::Result<bool>;

    /// Closes the connection. Nothing is read or written after that.
    fn close(&mut self);
}
