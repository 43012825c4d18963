//! The frame every picture shares: margins, title and subtitle above, notes below. A mark draws
//! between them and says how high it became.

use super::font::Face;
use super::palette::{INK, MUTED, OUTLINE};
use super::scene::{Anchor, Scene, Style};

/// The width of a picture, in pixels of a screen: a column of an A4 page.
pub(super) const WIDTH: f64 = 720.0;
/// White around the picture.
pub(super) const MARGIN: f64 = 24.0;

pub(super) const TITLE: Style = Style::new(20.0, Face::Bold, INK);
pub(super) const SUBTITLE: Style = Style::new(14.5, Face::Regular, MUTED);
pub(super) const LABEL: Style = Style::new(14.0, Face::Regular, INK);
/// The smallest text there is: nine points when the picture is as wide as an A4 page's text.
pub(super) const SMALL: Style = Style::new(13.0, Face::Regular, MUTED);

/// A picture in the making.
pub(super) struct Page {
    pub scene: Scene,
    /// Everything above is taken.
    pub y: f64,
}

/// A sample of a colour and what it stands for.
pub(super) struct Key {
    pub swatch: Swatch,
    pub words: String,
}

/// How a key's sample looks.
pub(super) enum Swatch {
    Fill(super::palette::Color),
    /// The sign of a significant difference.
    Finding(super::finding::Finding),
    /// Only words: what the keys after it are about.
    None,
}

impl Page {
    /// A page of a width, with its title and subtitle.
    pub(super) fn new(width: f64, title: Option<&str>, subtitle: Option<&str>) -> Self {
        let mut page = Self { scene: Scene { width, ..Scene::default() }, y: MARGIN - 4.0 };
        let limit = page.inner();
        for (text, style, most) in [(title, TITLE, 3), (subtitle, SUBTITLE, 3)] {
            if let Some(text) = text {
                let lines = style.wrap(text, limit, most).lines;
                page.scene.lines(MARGIN, page.y, &lines, style, Anchor::Start);
                page.y += style.line() * lines.len() as f64 + 2.0;
            }
        }
        page.y = if page.y < MARGIN { 10.0 } else { page.y + 14.0 };
        page
    }

    pub(super) fn left(&self) -> f64 {
        MARGIN
    }

    pub(super) fn right(&self) -> f64 {
        self.scene.width - MARGIN
    }

    /// The width between the margins.
    pub(super) fn inner(&self) -> f64 {
        self.scene.width - 2.0 * MARGIN
    }

    /// Explains colours in a row, or in as many rows as it takes. Returns where the last row ends.
    pub(super) fn legend(&mut self, keys: &[Key]) -> f64 {
        const BOX: f64 = 14.0;
        const GAP: f64 = 7.0;
        const BETWEEN: f64 = 22.0;
        let style = SMALL.color(INK);
        let limit = self.inner() - BOX - GAP;
        let mut x = self.left();
        for key in keys {
            let words = style.shorten(&key.words, limit);
            let sample = if matches!(key.swatch, Swatch::None) { 0.0 } else { BOX + GAP };
            let width = sample + style.width(&words);
            if x > self.left() && x + width > self.right() {
                x = self.left();
                self.y += style.line() + 4.0;
            }
            let middle = self.y + style.line() / 2.0;
            match key.swatch {
                Swatch::Fill(fill) => {
                    self.scene.outlined(x, middle - BOX / 2.0, BOX, BOX, fill, 1.0, OUTLINE);
                }
                Swatch::Finding(finding) => {
                    finding.draw(&mut self.scene, x + BOX / 2.0, middle, INK);
                }
                Swatch::None => {}
            }
            self.scene.centred(x + sample, middle, words, style, Anchor::Start);
            x += width + BETWEEN;
        }
        self.y += style.line();
        x - BETWEEN
    }

    /// Writes the notes under the picture and settles its height.
    pub(super) fn finish(mut self, notes: &[String]) -> Scene {
        if !notes.is_empty() {
            self.y += 14.0;
        }
        for note in notes {
            let lines = SMALL.wrap(note, self.inner(), usize::MAX).lines;
            self.scene.lines(MARGIN, self.y, &lines, SMALL, Anchor::Start);
            self.y += SMALL.line() * lines.len() as f64 + 2.0;
        }
        self.scene.height = (self.y + MARGIN - 6.0).ceil();
        self.scene
    }
}
