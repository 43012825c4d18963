//! Which texts of a picture have letters that the embedded font lacks. Knows the scene, no mark.

use std::collections::BTreeSet;

use super::font;
use super::scene::Scene;

/// The texts with letters that the font lacks, each once, in the order of drawing. A line that is part
/// of a longer text, broken or cut, counts as that text, which is looked for among `whole`.
pub(super) fn texts<'a>(scene: &Scene, whole: impl Iterator<Item = &'a str>) -> Vec<String> {
    let lines: Vec<String> = (scene.texts.iter())
        .filter(|text| text.text.chars().any(font::is_lacking))
        .map(|text| font::clean(&text.text))
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let whole: BTreeSet<String> =
        whole.filter(|text| text.chars().any(font::is_lacking)).map(font::clean).collect();
    let mut found: Vec<String> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for line in lines {
        let part = line.strip_suffix('…').unwrap_or(&line);
        let text = match whole.contains(part) {
            true => part,
            false => whole.iter().find(|text| text.contains(part)).map_or(part, String::as_str),
        };
        if seen.insert(text.to_owned()) {
            found.push(text.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::font::Face;
    use crate::chart::palette::INK;
    use crate::chart::scene::{Anchor, Style};

    #[test]
    fn a_text_in_several_lines_is_one() {
        let mut scene = Scene::default();
        for line in ["Łódź", "東京", "計測", "서울 무…", "計測", "別の"] {
            scene.text(0.0, 0.0, line, Style::new(14.0, Face::Regular, INK), Anchor::Start);
        }
        let whole = ["Łódź", "東京計測", "서울 무역", "大阪計画", "サイズ"];
        assert_eq!(texts(&scene, whole.into_iter()), ["東京計測", "서울 무역", "別の"]);
        scene.texts.truncate(1);
        assert!(texts(&scene, whole.into_iter()).is_empty());
    }
}
