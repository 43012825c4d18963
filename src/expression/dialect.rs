//! From text to a syntax tree: the dialect's lexical rules, places as bytes, and parse errors in our
//! words. Knows no types.

use std::ops::Range;

use polars::prelude::Schema;
use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::{Dialect, GenericDialect};
use sqlparser::parser::{Parser, ParserError, ParserOptions};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use super::mistake::{Mistake, MistakeKind};

/// Longer texts are refused: nobody wrote them by hand, and the tree must fit the stack.
const MOST_TOKENS: usize = 4_000;

/// A parsed expression with what is needed to say where its parts are.
pub(super) struct Parsed {
    pub tree: Expr,
    places: Places,
    tokens: Vec<(Token, Range<usize>)>,
}

impl Parsed {
    /// The bytes of a part of the tree; all of the text where the parser does not know.
    pub fn range(&self, span: Span) -> Range<usize> {
        self.places.range(span)
    }

    /// The words of the text, each with its bytes.
    pub fn tokens(&self) -> &[(Token, Range<usize>)] {
        &self.tokens
    }

    /// From a function's name, which starts at `start`, to its closing parenthesis.
    pub fn call_range(&self, start: usize) -> Option<Range<usize>> {
        let first = self.tokens.iter().position(|(_, range)| range.start == start)?;
        let mut depth = 0usize;
        for (token, range) in &self.tokens[first..] {
            match token {
                Token::LParen => depth += 1,
                Token::RParen if depth <= 1 => return Some(start..range.end),
                Token::RParen => depth -= 1,
                _ => {}
            }
        }
        None
    }
}

/// SQL with `"names"` in double quotes, `'text'` in single quotes and `$variables`.
#[derive(Debug)]
struct Expressions;

impl Dialect for Expressions {
    fn is_delimited_identifier_start(&self, c: char) -> bool {
        c == '"'
    }
    fn is_identifier_start(&self, c: char) -> bool {
        c.is_alphabetic() || c == '_'
    }
    fn is_identifier_part(&self, c: char) -> bool {
        c.is_alphanumeric() || c == '_'
    }
    fn supports_dollar_placeholder(&self) -> bool {
        true
    }
    fn supports_comma_separated_trim(&self) -> bool {
        true
    }
}

/// Parses the whole of `text` as one expression. The schema serves the advice alone.
pub(super) fn parse(text: &str, schema: &Schema) -> Result<Parsed, Mistake> {
    let Read { places, tokens, words } = read(&Expressions, text)?;
    if words.len() > MOST_TOKENS {
        let help = "a long list of alternatives reads better as a table and a lookup in `enrich`";
        return Err(syntax(0..text.len(), "too long an expression".into(), Some(help.into())));
    }

    let mut parser = Parser::new(&Expressions).with_tokens_with_locations(tokens);
    let tree = parser.parse_expr().map_err(|error| {
        let (range, label) = worded(&error, &places, &words, text);
        let help = word_at(&words, &range, schema);
        syntax(range, label, help)
    })?;
    let next = parser.peek_token();
    if next.token != Token::EOF {
        let range = places.range(next.span);
        let help = match &next.token {
            Token::SemiColon => Some("an expression ends without a semicolon".to_owned()),
            Token::Overlap => Some("write AND".to_owned()),
            _ => trailing_help(&next, &words, schema),
        };
        let label = format!("the expression could end before `{}`", &text[range.clone()]);
        return Err(syntax(range, label, help));
    }
    Ok(Parsed { tree, places, tokens: words })
}

/// Parses `text` as the `sql` stage does: the general dialect, which is the engine's.
///
/// # Errors
/// The first mistake of form.
pub(crate) fn statements(text: &str) -> Result<(Vec<Statement>, Places), Mistake> {
    let Read { places, tokens, words } = read(&GenericDialect, text)?;
    let options = ParserOptions { trailing_commas: true, ..Default::default() };
    let mut parser = Parser::new(&GenericDialect).with_options(options).with_tokens_with_locations(tokens);
    match parser.parse_statements() {
        Ok(statements) => Ok((statements, places)),
        Err(error) => {
            let (range, label) = worded(&error, &places, &words, text);
            Err(Mistake { message: "the query does not parse".into(), ..syntax(range, label, None) })
        }
    }
}

/// A text as its tokens.
struct Read {
    places: Places,
    tokens: Vec<TokenWithSpan>,
    /// Without white space and comments, each with its bytes.
    words: Vec<(Token, Range<usize>)>,
}

fn read(dialect: &dyn Dialect, text: &str) -> Result<Read, Mistake> {
    let places = Places::new(text);
    if text.trim().is_empty() {
        return Err(syntax(0..text.len(), "nothing is written here".into(), None));
    }
    let tokens = Tokenizer::new(dialect, text).tokenize_with_location().map_err(|error| {
        let start = places.byte(error.location);
        syntax(start..text.len(), lower_first(&error.message), None)
    })?;
    let words = tokens
        .iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_)))
        .map(|token| (token.token.clone(), places.range(token.span)))
        .collect();
    Ok(Read { places, tokens, words })
}

