//! A picture as a list of shapes and texts in pixels of a screen. Knows neither what they mean nor
//! how they are written down.

use super::font::{self, Face};
use super::palette::Color;

/// What will be painted: shapes in their order, then texts.
#[derive(Debug, Clone, Default)]
pub(super) struct Scene {
    pub width: f64,
    pub height: f64,
    pub shapes: Vec<Shape>,
    pub texts: Vec<Text>,
}

#[derive(Debug, Clone)]
pub(super) enum Shape {
    Rectangle {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        fill: Color,
    },
    /// A line through points, `width` pixels wide.
    Path {
        points: Vec<(f64, f64)>,
        width: f64,
        stroke: Color,
    },
    /// A filled area, `opacity` 0–1.
    Area {
        points: Vec<(f64, f64)>,
        fill: Color,
        opacity: f64,
    },
    Circle {
        x: f64,
        y: f64,
        radius: f64,
        fill: Color,
    },
}

/// Where the given `x` is in a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text; `y` is its baseline.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub x: f64,
    pub y: f64,
    pub text: String,
    pub style: Style,
    pub anchor: Anchor,
    /// Turned to be read from below, around (`x`, `y`).
    pub upright: bool,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub size: f64,
    pub face: Face,
    pub color: Color,
}

impl Style {
    pub(super) const fn new(size: f64, face: Face, color: Color) -> Self {
        Self { size, face, color }
    }

    pub(super) const fn face(self, face: Face) -> Self {
        Self { face, ..self }
    }

    pub(super) const fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// The height of a line.
    pub(super) fn line(self) -> f64 {
        (self.size * font::LINE).round()
    }

    pub(super) fn width(self, text: &str) -> f64 {
        font::width(text, self.size, self.face)
    }

    pub(super) fn wrap(self, text: &str, limit: f64, most: usize) -> font::Lines {
        font::wrap(text, limit, most, self.size, self.face)
    }

    pub(super) fn shorten(self, text: &str, limit: f64) -> String {
        font::shorten(&font::clean(text), limit, self.size, self.face)
    }
}

impl Scene {
    pub(super) fn rectangle(&mut self, x: f64, y: f64, width: f64, height: f64, fill: Color) {
        if width > 0.0 && height > 0.0 {
            self.shapes.push(Shape::Rectangle { x, y, width, height, fill });
        }
    }

    /// A rectangle with an edge of `edge` pixels inside it.
    #[expect(clippy::too_many_arguments, reason = "four of them are one rectangle")]
    pub(super) fn outlined(
        &mut self,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        fill: Color,
        edge: f64,
        outline: Color,
    ) {
        self.rectangle(x, y, width, height, outline);
        self.rectangle(x + edge, y + edge, width - 2.0 * edge, height - 2.0 * edge, fill);
    }

    pub(super) fn horizontal(&mut self, x0: f64, x1: f64, y: f64, width: f64, color: Color) {
        self.rectangle(x0, y - width / 2.0, x1 - x0, width, color);
    }

    pub(super) fn vertical(&mut self, x: f64, y0: f64, y1: f64, width: f64, color: Color) {
        self.rectangle(x - width / 2.0, y0, width, y1 - y0, color);
    }

    /// A dashed straight line, horizontal or vertical.
    pub(super) fn dashed(&mut self, from: (f64, f64), to: (f64, f64), width: f64, color: Color) {
        const DASH: f64 = 6.0;
        const GAP: f64 = 4.0;
        let (mut at, end) = if from.1 == to.1 { (from.0, to.0) } else { (from.1, to.1) };
        while at < end {
            let stop = (at + DASH).min(end);
            if from.1 == to.1 {
                self.horizontal(at, stop, from.1, width, color);
            } else {
                self.vertical(from.0, at, stop, width, color);
            }
            at = stop + GAP;
        }
    }

    pub(super) fn circle(&mut self, x: f64, y: f64, radius: f64, fill: Color) {
        self.shapes.push(Shape::Circle { x, y, radius, fill });
    }

    /// A line of text with its baseline at `y`.
    pub(super) fn text(&mut self, x: f64, y: f64, text: impl Into<String>, style: Style, anchor: Anchor) {
        let text = text.into();
        if !text.is_empty() {
            self.texts.push(Text { x, y, text, style, anchor, upright: false });
        }
    }

    /// Lines of text one below the other, the first line's box starting at `top`.
    pub(super) fn lines(&mut self, x: f64, top: f64, lines: &[String], style: Style, anchor: Anchor) {
        for (at, line) in lines.iter().enumerate() {
            let baseline = top + style.line() * at as f64 + ascent_in_line(style);
            self.text(x, baseline, line.clone(), style, anchor);
        }
    }

    /// White behind a line of text that will be centred on `middle`, so that no grid runs through it.
    pub(super) fn halo(&mut self, x: f64, middle: f64, text: &str, style: Style, anchor: Anchor) {
        let width = style.width(text);
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        let height = style.size + 2.0;
        self.rectangle(left - 2.0, middle - height / 2.0, width + 4.0, height, super::palette::WHITE);
    }

    /// A line of text whose capitals are centred on `middle`.
    pub(super) fn centred(
        &mut self,
        x: f64,
        middle: f64,
        text: impl Into<String>,
        style: Style,
        anchor: Anchor,
    ) {
        self.text(x, middle + style.size * font::HALF_CAPITAL, text, style, anchor);
    }
}

/// From the top of a line's box to its baseline.
fn ascent_in_line(style: Style) -> f64 {
    let spare = style.line() - style.size * (font::ASCENT + font::DESCENT);
    spare / 2.0 + style.size * font::ASCENT
}
