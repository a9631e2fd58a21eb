//! A supervisor under test, seen from outside: its events, its processes, its sockets.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

/// Nothing here takes so long; who waits so long waits in vain.
pub(crate) const IN_VAIN: Duration = Duration::from_secs(60);

pub(crate) struct Subject {
    process: Child,
    events: Receiver<String>,
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Subject {
    /// Starts a supervisor and waits until it is ready.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_unready(options).ready()
    }

    /// Waits until it is ready.
    pub(crate) fn ready(mut self) -> Self {
        let ready = self.event("ready");
        self.addresses = ready.split(' ').skip(1).map(|address| address.parse().unwrap()).collect();
        self
    }

    pub(crate) fn start_unready(options: &[&str]) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg("supervise")
            .args(options)
            .env("ISOCENTER_TEST_MARK", "still there")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { process, events, addresses: Vec::new() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The next event that begins so; others are passed over.
    pub(crate) fn event(&self, beginning: &str) -> String {
        loop {
            let event = self.events.recv_timeout(IN_VAIN).expect(beginning);
            if event.starts_with(beginning) {
                return event;
            }
        }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.addresses[0])
    }

    /// A connection that was admitted, and the process that serves it.
    pub(crate) fn admitted(&self, calling: &str) -> (Client, u32) {
        let mut client = self.connect();
        let answer = client.ask(&format!("admit {calling}"));
        let pid = answer.strip_prefix("admitted ").unwrap_or_else(|| panic!("{calling}: {answer}"));
        (client, pid.parse().unwrap())
    }

    /// The process id of the next nursery that was started.
    pub(crate) fn nursery(&self) -> u32 {
        self.event("keeper-started nursery ").rsplit(' ').next().unwrap().parse().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        signal_to(self.pid(), signal);
    }

    /// Waits until the supervisor has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        End::of(self.pid()).wait();
        self.process.wait().unwrap()
    }

    /// Its children, as the kernel has them.
    pub(crate) fn children(&self) -> Vec<u32> {
        let path = format!("/proc/{0}/task/{0}/children", self.pid());
        let children = std::fs::read_to_string(path).unwrap();
        children.split_ascii_whitespace().map(|pid| pid.parse().unwrap()).collect()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

pub(crate) fn signal_to(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

/// What `ps` shows of a process.
pub(crate) fn title_of(pid: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
    String::from_utf8(bytes).unwrap().trim_end_matches('\0').to_owned()
}

/// The end of a process, to be taken hold of while it runs.
pub(crate) struct End(Option<OwnedFd>);

impl End {
    pub(crate) fn of(pid: u32) -> Self {
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        // Ended and gone already.
        Self(pidfd_open(pid, PidfdFlags::empty()).ok())
    }

    /// Waits for it.
    pub(crate) fn wait(&self) {
        let Some(pidfd) = &self.0 else { return };
        let in_vain = Timespec { tv_sec: 60, tv_nsec: 0 };
        assert_eq!(poll(&mut [PollFd::new(pidfd, PollFlags::IN)], Some(&in_vain)), Ok(1), "does not end");
    }
}

/// A peer that speaks the language of `roles::serve`.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(IN_VAIN)).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.stream.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.hear()
    }

    /// Waits until the other side has closed the connection.
    pub(crate) fn is_closed(&mut self) {
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("not closed: {other:?} {byte:?}"),
        }
    }

    /// Whether nothing has come that was not heard yet.
    pub(crate) fn has_heard_all(&mut self) -> bool {
        self.stream.get_ref().set_nonblocking(true).unwrap();
        let nothing = matches!(self.stream.fill_buf(), Err(error) if error.kind() == ErrorKind::WouldBlock);
        self.stream.get_ref().set_nonblocking(false).unwrap();
        nothing
    }
}
