//! Elements with attributes and text, on one line.

use std::fmt::Write;

/// A document that is being written.
#[derive(Debug, Default)]
pub(crate) struct Xml {
    text: String,
    open: Vec<&'static str>,
    /// Whether the start tag that was written last can still be given attributes.
    in_tag: bool,
}

impl Xml {
    /// Begins an element.
    pub(crate) fn begin(&mut self, name: &'static str) -> &mut Self {
        self.close_tag();
        self.text.push('<');
        self.text.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    /// Gives the element that was begun last an attribute.
    pub(crate) fn with(&mut self, name: &str, value: &str) -> &mut Self {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        self.escaped(value);
        self.text.push('"');
        self
    }

    /// Text within the element that was begun last.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.close_tag();
        self.escaped(text);
        self
    }

    /// Ends the element that was begun last and not ended.
    pub(crate) fn end(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            if self.in_tag {
                self.text.push_str("/>");
                self.in_tag = false;
            } else {
                self.text.push_str("</");
                self.text.push_str(name);
                self.text.push('>');
            }
        }
        self
    }

    pub(crate) fn into_text(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.text
    }

    fn close_tag(&mut self) {
        if std::mem::take(&mut self.in_tag) {
            self.text.push('>');
        }
    }

    /// Text as a document may hold it (XML 1.0 2.2, 2.4). Line ends are written as references: a message is one line.
    fn escaped(&mut self, text: &str) {
        // As nearly all is, identifiers of many kilobytes in base 64 among it.
        let is_plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>' | b'"');
        if text.bytes().all(is_plain) {
            self.text.push_str(text);
            return;
        }
        for character in text.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\t' | '\n' | '\r' => {
                    // Writing to a text cannot fail.
                    write!(self.text, "&#{};", u32::from(character)).unwrap_or_default();
                }
                // No document can hold these, written as a reference or not.
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => self.text.push(char::REPLACEMENT_CHARACTER),
                _ => self.text.push(character),
            }
        }
    }
}

/// Bytes in the base 64 of RFC 4648.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let number = (0..3).fold(0_u32, |number, at| (number << 8) | u32::from(*group.get(at).unwrap_or(&0)));
        for digit in 0..4 {
            let value = (number >> (18 - 6 * digit)) & 0x3F;
            let is_there = digit <= group.len();
            let digit = DIGITS.get(value as usize).map_or('=', |digit| char::from(*digit));
            text.push(if is_there { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_well_formed_and_one_line() {
        let mut xml = Xml::default();
        xml.begin("A").with("b", "<\"&\n\u{1}'>").begin("C").end().begin("D").text("ü & <\r").end();
        assert_eq!(
            xml.into_text(),
            "<A b=\"&lt;&quot;&amp;&#10;\u{fffd}'&gt;\"><C/><D>ü &amp; &lt;&#13;</D></A>"
        );
    }

    #[test]
    fn base_64_is_that_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xFB, 0xFF, 0xFE]), "+//+");
    }
}
