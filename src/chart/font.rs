//! The embedded font: how wide a text is, where it is broken, what is left of it in a given width.
//!
//! Text is measured and painted from the same outlines, never guessed, so that a picture is the same
//! on a machine without fonts. Knows no mark and no table.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};
use unicode_normalization::UnicodeNormalization;

/// The family written into the SVG: where Noto Sans is missing, the fonts named after it are of the
/// same width or narrower.
pub(super) const FAMILY: &str = r#""Noto Sans", "Open Sans", "Segoe UI", Arial, sans-serif"#;

/// The height of a line, as a multiple of the size of the font.
pub(super) const LINE: f64 = 1.36;
/// From the baseline up to the top of an accented capital, in sizes.
pub(super) const ASCENT: f64 = 1.0;
/// From the baseline down to the foot of a `g`, in sizes.
pub(super) const DESCENT: f64 = 0.26;
/// Half the height of a capital: what centres a line on a bar.
pub(super) const HALF_CAPITAL: f64 = 0.357;

/// What a PNG shows for a character that the font lacks.
pub(super) const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// A cut of the font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Regular,
    Bold,
    Italic,
}

/// A text broken into lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lines {
    pub lines: Vec<String>,
    /// Something was left out, which an ellipsis shows.
    pub cut: bool,
}

static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| read(notosans::REGULAR_TTF));
static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| read(notosans::BOLD_TTF));
static ITALIC: LazyLock<FontRef<'static>> = LazyLock::new(|| read(notosans::ITALIC_TTF));

/// The outlines of a cut.
pub(super) fn outlines(face: Face) -> &'static FontRef<'static> {
    match face {
        Face::Regular => &REGULAR,
        Face::Bold => &BOLD,
        Face::Italic => &ITALIC,
    }
}

/// The scale at which an em is `size` pixels.
pub(super) fn scale(face: Face, size: f64) -> PxScale {
    let font = outlines(face);
    PxScale::from(size as f32 * font.height_unscaled() / font.units_per_em().unwrap_or(1000.0))
}

/// How far the pen moves over a character, in pixels.
pub(super) fn advance(character: char, size: f64, face: Face) -> f64 {
    let font = outlines(face);
    let glyph = font.glyph_id(character);
    if is_invisible(character) {
        return 0.0;
    }
    if glyph.0 == 0 {
        // The reader's machine draws it from another font: ideographs are an em wide, emoji wider.
        return size * if character as u32 > 0xFFFF { 1.4 } else { 1.0 };
    }
    f64::from(font.as_scaled(scale(face, size)).h_advance(glyph))
}

/// Whether a character that is to be seen has no outline. The cuts of the font have the same characters.
pub(super) fn is_lacking(character: char) -> bool {
    outlines(Face::Regular).glyph_id(character).0 == 0 && !is_invisible(character)
}

/// Joins, chooses between forms, or tags what stands beside it, and has no form of its own.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The width of a line of text in pixels.
pub(super) fn width(text: &str, size: f64, face: Face) -> f64 {
    text.chars().map(|character| advance(character, size, face)).sum()
}

