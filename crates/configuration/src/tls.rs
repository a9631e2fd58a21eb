//! `[tls]`, and the files that it names.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::words::{ClientCertificates, TlsProfile};

/// A file with certificates or a key is no longer than this: some hundred authorities.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// `[tls]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// `tls.certificate`
    pub certificate: Option<PathBuf>,
    /// `tls.key`
    pub key: Option<PathBuf>,
    /// `tls.ca`
    pub ca: Option<PathBuf>,
    /// `tls.client-certificates`
    pub client_certificates: ClientCertificates,
    /// `tls.profile`
    pub profile: TlsProfile,
    /// `tls.client-certificate`
    pub client_certificate: Option<PathBuf>,
    /// `tls.client-key`
    pub client_key: Option<PathBuf>,
    /// What [`Tls::read`] found in the files. It goes to children with the settings: they need no access to the files,
    /// and all of them have the same.
    pub texts: TlsTexts,
}

/// The contents of the files that `[tls]` names.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsTexts {
    /// Of `tls.certificate`.
    pub certificate: Option<String>,
    /// Of `tls.key`.
    pub key: Option<String>,
    /// Of `tls.ca`.
    pub ca: Option<String>,
    /// Of `tls.client-certificate`.
    pub client_certificate: Option<String>,
    /// Of `tls.client-key`.
    pub client_key: Option<String>,
}

/// A file that `[tls]` names cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{key} = {}: {source}", path.display())]
pub struct TlsFileError {
    /// The setting.
    pub key: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one of them cannot be read; then nothing has changed.
    pub fn read(&mut self) -> Result<(), TlsFileError> {
        let text = |key, path: &Option<PathBuf>| {
            path.as_ref()
                .map(|path| read(path).map_err(|source| TlsFileError { key, path: path.clone(), source }))
                .transpose()
        };
        self.texts = TlsTexts {
            certificate: text("tls.certificate", &self.certificate)?,
            key: text("tls.key", &self.key)?,
            ca: text("tls.ca", &self.ca)?,
            client_certificate: text("tls.client-certificate", &self.client_certificate)?,
            client_key: text("tls.client-key", &self.client_key)?,
        };
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    match text.len() as u64 {
        0..=FILE_BYTES_MAX => Ok(text),
        _ => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long for certificates")),
    }
}

/// Which files were read, never what is in them.
impl fmt::Debug for TlsTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTexts")
    }
}
