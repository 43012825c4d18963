//! Values of one type to values of another, as expressions of the engine: what does not convert
//! becomes null, so that the row around it can be set aside. Says what counts as a number and a date
//! where the landing does for files; the two agree.

use polars::prelude::*;

use crate::dataset::{BOOLEAN_WORDS, ColumnType};

/// How numbers and dates are written in a text.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// Decimal mark; none: `.`.
    pub decimal: Option<char>,
    /// Mark between thousands; none: not allowed.
    pub thousands: Option<char>,
    /// Forms of dates, tried in order; none: ISO 8601.
    pub formats: Vec<String>,
}

/// How values get from the source into the table.
#[derive(Debug, Clone)]
pub struct Conversion {
    /// What the source gives.
    pub from: DataType,
    /// What the table wants.
    pub to: ColumnType,
    /// How texts are written.
    pub form: Form,
}

/// Whether values of one type can become values of another at all.
pub fn is_possible(from: &DataType, to: ColumnType) -> bool {
    use ColumnType::{Boolean, Date, Datetime, Float, Integer, Text};
    if is_text(from) || *from == DataType::Null {
        return true;
    }
    match to {
        Integer | Float => from.is_primitive_numeric() || from.is_decimal(),
        Text => !from.is_nested(),
        Boolean => *from == DataType::Boolean || from.is_integer(),
        Date | Datetime => matches!(from, DataType::Date | DataType::Datetime(..)),
    }
}

/// Whether a type holds text.
pub fn is_text(dtype: &DataType) -> bool {
    matches!(dtype, DataType::String | DataType::Categorical(..) | DataType::Enum(..))
}

/// A value that holds text, as text.
pub fn as_text(value: Expr, from: &DataType) -> Expr {
    if *from == DataType::String { value } else { value.cast(DataType::String) }
}

/// A text with its blanks cut off.
pub fn without_blanks(text: Expr) -> Expr {
    text.str().strip_chars(lit(NULL))
}

/// A text, missing where it is empty or a null word but for blanks around it.
pub fn cleaned(text: Expr, trimmed: &Expr, null_words: &[String]) -> Expr {
    let missing = null_words.iter().fold(trimmed.clone().eq(lit("")), |missing, word| {
        missing.or(trimmed.clone().eq(lit(word.as_str())))
    });
    when(missing).then(lit(NULL)).otherwise(text)
}

impl Conversion {
    /// Whether a value may fail to convert.
    pub fn can_fail(&self) -> bool {
        match (&self.from, self.to) {
            (DataType::Null, _) | (_, ColumnType::Text) => false,
            (from, ColumnType::Date | ColumnType::Datetime) => is_text(from),
            (from, ColumnType::Boolean) => *from != DataType::Boolean,
            (from, ColumnType::Float) => !from.is_integer(),
            (from, ColumnType::Integer) => !from.is_integer() || *from == DataType::UInt64,
        }
    }

    /// The converted value; null where there is none or it does not convert.
    pub fn convert(&self, value: Expr) -> Expr {
        let to = self.to.dtype();
        match self.to {
            ColumnType::Text => value.cast(to),
            ColumnType::Integer if is_text(&self.from) => self.integer(value),
            ColumnType::Float if is_text(&self.from) => finite(self.plain_number(value).cast(to)),
            ColumnType::Boolean if is_text(&self.from) => boolean(value),
            ColumnType::Date | ColumnType::Datetime if is_text(&self.from) => self.instant(value),
            ColumnType::Float if self.from.is_float() => finite(value.cast(to)),
            ColumnType::Integer if self.from.is_float() || self.from.is_decimal() => {
                let whole = value.clone().cast(to);
                let exact = whole.clone().cast(DataType::Float64).eq(value.cast(DataType::Float64));
                when(exact).then(whole).otherwise(lit(NULL))
            }
            ColumnType::Boolean if self.from.is_integer() => {
                let is = |n: i64| value.clone().eq(lit(n));
                when(is(1)).then(lit(true)).when(is(0)).then(lit(false)).otherwise(lit(NULL))
            }
            _ => value.cast(to),
        }
    }