fn syntax(range: Range<usize>, label: String, help: Option<String>) -> Mistake {
    let message = "the expression does not parse".into();
    Mistake { range, kind: MistakeKind::Syntax, message, label, help }
}

/// A name with a blank in it, written without quotes, leaves its second word over.
fn trailing_help(next: &TokenWithSpan, words: &[(Token, Range<usize>)], schema: &Schema) -> Option<String> {
    let at = words.iter().position(|(token, _)| *token == next.token)?;
    let (Token::Word(before), Token::Word(after)) = (&words.get(at.checked_sub(1)?)?.0, &next.token) else {
        return None;
    };
    let start = format!("{} {}", before.value, after.value);
    let name = schema.iter_names().find(|name| name.as_str().starts_with(&start))?;
    Some(format!("a name with blanks goes in double quotes: \"{name}\""))
}

/// A column whose name is a word of SQL.
fn word_at(words: &[(Token, Range<usize>)], range: &Range<usize>, schema: &Schema) -> Option<String> {
    let at = words.iter().position(|(_, place)| place.start >= range.start).unwrap_or(words.len());
    let candidates = [words.get(at), at.checked_sub(1).and_then(|before| words.get(before))];
    candidates.into_iter().flatten().find_map(|(token, _)| match token {
        Token::Word(word) if word.quote_style.is_none() && schema.contains(&word.value) => {
            Some(format!("a column named like a word of SQL goes in double quotes: \"{}\"", word.value))
        }
        _ => None,
    })
}

/// The place and the words of a parse error. The parser tells both in one text,
/// `Expected: an expression, found: ) at Line: 1, Column: 7`.
fn worded(
    error: &ParserError,
    places: &Places,
    words: &[(Token, Range<usize>)],
    text: &str,
) -> (Range<usize>, String) {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.as_str(),
        ParserError::RecursionLimitExceeded => return (0..text.len(), "nested too deeply".into()),
    };
    let (said, location) = split_location(message);
    let Some(location) = location else {
        let label = match said.strip_prefix("Expected: ").and_then(|rest| rest.split_once(", found: EOF")) {
            Some((expected, _)) => format!("{} is missing at the end", expected_words(expected)),
            None => lower_first(said),
        };
        let end = text.trim_end().len();
        return (end..end, label);
    };
    let start = places.byte(location);
    let end = words.iter().find(|(_, range)| range.start == start).map_or(start, |(_, range)| range.end);
    let label = match said.strip_prefix("Expected: ").and_then(|rest| rest.split_once(", found: ")) {
        Some((expected, found)) => format!("{} is expected before `{found}`", expected_words(expected)),
        None => lower_first(said),
    };
    (start..end, label)
}

fn expected_words(expected: &str) -> String {
    if expected.chars().any(char::is_alphanumeric) { expected.into() } else { format!("`{expected}`") }
}

fn split_location(message: &str) -> (&str, Option<Location>) {
    let found = || {
        let (said, place) = message.rsplit_once(" at Line: ")?;
        let (line, column) = place.split_once(", Column: ")?;
        Some((said, Location::new(line.parse().ok()?, column.trim().parse().ok()?)))
    };
    found().map_or((message, None), |(said, location)| (said, Some(location)))
}

fn lower_first(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Lines and columns of the tokenizer (columns count characters) as bytes.
pub(crate) struct Places {
    /// The first byte of each line, and the bytes of its characters.
    lines: Vec<Vec<usize>>,
    length: usize,
}

impl Places {
    fn new(text: &str) -> Self {
        let mut lines = vec![Vec::new()];
        for (at, letter) in text.char_indices() {
            if let Some(line) = lines.last_mut() {
                line.push(at);
            }
            if letter == '\n' {
                lines.push(Vec::new());
            }
        }
        Self { lines, length: text.len() }
    }

    fn byte(&self, location: Location) -> usize {
        let line = (location.line as usize).saturating_sub(1);
        let column = (location.column as usize).saturating_sub(1);
        let Some(letters) = self.lines.get(line) else { return self.length };
        let next_line = || self.lines.get(line + 1).and_then(|next| next.first()).copied();
        letters.get(column).copied().or_else(next_line).unwrap_or(self.length)
    }

    /// The bytes of a part; all of the text where the parser does not know.
    pub(crate) fn range(&self, span: Span) -> Range<usize> {
        if span == Span::empty() {
            return 0..self.length;
        }
        let (start, end) = (self.byte(span.start), self.byte(span.end));
        start..end.max(start)
    }
}
