//! Text with code extensions: PS3.5 6.1.2.5, after ISO/IEC 2022.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use vocabulary::Vr;

use super::sets::{self, DESIGNATIONS, Half, Set};
use super::values::is_of_one_value;

pub(super) const ESC: u8 = 0x1B;

/// The sets that the bytes mean at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Designated {
    pub(super) g0: Set,
    pub(super) g1: Option<Set>,
}

impl Designated {
    /// What the first value of Specific Character Set puts in place before any escape sequence.
    pub(super) fn first_of(sets: &[Set]) -> Self {
        let mut designated = Self { g0: Set::Ascii, g1: None };
        for set in sets {
            match set.designation() {
                // A set of two bytes in G0 would leave no room for a delimiter: it waits for its escape sequence.
                Some(row) if row.half == Half::Left && !set.is_double() => designated.g0 = *set,
                Some(row) if row.half == Half::Right => designated.g1 = Some(*set),
                _ => {}
            }
        }
        designated
    }

    fn call(&mut self, set: Set, half: Half) {
        match half {
            Half::Left => self.g0 = set,
            Half::Right => self.g1 = Some(set),
        }
    }
}

/// Whether a byte or character brings back the initial sets (PS3.5 6.1.2.5.3).
fn resets(code: u8, vr: Vr) -> bool {
    match code {
        b'\r' | b'\n' | 0x0C | b'\t' => true,
        b'\\' => !is_of_one_value(vr),
        b'^' | b'=' => vr == Vr::PN,
        _ => false,
    }
}

/// Decodes a text. Whether all of it was as it should be.
pub(super) fn decode(bytes: &[u8], initial: Designated, listed: &[Set], vr: Vr) -> (String, bool) {
    let mut text = String::with_capacity(bytes.len() * 2);
    let mut exact = true;
    let mut now = initial;
    // Some writers call a right set once, and not again behind a delimiter.
    let mut called = None;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            ESC => match DESIGNATIONS.iter().find(|row| rest.starts_with(row.escape)) {
                Some(row) => {
                    exact &= matches!(row.set, Set::Ascii | Set::Romaji) || listed.contains(&row.set);
                    now.call(row.set, row.half);
                    called = now.g1.or(called);
                    rest = rest.get(row.escape.len()..).unwrap_or_default();
                    continue;
                }
                None => {
                    exact = false;
                    text.push(char::from(byte));
                }
            },
            0x00..=0x20 | 0x7F => text.push(char::from(byte)),
            0x21..=0x7E if now.g0.is_double() => {
                let (run, behind) = split_run(rest, |byte| (0x21..=0x7E).contains(&byte));
                let run: Vec<u8> = run.iter().map(|byte| byte | 0x80).collect();
                exact &= now.g0.decode(&run, &mut text);
                rest = behind;
                continue;
            }
            0x21..=0x7E => text.push(single(byte, now.g0, vr)),
            0x80.. => {
                let (run, behind) = split_run(rest, |byte| byte >= 0x80);
                match now.g1.or(called) {
                    Some(set) => exact &= set.decode(run, &mut text) && now.g1.is_some(),
                    None => {
                        exact = false;
                        text.push_str(&guess(run));
                    }
                }
                rest = behind;
                continue;
            }
        }
        if resets(byte, vr) {
            now = initial;
        }
        rest = after;
    }
    (text, exact)
}

/// A byte of the left half in a set of one byte.
fn single(byte: u8, set: Set, vr: Vr) -> char {
    match (set, byte) {
        // Between values it is the delimiter, whatever the set has there (PS3.5 6.1.2.3).
        (Set::Romaji, b'\\') if is_of_one_value(vr) => '\u{A5}',
        (Set::Romaji, b'~') => '\u{203E}',
        (Set::Katakana, _) => sets::katakana(byte | 0x80).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(byte),
    }
}

/// Whether the code of a character is read as the delimiter instead (PS3.5 6.1.2.3): the yen sign of JIS X 0201 where
/// there may be several values.
fn is_delimiter(character: char, set: Set, vr: Vr) -> bool {
    set == Set::Romaji && character == '\u{A5}' && !is_of_one_value(vr)
}

/// Text that is in no set that was announced: UTF-8 where it is that, windows-1252 for the other bytes.
pub(super) fn guess(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() * 2);
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        text.push_str(chunk.valid());
        let is_cut = chunks.peek().is_none() && chunk.invalid().len() > 1;
        if is_cut {
            // A character that the end of the value cut through.
            text.push(char::REPLACEMENT_CHARACTER);
        } else {
            text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
        }
    }
    Cow::Owned(text)
}

fn split_run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !belongs(*byte)).unwrap_or(bytes.len());
    bytes.split_at_checked(end).unwrap_or((bytes, &[]))
}

/// Encodes a text. `None`: the listed sets have not all of its characters.
pub(super) fn encode(text: &str, initial: Designated, listed: &[Set], vr: Vr) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 2);
    let mut now = initial;
    for character in text.chars() {
        let code = u8::try_from(character).ok().filter(u8::is_ascii);
        if let Some(code) = code.filter(|code| resets(*code, vr)) {
            call_left(initial.g0, &mut now, &mut bytes)?;
            bytes.push(code);
            now = initial;
            continue;
        }
        let sets = [Some(now.g0), now.g1, Some(initial.g0)].into_iter().flatten();
        let (set, code) = sets
            .chain(listed.iter().copied())
            .filter(|set| !is_delimiter(character, *set, vr))
            .find_map(|set| set.encode(character).map(|code| (set, code)))?;
        let row = set.designation()?;
        match row.half {
            Half::Left => {
                call_left(set, &mut now, &mut bytes)?;
                let mask = if set.is_double() { 0x7F } else { 0xFF };
                bytes.extend(code.bytes().iter().map(|byte| byte & mask));
            }
            Half::Right => {
                if now.g1 != Some(set) {
                    bytes.extend_from_slice(row.escape);
                    now.g1 = Some(set);
                }
                bytes.extend_from_slice(code.bytes());
            }
        }
    }
    call_left(initial.g0, &mut now, &mut bytes)?;
    Some(bytes)
}

fn call_left(set: Set, now: &mut Designated, bytes: &mut Vec<u8>) -> Option<()> {
    if now.g0 != set {
        bytes.extend_from_slice(set.designation()?.escape);
        now.g0 = set;
    }
    Some(())
}
