//! A workbook as the bytes of an Excel file. The only part that knows the library which writes them;
//! what stands where was decided before.

use std::collections::BTreeMap;

use rust_xlsxwriter::{
    Chart as Drawn, ChartDataLabel, ChartFont, ChartFormat, ChartLegendPosition, ChartLine, ChartSolidFill,
    ChartType, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, FormatUnderline,
    ObjectMovement, Url, Workbook, Worksheet,
};

use super::list::{self, List, Values};
use super::sheet::{Align, Area, Book, Chart, Line, Page, Sheet, Style, Value};
use super::{LONGEST_TEXT, MOST_COLUMNS, MOST_ROWS, WorkbookError};
use crate::number;

/// The blue of words that lead elsewhere.
const LINK: u32 = 0x0563C1;
/// The grey of lines between rows that belong together.
const FAINT: u32 = 0xC9CFD4;
/// The highest row Excel has, in points.
const HIGHEST: f64 = 409.0;

impl Book {
    /// The file. The same book gives the same bytes.
    ///
    /// # Errors
    ///
    /// A sheet has more rows or columns, or a cell a longer text, than Excel holds.
    pub fn write(&self) -> Result<Vec<u8>, WorkbookError> {
        let mut workbook = Workbook::new();
        // Without a date of its own a workbook carries the time at which it was written.
        let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
        let mut looks = Looks::default();
        for page in &self.pages {
            let worksheet = workbook.add_worksheet();
            worksheet.set_landscape();
            worksheet.set_paper_size(9);
            worksheet.set_print_fit_to_pages(1, 0);
            match page {
                Page::Sheet(sheet) => write_sheet(worksheet, sheet, &mut looks)?,
                Page::List(list) => write_list(worksheet, list)?,
            }
        }
        Ok(workbook.save_to_buffer()?)
    }
}

fn write_sheet(worksheet: &mut Worksheet, sheet: &Sheet, looks: &mut Looks) -> Result<(), WorkbookError> {
    if sheet.rows() as usize > MOST_ROWS + 1 {
        return Err(WorkbookError::TooManyRows);
    }
    if let Some(column) = sheet.cells.keys().map(|(_, column)| usize::from(*column)).max()
        && column >= MOST_COLUMNS
    {
        return Err(WorkbookError::TooManyColumns(column + 1));
    }
    worksheet.set_name(&sheet.name)?;
    for Area { top, left, bottom, right } in &sheet.merged {
        worksheet.merge_range(*top, *left, *bottom, *right, "", &Format::new())?;
    }
    for ((row, column), cell) in &sheet.cells {
        let format = looks.of(&cell.style, matches!(cell.value, Value::Link { .. }));
        match &cell.value {
            Value::Blank => worksheet.write_blank(*row, *column, format)?,
            Value::Text(text) => {
                fits(text, &sheet.name, *row)?;
                worksheet.write_string_with_format(*row, *column, text, format)?
            }
            Value::Number(value) => {
                let exact = number::significant(*value, 15);
                worksheet.write_number_with_format(*row, *column, exact, format)?
            }
            Value::Link { text, sheet, row: to } => {
                worksheet.write_url_with_format(*row, *column, leading(sheet, *to).set_text(text), format)?
            }
        };
    }
    for (column, width) in &sheet.widths {
        worksheet.set_column_width(*column, *width)?;
    }
    for (row, height) in &sheet.heights {
        worksheet.set_row_height(*row, height.min(HIGHEST))?;
    }
    worksheet.set_freeze_panes(sheet.frozen.0, sheet.frozen.1)?;
    if let Some((first, last)) = sheet.repeated {
        worksheet.set_repeat_rows(first, last)?;
    }
    if let Some((first, last)) = sheet.repeated_columns {
        worksheet.set_repeat_columns(first, last)?;
    }
    if sheet.on_one_page {
        worksheet.set_print_fit_to_pages(1, 1);
    }
    if let Some(scale) = sheet.shrunk {
        worksheet.set_print_scale((100.0 * scale).floor() as u16);
    }
    let breaks: Vec<u32> = sheet.breaks.iter().map(|column| u32::from(*column)).collect();
    worksheet.set_vertical_page_breaks(&breaks)?;
    worksheet.set_page_breaks(&sheet.row_breaks)?;
    worksheet.set_screen_gridlines(false);
    worksheet.set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3);
    worksheet.set_footer("&L&8&A&R&8&P / &N");
    for (row, column, chart) in &sheet.charts {
        worksheet.insert_chart(*row, *column, &drawn(chart))?;
    }
    Ok(())
}

