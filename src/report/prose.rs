//! Words with a little Markdown: paragraphs, `**bold**`, `*emphasis*`, lists with `-` or `1.`.
//!
//! There is no HTML in it and no link: what is written is what is shown. A backslash before a sign
//! of punctuation takes its meaning away, which is how values are kept from being read as Markdown.

/// Words in paragraphs and lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prose(pub Vec<Passage>);

/// A paragraph or a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passage {
    /// A paragraph.
    Paragraph(Line),
    /// A list with dots.
    Bullets(Vec<Line>),
    /// A list with numbers.
    Numbers(Vec<Line>),
}

/// Words that run on.
pub type Line = Vec<Run>;

/// A run of words in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The words.
    pub text: String,
    /// Their weight.
    pub style: Style,
}

/// How a run of words stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Not at all.
    Plain,
    /// Emphasis.
    Emphasis,
    /// Strong emphasis.
    Strong,
}

impl Prose {
    /// Reads words with a little Markdown. Every text is good; signs that mean nothing stay as they are.
    pub fn parse(text: &str) -> Self {
        let mut passages: Vec<Passage> = Vec::new();
        // Lines of the passage being read: its kind, and its items or its single paragraph.
        let mut open: Option<(Kind, Vec<String>)> = None;
        for line in text.lines() {
            let line = line.trim();
            match (Kind::of(line), &mut open) {
                _ if line.is_empty() => passages.extend(open.take().map(close)),
                (Some((kind, rest)), Some((current, items))) if *current == kind => {
                    items.push(rest.to_owned())
                }
                (Some((kind, rest)), _) => {
                    passages.extend(open.take().map(close));
                    open = Some((kind, vec![rest.to_owned()]));
                }
                (None, Some((_, items))) => {
                    if let Some(last) = items.last_mut() {
                        last.push(' ');
                        last.push_str(line);
                    }
                }
                (None, None) => open = Some((Kind::Paragraph, vec![line.to_owned()])),
            }
        }
        passages.extend(open.take().map(close));
        Self(passages)
    }

    /// One paragraph of plain words, no sign read.
    pub fn plain(text: &str) -> Self {
        let run = Run { text: text.to_owned(), style: Style::Plain };
        if text.is_empty() { Self::default() } else { Self(vec![Passage::Paragraph(vec![run])]) }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words without their styles, for searching and for tests.
    pub fn words(&self) -> String {
        let line = |line: &Line| line.iter().map(|run| run.text.as_str()).collect::<String>();
        let passages = self.0.iter().map(|passage| match passage {
            Passage::Paragraph(words) => line(words),
            Passage::Bullets(items) | Passage::Numbers(items) => {
                items.iter().map(line).collect::<Vec<_>>().join("\n")
            }
        });
        passages.collect::<Vec<_>>().join("\n")
    }
}

/// Takes the meaning of Markdown signs away from a value, and its line breaks.
pub fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut signs = value.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign.is_control() {
            // A value cannot start a paragraph or a list.
            if !out.ends_with(' ') {
                out.push(' ');
            }
            continue;
        }
        // A dash or a number with a dot begins a list, where a blank follows.
        let ends_word = signs.peek().is_none_or(|next| next.is_whitespace() || next.is_control());
        let dash = sign == '-' && out.trim_start().is_empty();
        let dot = sign == '.' && out.trim_start().chars().all(|c| c.is_ascii_digit());
        if matches!(sign, '\\' | '*') || (ends_word && (dash || dot)) {
            out.push('\\');
        }
        out.push(sign);
    }
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Paragraph,
    Bullets,
    Numbers,
}

impl Kind {
    /// The kind of list a line begins an item of, and the item.
    fn of(line: &str) -> Option<(Self, &str)> {
        if let Some(rest) = line.strip_prefix("- ") {
            return Some((Self::Bullets, rest));
        }
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let rest = line.get(digits..)?.strip_prefix(". ")?;
        (1..=3).contains(&digits).then_some((Self::Numbers, rest))
    }
}