    /// Why a value that does not convert was set aside.
    pub fn reason(&self) -> String {
        let noun = self.to.noun();
        let formats: Vec<String> = self.form.formats.iter().map(|format| format!("`{format}`")).collect();
        match (formats.is_empty(), self.form.decimal, self.form.thousands) {
            (false, ..) => format!("not {noun} written as {}", formats.join(" or ")),
            (true, None, None) => format!("not {noun}"),
            (true, decimal, None) => format!("not {noun} with the decimal mark `{}`", decimal.unwrap_or('.')),
            (true, None, Some(thousands)) => format!("not {noun} with `{thousands}` between thousands"),
            (true, Some(decimal), Some(thousands)) => {
                format!("not {noun} with the decimal mark `{decimal}` and `{thousands}` between thousands")
            }
        }
    }

    /// The text of a number with a decimal point and nothing between its thousands; null where the
    /// marks are not where they belong. The engine's own parser is lenient enough without marks.
    fn plain_number(&self, text: Expr) -> Expr {
        let Form { decimal, thousands, .. } = self.form;
        if decimal.is_none() && thousands.is_none() {
            return text;
        }
        let decimal = regex::escape(&decimal.unwrap_or('.').to_string());
        let between = thousands.map(mark);
        let whole = match &between {
            Some(mark) => format!(r"(?:[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+)"),
            None => "[0-9]+".to_owned(),
        };
        let pattern = format!(r"^[+-]?{whole}(?:{decimal}[0-9]+)?$");
        let well_formed = text.clone().str().contains(lit(pattern), true);
        let joined = match between {
            Some(mark) => text.str().replace_all(lit(mark), lit(""), false),
            None => text,
        };
        let number = joined.str().replace_all(lit(decimal), lit("."), false);
        when(well_formed).then(number).otherwise(lit(NULL))
    }

    fn integer(&self, text: Expr) -> Expr {
        // `17850.0` is how a whole number looks after a round trip through a spreadsheet.
        let digits = self.plain_number(text).str().replace(lit(r"\.0+$"), lit(""), false);
        digits.cast(DataType::Int64)
    }

    fn instant(&self, text: Expr) -> Expr {
        let to = self.to.dtype();
        let formats: Vec<&str> = match (self.form.formats.is_empty(), self.to) {
            (false, _) => self.form.formats.iter().map(String::as_str).collect(),
            (true, ColumnType::Date) => vec!["%Y-%m-%d"],
            (true, _) => ISO_DATETIME.to_vec(),
        };
        let each: Vec<Expr> = formats.iter().map(|format| parsed(&text, format).cast(to.clone())).collect();
        let instant = if let [only] = each.as_slice() { only.clone() } else { coalesce(&each) };
        // `%Y` also reads the year 24, which nobody's customer was born in.
        let [first, end] = FOUR_DIGITS.map(|day| lit(day).cast(DataType::Date).cast(to.clone()));
        when(instant.clone().gt_eq(first).and(instant.clone().lt(end))).then(instant).otherwise(lit(NULL))
    }
}

/// The days, since 1970-01-01, on which the years 1000 and 10000 begin.
const FOUR_DIGITS: [i32; 2] = [-354_285, 2_932_897];

/// Forms of a date with a time that need no saying.
const ISO_DATETIME: [&str; 5] =
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"];

/// Whether a form of dates says something about the time of day.
pub fn has_time(format: &str) -> bool {
    specifiers(format).any(|specifier| "HIkMSTRrXcfl".contains(specifier))
}

