//! Log lines: to standard error, as text or JSON.

use std::io::IsTerminal;

use configuration::{Log, LogFormat, LogLevel};
use tracing::Level;

/// Begins to log. Children write to the same standard error, each line whole.
pub(crate) fn init(log: Log) {
    let level = match log.level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_writer(std::io::stderr)
        // It would be said on standard error, which is what cannot be written to.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    match log.format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
}
