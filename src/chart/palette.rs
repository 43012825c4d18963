//! Colours and what may be written on them. Okabe–Ito for categories, red and blue for the two ends
//! of a net promoter bar; contrast as WCAG 2.1 defines it.

/// A colour of the picture, opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Color(pub u8, pub u8, pub u8);

pub(super) const WHITE: Color = Color(0xFF, 0xFF, 0xFF);
/// Titles and labels.
pub(super) const INK: Color = Color(0x1F, 0x23, 0x28);
/// Subtitles, bases, ticks, footnotes: 7.0 on white.
pub(super) const MUTED: Color = Color(0x59, 0x59, 0x59);
/// Outlines of fills that do not stand out from white by themselves.
pub(super) const OUTLINE: Color = Color(0x59, 0x59, 0x59);
pub(super) const GRID: Color = Color(0xE6, 0xE8, 0xEB);
pub(super) const AXIS: Color = Color(0x8A, 0x8F, 0x96);
/// The ground of a pinned row and of the names of quadrants.
pub(super) const BAND: Color = Color(0xF4, 0xF6, 0xF8);

pub(super) const BLUE: Color = Color(0x00, 0x72, 0xB2);
pub(super) const VERMILLION: Color = Color(0xD5, 0x5E, 0x00);

/// Light enough to be told from blue without colour; drawn with an outline.
pub(super) const SKY: Color = Color(0xA6, 0xD3, 0xF2);

/// Okabe–Ito, only those that reach 3:1 on white, and black.
pub(super) const SERIES: [Color; 5] =
    [BLUE, VERMILLION, Color(0x00, 0x9E, 0x73), Color(0xCC, 0x79, 0xA7), Color(0x00, 0x00, 0x00)];
/// Series beyond the palette are told apart by their labels.
pub(super) const OTHER_SERIES: Color = Color(0x8A, 0x8F, 0x96);

/// Bars of indicators, which leave the colours to the tiers.
pub(super) const STEEL: Color = Color(0x6E, 0x8C, 0xAA);
/// The tiers between the best and the last, which are blue and vermillion.
pub(super) const TIER_GREYS: [Color; 3] =
    [Color(0x8A, 0x8F, 0x96), Color(0x59, 0x5F, 0x66), Color(0x3A, 0x3F, 0x45)];

pub(super) const DETRACTORS: Color = Color(0xB2, 0x18, 0x2B);
pub(super) const PASSIVES: Color = Color(0xF2, 0xF2, 0xF2);
pub(super) const PROMOTERS: Color = Color(0x21, 0x66, 0xAC);

/// Steps of the index from far below the whole to far above it.
pub(super) const INDEX_STEPS: [Color; 5] = [
    Color(0xE0, 0x82, 0x4A),
    Color(0xF8, 0xDC, 0xC4),
    Color(0xF7, 0xF7, 0xF7),
    Color(0xCC, 0xE0, 0xF0),
    Color(0x6B, 0xAE, 0xD6),
];

/// The contrast ratio of two colours, 1 to 21.
pub(super) fn contrast(a: Color, b: Color) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Black or white, whichever is easier to read on the ground.
pub(super) fn text_on(ground: Color) -> Color {
    if contrast(INK, ground) >= contrast(WHITE, ground) { INK } else { WHITE }
}

fn luminance(Color(r, g, b): Color) -> f64 {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_agrees_with_the_published_ratios() {
        assert!((contrast(Color(0, 0, 0), WHITE) - 21.0).abs() < 1e-9);
        assert!((contrast(BLUE, WHITE) - 5.19).abs() < 0.005);
        assert!((contrast(VERMILLION, WHITE) - 3.87).abs() < 0.005);
        assert!((contrast(DETRACTORS, WHITE) - 6.87).abs() < 0.005);
        assert!((contrast(PROMOTERS, WHITE) - 5.90).abs() < 0.005);
    }

    #[test]
    fn every_text_can_be_read_on_its_ground() {
        for ground in INDEX_STEPS.into_iter().chain([DETRACTORS, PASSIVES, PROMOTERS, WHITE, BAND]) {
            assert!(contrast(text_on(ground), ground) >= 4.5, "{ground:?}");
        }
        for ground in [WHITE, BAND] {
            assert!(contrast(MUTED, ground) >= 4.5);
        }
    }

    #[test]
    fn every_graphic_stands_out_from_white() {
        for fill in
            SERIES.into_iter().chain(TIER_GREYS).chain([STEEL, OTHER_SERIES, DETRACTORS, PROMOTERS, OUTLINE])
        {
            assert!(contrast(fill, WHITE) >= 3.0, "{fill:?}");
        }
    }
}
