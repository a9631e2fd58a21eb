//! What the process list says of this process.

use std::ffi::CString;

/// Makes room for titles.
pub fn init(program: &str) {
    let _ = program;
}
/// Sets the title.
pub fn set(text: &str) {
    let _ = text;
}
/// Names the calling thread.
pub(crate) fn name_thread(name: &str) {
    let name = super::message::cut(name, 15);
    if let Ok(name) = CString::new(name) {
        rustix::thread::set_name(&name).ok();
    }
}