/// Text as it may stand in a picture: composed, on one line, without control characters or marks that
/// turn the direction of what follows.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::new();
    for character in text.nfc() {
        let turns =
            matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}');
        let no_character = matches!(character, '\u{FFFE}' | '\u{FFFF}');
        if character.is_whitespace() || character.is_control() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !turns && !no_character {
            out.push(character);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Breaks a text between words (inside a word that is wider than a line) into at most `most` lines
/// of at most `limit` pixels; what does not fit is replaced by an ellipsis.
pub(super) fn wrap(text: &str, limit: f64, most: usize, size: f64, face: Face) -> Lines {
    let text = clean(text);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&joined, size, face) <= limit {
            line = joined;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            line.push(character);
            if width(&line, size, face) > limit && line.chars().count() > 1 {
                line.pop();
                // A long word is broken after a hyphen or a stroke where it has one.
                let cut = line.rfind(['-', '/']).map_or(line.len(), |at| at + 1);
                let rest = line.split_off(cut);
                lines.push(std::mem::replace(&mut line, rest));
                line.push(character);
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    let most = most.max(1);
    if lines.len() <= most {
        return Lines { lines, cut: false };
    }
    // The last line is filled anew from all that is left, so that the ellipsis stands at its end.
    let rest = lines.split_off(most - 1).join(" ");
    lines.push(shorten(&rest, limit, size, face));
    Lines { lines, cut: true }
}

/// The text, or as much of its beginning as fits before an ellipsis.
pub(super) fn shorten(text: &str, limit: f64, size: f64, face: Face) -> String {
    if width(text, size, face) <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if width(&kept, size, face) + width("…", size, face) > limit {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

fn read(bytes: &'static [u8]) -> FontRef<'static> {
    #[expect(clippy::expect_used, reason = "the font is part of the program, and every test reads it")]
    FontRef::try_from_slice(bytes).expect("the embedded font is a font")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_come_from_the_font() {
        // The advances in the font's own table: 2048 units to the em, `H` 1518, `i` 528, a space 532.
        let em = 2048.0;
        assert!((width("H", em, Face::Regular) - 1518.0).abs() < 0.01);
        assert!((width("Hi i", em, Face::Regular) - (1518.0 + 528.0 + 532.0 + 528.0)).abs() < 0.01);
        assert!(width("Hi", 100.0, Face::Bold) > width("Hi", 100.0, Face::Regular));
    }

    #[test]
    fn accents_do_not_count_as_bytes() {
        let (plain, accented) = (width("eeee", 14.0, Face::Regular), width("éèêë", 14.0, Face::Regular));
        assert!((plain - accented).abs() < 0.01);
        // A letter and its accent written apart are one letter.
        assert_eq!(clean("e\u{301}"), "é");
    }

    #[test]
    fn text_is_one_line_without_control_characters() {
        assert_eq!(clean(" a\n\tb\u{7}\u{202E}c\u{0} "), "a b c");
        assert_eq!(clean("\n"), "");
    }

    #[test]
    fn wrapping_keeps_every_word_or_says_that_it_does_not() {
        let text = "Geschäftsführung und Öffentlichkeitsarbeit im Außendienst";
        let whole = wrap(text, 160.0, 9, 14.0, Face::Regular);
        assert!(!whole.cut);
        assert_eq!(whole.lines.join(" "), text);
        let short = wrap(text, 160.0, 2, 14.0, Face::Regular);
        assert!(short.cut && short.lines.len() == 2 && short.lines[1].ends_with('…'));
        for line in whole.lines.iter().chain(&short.lines) {
            assert!(width(line, 14.0, Face::Regular) <= 160.0, "{line}");
        }
    }

    #[test]
    fn letters_without_an_outline_are_known() {
        assert!("Żółć Ελλάδα Київ Việt → − € “–” \u{200D}\u{FE0F}".chars().all(|letter| !is_lacking(letter)));
        assert!("東京한ไعא🙂".chars().all(is_lacking));
        assert!(!is_lacking(REPLACEMENT));
        let same = |face| ['東', 'Ж', 'ế'].map(|letter| outlines(face).glyph_id(letter).0 == 0);
        assert_eq!([Face::Bold, Face::Italic].map(same), [same(Face::Regular); 2]);
        assert_eq!(width("a\u{FE0F}", 14.0, Face::Regular), width("a", 14.0, Face::Regular));
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken() {
        let lines = wrap(&"é".repeat(60), 100.0, 20, 14.0, Face::Regular);
        assert!(!lines.cut);
        assert_eq!(lines.lines.concat(), "é".repeat(60));
        assert_eq!(wrap("", 100.0, 3, 14.0, Face::Regular).lines.len(), 0);
    }
}
