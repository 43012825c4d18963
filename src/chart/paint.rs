//! A scene as SVG and as PNG, through plotters' two backends. Knows no mark.
//!
//! Both draw in the same whole pixels, two to a pixel of the screen. The SVG backend's text elements
//! are put right afterwards: it shifts baselines by a guess and repeats the family everywhere. The
//! bitmap backend draws glyphs without their side bearings, so the letters are painted here, from
//! the outlines they were measured with.

use std::io::Write;

use ab_glyph::{Font, Glyph, point};
use flate2::{Compression, Crc, write::ZlibEncoder};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, FontTransform, IntoFont, RGBAColor, RGBColor, ShapeStyle};

use super::FigureError;
use super::font::{self, Face};
use super::palette::{Color, WHITE};
use super::scene::{Anchor, Scene, Shape, Text};

/// Pixels of a picture to a pixel of the screen.
const SCALE: f64 = 2.0;
/// Pixels that are drawn to a pixel of the PNG, averaged: the bitmap backend's edges are coarse.
const SAMPLES: usize = 2;
/// The SVG backend writes `font-size` as this fraction of what it is given.
const PLOTTERS_SIZE: f64 = 1.24;

/// The scene as an SVG document with a text alternative.
pub(super) fn svg(scene: &Scene, title: &str, alt: &str) -> Result<String, FigureError> {
    let (width, height) = (pixels(scene.width), pixels(scene.height));
    let mut body = String::new();
    let mut backend = SVGBackend::with_string(&mut body, (width as u32, height as u32));
    let white = style(WHITE, 1.0, 1.0);
    backend.draw_rect((0, 0), (width, height), &white, true).map_err(FigureError::drawing)?;
    shapes(&mut backend, &scene.shapes, SCALE)?;
    for text in &scene.texts {
        letters(&mut backend, text)?;
    }
    backend.present().map_err(FigureError::drawing)?;
    drop(backend);

    // The backend divides what it was given; the quotient may end in a stray digit.
    let mut sizes: Vec<f64> = scene.texts.iter().map(|text| text.style.size * SCALE).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    for size in sizes {
        let written = size * PLOTTERS_SIZE / PLOTTERS_SIZE;
        body = body.replace(&format!(r#" font-size="{written}""#), &format!(r#" font-size="{size}""#));
    }
    let inner = body.split_once(">\n").map_or("", |(_, inner)| inner);
    let inner = inner
        .replace(r#" dy="0.76em""#, "")
        .replace(r#" font-family="Noto Sans""#, "")
        .replace(r#" text-anchor="start""#, "")
        .replace(r#" opacity="1""#, "")
        .replace(r#" stroke="none""#, "")
        .replace("\n</text>", "</text>");
    Ok(format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {vw} {vh}" "#,
            r#"role="img" aria-label="{alt}" font-family="{family}">"#,
            "\n<title>{title}</title>\n<desc>{alt}</desc>\n{inner}"
        ),
        w = scene.width.round(),
        h = scene.height.round(),
        vw = width,
        vh = height,
        alt = escape(alt),
        family = escape(font::FAMILY),
        title = escape(title),
        inner = join_text_lines(&inner),
    ))
}

/// The scene as a PNG of two pixels to a pixel of the screen.
pub(super) fn png(scene: &Scene) -> Result<Vec<u8>, FigureError> {
    let (width, height) = (pixels(scene.width) as usize, pixels(scene.height) as usize);
    let (wide, high) = (width * SAMPLES, height * SAMPLES);
    let mut drawn = vec![0xFF; wide * high * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut drawn, (wide as u32, high as u32));
        shapes(&mut backend, &scene.shapes, SCALE * SAMPLES as f64)?;
        backend.present().map_err(FigureError::drawing)?;
    }
    let mut image = averaged(&drawn, width, height);
    drop(drawn);
    for text in &scene.texts {
        glyphs(&mut image, width, height, text);
    }
    encode(&image, width, height).map_err(FigureError::drawing)
}

/// Escapes text for an element or a quoted attribute; what XML cannot hold is left out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in font::clean(text).chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => out.push(other),
        }
    }
    out
}

/// The backend starts a new line inside each text element; spaces in a text are meant.
fn join_text_lines(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    for line in svg.split_inclusive('\n') {
        out.push_str(if line.starts_with("<text ") { line.trim_end_matches('\n') } else { line });
    }
    out
}

fn shapes<B: DrawingBackend>(backend: &mut B, shapes: &[Shape], scale: f64) -> Result<(), FigureError>
where
    B::ErrorType: 'static,
{
    let at = |(x, y): (f64, f64)| ((x * scale).round() as i32, (y * scale).round() as i32);
    for shape in shapes {
        match shape {
            Shape::Rectangle { x, y, width, height, fill } => {
                let (left, top) = at((*x, *y));
                let (right, bottom) = at((x + width, y + height));
                // A hairline must not vanish between two pixels.
                let corner = (right.max(left + 1), bottom.max(top + 1));
                backend.draw_rect((left, top), corner, &style(*fill, 1.0, 1.0), true)
            }
            Shape::Path { points, width, stroke } => {
                let points: Vec<_> = points.iter().copied().map(at).collect();
                backend.draw_path(points, &style(*stroke, 1.0, width * scale))
            }
            Shape::Area { points, fill, opacity } => {
                let points: Vec<_> = points.iter().copied().map(at).collect();
                backend.fill_polygon(points, &style(*fill, *opacity, 1.0))
            }
            Shape::Circle { x, y, radius, fill } => backend.draw_circle(
                at((*x, *y)),
                (radius * scale).round() as u32,
                &style(*fill, 1.0, 1.0),
                true,
            ),
        }
        .map_err(FigureError::drawing)?;
    }
    Ok(())
}

fn letters(backend: &mut SVGBackend<'_>, text: &Text) -> Result<(), FigureError> {
    let face = match text.style.face {
        Face::Regular => FontStyle::Normal,
        Face::Bold => FontStyle::Bold,
        Face::Italic => FontStyle::Italic,
    };
    let anchor = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let turn = if text.upright { FontTransform::Rotate270 } else { FontTransform::None };
    let Color(r, g, b) = text.style.color;
    let style = ("Noto Sans", text.style.size * SCALE * PLOTTERS_SIZE, face)
        .into_font()
        .transform(turn)
        .color(&RGBColor(r, g, b));
    let style = plotters::style::TextStyle { pos: Pos::new(anchor, VPos::Top), ..style };
    let place = (pixels(text.x), pixels(text.y));
    backend.draw_text(&font::clean(&text.text), &style, place).map_err(FigureError::drawing)
}

/// Paints a line of text, each glyph where the pen stands.
fn glyphs(image: &mut [u8], width: usize, height: usize, text: &Text) {
    let face = text.style.face;
    let outlines = font::outlines(face);
    let size = text.style.size * SCALE;
    let scale = font::scale(face, size);
    let clean = font::clean(&text.text);
    let length = font::width(&clean, size, face);
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -length / 2.0,
        Anchor::End => -length,
    };
    let (x0, y0) = (pixels(text.x), pixels(text.y));
    let Color(r, g, b) = text.style.color;
    let mut pen = start;
    for character in clean.chars() {
        let room = font::advance(character, size, face);
        let shown = if font::is_lacking(character) { font::REPLACEMENT } else { character };
        // The room is kept for the letter itself, as in the SVG; what stands for it is in its middle.
        let left = pen + (room - font::advance(shown, size, face)) / 2.0;
        pen += room;
        let id = outlines.glyph_id(shown);
        if id.0 == 0 {
            continue;
        }
        let glyph = Glyph { id, scale, position: point(left as f32, 0.0) };
        let Some(outlined) = outlines.outline_glyph(glyph) else { continue };
        let corner = outlined.px_bounds().min;
        outlined.draw(|dx, dy, coverage| {
            let (along, across) = (corner.x as i32 + dx as i32, corner.y as i32 + dy as i32);
            let (x, y) = if text.upright { (x0 + across, y0 - along) } else { (x0 + along, y0 + across) };
            if x < 0 || y < 0 || x as usize >= width || y as usize >= height {
                return;
            }
            let place = (y as usize * width + x as usize) * 3;
            for (channel, ink) in image[place..place + 3].iter_mut().zip([r, g, b]) {
                let (under, ink) = (f32::from(*channel), f32::from(ink));
                *channel = (under + (ink - under) * coverage.clamp(0.0, 1.0)).round() as u8;
            }
        });
    }
}

