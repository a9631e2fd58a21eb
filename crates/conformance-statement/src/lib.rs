//! The DICOM Conformance Statement of the running configuration (PS3.2), printed and never written by hand.
//!
//! In: [`Facts`], the very structs that the server is wired from, and the settings as text. Out: a [`Document`] in the
//! order of PS3.2 annex N or annex A ([`Template`]), which [`render::markdown`] and [`render::html`] print.
//!
//! Read `template`, the order of the chapters; then the chapters, one file each. Tables come from where their facts
//! live: offers, rejections, statuses, keys, timers. What is a sentence here stands next to the field that decides it,
//! taken out of its struct by name, so that a new field does not compile without its sentence.
//!
//! Absent on purpose: the configuration (plain structs come from above), files, and any sentence of the standard.

mod access;
mod annexes;
mod associations;
mod character_sets;
mod classes;
mod commitment;
mod configuration;
mod contexts;
mod document;
mod facts;
mod introduction;
mod model;
mod modified;
mod overview;
mod query;
mod query_keys;
mod retrieve;
mod security;
mod statuses;
mod storage;
mod template;
mod timers;

pub mod render;

pub use document::{Block, Document, Section, Span, Table, Text};
pub use facts::{Acceptor, Counted, Exporter, Facts, Secure, SettingLine, SettingSection, Tool};
pub use template::{Template, statement};
