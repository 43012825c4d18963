//! LIKE and ILIKE: a fixed pattern as the cheapest test that the engine has for it.

use polars::prelude::*;
use sqlparser::ast::{self, Expr as Tree, ValueWithSpan};

use super::literal::Value;
use super::lower::{Lowering, boolean};
use super::mistake::MistakeKind;
use super::operand::Operand;

impl<'a> Lowering<'a> {
    pub(super) fn like(
        &mut self,
        part: &'a Tree,
        pattern: &'a Tree,
        escape: Option<&ValueWithSpan>,
        negated: bool,
        any_case: bool,
    ) -> Option<Operand> {
        let word = if any_case { "ILIKE" } else { "LIKE" };
        let (part, pattern) = (self.operand(part), self.operand(pattern));
        let (part, pattern) = (part?, pattern?);
        let text = self.text_of(&part, word);
        let Some(Value::Text(pattern_text)) = &pattern.constant else {
            let message = format!("{word} takes a pattern that is known beforehand");
            let help = "write the pattern as 'Part%', or use CONTAINS, STARTS_WITH, ENDS_WITH";
            let label = if pattern.constant.is_some() { pattern.word() } else { "not a fixed text".into() };
            self.say(MistakeKind::TypeMismatch, &pattern.range, message, label, Some(help));
            return None;
        };
        let escape = match escape.map(|escape| (&escape.value, escape.span)) {
            None => None,
            Some((ast::Value::SingleQuotedString(text), _)) if text.chars().count() == 1 => {
                text.chars().next()
            }
            Some((_, span)) => {
                let range = self.parsed.range(span);
                let message = "ESCAPE takes a single character";
                self.say(MistakeKind::TypeMismatch, &range, message, "not one character", None);
                return None;
            }
        };
        let Some(pieces) = pieces(pattern_text, escape) else {
            let message = "the pattern ends in its escape character";
            self.say(MistakeKind::Syntax, &pattern.range, message, "nothing is escaped", None);
            return None;
        };
        let matches = matching(text?, &pieces, any_case);
        Some(boolean(if negated { matches.not() } else { matches }))
    }
}

/// A piece of a LIKE pattern.
#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    /// `_`
    One,
    /// `%`
    Any,
}

/// `None` if the pattern ends in its escape character.
fn pieces(pattern: &str, escape: Option<char>) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let plain = match letter {
            letter if Some(letter) == escape => letters.next()?,
            '%' => {
                pieces.push(Piece::Any);
                continue;
            }
            '_' => {
                pieces.push(Piece::One);
                continue;
            }
            letter => letter,
        };
        match pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(plain),
            _ => pieces.push(Piece::Text(plain.into())),
        }
    }
    Some(pieces)
}

fn matching(text: Expr, pieces: &[Piece], any_case: bool) -> Expr {
    if !any_case {
        match pieces {
            [] => return text.eq(lit("")),
            [Piece::Text(whole)] => return text.eq(lit(whole.clone())),
            [Piece::Text(start), Piece::Any] => return text.str().starts_with(lit(start.clone())),
            [Piece::Any, Piece::Text(end)] => return text.str().ends_with(lit(end.clone())),
            [Piece::Any, Piece::Text(part), Piece::Any] => {
                return text.str().contains_literal(lit(part.clone()));
            }
            _ => {}
        }
    }
    let mut pattern = String::from(if any_case { "(?is)^" } else { "(?s)^" });
    for piece in pieces {
        match piece {
            Piece::Text(text) => pattern.push_str(&regex::escape(text)),
            Piece::One => pattern.push('.'),
            Piece::Any => pattern.push_str(".*"),
        }
    }
    pattern.push('$');
    text.str().contains(lit(pattern), true)
}