/// The mean of each block of samples.
fn averaged(drawn: &[u8], width: usize, height: usize) -> Vec<u8> {
    let wide = width * SAMPLES;
    let mut image = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let mut sum = 0usize;
                for dy in 0..SAMPLES {
                    for dx in 0..SAMPLES {
                        let place = (y * SAMPLES + dy) * wide + x * SAMPLES + dx;
                        sum += usize::from(drawn[place * 3 + channel]);
                    }
                }
                image.push(((sum + SAMPLES * SAMPLES / 2) / (SAMPLES * SAMPLES)) as u8);
            }
        }
    }
    image
}

/// RGB pixels as a PNG (ISO 15948) that says it has 192 pixels to the inch.
fn encode(image: &[u8], width: usize, height: usize) -> std::io::Result<Vec<u8>> {
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::new(6));
    for row in image.chunks_exact(width * 3) {
        // No filter: flat areas repeat as they are.
        rows.write_all(&[0])?;
        rows.write_all(row)?;
    }
    let rows = rows.finish()?;

    let mut header = Vec::with_capacity(13);
    header.extend((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let per_metre = (96.0 * SCALE / 0.0254).round() as u32;
    let mut density = Vec::with_capacity(9);
    density.extend(per_metre.to_be_bytes());
    density.extend(per_metre.to_be_bytes());
    density.push(1);

    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", &header), (b"pHYs", &density), (b"IDAT", &rows), (b"IEND", &Vec::new())] {
        png.extend((data.len() as u32).to_be_bytes());
        let mut check = Crc::new();
        check.update(name);
        check.update(data);
        png.extend(name);
        png.extend(data);
        png.extend(check.sum().to_be_bytes());
    }
    Ok(png)
}

