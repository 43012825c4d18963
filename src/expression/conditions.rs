//! The parts of a condition that must all hold. Knows words and brackets, no types: what the parts mean
//! is for [`compile`](super::compile) to say.

use std::ops::Range;

use polars::prelude::Schema;
use sqlparser::tokenizer::Token;

use super::dialect;

/// The parts that AND joins at the top of `text`, as they are written, without brackets around them. A
/// text that is one part, or that does not parse, is given back whole.
pub fn conditions(text: &str) -> Vec<&str> {
    match dialect::parse(text, &Schema::default()) {
        Ok(parsed) => parts(parsed.tokens()).into_iter().map(|range| &text[range]).collect(),
        Err(_) => vec![text.trim()],
    }
}

/// Words with their bytes.
type Words = [(Token, Range<usize>)];

fn parts(words: &Words) -> Vec<Range<usize>> {
    let words = unwrapped(words);
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return Vec::new() };
    let cuts = cuts(words);
    if cuts.is_empty() {
        let whole = first.1.start..last.1.end;
        return vec![whole];
    }
    let starts = std::iter::once(0).chain(cuts.iter().map(|cut| cut + 1));
    let ends = cuts.iter().copied().chain([words.len()]);
    starts.zip(ends).flat_map(|(start, end)| parts(&words[start..end])).collect()
}

/// Without brackets around all of it.
fn unwrapped(mut words: &Words) -> &Words {
    while let [(Token::LParen, _), inner @ .., (Token::RParen, _)] = words {
        let mut depth = 0i32;
        // Closed before the end: the brackets are not a pair.
        let pair = inner.iter().all(|(token, _)| {
            depth += match token {
                Token::LParen => 1,
                Token::RParen => -1,
                _ => 0,
            };
            depth >= 0
        });
        if !pair {
            break;
        }
        words = inner;
    }
    words
}

/// Where AND stands at the top; nowhere beside an OR, which binds less.
fn cuts(words: &Words) -> Vec<usize> {
    let (mut depth, mut between) = (0i32, 0i32);
    let mut cuts = Vec::new();
    for (at, (token, _)) in words.iter().enumerate() {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            Token::Word(word) if word.quote_style.is_none() => {
                match word.value.to_ascii_uppercase().as_str() {
                    "CASE" => depth += 1,
                    "END" => depth -= 1,
                    "BETWEEN" if depth == 0 => between += 1,
                    // The one of BETWEEN … AND ….
                    "AND" if depth == 0 && between > 0 => between -= 1,
                    "AND" if depth == 0 => cuts.push(at),
                    "OR" if depth == 0 => return Vec::new(),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::conditions;

    #[test]
    fn parts_are_what_and_joins() {
        assert_eq!(conditions("a > 0"), ["a > 0"]);
        assert_eq!(conditions("a > 0 AND b\n  and c = 'x AND y'"), ["a > 0", "b", "c = 'x AND y'"]);
        assert_eq!(conditions("((a AND (b AND c)))"), ["a", "b", "c"]);
        assert_eq!(conditions("(a AND b) AND (c OR d)"), ["a", "b", "c OR d"]);
    }

    #[test]
    fn what_binds_less_is_one_part() {
        assert_eq!(conditions("a AND b OR c"), ["a AND b OR c"]);
        assert_eq!(conditions("a BETWEEN 1 AND 2 AND b"), ["a BETWEEN 1 AND 2", "b"]);
        assert_eq!(conditions("NOT (a AND b)"), ["NOT (a AND b)"]);
        assert_eq!(
            conditions("CASE WHEN a AND b THEN c END AND \"and\""),
            ["CASE WHEN a AND b THEN c END", "\"and\""]
        );
        assert_eq!(conditions("(a OR b) AND (c)"), ["a OR b", "c"]);
        assert_eq!(conditions("(a) = (b)"), ["(a) = (b)"]);
    }

    #[test]
    fn what_does_not_parse_is_given_back() {
        assert_eq!(conditions(" a AND "), ["a AND"]);
    }
}
