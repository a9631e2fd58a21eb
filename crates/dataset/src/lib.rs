//! Data sets and files: PS3.5 and PS3.10, bytes to attributes and back.
//!
//! In: the bytes of a data set in portions of any size, or a small one as a whole. Out: the attributes that
//! were asked for ([`Attributes`]), a small data set with all its elements ([`identifier`]), or [`Malformed`],
//! which says what is wrong and where. The other way: [`DataSetWriter`] and [`file_meta`].
//!
//! Read [`walker`](Walker) first: it is the door for every data set of a peer, and checks lengths and nesting
//! before anything is believed; [`Tokens`] is for those who write a data set again. Then [`character_set`], which all text goes through.
//!
//! Absent on purpose: pixel data (they are passed by, never looked at), files and directories, and anything
//! that knows what an attribute means.

mod attributes;
pub mod character_set;
mod deflate;
mod dictionary;
mod element;
pub mod file_meta;
pub mod identifier;
mod malformed;
mod nesting;
mod tokens;
mod walker;
mod writer;

pub use attributes::{Attributes, Element};
pub use character_set::CharacterSet;
pub use dictionary::vr_of;
pub use file_meta::FileMeta;
pub use identifier::Identifier;
pub use malformed::{Fault, Malformed};
pub use tokens::{Token, Tokens, TokensFailed};
pub use walker::Walker;
pub use writer::DataSetWriter;
