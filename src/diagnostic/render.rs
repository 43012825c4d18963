//! Diagnostics as text with frames and carets, and as JSON with lines and columns.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value as Json, json as object};

use super::{Diagnostic, Severity};

/// The file that diagnostics point into.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// As it is shown.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// Renders diagnostics for people, one after another.
pub fn text(diagnostics: &[Diagnostic], source: Source<'_>, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&renderer.render(&[group(diagnostic, source)]));
        out.push_str("\n\n");
    }
    out
}

/// The same values as JSON: `file`, `line` and `column` are 1-based, columns count characters.
pub fn json(diagnostics: &[Diagnostic], source: Source<'_>) -> Json {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let labels: Vec<Json> = diagnostic
                .labels
                .iter()
                .map(|label| {
                    let (line, column) = position(source.text, label.span.start);
                    let (end_line, end_column) = position(source.text, label.span.end);
                    object!({
                        "line": line, "column": column, "end_line": end_line, "end_column": end_column,
                        "text": label.text, "primary": label.primary,
                    })
                })
                .collect();
            object!({
                "code": diagnostic.code.word(),
                "severity": diagnostic.severity,
                "message": diagnostic.message,
                "file": source.path,
                "labels": labels,
                "help": diagnostic.help,
                "notes": diagnostic.notes,
            })
        })
        .collect()
}

fn group<'a>(diagnostic: &'a Diagnostic, source: Source<'a>) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.word());
    let mut group = if diagnostic.labels.is_empty() {
        Group::with_title(title)
    } else {
        let snippet = diagnostic.labels.iter().fold(
            Snippet::source(source.text).path(source.path).line_start(1),
            |snippet, label| {
                let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                let range = on_one_line(source.text, label.span.range());
                snippet.annotation(kind.span(range).label(label.text.as_str()))
            },
        );
        title.element(snippet)
    };
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    group
}

/// A caret under the first line of a value says enough; frames around twenty lines do not.
fn on_one_line(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let start = floor(text, range.start);
    let end = floor(text, range.end).max(start);
    match text[start..end].find('\n') {
        Some(line) => start..start + line,
        None => start..end,
    }
}

fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..floor(text, at)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::document::Span;

    #[test]
    fn text_and_json_tell_the_same() {
        let file = "a: 1\nscore: recomend\n";
        let at = file.find("recomend").unwrap();
        let found = vec![
            Diagnostic::error(Code::UnknownColumn, "stage `nps` asks for a column its input does not have")
                .primary(Span { start: at, end: at + 8 }, "`partners` has no column `recomend`")
                .context(Span { start: 0, end: 1 }, "this input")
                .help("a column with a similar name exists: `recommend` (integer)"),
        ];
        let source = Source { path: "p.yaml", text: file };
        let shown = text(&found, source, false);
        assert!(shown.contains("error[unknown-column]"), "{shown}");
        assert!(shown.contains("--> p.yaml:2:8"), "{shown}");
        assert!(shown.contains("^^^^^^^^ `partners` has no column `recomend`"), "{shown}");
        let value = json(&found, source);
        assert_eq!(value[0]["labels"][0]["line"], 2);
        assert_eq!(value[0]["labels"][0]["column"], 8);
    }

    #[test]
    fn any_span_can_be_shown() {
        let file = "a: äöü\n";
        for start in 0..12 {
            for end in 0..12 {
                let found = [Diagnostic::error(Code::WrongType, "x").primary(Span { start, end }, "y")];
                let _ = text(&found, Source { path: "p", text: file }, false);
                let _ = json(&found, Source { path: "p", text: file });
            }
        }
    }
}