fn write_list(worksheet: &mut Worksheet, list: &List) -> Result<(), WorkbookError> {
    worksheet.set_name(&list.name)?;
    let header = list.header();
    if let Some((sheet, row)) = &list.back {
        worksheet.write_url(0, 0, leading(sheet, *row).set_text(BACK))?;
    }
    for (at, column) in list.columns.iter().enumerate() {
        // `List::new` took no more columns than there are.
        let at = at as u16;
        let align =
            if matches!(column.values, Values::Texts(_)) { FormatAlign::Left } else { FormatAlign::Right };
        let heading = Format::new().set_bold().set_border_bottom(FormatBorder::Thin).set_align(align);
        worksheet.write_string_with_format(header, at, &column.name, &heading)?;
        let format = Format::new().set_num_format(&column.number);
        let place = |row: usize| header + 1 + row as u32;
        match &column.values {
            Values::Texts(texts) => {
                for (row, text) in present(texts) {
                    if text.encode_utf16().count() > LONGEST_TEXT {
                        return Err(WorkbookError::TooLongText { column: column.name.clone(), row: row + 1 });
                    }
                    // An empty text is no cell: Excel knows no difference.
                    worksheet.write_string(place(row), at, text)?;
                }
            }
            Values::Flags(flags) => {
                for (row, flag) in present(flags) {
                    worksheet.write_boolean(place(row), at, *flag)?;
                }
            }
            Values::Numbers(numbers) | Values::Days(numbers) | Values::Moments(numbers) => {
                for (row, number) in present(numbers) {
                    worksheet.write_number_with_format(place(row), at, *number, &format)?;
                }
            }
        }
        worksheet.set_column_width(at, column.width)?;
    }
    if !list.columns.is_empty() {
        let last = list.columns.len() as u16 - 1;
        worksheet.set_freeze_panes(header + 1, 0)?;
        worksheet.autofilter(header, 0, header + list.height, last)?;
        worksheet.set_repeat_rows(header, header)?;
        if list.is_wide() {
            worksheet.set_print_scale(list::SCALE);
            if let Some(last) = (list.repeated() as u16).checked_sub(1) {
                worksheet.set_repeat_columns(0, last)?;
            }
        }
        if let Some(chart) = &list.chart {
            // Columns that every page repeats would repeat a piece of the chart.
            let left = if list.is_wide() { list.repeated() as u16 } else { 0 };
            worksheet.insert_chart(header + list.height + 2, left, &drawn(chart))?;
        }
    }
    Ok(())
}

/// What leads back to the table of contents is called.
pub(super) const BACK: &str = "← Contents";

fn present<T>(values: &[Option<T>]) -> impl Iterator<Item = (usize, &T)> {
    values.iter().enumerate().filter_map(|(row, value)| Some((row, value.as_ref()?)))
}

fn fits(text: &str, sheet: &str, row: u32) -> Result<(), WorkbookError> {
    match text.encode_utf16().count() > LONGEST_TEXT {
        true => Err(WorkbookError::TooLongText { column: sheet.to_owned(), row: row as usize + 1 }),
        false => Ok(()),
    }
}

fn leading(sheet: &str, row: u32) -> Url {
    Url::new(format!("internal:'{sheet}'!A{}", row + 1))
}

/// The formats of a workbook, each made once.
#[derive(Default)]
struct Looks(BTreeMap<(Style, bool), Format>);

impl Looks {
    fn of(&mut self, style: &Style, link: bool) -> &Format {
        self.0.entry((style.clone(), link)).or_insert_with(|| format(style, link))
    }
}

fn format(style: &Style, link: bool) -> Format {
    let mut format = Format::new();
    if !style.number.is_empty() {
        format = format.set_num_format(&style.number);
    }
    if style.bold {
        format = format.set_bold();
    }
    if style.italic {
        format = format.set_italic();
    }
    if style.size > 0 {
        format = format.set_font_size(style.size);
    }
    if let Some(ink) = style.ink {
        format = format.set_font_color(ink);
    }
    if link {
        format = format.set_font_color(LINK).set_underline(FormatUnderline::Single);
    }
    if let Some(fill) = style.fill {
        format = format.set_background_color(fill);
    }
    format = match style.align {
        Align::Natural => format,
        Align::Left => format.set_align(FormatAlign::Left),
        Align::Centre => format.set_align(FormatAlign::Center),
        Align::Right => format.set_align(FormatAlign::Right),
    };
    if style.indent > 0 {
        format = format.set_indent(style.indent);
    }
    if style.wrap {
        format = format.set_text_wrap();
    }
    if style.upper {
        format = format.set_align(FormatAlign::Top);
    }
    let line = |line: Line| match line {
        Line::None => FormatBorder::None,
        Line::Faint | Line::Thin => FormatBorder::Thin,
    };
    if style.above == Line::Faint {
        format = format.set_border_top_color(FAINT);
    }
    format
        .set_border_top(line(style.above))
        .set_border_bottom(line(style.below))
        .set_border_left(line(style.before))
}

fn drawn(chart: &Chart) -> Drawn {
    let kind = if chart.stacked { ChartType::BarPercentStacked } else { ChartType::Bar };
    let mut drawn = Drawn::new(kind);
    let names = chart.names;
    for series in &chart.series {
        let outline = ChartLine::new().set_color(0x595959).set_width(0.75).clone();
        let mut fill = ChartFormat::new()
            .set_solid_fill(ChartSolidFill::new().set_color(series.fill))
            .set_border(&outline)
            .clone();
        let font = ChartFont::new().set_color(series.ink).set_size(9).clone();
        let label = ChartDataLabel::new().show_value().set_num_format(&chart.number).set_font(&font).clone();
        drawn
            .add_series()
            .set_name(&series.name)
            .set_categories(range(&chart.sheet, names))
            .set_values(range(&chart.sheet, series.figures))
            .set_format(&mut fill)
            .set_gap(40)
            .set_data_label(&label);
    }
    drawn.title().set_name(&chart.title).set_font(ChartFont::new().set_size(11).set_bold());
    // Bars lie on their side, so that `y` names them. They are drawn from below: turned round, the first
    // answer stands on top.
    drawn.y_axis().set_reverse();
    drawn.x_axis().set_num_format("0%").set_min(0).set_major_gridlines(false).set_hidden(true);
    match chart.series.len() {
        0 | 1 => drawn.legend().set_hidden(),
        _ => drawn.legend().set_position(ChartLegendPosition::Top),
    };
    drawn.set_width(720).set_height(chart.height() as u32);
    drawn.set_alt_text(&chart.description);
    drawn.set_object_movement(ObjectMovement::MoveButDontSizeWithCells);
    drawn
}

fn range(sheet: &str, area: Area) -> (&str, u32, u16, u32, u16) {
    (sheet, area.top, area.left, area.bottom, area.right)
}
