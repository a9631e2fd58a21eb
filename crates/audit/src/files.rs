//! The files of the trail: one for each day, and another when one has grown long.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::AuditError;
use crate::chain::Link;

/// The longest record that is read, in bytes: an identifier of a query in base 64, and its message around it.
const RECORD_BYTES_MAX: u64 = 1024 * 1024;

const HEAD: &str = "head";

/// The name of the file that begins with a record, on the day of now.
pub(crate) fn name(day: &str, first: u64) -> String {
    format!("{day}-{first:012}.log")
}

/// Today, as names of files have it.
pub(crate) fn today() -> String {
    Timestamp::now().strftime("%Y%m%d").to_string()
}

/// The files there are, in the order of their records: the number of the first, and the path.
pub(crate) fn list(directory: &Path) -> Result<Vec<(u64, PathBuf)>, AuditError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(AuditError::file(directory))? {
        let path = entry.map_err(AuditError::file(directory))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let first = name.strip_suffix(".log").and_then(|name| name.split_once('-')).map(|(_, first)| first);
        if let Some(first) = first.and_then(|first| first.parse().ok()) {
            files.push((first, path));
        }
    }
    files.sort();
    Ok(files)
}

/// The lines of one file, from an offset on.
#[derive(Debug)]
pub(crate) struct Lines {
    file: BufReader<File>,
    path: PathBuf,
    /// Where the next line begins.
    pub(crate) offset: u64,
}

impl Lines {
    pub(crate) fn open(path: &Path, offset: u64) -> Result<Self, AuditError> {
        let mut file = File::open(path).map_err(AuditError::file(path))?;
        file.seek(SeekFrom::Start(offset)).map_err(AuditError::file(path))?;
        Ok(Self { file: BufReader::new(file), path: path.to_owned(), offset })
    }

    /// The last so many bytes, less the line in which they begin.
    pub(crate) fn open_end(path: &Path, bytes: u64) -> Result<Self, AuditError> {
        let length = std::fs::metadata(path).map_err(AuditError::file(path))?.len();
        let mut lines = Self::open(path, length.saturating_sub(bytes))?;
        if lines.offset > 0 {
            lines.next()?;
        }
        Ok(lines)
    }

    /// The next whole line, without its end; an empty one for what is no text; `None` at the end of the file or before a line that
    /// has no end.
    pub(crate) fn next(&mut self) -> Result<Option<String>, AuditError> {
        let mut bytes = Vec::new();
        let mut bounded = (&mut self.file).take(RECORD_BYTES_MAX);
        bounded.read_until(b'\n', &mut bytes).map_err(AuditError::file(&self.path))?;
        let is_too_long = bytes.len() as u64 == RECORD_BYTES_MAX;
        if bytes.pop_if(|last| *last == b'\n').is_none() && !is_too_long {
            return Ok(None);
        }
        self.offset += bytes.len() as u64 + u64::from(!is_too_long);
        Ok(Some(String::from_utf8(bytes).unwrap_or_default()))
    }
}

/// Whether a file is empty or ends with the end of a line.
pub(crate) fn ends_whole(path: &Path) -> bool {
    let last = || {
        let mut file = File::open(path)?;
        let mut last = [b'\n'];
        if file.metadata()?.len() > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        std::io::Result::Ok(last)
    };
    last().is_ok_and(|last| last == [b'\n'])
}

/// The head, if there is one that can be read.
pub(crate) fn read_head(directory: &Path) -> Option<Link> {
    Link::parse(std::fs::read_to_string(directory.join(HEAD)).ok()?.trim_end())
}

/// Puts another head in the place of the one there is.
pub(crate) fn write_head(directory: &Path, head: &Link) -> Result<(), AuditError> {
    replace(directory, HEAD, &format!("{}\n", head.to_text()))
}

/// Puts a small file in the place of the one there is: also after a power cut there is the one or the other.
pub(crate) fn replace(directory: &Path, name: &str, text: &str) -> Result<(), AuditError> {
    let (path, new) = (directory.join(name), directory.join(format!("{name}.new")));
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_data()
    });
    written.map_err(AuditError::file(&new))?;
    std::fs::rename(&new, &path).map_err(AuditError::file(&path))
}