/// The letters after the percent signs, without flags and widths.
pub fn specifiers(format: &str) -> impl Iterator<Item = char> + '_ {
    let mut rest = format.chars();
    std::iter::from_fn(move || {
        rest.find(|c| *c == '%')?;
        let is_flag = |c: &char| matches!(c, '-' | '_' | '0' | '.' | ':' | '#' | '1'..='9');
        rest.by_ref().find(|c| !is_flag(c))
    })
    .filter(|specifier| *specifier != '%')
}

fn parsed(text: &Expr, format: &str) -> Expr {
    let options = StrptimeOptions { format: Some(format.into()), strict: false, exact: true, cache: true };
    if has_time(format) {
        text.clone().str().to_datetime(Some(TimeUnit::Microseconds), None, options, lit("raise"))
    } else {
        text.clone().str().to_date(options)
    }
}

fn boolean(text: Expr) -> Expr {
    let lower = text.str().to_lowercase();
    let any =
        |words: [&str; 3]| words.iter().fold(lit(false), |any, word| any.or(lower.clone().eq(lit(*word))));
    let (yes, no) = BOOLEAN_WORDS;
    when(any(yes)).then(lit(true)).when(any(no)).then(lit(false)).otherwise(lit(NULL))
}

fn finite(value: Expr) -> Expr {
    when(value.clone().is_finite()).then(value).otherwise(lit(NULL))
}