fn close((kind, items): (Kind, Vec<String>)) -> Passage {
    let mut lines = items.iter().map(|item| runs(item));
    match kind {
        Kind::Paragraph => Passage::Paragraph(lines.next().unwrap_or_default()),
        Kind::Bullets => Passage::Bullets(lines.collect()),
        Kind::Numbers => Passage::Numbers(lines.collect()),
    }
}

/// Splits a line at `**` and `*`. A sign without its partner stays a sign.
fn runs(line: &str) -> Line {
    let mut out = Line::new();
    let mut plain = String::new();
    let mut rest = line;
    while let Some(sign) = rest.chars().next() {
        let after = &rest[sign.len_utf8()..];
        if sign == '\\' {
            let next = after.chars().next();
            if let Some(next) = next.filter(char::is_ascii_punctuation) {
                plain.push(next);
                rest = &after[next.len_utf8()..];
                continue;
            }
        }
        let opened = [("**", Style::Strong), ("*", Style::Emphasis)].into_iter().find_map(|(sign, style)| {
            let inner = rest.strip_prefix(sign)?;
            let length = closing(inner, sign)?;
            Some((&inner[..length], &inner[length + sign.len()..], style))
        });
        if let Some((inner, next, style)) = opened {
            push(&mut out, &mut plain);
            out.push(Run { text: bare(inner), style });
            rest = next;
            continue;
        }
        plain.push(sign);
        rest = after;
    }
    push(&mut out, &mut plain);
    out
}

/// How far the words between two signs reach; none when there is no second sign or nothing between,
/// or when a blank follows the first sign, as in `3 * 4`.
fn closing(inner: &str, sign: &str) -> Option<usize> {
    if inner.starts_with(char::is_whitespace) {
        return None;
    }
    let mut from = 0;
    while let Some(found) = inner[from..].find(['\\', '*']) {
        let at = from + found;
        if inner[at..].starts_with('\\') {
            from = at + 1 + inner[at + 1..].chars().next().map_or(0, char::len_utf8);
        } else if inner[at..].starts_with(sign) && at > 0 {
            return Some(at);
        } else {
            from = at + 1;
        }
    }
    None
}

/// The words with backslashes resolved.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match signs.peek() {
            Some(next) if sign == '\\' && next.is_ascii_punctuation() => {
                out.push(*next);
                signs.next();
            }
            _ => out.push(sign),
        }
    }
    out
}

fn push(out: &mut Line, plain: &mut String) {
    if !plain.is_empty() {
        out.push(Run { text: std::mem::take(plain), style: Style::Plain });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str, style: Style) -> Run {
        Run { text: text.to_owned(), style }
    }

    #[test]
    fn paragraphs_and_lists_are_told_apart() {
        let prose = Prose::parse("First line\nruns on.\n\n- one\n- two\n  goes on\n\n1. a\n2. b\nLast");
        let words = |text: &str| vec![run(text, Style::Plain)];
        assert_eq!(
            prose.0,
            [
                Passage::Paragraph(words("First line runs on.")),
                Passage::Bullets(vec![words("one"), words("two goes on")]),
                Passage::Numbers(vec![words("a"), words("b Last")]),
            ]
        );
    }

    #[test]
    fn bold_and_emphasis_need_both_signs() {
        assert_eq!(
            runs("a **b c** *d* 3 * 4 **e"),
            [
                run("a ", Style::Plain),
                run("b c", Style::Strong),
                run(" ", Style::Plain),
                run("d", Style::Emphasis),
                run(" 3 * 4 **e", Style::Plain),
            ]
        );
    }

    #[test]
    fn a_value_is_never_read_as_markdown() {
        for value in ["**bold**", "*x*", "- item", "1. item", "back\\slash", "a * b", "\\*", "<b>", "a.b"] {
            let prose = Prose::parse(&escape(value));
            assert_eq!(prose, Prose::plain(value), "{value}");
            let inside = Prose::parse(&format!("Score of **{}** here", escape(value)));
            assert_eq!(inside.words(), format!("Score of {value} here"));
        }
        assert_eq!(Prose::parse(&escape("two\n\nparagraphs")), Prose::plain("two paragraphs"));
    }
}
