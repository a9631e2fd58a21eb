//! What the process list says of this process.
//!
//! `ps` shows the memory in which the kernel put the arguments at exec. [`init`] moves the arguments and as
//! much of the environment behind them as a title needs to other memory; [`set`] writes the title where they
//! were. No system call is needed for a title, so one for each message costs next to nothing.

use std::ffi::{CString, c_char};
use std::sync::{Mutex, PoisonError};

use crate::message::cut;

/// Longest title; what is longer is cut.
const TITLE_BYTES_MAX: usize = 256;

static TITLE: Mutex<Option<Title>> = Mutex::new(None);

struct Title {
    program: String,
    room: Room,
    shown: Vec<u8>,
    next: Vec<u8>,
}

/// Makes room for titles of `program`. To be called first in `main`, while there is one thread; where that
/// is not so, or the kernel does not tell where the arguments are, titles are left as they are.
pub fn init(program: &str) {
    let mut title = TITLE.lock().unwrap_or_else(PoisonError::into_inner);
    name_thread(program);
    if title.is_none()
        && let Some(room) = Room::find()
    {
        // The arguments are what is shown until the first title; they are cleared whole then.
        let shown = vec![0; room.bytes];
        *title = Some(Title { program: program.to_owned(), room, shown, next: Vec::new() });
    }
}

/// Sets the title to `program: text`. Does nothing before [`init`].
pub fn set(text: &str) {
    if let Some(title) = TITLE.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        title.set(text);
    }
}

/// Names the calling thread, which is what `ps -L` and `top -H` show (and of the first thread, `ps -o comm`).
pub(crate) fn name_thread(name: &str) {
    if let Ok(name) = CString::new(cut(name, 15)) {
        rustix::thread::set_name(&name).ok();
    }
}

impl Title {
    fn set(&mut self, text: &str) {
        self.next.clear();
        self.next.extend_from_slice(self.program.as_bytes());
        self.next.extend_from_slice(b": ");
        // An AE title or a UID comes from a peer: nothing of it may act on a terminal.
        self.next.extend(
            text.bytes().map(|byte| if byte == b' ' || byte.is_ascii_graphic() { byte } else { b'?' }),
        );
        self.next.truncate(self.room.text_bytes_max());
        if self.next != self.shown {
            self.room.show(&self.next, self.shown.len());
            std::mem::swap(&mut self.shown, &mut self.next);
        }
    }
}

/// The memory that `ps` reads.
struct Room {
    start: *mut u8,
    /// As long as the arguments were: the kernel looks at the last byte of these.
    arguments: usize,
    /// With what was taken of the environment.
    bytes: usize,
}

#[expect(unsafe_code, reason = "a pointer to memory of the process, not of a thread")]
// SAFETY: the memory belongs to the process for as long as it lives, and only the Room in TITLE, behind its
// lock, writes to it.
unsafe impl Send for Room {}

impl Room {
    fn text_bytes_max(&self) -> usize {
        self.bytes.saturating_sub(1)
    }

    /// Finds the memory and moves out who lives there.
    fn find() -> Option<Self> {
        let layout = Layout::of_this_process()?;
        if layout.threads != 1 {
            return None;
        }
        let arguments = layout.arg_end.checked_sub(layout.arg_start).filter(|&bytes| bytes > 0)?;
        let end = if layout.env_start == layout.arg_end { layout.env_end } else { layout.arg_end };
        let all = end.checked_sub(layout.arg_start)?;
        let bytes = all.min(TITLE_BYTES_MAX.max(arguments));
        move_out(&layout, bytes)?;
        Some(Self { start: std::ptr::with_exposed_provenance_mut(layout.arg_start), arguments, bytes })
    }

    /// Writes `text` (shorter than the room) over what was shown before.
    #[expect(unsafe_code, reason = "overwrites the arguments, which is what a title is on Linux")]
    fn show(&mut self, text: &[u8], shown_before: usize) {
        let length = text.len().min(self.text_bytes_max());
        let clear_to = shown_before.max(self.arguments).min(self.bytes);
        // SAFETY: the range start..start+bytes is the writable stack memory that the kernel filled at exec,
        // checked in `find` against what the kernel says of it; nothing in it is pointed to any more, since
        // `move_out` gave every argv and envp entry that lay in it a copy elsewhere (the C library's own
        // name of the program still points to the start, and finds a terminated string). `length` is less
        // than `bytes` and `clear_to` at most that. The kernel reading at the same time sees a title half
        // written at worst. The caller has `self` exclusively, so nobody else writes.
        unsafe {
            std::ptr::copy_nonoverlapping(text.as_ptr(), self.start, length);
            if let Some(rest) = clear_to.checked_sub(length) {
                std::ptr::write_bytes(self.start.add(length), 0, rest);
            }
            // A last byte of the arguments that is not zero makes the kernel show one string up to the first
            // zero, rather than all of the arguments' length.
            if length < self.arguments {
                self.start.add(self.arguments.saturating_sub(1)).write(u8::from(length + 1 < self.arguments));
            }
        }
    }
}

