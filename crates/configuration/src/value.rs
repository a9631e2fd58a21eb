use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::{AddressRange, AeTitle, Uid, quantity};

/// A value of a setting. Printed as it is written on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Of [`Kind::Flag`](crate::Kind::Flag).
    Flag(bool),
    /// Of [`Kind::Count`](crate::Kind::Count).
    Count(u64),
    /// Of [`Kind::Duration`](crate::Kind::Duration).
    Duration(Duration),
    /// Of [`Kind::Bytes`](crate::Kind::Bytes).
    Bytes(u64),
    /// Of [`Kind::Text`](crate::Kind::Text), and what is not `off` of
    /// [`Kind::DecimalOrOff`](crate::Kind::DecimalOrOff) and its like.
    Text(String),
    /// Of [`Kind::Path`](crate::Kind::Path).
    Path(PathBuf),
    /// Of [`Kind::AeTitle`](crate::Kind::AeTitle).
    AeTitle(AeTitle),
    /// Of [`Kind::Uid`](crate::Kind::Uid).
    Uid(Uid),
    /// Of [`Kind::Address`](crate::Kind::Address).
    Address(SocketAddr),
    /// `off`, of [`Kind::AddressOrOff`](crate::Kind::AddressOrOff), [`Kind::DecimalOrOff`](crate::Kind::DecimalOrOff)
    /// and their like.
    Off,
    /// Of [`Kind::AddressRange`](crate::Kind::AddressRange).
    AddressRange(AddressRange),
    /// Of [`Kind::Word`](crate::Kind::Word).
    Word(&'static str),
    /// Of [`Kind::List`](crate::Kind::List).
    List(Vec<Value>),
}

impl Value {
    /// The value as it is written in the file.
    pub fn to_toml(&self) -> String {
        match self {
            Self::Flag(_) | Self::Count(_) => self.to_string(),
            Self::Bytes(bytes) => bytes.to_string(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_toml).collect();
                format!("[{}]", items.join(", "))
            }
            _ => format!("{}", toml::Value::String(self.to_string())),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Duration(duration) => f.write_str(&quantity::duration_text(*duration)),
            Self::Bytes(bytes) => f.write_str(&quantity::bytes_text(*bytes)),
            Self::Text(text) => f.write_str(text),
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::AeTitle(title) => write!(f, "{title}"),
            Self::Uid(uid) => write!(f, "{uid}"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Off => f.write_str("off"),
            Self::AddressRange(range) => write!(f, "{range}"),
            Self::Word(word) => f.write_str(word),
            Self::List(items) => {
                let mut separator = "";
                for item in items {
                    write!(f, "{separator}{item}")?;
                    separator = ",";
                }
                Ok(())
            }
        }
    }
}
