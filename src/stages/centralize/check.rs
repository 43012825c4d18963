//! The check of a `centralize` stage: every column, expression, form and key it names.

use polars::prelude::*;

use super::convert::{Conversion, Form, has_time, is_possible, is_text, specifiers};
use super::options::{Centralize, Detail, ExactDuplicates, Keep, Mapping, Source};
use super::{Checked, Cleaning, Duplicates, Kept, ROW, SOURCE, Silo, Value};
use crate::dataset::{self, ColumnType};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::document::{Span, Spanned};
use crate::stages::{Check, Template, type_name};

pub(super) fn check(options: &Centralize, cx: &mut Check<'_>) -> Option<Checked> {
    let columns = columns(options, cx);
    let duplicates = duplicates(options, cx);
    let sources: Vec<Option<Silo>> = (0..options.sources.len())
        .map(|at| Mapper { options, source: &options.sources[at], at, cx }.silo())
        .collect();
    if options.sources.is_empty() {
        let span = options.columns.first().map(|(name, _)| name.span).unwrap_or_default();
        let help = "add at least one: `sources: [{ from: accounts }]`";
        cx.invalid(span, Code::InvalidOption, "has no sources", "filled from where?", help);
        return None;
    }
    Some(Checked {
        stage: cx.stage().to_owned(),
        columns: columns?,
        sources: sources.into_iter().collect::<Option<_>>()?,
        duplicates: duplicates?,
    })
}

fn columns(options: &Centralize, cx: &mut Check<'_>) -> Option<Vec<(String, ColumnType)>> {
    let mut clear = true;
    for (name, _) in options.columns.iter().filter(|(name, _)| *name.value == *SOURCE || *name.value == *ROW)
    {
        cx.duplicate_column(&name.value, name.span, None);
        clear = false;
    }
    if options.columns.is_empty() {
        let span = options.sources.first().map(|source| source.from.span()).unwrap_or_default();
        let help = "name at least one and its type: `columns: { customer_id: text }`";
        cx.invalid(span, Code::InvalidOption, "has no columns", "which columns of this?", help);
        clear = false;
    }
    clear.then(|| options.columns.iter().map(|(name, kind)| (name.value.clone(), *kind)).collect())
}

/// How duplicates are treated; inside, nothing where they are not looked for.
fn duplicates(options: &Centralize, cx: &mut Check<'_>) -> Option<Option<Duplicates>> {
    let key: Vec<Option<usize>> = options.key.iter().map(|name| place(options, name, "key", cx)).collect();
    let keep = match &options.keep {
        None => Some((Kept::First, options.key.first().map(|name| name.span).unwrap_or_default())),
        Some(keep) => kept(options, keep, cx).map(|kept| (kept, keep.span)),
    };
    for (at, name) in options.key.iter().enumerate() {
        if let Some(first) = options.key[..at].iter().find(|first| first.value == name.value) {
            cx.report(
                Diagnostic::error(
                    Code::DuplicateColumn,
                    format!("stage `{}` names the key column `{}` twice", cx.stage(), name.value),
                )
                .primary(name.span, "a second time here")
                .context(first.span, "first named here"),
            );
            return None;
        }
    }
    let drop = options.exact_duplicates.value == ExactDuplicates::Drop;
    if drop && !options.key.is_empty() {
        let help = "leave it out: rows equal in every column have one key too";
        let message = "looks for duplicates by a key and by all columns";
        cx.invalid(options.exact_duplicates.span, Code::InvalidOption, message, "not beside `key`", help);
        return None;
    }
    let (keep, span) = keep?;
    if options.key.is_empty() {
        if let Some(keep) = options.keep.as_ref().filter(|_| !drop) {
            let help = "name the columns that say which record a row is: `key: [customer_id]`";
            cx.invalid(
                keep.span,
                Code::InvalidOption,
                "keeps one of several, but has no key",
                "of which rows?",
                help,
            );
            return None;
        }
        let columns = (0..options.columns.len()).collect();
        return Some(drop.then_some(Duplicates { columns, needs_values: false, keep, span }));
    }
    let columns = key.into_iter().collect::<Option<_>>()?;
    Some(Some(Duplicates { columns, needs_values: true, keep, span }))
}

