//! Ids back to text, one after the other: bytes are held back until they are whole characters.

use super::Tokenizer;
use crate::Result;

/// How the spellings of tokens become text, as in the decoders of Hugging Face's tokenizers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoding {
    /// Each character stands for a byte.
    ByteLevel,
    /// `▁` is a space, `<0x0A>` a byte; a text does not begin with the space of its first word, if `strip`.
    Pieces { strip: bool },
    /// `▁` is a space; at the beginning of a text, if `prefix`, nothing.
    Metaspace { prefix: bool },
}

impl Decoding {
    /// The bytes that a spelling stands for inside of a text.
    pub fn bytes(self, spelling: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Decoding::ByteLevel => append_byte_level(spelling, &mut bytes),
            Decoding::Pieces { .. } => match byte_piece(spelling) {
                Some(byte) => bytes.push(byte),
                None => bytes.extend(spelling.replace('▁', " ").into_bytes()),
            },
            Decoding::Metaspace { .. } => bytes.extend(spelling.replace('▁', " ").into_bytes()),
        }
        bytes
    }
}

/// A streaming decoder; control tokens give no text. What all pushes and the finish return is, put together, what
/// [`Tokenizer::decode`] makes of all ids with `skip_special`.
#[derive(Debug, Clone)]
pub struct Stream {
    tokenizer: Tokenizer,
    text: Text,
}

impl Stream {
    pub(super) fn new(tokenizer: Tokenizer) -> Self {
        let text = Text::new(tokenizer.0.decoding);
        Self { tokenizer, text }
    }

    /// Takes the next id and returns the text that is now certain, which may be empty.
    pub fn push(&mut self, id: u32) -> Result<String> {
        let mut out = String::new();
        if let Some(spelling) = self.tokenizer.spelling(id, true)? {
            self.text.push(&spelling, &mut out);
        }
        Ok(out)
    }

    /// Ends the text: an unfinished character becomes U+FFFD.
    pub fn finish(&mut self) -> String {
        let mut out = String::new();
        self.text.finish(&mut out);
        out
    }
}

/// A text that grows by the spellings of tokens.
#[derive(Debug, Clone)]
pub(super) struct Text {
    decoding: Decoding,
    /// Bytes that are no text so far: at most 3 of a character of byte-level tokens, or a whole run of byte pieces,
    /// which Hugging Face's decoder takes or replaces as one.
    pending: Vec<u8>,
    /// Nothing was pushed.
    first: bool,
    /// No text has come out.
    blank: bool,
}

impl Text {
    pub fn new(decoding: Decoding) -> Self {
        Self {
            decoding,
            pending: Vec::new(),
            first: true,
            blank: true,
        }
    }

    /// Takes a token's spelling and appends the text that is now certain.
    pub fn push(&mut self, spelling: &str, out: &mut String) {
        match self.decoding {
            Decoding::ByteLevel => {
                append_byte_level(spelling, &mut self.pending);
                self.take_characters(out);
            }
            Decoding::Pieces { .. } => match byte_piece(spelling) {
                Some(byte) => self.pending.push(byte),
                None => {
                    self.take_run(out);
                    self.append(&spelling.replace('▁', " "), out);
                }
            },
            Decoding::Metaspace { prefix } => {
                let space = if self.first && prefix { "" } else { " " };
                out.push_str(&spelling.replace('▁', space));
            }
        }
        self.first = false;
    }

    /// Ends the text and appends its rest.
    pub fn finish(&mut self, out: &mut String) {
        match self.decoding {
            Decoding::ByteLevel => {
                out.push_str(&String::from_utf8_lossy(&self.pending));
                self.pending.clear();
            }
            Decoding::Pieces { .. } => self.take_run(out),
            Decoding::Metaspace { .. } => {}
        }
        self.first = true;
        self.blank = true;
    }

    /// Appends all pending bytes but the first ones of a character at the end.
    fn take_characters(&mut self, out: &mut String) {
        let mut rest = self.pending.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    out.push_str(valid);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    out.push_str(&String::from_utf8_lossy(valid));
                    let Some(bad) = error.error_len() else {
                        rest = after;
                        break;
                    };
                    out.push(char::REPLACEMENT_CHARACTER);
                    rest = after.get(bad..).unwrap_or_default();
                }
            }
        }
        self.pending = rest.to_vec();
    }

    /// Appends the pending run of byte pieces: its text, or one U+FFFD a byte if it is none.
    fn take_run(&mut self, out: &mut String) {
        let run = std::mem::take(&mut self.pending);
        match std::str::from_utf8(&run) {
            Ok(text) => self.append(text, out),
            Err(_) => self.append(&"\u{fffd}".repeat(run.len()), out),
        }
    }

    fn append(&mut self, text: &str, out: &mut String) {
        let strip = self.blank && self.decoding == Decoding::Pieces { strip: true };
        self.blank &= text.is_empty();
        let rest = text.strip_prefix(' ').filter(|_| strip);
        out.push_str(rest.unwrap_or(text));
    }
}

/// The byte that a piece such as `<0x0A>` stands for.
fn byte_piece(spelling: &str) -> Option<u8> {
    let digits = spelling.strip_prefix("<0x")?.strip_suffix('>')?;
    let byte = u8::from_str_radix(digits, 16).ok();
    byte.filter(|_| digits.len() == 2)
}

/// The byte that a character stands for in the spelling of byte-level tokens (GPT-2's table: printable bytes stand for
/// themselves, the others, in order, are the characters from U+0100 on).
pub(super) fn byte_of(c: char) -> Option<u8> {
    let byte = match u32::from(c) {
        code @ (33..=126 | 161..=172 | 174..=255) => code,
        code @ 256..=288 => code - 256,
        code @ 289..=322 => code - 289 + 127,
        323 => 173,
        _ => return None,
    };
    u8::try_from(byte).ok()
}

/// Appends the bytes of a byte-level token; a spelling outside of the table stands for itself, as in Hugging Face's.
fn append_byte_level(spelling: &str, out: &mut Vec<u8>) {
    let start = out.len();
    for c in spelling.chars() {
        if let Some(byte) = byte_of(c) {
            out.push(byte);
        } else {
            out.truncate(start);
            out.extend_from_slice(spelling.as_bytes());
            return;
        }
    }
}
