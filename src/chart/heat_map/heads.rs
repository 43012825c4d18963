//! The heads of the columns: the questions, the values that columns are nested in, names and letters.

use super::cells::{Cells, Side};
use super::draw::HEAD;
use crate::chart::bar::widest;
use crate::chart::font::{Face, Lines};
use crate::chart::page::Page;
use crate::chart::palette::AXIS;
use crate::chart::scene::{Anchor, Text};

const HEAD_LINES: usize = 3;
/// How long a name that is turned may become, and its lines.
const TURNED: f64 = 150.0;
const TURNED_LINES: usize = 2;

impl Cells<'_> {
    /// The questions of the columns, each over its own, and below them the values that columns are nested
    /// in.
    pub(super) fn draw_questions(&self, page: &mut Page, lefts: &[f64], width: f64) {
        let depth = self.columns.iter().map(|column| column.outer.len()).max().unwrap_or(0);
        for level in 0..=depth {
            self.draw_level(page, level, lefts, width);
        }
    }

    /// Headings over neighbouring columns: on level 0 the questions, on those below it outer values.
    fn draw_level(&self, page: &mut Page, level: usize, lefts: &[f64], width: f64) {
        let style = HEAD.face(if level == 0 { Face::Bold } else { Face::Regular });
        let key = |at: usize| (&self.columns[at].group, self.columns[at].outer.get(..level));
        let starts: Vec<usize> = (0..lefts.len()).filter(|&at| at == 0 || key(at) != key(at - 1)).collect();
        let mut blocks = Vec::new();
        for (at, &start) in starts.iter().enumerate() {
            let end = starts.get(at + 1).copied().unwrap_or(lefts.len());
            let first = &self.columns[start];
            let words = match level {
                0 => first.group.as_deref().map(|group| self.title(group)),
                level => first.outer.get(level - 1).cloned(),
            };
            let Some(words) = words else { continue };
            let span = (lefts[start], lefts[end - 1] + width);
            blocks.push((span, style.wrap(&words, span.1 - span.0 - 4.0, 4).lines));
        }
        let rows = blocks.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        if rows == 0 {
            return;
        }
        let bottom = page.y + style.line() * rows as f64;
        for ((left, right), lines) in blocks {
            let top = bottom - style.line() * lines.len() as f64;
            page.scene.lines((left + right) / 2.0, top, &lines, style, Anchor::Middle);
            page.scene.horizontal(left + 2.0, right - 2.0, bottom + 2.5, 1.0, AXIS);
        }
        page.y = bottom + 8.0;
    }

    /// The names of the columns, turned where one of them does not fit across, and their letters.
    pub(super) fn draw_heads(&self, page: &mut Page, lefts: &[f64], width: f64) {
        self.draw_names(page, lefts, width);
        if self.columns.iter().all(|column| column.letter.is_empty()) {
            return;
        }
        page.y -= 3.0;
        let bold = HEAD.face(Face::Bold);
        for (column, left) in self.columns.iter().zip(lefts) {
            let letter = bold.shorten(&column.letter, width);
            page.scene.lines(left + width / 2.0, page.y, &[letter], bold, Anchor::Middle);
        }
        page.y += bold.line() + 4.0;
    }

    pub(super) fn draw_names(&self, page: &mut Page, lefts: &[f64], width: f64) {
        let across: Vec<Lines> =
            self.columns.iter().map(|column| HEAD.wrap(&column.name, width - 8.0, HEAD_LINES)).collect();
        let words_fit =
            |column: &Side| column.name.split_whitespace().all(|word| HEAD.width(word) <= width - 8.0);
        if across.iter().all(|head| !head.cut) && self.columns.iter().all(words_fit) {
            let rows = across.iter().map(|head| head.lines.len()).max().unwrap_or(0);
            let bottom = page.y + HEAD.line() * rows as f64;
            for (head, left) in across.iter().zip(lefts) {
                let top = bottom - HEAD.line() * head.lines.len() as f64;
                page.scene.lines(left + width / 2.0, top, &head.lines, HEAD, Anchor::Middle);
            }
            page.y = bottom + 6.0;
            return;
        }
        let turned: Vec<Lines> =
            self.columns.iter().map(|column| HEAD.wrap(&column.name, TURNED, TURNED_LINES)).collect();
        let length = widest(turned.iter().flat_map(|head| head.lines.iter().map(|line| HEAD.width(line))));
        let bottom = page.y + length;
        for (head, left) in turned.into_iter().zip(lefts) {
            let count = head.lines.len() as f64;
            let first = left + width / 2.0 - HEAD.line() * (count - 1.0) / 2.0 + HEAD.size * 0.357;
            for (at, text) in head.lines.into_iter().enumerate() {
                let x = first + HEAD.line() * at as f64;
                let text = Text { x, y: bottom, text, style: HEAD, anchor: Anchor::Start, upright: true };
                page.scene.texts.push(text);
            }
        }
        page.y = bottom + 8.0;
    }
}