/// A pattern for a mark between thousands. A blank is any of the blanks that typesetters use there.
fn mark(thousands: char) -> String {
    if thousands == ' ' { "[ \u{a0}\u{202f}]".to_owned() } else { regex::escape(&thousands.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(texts: &[&str], to: ColumnType, form: Form) -> Vec<String> {
        let frame = df!("t" => texts).unwrap().lazy();
        let conversion = Conversion { from: DataType::String, to, form };
        let trimmed = without_blanks(col("t"));
        let value = conversion.convert(cleaned(trimmed.clone(), &trimmed, &["n/a".to_owned()]));
        let frame = frame.select([value.alias("v")]).collect().unwrap();
        assert_eq!(frame.dtypes()[0], to.dtype());
        let column = frame.column("v").unwrap();
        (0..frame.height()).map(|i| column.get(i).unwrap().to_string()).collect()
    }

    fn marks(decimal: char, thousands: char) -> Form {
        Form { decimal: Some(decimal), thousands: Some(thousands), formats: Vec::new() }
    }

    #[test]
    fn what_the_landing_reads_is_read_alike() {
        for text in
            ["17850", "17850.0", "1.5", "1e3", "+5", "", "-7", "0x1F", "1_000", "9223372036854775808", "."]
        {
            let landed = crate::dataset::integer(text).map_or("null".into(), |v| v.to_string());
            assert_eq!(convert(&[text], ColumnType::Integer, Form::default()), [landed], "{text:?}");
            let landed = crate::dataset::float(text);
            let conversion =
                Conversion { from: DataType::String, to: ColumnType::Float, form: Form::default() };
            let trimmed = without_blanks(col("t"));
            let here = df!("t" => [text]).unwrap().lazy().select([conversion.convert(cleaned(
                trimmed.clone(),
                &trimmed,
                &[],
            ))]);
            assert_eq!(here.collect().unwrap().columns()[0].f64().unwrap().get(0), landed, "{text:?}");
        }
        for text in ["inf", "-inf", "NaN", "1e999"] {
            assert_eq!(convert(&[text], ColumnType::Float, Form::default()), ["null"], "{text:?}");
        }
        for text in ["TRUE", "no", "1", "y"] {
            let landed = crate::dataset::boolean(text).map_or("null".into(), |v| v.to_string());
            assert_eq!(convert(&[text], ColumnType::Boolean, Form::default()), [landed], "{text:?}");
        }
        for text in ["2026-11-22", "2026-02-29", "0024-01-01", "22.11.2026"] {
            let landed =
                crate::dataset::date(text).filter(|_| !text.starts_with("00")).map_or("null", |_| text);
            assert_eq!(convert(&[text], ColumnType::Date, Form::default()), [landed], "{text:?}");
        }
    }

    #[test]
    fn marks_stand_where_they_belong() {
        let texts =
            ["1.234.567,5", "1234,5", "12,5", "1.5", "1,234.5", "-1.234", "12.34,5", "1,5e3", "n/a", " 7 "];
        let expected =
            ["1234567.5", "1234.5", "12.5", "null", "null", "-1234.0", "null", "null", "null", "7.0"];
        assert_eq!(convert(&texts, ColumnType::Float, marks(',', '.')), expected);
        assert_eq!(
            convert(&["1\u{202f}234,5", "1 234"], ColumnType::Float, marks(',', ' ')),
            ["1234.5", "1234.0"]
        );
        assert_eq!(convert(&["1'234", "1'23"], ColumnType::Integer, marks('.', '\'')), ["1234", "null"]);
    }

    #[test]
    fn dates_are_read_in_the_forms_given_and_in_no_other() {
        let form = |formats: &[&str]| Form {
            formats: formats.iter().map(|f| (*f).into()).collect(),
            ..Form::default()
        };
        let texts = ["31.12.2025", "12/31/2025", "1.2.2026", "31.12.25"];
        let expected = ["2025-12-31", "null", "2026-02-01", "null"];
        assert_eq!(convert(&texts, ColumnType::Date, form(&["%d.%m.%Y"])), expected);
        let both = convert(&texts, ColumnType::Date, form(&["%d.%m.%Y", "%m/%d/%Y"]));
        assert_eq!(both[1], "2025-12-31");
        let clock = form(&["%m/%d/%Y %I:%M:%S %p"]);
        assert_eq!(convert(&["05/09/2016 12:00:00 AM"], ColumnType::Date, clock.clone()), ["2016-05-09"]);
        let noon = convert(&["05/09/2016 12:30:00 PM"], ColumnType::Datetime, clock);
        assert_eq!(noon, ["2016-05-09 12:30:00"]);
    }

    #[test]
    fn a_time_needs_no_seconds() {
        let texts = ["2026-11-22T08:15:00.250", "2026-11-22 08:15", "2026-11-22", "08:15"];
        let expected = ["2026-11-22 08:15:00.250", "2026-11-22 08:15:00", "2026-11-22 00:00:00", "null"];
        assert_eq!(convert(&texts, ColumnType::Datetime, Form::default()), expected);
    }

    #[test]
    fn years_have_four_digits() {
        let texts = ["0999-12-31", "1000-01-01", "9999-12-31", "+10000-01-01"];
        let dates = convert(&texts, ColumnType::Date, Form::default());
        assert_eq!(dates, ["null", "1000-01-01", "9999-12-31", "null"]);
        let texts = ["0999-12-31 23:59", "1000-01-01 00:00", "9999-12-31 23:59"];
        let times = convert(&texts, ColumnType::Datetime, Form::default());
        assert_eq!(times, ["null", "1000-01-01 00:00:00", "9999-12-31 23:59:00"]);
    }

    #[test]
    fn numbers_become_whole_where_nothing_is_lost() {
        let frame = df!("t" => [Some(1.0), Some(1.5), None, Some(f64::NAN), Some(1e300)]).unwrap().lazy();
        let conversion =
            Conversion { from: DataType::Float64, to: ColumnType::Integer, form: Form::default() };
        let frame = frame.select([conversion.convert(col("t"))]).collect().unwrap();
        let whole: Vec<Option<i64>> = frame.columns()[0].i64().unwrap().iter().collect();
        assert_eq!(whole, [Some(1), None, None, None, None]);
    }

    #[test]
    fn the_letters_of_a_form_are_found() {
        assert_eq!(specifiers("%-d.%m.%Y 100%% %H:%M:%S%.3f").collect::<String>(), "dmYHMSf");
        assert!(has_time("%F %R") && !has_time("%d %b %y"));
    }
}
