//! Bytes of a file to UTF-8 text: gzip, byte order marks, encodings. What cannot be decoded becomes
//! the byte [`INVALID`], which no UTF-8 text contains, so that the record around it can be refused
//! and the ones after it are read.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
use flate2::bufread::MultiGzDecoder;

/// Stands for bytes that are not text in the file's encoding.
pub const INVALID: u8 = 0xFF;

const CHUNK: usize = 256 * 1024;

/// Opens a text file as UTF-8. The encoding is, in this order: the byte order mark's, the given one,
/// UTF-8. Returns the encoding too, for messages.
pub fn open(path: &Path, declared: Option<&'static Encoding>) -> io::Result<(Text, &'static Encoding)> {
    let mut file = File::open(path)?;
    let magic = peek(&mut file, 2)?;
    let zipped = magic == [0x1F, 0x8B];
    let raw = BufReader::with_capacity(CHUNK, io::Cursor::new(magic).chain(file));
    let mut plain: Box<dyn Read + Send> = if zipped {
        // Many members in one file are one text: that is how logs are appended.
        Box::new(MultiGzDecoder::new(raw))
    } else {
        Box::new(raw)
    };
    let start = peek(&mut plain, 3)?;
    let (encoding, mark) = match Encoding::for_bom(&start) {
        Some((encoding, length)) => (encoding, length),
        None => (declared.unwrap_or(UTF_8), 0),
    };
    let mut start = io::Cursor::new(start);
    start.set_position(mark as u64);
    let input: Box<dyn Read + Send> = Box::new(start.chain(plain));
    let text =
        if encoding == UTF_8 { Text::Utf8(input) } else { Text::Other(Transcoder::new(input, encoding)) };
    Ok((text, encoding))
}

/// A stream of UTF-8 text, as far as the file is text.
pub enum Text {
    /// Handed through; checked where fields are read.
    Utf8(Box<dyn Read + Send>),
    /// Decoded on the way.
    Other(Transcoder),
}

impl Read for Text {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Utf8(input) => input.read(out),
            Self::Other(transcoder) => transcoder.read(out),
        }
    }
}

/// Decodes another encoding to UTF-8, chunk by chunk.
pub struct Transcoder {
    input: Box<dyn Read + Send>,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_from: usize,
    raw_to: usize,
    at_end: bool,
    done: bool,
    text: Vec<u8>,
    text_from: usize,
    text_to: usize,
}

impl Transcoder {
    fn new(input: Box<dyn Read + Send>, encoding: &'static Encoding) -> Self {
        Self {
            input,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; CHUNK],
            raw_from: 0,
            raw_to: 0,
            at_end: false,
            done: false,
            text: vec![0; CHUNK],
            text_from: 0,
            text_to: 0,
        }
    }

    fn decode(&mut self) -> io::Result<()> {
        if self.raw_from == self.raw_to && !self.at_end {
            self.raw_from = 0;
            self.raw_to = self.input.read(&mut self.raw)?;
            self.at_end = self.raw_to == 0;
        }
        let last = self.text.len() - 1; // room for one INVALID
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.raw[self.raw_from..self.raw_to],
            &mut self.text[..last],
            self.at_end,
        );
        self.raw_from += read;
        self.text_from = 0;
        self.text_to = written;
        match result {
            DecoderResult::Malformed(..) => {
                self.text[written] = INVALID;
                self.text_to += 1;
            }
            DecoderResult::InputEmpty => self.done = self.at_end,
            DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl Read for Transcoder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.text_from == self.text_to {
            if self.done {
                return Ok(0);
            }
            self.decode()?;
        }
        let n = out.len().min(self.text_to - self.text_from);
        out[..n].copy_from_slice(&self.text[self.text_from..self.text_from + n]);
        self.text_from += n;
        Ok(n)
    }
}

/// The first bytes, at most `n`, fewer at the end of the input.
fn peek(input: &mut impl Read, n: usize) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(n);
    input.take(n as u64).read_to_end(&mut start)?;
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: &[u8], label: Option<&str>) -> Vec<u8> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let encoding = label.map(|label| Encoding::for_label(label.as_bytes()).unwrap());
        let (mut text, _) = open(file.path(), encoding).unwrap();
        let mut out = Vec::new();
        text.read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn a_mark_wins_over_the_declared_encoding_and_is_not_text() {
        assert_eq!(read(b"\xEF\xBB\xBF\xC3\xA9", Some("latin1")), "é".as_bytes());
        assert_eq!(read(b"\xFF\xFEa\0\xE9\0", Some("utf-8")), "aé".as_bytes());
    }

    #[test]
    fn other_encodings_are_decoded() {
        assert_eq!(read(b"Z\xFCrich \x80", Some("latin1")), "Zürich €".as_bytes());
        assert_eq!(read(b"\xE9", Some("windows-1252")), "é".as_bytes());
    }

    #[test]
    fn what_is_not_text_is_marked_and_the_rest_goes_on() {
        assert_eq!(read(b"a\0\x00\xD8b\0", Some("utf-16le")), b"a\xFFb");
        assert_eq!(read(b"a\0b", Some("utf-16le")), b"a\xFF");
    }

    #[test]
    fn every_member_of_a_gzip_file_is_read() {
        let mut bytes = Vec::new();
        for part in ["one\n", "two\n"] {
            let mut member = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::fast());
            member.write_all(part.as_bytes()).unwrap();
            member.finish().unwrap();
        }
        assert_eq!(read(&bytes, None), b"one\ntwo\n");
    }

    #[test]
    fn long_text_crosses_chunks() {
        let latin = vec![0xE9; 3 * CHUNK + 7];
        assert_eq!(read(&latin, Some("latin1")), "é".repeat(latin.len()).as_bytes());
    }
}
