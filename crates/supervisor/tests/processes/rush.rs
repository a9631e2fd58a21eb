//! Somebody who comes in the midst of a reload, while there is no nursery, and is heard of at the worst moment.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Instant;

use supervisor::{Event, NURSERY};

use crate::subject::{Client, IN_VAIN};

/// What a supervisor sees of itself meanwhile.
#[derive(Default)]
pub(crate) struct Rush {
    address: Cell<Option<SocketAddr>>,
    nursery: Cell<u32>,
}

impl Rush {
    /// Takes note; and when the former nursery has ended, waits until its successor has said that it is ready, so that
    /// this is found out in the same round of the supervisor, and late in it.
    pub(crate) fn see(&self, event: &Event<'_>) {
        match event {
            Event::Ready { listeners } => self.address.set(listeners.first().copied()),
            Event::KeeperStarted { name, pid } if *name == NURSERY => self.nursery.set(*pid),
            Event::KeeperEnded { name, .. } if *name == NURSERY => wait_until_it_listens(self.nursery.get()),
            _ => {}
        }
    }

    /// Comes, and prints what was answered.
    pub(crate) fn come(&self) {
        let mut client = Client::connect(self.address.get().unwrap());
        client.say("settings");
        std::thread::spawn(move || println!("answered {}", client.hear()));
    }
}

/// A nursery has its title before it says that it is ready, and sleeps after that.
fn wait_until_it_listens(pid: u32) {
    let since = Instant::now();
    let listens = || {
        let title = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        title.starts_with("isocenter: nursery") && state.contains(") S ")
    };
    while !listens() {
        assert!(since.elapsed() < IN_VAIN, "{pid} does not listen");
        std::thread::yield_now();
    }
}