/// Gives every argument and environment string that begins within the first `bytes` after the start of the
/// arguments a copy elsewhere. None, and nothing changed, when the stack is not as the kernel leaves it.
#[expect(unsafe_code, reason = "reads and writes argv and envp")]
fn move_out(layout: &Layout, bytes: usize) -> Option<()> {
    unsafe extern "C" {
        static environ: *mut *mut c_char;
    }
    let end = layout.arg_start.checked_add(bytes)?;
    let start_of_stack = layout.start_stack;
    let count = std::env::args_os().len();
    if start_of_stack == 0
        || !start_of_stack.is_multiple_of(align_of::<usize>())
        || start_of_stack >= layout.arg_start
    {
        return None;
    }
    let stack: *mut usize = std::ptr::with_exposed_provenance_mut(start_of_stack);
    // SAFETY: at the start of the stack the kernel leaves (System V ABI) the number of arguments, their
    // pointers, a null, the pointers of the environment, and a null, all below the strings themselves; that
    // it did so here is checked before anything is changed: the number is that which std has, the first
    // pointer is where the kernel says the arguments begin, a null follows, and `environ` is the array behind
    // it (nobody has called setenv yet). Each pointer is to a terminated string. There is one thread (checked
    // by the caller), so nobody reads the arrays meanwhile. The copies are never freed.
    unsafe {
        if stack.read() != count {
            return None;
        }
        let argv: *mut *mut c_char = stack.add(1).cast();
        let envp = argv.add(count).add(1);
        if count == 0
            || argv.read().addr() != layout.arg_start
            || !argv.add(count).read().is_null()
            || environ != envp
        {
            return None;
        }
        let mut entry = argv;
        let mut nulls = 0;
        while nulls < 2 {
            let text = entry.read();
            if text.is_null() {
                nulls += 1;
            } else if (layout.arg_start..end).contains(&text.addr()) {
                let copy = std::ffi::CStr::from_ptr(text).to_owned();
                entry.write(copy.into_raw());
            }
            entry = entry.add(1);
        }
    }
    Some(())
}

/// Where the kernel put things, from `/proc/self/stat` (proc(5)).
struct Layout {
    threads: usize,
    start_stack: usize,
    arg_start: usize,
    arg_end: usize,
    env_start: usize,
    env_end: usize,
}

impl Layout {
    fn of_this_process() -> Option<Self> {
        Self::read(&std::fs::read_to_string("/proc/self/stat").ok()?)
    }

    fn read(stat: &str) -> Option<Self> {
        // The second field is the name in parentheses, which may hold anything; the third begins behind it.
        let (_, from_third) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = from_third.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number.checked_sub(3)?)?.parse::<usize>().ok();
        Some(Self {
            threads: field(20)?,
            start_stack: field(28)?,
            arg_start: field(48)?,
            arg_end: field(49)?,
            env_start: field(50)?,
            env_end: field(51)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Layout, Room, Title};

    #[test]
    fn the_layout_is_found_behind_a_name_that_looks_like_fields() {
        let numbers: Vec<String> = (4..=52).map(|number| (number * 10).to_string()).collect();
        let stat = format!("77 (a) S (b) R {}", numbers.join(" "));
        let layout = Layout::read(&stat).unwrap();
        assert_eq!((layout.threads, layout.start_stack), (200, 280));
        assert_eq!((layout.arg_start, layout.arg_end), (480, 490));
        assert_eq!((layout.env_start, layout.env_end), (500, 510));
        assert!(Layout::read("77 (a) R 1 2 3").is_none());
    }

    /// A title in memory of the test's own; what the kernel would show of it.
    fn shown(texts: &[&str], arguments: usize, bytes: usize) -> String {
        let mut memory = vec![b'x'; bytes];
        let room = Room { start: memory.as_mut_ptr(), arguments, bytes };
        let mut title = Title { program: "p".to_owned(), room, shown: vec![0; bytes], next: Vec::new() };
        for text in texts {
            title.set(text);
        }
        drop(title);
        assert_eq!(memory.last(), Some(&0), "a string is never without its end");
        // fs/proc/base.c: with a last byte of zero all arguments are shown, else one string from the start.
        let end = if memory[arguments - 1] == 0 {
            arguments
        } else {
            memory.iter().position(|&byte| byte == 0).unwrap_or(bytes)
        };
        String::from_utf8(memory[..end].to_vec()).unwrap()
    }

    #[test]
    fn a_title_is_shown_whole_whether_shorter_or_longer_than_the_arguments() {
        assert_eq!(shown(&["a"], 20, 100), "p: a");
        assert_eq!(shown(&["CT2 -> ISO_STORE_SCP 10.0.0.7"], 20, 100), "p: CT2 -> ISO_STORE_SCP 10.0.0.7");
        for length in 1..40 {
            let text = "y".repeat(length);
            let title = shown(&["a long one to begin with, of 40 and more bytes", &text], 20, 100);
            assert_eq!(title.trim_end_matches('\0'), format!("p: {text}"));
        }
    }

    #[test]
    fn a_title_longer_than_the_room_is_cut() {
        assert_eq!(shown(&["abcdefghij"], 5, 8), "p: abcd");
    }

    #[test]
    fn what_would_act_on_a_terminal_is_not_shown() {
        assert_eq!(shown(&["A\u{1b}[2Jé"], 30, 60), "p: A?[2J??");
    }
}