fn kept(options: &Centralize, keep: &Keep, cx: &mut Check<'_>) -> Option<Kept> {
    Some(match keep {
        Keep::First => Kept::First,
        Keep::Last => Kept::Last,
        Keep::Error => Kept::Error,
        Keep::Newest(column) => Kept::Newest(place(options, column, "newest", cx)?),
    })
}

/// The place of a column of the one table.
fn place(options: &Centralize, name: &Spanned<String>, option: &str, cx: &mut Check<'_>) -> Option<usize> {
    let found = options.columns.iter().position(|(column, _)| column.value == name.value);
    if found.is_none() {
        unlisted(options, name, &format!("has no column `{}` for `{option}`", name.value), cx);
    }
    found
}

fn unlisted(options: &Centralize, name: &Spanned<String>, message: &str, cx: &mut Check<'_>) {
    let names = options.columns.iter().map(|(column, _)| column.value.as_str());
    let help = match nearest(&name.value, names) {
        Some(near) => format!("a column with a similar name exists: `{near}`"),
        None => "it must be one of the `columns` that this stage makes".to_owned(),
    };
    cx.invalid(name.span, Code::UnknownColumn, message, "not one of `columns`", &help);
}

/// The check of one source.
struct Mapper<'o, 'c, 'a> {
    options: &'o Centralize,
    source: &'o Source,
    at: usize,
    cx: &'c mut Check<'a>,
}

