//! Significant differences in pictures: which columns tell them, how their signs are drawn, and the
//! legend. What signs mean is told by [`crate::sign`], which test found them by whoever tested.

use super::FigureError;
use super::font::Face;
use super::page::{Key, LABEL, Swatch};
use super::palette::Color;
use super::records::Records;
use super::scene::{Anchor, Scene, Shape};
use crate::sign::{Against, Difference};

/// A difference that a test found, and what it is from; none where the column does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finding {
    pub difference: Difference,
    pub against: Option<Against>,
}

/// The room that a sign takes.
pub(super) const WIDTH: f64 = 18.0;
/// The width of a triangle or an arrow, and how high it is.
const DRAWN: f64 = 10.0;
const HEIGHT: f64 = 8.5;
/// How long the strokes of an arrow's head are.
const HEAD: f64 = 4.0;

impl Finding {
    pub(super) fn is_higher(self) -> bool {
        self.difference.higher
    }

    /// `higher` or `lower`, and whether only at the looser level.
    pub(super) fn word(self) -> &'static str {
        self.difference.word()
    }

    /// The sign around `x`: against others in type, against the wave before an arrow, else a triangle.
    /// Triangles and arrows are drawn, since few fonts have them.
    pub(super) fn draw(self, scene: &mut Scene, x: f64, middle: f64, color: Color) {
        match self.against {
            Some(Against::Rest) => {
                let style = LABEL.face(Face::Bold).color(color);
                scene.centred(x, middle, Against::Rest.sign(self.difference), style, Anchor::Middle);
            }
            Some(Against::Previous) => self.draw_arrow(scene, x, middle, color),
            Some(Against::Total) | None => self.draw_triangle(scene, x, middle, color),
        }
    }

    /// Upwards or downwards; at the looser level on a slant.
    fn draw_arrow(self, scene: &mut Scene, x: f64, middle: f64, color: Color) {
        let turn = if self.difference.higher { -1.0 } else { 1.0 };
        let (half, lean) = (DRAWN / 2.0, if self.difference.strict { 0.0 } else { DRAWN / 2.0 - 1.0 });
        let (tail, tip) = ((x - lean, middle - turn * half), (x + lean, middle + turn * half));
        let head = if self.difference.strict {
            [(tip.0 - HEAD, tip.1 - turn * HEAD), tip, (tip.0 + HEAD, tip.1 - turn * HEAD)]
        } else {
            [(tip.0 - 1.4 * HEAD, tip.1), tip, (tip.0, tip.1 - turn * 1.4 * HEAD)]
        };
        for points in [vec![tail, tip], head.to_vec()] {
            scene.shapes.push(Shape::Path { points, width: 1.8, stroke: color });
        }
    }

    /// Upwards or downwards, full at the stricter level.
    fn draw_triangle(self, scene: &mut Scene, x: f64, middle: f64, color: Color) {
        let turn = if self.difference.higher { -1.0 } else { 1.0 };
        let (base, tip) = (middle - turn * HEIGHT / 2.0, middle + turn * HEIGHT / 2.0);
        let mut points = vec![(x - DRAWN / 2.0, base), (x + DRAWN / 2.0, base), (x, tip)];
        if self.difference.strict {
            scene.shapes.push(Shape::Area { points, fill: color, opacity: 1.0 });
        } else {
            points.push(points[0]);
            scene.shapes.push(Shape::Path { points, width: 1.5, stroke: color });
        }
    }
}

/// The findings of records, from the first of some columns that has any word, and that column.
pub(super) fn read<'c>(
    records: &Records<'_>,
    columns: &'c [String],
) -> Result<(Vec<Option<Finding>>, Option<&'c str>), FigureError> {
    for column in columns {
        let words = records.texts(column)?;
        if words.iter().any(Option::is_some) {
            let against = Against::from_column(column);
            let finding =
                |word: &str| Difference::from_word(word).map(|difference| Finding { difference, against });
            let findings = words.iter().map(|word| finding(word.as_deref()?)).collect();
            return Ok((findings, Some(column)));
        }
    }
    Ok((vec![None; records.len()], None))
}

/// What findings are against, in words; none where the name of the column does not tell.
pub(super) fn compared(column: &str) -> Option<&'static str> {
    if column == "change_mark" {
        // Changes of a net promoter score may be from a wave that was chosen.
        return Some("the wave it is compared with");
    }
    Against::from_column(column).map(Against::words)
}

/// Explains the signs that occur, what they are about first. `against` is what they are different from, in
/// words.
pub(super) fn keys(findings: impl IntoIterator<Item = Finding>, against: Option<&str>) -> Vec<Key> {
    let found: Vec<Finding> = findings.into_iter().collect();
    let from = against.map_or(String::new(), |from| format!(" from {from}"));
    let mut keys = Vec::new();
    for difference in Difference::ALL {
        if let Some(finding) = found.iter().find(|finding| finding.difference == difference) {
            let words = difference.meaning().to_owned();
            keys.push(Key { swatch: Swatch::Finding(*finding), words });
        }
    }
    if !keys.is_empty() {
        let words = format!("Significantly different{from}");
        keys.insert(0, Key { swatch: Swatch::None, words });
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_occurs_is_explained() {
        let words = |found: &[&str], column: &str| -> Vec<String> {
            let against = Against::from_column(column);
            let found = found.iter().filter_map(|word| Difference::from_word(word));
            let found = found.map(|difference| Finding { difference, against });
            keys(found, compared(column)).into_iter().map(|key| key.words).collect()
        };
        assert_eq!(
            words(&["higher", "higher"], "vs_rest"),
            ["Significantly different from all others", "higher"]
        );
        assert_eq!(
            words(&["slightly lower", "higher"], "verdict"),
            ["Significantly different", "higher", "lower at the looser level"]
        );
        assert!(words(&[], "vs_rest").is_empty());
    }

    #[test]
    fn each_comparison_has_a_sign_of_its_own() {
        let drawn = |column: &str| {
            let against = Against::from_column(column);
            let mut scene = Scene::default();
            for difference in Difference::ALL {
                Finding { difference, against }.draw(&mut scene, 20.0, 20.0, crate::chart::palette::INK);
            }
            let texts: Vec<String> = scene.texts.iter().map(|text| text.text.clone()).collect();
            (texts, scene.shapes.len())
        };
        let signs = ["+", "–", "(+)", "(–)"].map(str::to_owned).to_vec();
        assert_eq!(drawn("rest_mark"), (signs, 0));
        assert_eq!(drawn("vs_total"), (vec![], 4));
        assert_eq!(drawn("change_mark"), (vec![], 8), "a stroke and a head each");
        let widest = LABEL.face(Face::Bold).width("(+)");
        assert!(widest <= WIDTH, "{widest}");
    }
}