fn pixels(length: f64) -> i32 {
    (length * SCALE).round() as i32
}

fn style(Color(r, g, b): Color, opacity: f64, stroke: f64) -> ShapeStyle {
    let color: RGBAColor = RGBColor(r, g, b).mix(opacity);
    ShapeStyle { color, filled: true, stroke_width: (stroke.round() as u32).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::palette::INK;
    use crate::chart::scene::Style;

    fn scene(text: &str) -> Scene {
        let mut scene = Scene { width: 200.0, height: 60.0, ..Scene::default() };
        scene.text(100.0, 30.0, text, Style::new(14.0, Face::Regular, INK), Anchor::Middle);
        scene
    }

    #[test]
    fn nothing_in_a_text_becomes_markup() {
        let evil = "</text><script>alert('x' & \"y\")</script>\u{0}\n dy=\"0.76em\"";
        let svg = svg(&scene(evil), evil, evil).unwrap();
        assert!(!svg.contains("<script"));
        assert!(!svg.contains('\u{0}'));
        assert_eq!(svg.matches("</text>").count(), 1);
        assert_eq!(svg.matches("dy=&quot;0.76em&quot;").count(), 4);
    }

    #[test]
    fn the_root_carries_the_alternative() {
        let svg = svg(&scene("a"), "Title", "Words \"and\" numbers").unwrap();
        assert!(svg.starts_with("<svg xmlns="));
        assert!(svg.contains(r#"role="img" aria-label="Words &quot;and&quot; numbers""#));
        assert!(svg.contains("<title>Title</title>\n<desc>Words &quot;and&quot; numbers</desc>"));
        assert!(svg.contains(r#"font-size="28""#), "{svg}");
    }

    #[test]
    fn a_letter_without_an_outline_is_replaced_where_it_stands() {
        let painted = |text: &str| {
            let mut image = vec![0xFF; 400 * 120 * 3];
            glyphs(&mut image, 400, 120, &scene(text).texts[0]);
            image
        };
        let ink = |image: &[u8]| image.iter().filter(|&&channel| channel < 0x80).count();
        assert_eq!(painted("東"), painted("京"));
        // Not the empty box: as much ink as the sign of replacement has.
        assert!(ink(&painted("東")) * 10 > ink(&painted("\u{FFFD}")) * 9, "{}", ink(&painted("東")));
        assert_eq!(painted("a\u{FE0F}"), painted("a"));
        let svg = svg(&scene("東京"), "t", "a").unwrap();
        assert!(svg.contains(">東京</text>"), "{svg}");
        assert!(svg.contains("sans-serif\""), "{svg}");
    }

    #[test]
    fn a_png_has_two_pixels_to_one_and_ink_in_it() {
        let png = png(&scene("Hi")).unwrap();
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(png[16..24], [0, 0, 1, 144, 0, 0, 0, 120]);
        assert!(png.ends_with(&[0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82]));
    }
}