impl Mapper<'_, '_, '_> {
    fn silo(mut self) -> Option<Silo> {
        let condition = self.source.condition.as_ref().map(|text| self.cx.predicate(&self.source.from, text));
        for (name, _) in self.source.columns.iter() {
            if !self.options.columns.iter().any(|(column, _)| column.value == name.value) {
                unlisted(self.options, name, "maps a column that it does not make", self.cx);
            }
        }
        let marks = self.marks(&self.source.decimal, &self.source.thousands);
        let values: Vec<Option<Value>> =
            self.options.columns.iter().map(|(name, kind)| self.value(name, *kind, marks.clone()?)).collect();
        let condition = match condition {
            None => None,
            Some(checked) => Some(checked?),
        };
        let id = self.source.from.text();
        Some(Silo {
            id: id.to_owned(),
            span: self.source.from.span(),
            is_first: !self.options.sources[..self.at].iter().any(|earlier| earlier.from.text() == id),
            condition,
            values: values.into_iter().collect::<Option<_>>()?,
        })
    }

    fn value(&mut self, name: &Spanned<String>, kind: ColumnType, form: Form) -> Option<Value> {
        match self.source.columns.value(&name.value) {
            None => self.same_name(name, kind, form),
            Some(mapping) => match &mapping.value {
                Mapping::Missing => Some(constant(lit(NULL), kind)),
                Mapping::Column(column) => {
                    let column = Spanned::new(column.clone(), mapping.span);
                    self.column(&column, mapping.span, kind, form)
                }
                Mapping::Detail(detail) => self.detail(name, mapping.span, detail, kind, form),
            },
        }
    }

    fn same_name(&mut self, name: &Spanned<String>, kind: ColumnType, form: Form) -> Option<Value> {
        let from = &self.source.from;
        let schema = self.cx.schema(from)?;
        if let Some(dtype) = schema.get(&name.value) {
            return self.converted(col(name.value.as_str()), dtype.clone(), from.span(), kind, form);
        }
        let mut told = Diagnostic::error(
            Code::UnknownColumn,
            format!("stage `{}` is not told where a source has its column `{}`", self.cx.stage(), name.value),
        )
        .primary(from.span(), format!("`{}` has no column `{}`", from.text(), name.value))
        .context(name.span, "this column")
        .help(format!(
            "map it: `columns: {{ {}: … }}`, or `null` where this source has no such values",
            name.value
        ));
        let names = schema.iter_names().map(|name| name.as_str());
        if let Some(near) = nearest(&name.value, names) {
            told = told.help(format!("a column with a similar name exists: `{near}`"));
        }
        self.cx.report(told);
        None
    }

    fn column(
        &mut self,
        column: &Spanned<String>,
        span: Span,
        kind: ColumnType,
        form: Form,
    ) -> Option<Value> {
        let found = self.cx.column(&self.source.from, column)?;
        self.converted(col(found.name.as_str()), found.dtype, span, kind, form)
    }

    fn detail(
        &mut self,
        name: &Spanned<String>,
        span: Span,
        detail: &Detail,
        kind: ColumnType,
        form: Form,
    ) -> Option<Value> {
        let given = [
            detail.column.as_ref().map(|column| ("column", column.span)),
            detail.expression.as_ref().map(|text| ("expression", text.span())),
            detail.constant.as_ref().map(|constant| ("constant", constant.span)),
        ];
        if let [(first, _), (second, span), ..] = given.iter().flatten().collect::<Vec<_>>()[..] {
            let message = format!("takes `{}` from two places", name.value);
            let label = format!("not beside `{first}`");
            let help = format!("leave out `{first}` or `{second}`");
            self.cx.invalid(*span, Code::InvalidOption, &message, &label, &help);
            return None;
        }
        let form = self.form(detail, kind, form)?;
        if let Some(text) = &detail.constant {
            let template = Template::from(Spanned::new(text.value.0.clone(), text.span));
            let filled = self.cx.fill(&template)?;
            return self.constant(&filled, text.span, kind);
        }
        if let Some(text) = &detail.expression {
            let typed = self.cx.expression(&self.source.from, text)?;
            return self.converted(typed.expr, typed.dtype, text.span(), kind, form);
        }
        match &detail.column {
            Some(column) => self.column(column, column.span, kind, form),
            None => {
                let column = Spanned::new(name.value.clone(), span);
                self.column(&column, span, kind, form)
            }
        }
    }

    fn converted(
        &mut self,
        raw: Expr,
        from: DataType,
        span: Span,
        to: ColumnType,
        form: Form,
    ) -> Option<Value> {
        if !is_possible(&from, to) {
            let message = format!("cannot make {} of {}", to.noun(), type_name(&from));
            let label = format!("this is {}", type_name(&from));
            let help = "say how, with an expression, or give the column another type";
            self.cx.invalid(span, Code::ColumnType, &message, &label, help);
            return None;
        }
        let cleaning = is_text(&from)
            .then(|| Cleaning { trim: self.options.trim, null_words: self.options.null_words.clone() });
        // Marks and forms say how text is written; they mean nothing to values that have a type.
        let form = if is_text(&from) { relevant(form, to) } else { Form::default() };
        Some(Value { raw, cleaning, conversion: Conversion { from, to, form } })
    }

    fn constant(&mut self, text: &str, span: Span, kind: ColumnType) -> Option<Value> {
        let value = match kind {
            ColumnType::Text => Some(lit(text)),
            ColumnType::Integer => dataset::integer(text).map(lit),
            ColumnType::Float => dataset::float(text).map(lit),
            ColumnType::Boolean => dataset::boolean(text).map(lit),
            ColumnType::Date => dataset::date(text).map(|days| lit(days).cast(kind.dtype())),
            ColumnType::Datetime => dataset::datetime(text).map(|micros| lit(micros).cast(kind.dtype())),
        };
        if value.is_none() {
            let message = format!("has a constant that is not {}", kind.noun());
            let label = format!("`{text}` is not {}", kind.noun());
            self.cx.invalid(span, Code::InvalidOption, &message, &label, "");
        }
        Some(constant(value?, kind))
    }

    /// The forms of one column: its own before the source's.
    fn form(&mut self, detail: &Detail, kind: ColumnType, form: Form) -> Option<Form> {
        let is_number = matches!(kind, ColumnType::Integer | ColumnType::Float);
        let is_date = matches!(kind, ColumnType::Date | ColumnType::Datetime);
        let mark = detail.decimal.as_ref().or(detail.thousands.as_ref()).filter(|_| !is_number);
        let misplaced = mark.or(detail.format.first().filter(|_| !is_date));
        if let Some(option) = misplaced {
            let label = format!("the column is {}", kind.noun());
            let message = "says how a number or date is written where there is none";
            self.cx.invalid(option.span, Code::InvalidOption, message, &label, "leave it out");
            return None;
        }
        let own = self.marks(&detail.decimal, &detail.thousands)?;
        let mut clear = true;
        for format in detail.format.iter() {
            if let Some(problem) = problem(&format.value) {
                let help = "for example `%d.%m.%Y`, `%m/%d/%y` or `%Y-%m-%d %H:%M:%S`";
                let message = "has a form of dates that cannot be used";
                self.cx.invalid(format.span, Code::InvalidOption, message, problem, help);
                clear = false;
            }
        }
        let (decimal, thousands) = (own.decimal.or(form.decimal), own.thousands.or(form.thousands));
        if is_number && decimal.unwrap_or('.') == thousands.unwrap_or('\0') {
            let span = detail.thousands.as_ref().or(detail.decimal.as_ref()).map(|mark| mark.span);
            self.same_marks(span.unwrap_or(self.source.from.span()));
            return None;
        }
        let formats = detail.format.iter().map(|format| format.value.clone()).collect();
        clear.then_some(Form { decimal, thousands, formats })
    }

    fn marks(
        &mut self,
        decimal: &Option<Spanned<String>>,
        thousands: &Option<Spanned<String>>,
    ) -> Option<Form> {
        let mut one = |written: &Option<Spanned<String>>| match written {
            None => Some(None),
            Some(written) => match written.chars().collect::<Vec<_>>()[..] {
                [mark] if !mark.is_alphanumeric() && !"+-\r\n\t".contains(mark) => Some(Some(mark)),
                _ => {
                    let help = "for example \",\", \".\", \" \" or \"'\"";
                    let message = "has a mark that numbers cannot have";
                    self.cx.invalid(
                        written.span,
                        Code::InvalidOption,
                        message,
                        "one character is wanted",
                        help,
                    );
                    None
                }
            },
        };
        let (first, second) = (one(decimal), one(thousands));
        let form = Form { decimal: first?, thousands: second?, formats: Vec::new() };
        // A source whose decimal mark is said by its columns says only what is between thousands.
        if let (Some(decimal), Some(thousands), Some(written)) = (form.decimal, form.thousands, thousands)
            && decimal == thousands
        {
            self.same_marks(written.span);
            return None;
        }
        Some(form)
    }

    fn same_marks(&mut self, span: Span) {
        let message = "has one mark for decimals and thousands";
        let help = "say both: `decimal: \",\"` and `thousands: \".\"`";
        self.cx.invalid(span, Code::InvalidOption, message, "also the decimal mark", help);
    }
}

fn constant(raw: Expr, kind: ColumnType) -> Value {
    let conversion = Conversion { from: DataType::Null, to: kind, form: Form::default() };
    Value { raw, cleaning: None, conversion }
}

fn relevant(form: Form, to: ColumnType) -> Form {
    match to {
        ColumnType::Integer | ColumnType::Float => Form { formats: Vec::new(), ..form },
        ColumnType::Date | ColumnType::Datetime => Form { formats: form.formats, ..Form::default() },
        ColumnType::Text | ColumnType::Boolean => Form::default(),
    }
}

/// What is wrong with a form of dates.
fn problem(format: &str) -> Option<&'static str> {
    let letters: Vec<char> = specifiers(format).collect();
    let has = |any: &str| letters.iter().any(|letter| any.contains(*letter));
    if letters.iter().any(|letter| !"YymbBhdeaAjFDHkIlPpMSfRTr".contains(*letter)) {
        Some("a `%` letter that is not known here")
    } else if !has("YyFD") {
        Some("it says no year (`%Y`)")
    } else if !has("jFD") && !has("mbBh") {
        Some("it says no month (`%m`)")
    } else if !has("jFD") && !has("de") {
        Some("it says no day (`%d`)")
    } else if has_time(format) && !has("RTr") && !(has("HkIl") && has("M")) {
        Some("its time lacks the hour (`%H`) or the minute (`%M`)")
    } else if has("Il") && !has("pPr") {
        Some("an hour of twelve (`%I`) needs `%p`")
    } else {
        None
    }
}
