//! What a stage may ask while it is checked. Every message about columns, types and expressions is
//! worded here, so that it is the same for every stage.

use std::collections::BTreeMap;
use std::ops::Range;

use polars::prelude::{DataType, Expr, Schema};

use super::{Expression, Input, Template};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::document::{Document, Span, Spanned};
use crate::expression::{self, MistakeKind, Typed};
use crate::number;
use crate::pipeline::{Fault, Vars, unknown_variable};

/// The stage under check, what its inputs look like, and the mistakes found so far.
pub struct Check<'a> {
    stage: &'a str,
    document: Option<&'a Document>,
    inputs: &'a BTreeMap<String, Known>,
    vars: &'a Vars,
    variants: bool,
    descriptions: Option<&'a BTreeMap<String, String>>,
    found: Vec<Diagnostic>,
}

/// What is known of an input when a stage that reads it is checked.
#[derive(Debug, Clone)]
pub struct Known {
    /// The kind of the stage, or `dataset`.
    pub kind: String,
    /// Its columns; none, if it failed its own check.
    pub schema: Option<Schema>,
}

/// A column that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub dtype: DataType,
}

impl<'a> Check<'a> {
    /// A check of one stage. `inputs` holds every table it names, by the text of the reference.
    pub fn new(
        stage: &'a str,
        document: Option<&'a Document>,
        inputs: &'a BTreeMap<String, Known>,
        vars: &'a Vars,
        variants: bool,
    ) -> Self {
        Self { stage, document, inputs, vars, variants, descriptions: None, found: Vec::new() }
    }

    /// The same, knowing what the stages of the pipeline are for, by id.
    pub fn described(self, descriptions: &'a BTreeMap<String, String>) -> Self {
        Self { descriptions: Some(descriptions), ..self }
    }

    /// The mistakes found.
    pub fn finish(self) -> Vec<Diagnostic> {
        self.found
    }

    /// The id of the stage under check.
    pub fn stage(&self) -> &str {
        self.stage
    }

    /// What the stages of the pipeline are for, by id, where it is written.
    pub fn descriptions(&self) -> BTreeMap<String, String> {
        self.descriptions.cloned().unwrap_or_default()
    }

    /// Whether the pipeline declares variants.
    pub fn has_variants(&self) -> bool {
        self.variants
    }

    /// The variables of this run.
    pub fn vars(&self) -> &Vars {
        self.vars
    }

    /// The kind of the stage behind an input; `dataset` for a dataset.
    pub fn kind(&self, input: &Input) -> Option<&str> {
        self.inputs.get(input.text()).map(|known| known.kind.as_str())
    }

    /// Every table that the stage names, and what it reads beside them.
    pub fn known(&self) -> &BTreeMap<String, Known> {
        self.inputs
    }

    /// The columns of an input. Silent where that input failed its own check.
    pub fn schema(&self, input: &Input) -> Option<Schema> {
        self.inputs.get(input.text())?.schema.clone()
    }

    /// A column of an input.
    pub fn column(&mut self, input: &Input, name: &Spanned<String>) -> Option<Column> {
        let schema = self.schema(input)?;
        self.look_up(&schema, input, name)
    }

    /// Several columns of an input, none of them twice.
    pub fn columns(&mut self, input: &Input, names: &[Spanned<String>]) -> Option<Vec<Column>> {
        let schema = self.schema(input)?;
        let mut columns = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            match names[..at].iter().find(|earlier| earlier.value == name.value) {
                Some(first) => self.found.push(
                    Diagnostic::error(
                        Code::DuplicateColumn,
                        format!("stage `{}` names the column `{}` twice", self.stage, name.value),
                    )
                    .primary(name.span, "a second time here")
                    .context(first.span, "first named here")
                    .help("remove one of them"),
                ),
                None => columns.extend(self.look_up(&schema, input, name)),
            }
        }
        (columns.len() == names.len()).then_some(columns)
    }

    /// A column of numbers.
    pub fn numeric(&mut self, input: &Input, name: &Spanned<String>) -> Option<Column> {
        let hint = self.declare(input, name, "float");
        self.typed(input, name, "numbers", &hint, |dtype| dtype.is_numeric())
    }

    /// A column of numbers that may be left out of the file.
    pub fn optional_numeric(
        &mut self,
        input: &Input,
        name: &Option<Spanned<String>>,
    ) -> Option<Option<Column>> {
        match name {
            None => Some(None),
            Some(name) => self.numeric(input, name).map(Some),
        }
    }

    /// A column of text.
    pub fn text(&mut self, input: &Input, name: &Spanned<String>) -> Option<Column> {
        self.typed(input, name, "text", "make it text with `CAST(… AS text)`", |dtype| {
            matches!(dtype, DataType::String | DataType::Categorical(..) | DataType::Enum(..))
        })
    }

    /// A column of dates or of dates with time.
    pub fn temporal(&mut self, input: &Input, name: &Spanned<String>) -> Option<Column> {
        let hint = self.declare(input, name, "date");
        self.typed(input, name, "dates", &hint, |dtype| {
            matches!(dtype, DataType::Date | DataType::Datetime(..))
        })
    }

    /// A column whose type `fits`; `wanted` and `hint` word the refusal.
    pub fn typed(
        &mut self,
        input: &Input,
        name: &Spanned<String>,
        wanted: &str,
        hint: &str,
        fits: impl Fn(&DataType) -> bool,
    ) -> Option<Column> {
        let column = self.column(input, name)?;
        if fits(&column.dtype) {
            return Some(column);
        }
        self.found.push(
            Diagnostic::error(
                Code::ColumnType,
                format!(
                    "stage `{}` needs {wanted} where its input has {}",
                    self.stage,
                    type_name(&column.dtype)
                ),
            )
            .primary(name.span, format!("`{}` is {}", name.value, type_name(&column.dtype)))
            .context(input.span(), "this input")
            .help(hint),
        );
        None
    }

    /// Where a column gets its type: the way out where it has the wrong one.
    fn declare(&self, input: &Input, name: &Spanned<String>, kind: &str) -> String {
        match self.kind(input) {
            Some("dataset") => {
                let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                let name = if plain { name.value.clone() } else { format!("{:?}", name.value) };
                format!(
                    "declare it where it is read: `types: {{ {name}: {kind} }}` of the dataset `{}`",
                    input.text()
                )
            }
            _ => "declare its type where it is read: `types` of a dataset, or a typed column of `centralize`"
                .to_owned(),
        }
    }

    /// An expression over the columns of an input.
    pub fn expression(&mut self, input: &Input, expression: &Expression) -> Option<Typed> {
        let schema = self.schema(input)?;
        self.compiled(Some(input), &schema, expression)
    }

    /// A condition over the columns of an input.
    pub fn predicate(&mut self, input: &Input, expression: &Expression) -> Option<Expr> {
        let typed = self.expression(input, expression)?;
        self.condition(typed, expression)
    }

    /// An expression over given columns.
    pub fn expression_over(&mut self, schema: &Schema, text: &Expression) -> Option<Typed> {
        self.compiled(None, schema, text)
    }

    /// A condition over given columns.
    pub fn predicate_over(&mut self, schema: &Schema, text: &Expression) -> Option<Expr> {
        let typed = self.expression_over(schema, text)?;
        self.condition(typed, text)
    }

    fn compiled(&mut self, input: Option<&Input>, schema: &Schema, text: &Expression) -> Option<Typed> {
        match expression::compile(text.text(), schema, self.vars) {
            Ok(typed) => Some(typed),
            Err(mistakes) => {
                for mistake in mistakes {
                    let span = self.inside(text.spanned(), mistake.range);
                    let code = match mistake.kind {
                        MistakeKind::UnknownColumn => Code::UnknownColumn,
                        MistakeKind::UnknownFunction => Code::UnknownFunction,
                        MistakeKind::UnknownVariable => Code::UnknownVariable,
                        MistakeKind::TypeMismatch | MistakeKind::ArgumentCount => Code::ExpressionType,
                        MistakeKind::Syntax | MistakeKind::NotSupported => Code::ExpressionSyntax,
                    };
                    let message = format!("stage `{}`: {}", self.stage, mistake.message);
                    let mut told = Diagnostic::error(code, message).primary(span, mistake.label);
                    if let (Code::UnknownColumn, Some(input)) = (code, input) {
                        told = told.context(input.span(), "this input").note(has(input.text(), schema));
                    }
                    told.help.extend(mistake.help);
                    self.found.push(told);
                }
                None
            }
        }
    }

    fn condition(&mut self, typed: Typed, text: &Expression) -> Option<Expr> {
        if matches!(typed.dtype, DataType::Boolean | DataType::Null) {
            return Some(typed.expr);
        }
        self.found.push(
            Diagnostic::error(
                Code::ExpressionType,
                format!("stage `{}` needs a condition, true or false for each row", self.stage),
            )
            .primary(text.span(), format!("this gives {}", type_name(&typed.dtype)))
            .help("compare it with something, such as `… > 0` or `… = 'EMEA'`"),
        );
        None
    }

    /// A text with its variables filled in: `{region}` becomes `EMEA`, `{{` and `}}` are braces.
    pub fn fill(&mut self, template: &Template) -> Option<String> {
        self.fill_around(template, None).map(|pieces| pieces.concat())
    }

    /// A text with its variables filled in but for the one called `own`, whose value is not known
    /// yet: the pieces between its places.
    pub fn fill_around(&mut self, template: &Template, own: Option<&str>) -> Option<Vec<String>> {
        let gaps = match crate::pipeline::split(template.text(), self.vars, own) {
            Ok(pieces) => return Some(pieces),
            Err(gaps) => gaps,
        };
        for gap in gaps {
            let span = self.inside(template.spanned(), gap.range);
            let refused = |label: String, help: String| {
                let message = format!("stage `{}` has a text that cannot be filled in", self.stage);
                Diagnostic::error(Code::Template, message).primary(span, label).help(help)
            };
            let told = match gap.fault {
                Fault::Unknown(name) => {
                    let known = self.vars.keys().map(String::as_str).chain(own);
                    unknown_variable(&name, Some(span), known)
                }
                Fault::Doubled(name) => refused(
                    "two pairs of braces are for texts that take figures out of tables".to_owned(),
                    format!("write `{{{name}}}`"),
                ),
                Fault::Alone => refused(
                    "a brace without its partner".to_owned(),
                    "write `{{` and `}}` for braces that mean themselves".to_owned(),
                ),
            };
            self.found.push(told);
        }
        None
    }

    /// A number inside bounds, both included. `what` names it in the message.
    pub fn between(&mut self, value: &Spanned<f64>, low: f64, high: f64, what: &str) -> Option<f64> {
        if (low..=high).contains(&value.value) {
            return Some(value.value);
        }
        let told =
            Diagnostic::error(Code::OutOfRange, format!("stage `{}` has {what} out of range", self.stage))
                .primary(value.span, format!("wanted is a number from {low} to {high}"));
        // Percent, where a share is wanted.
        let share = value.value / 100.0;
        self.found.push(match high <= 1.0 && (low..=high).contains(&share) {
            true => {
                told.help(format!("for {} % write `{}`", number::plain(value.value), number::plain(share)))
            }
            false => told,
        });
        None
    }

    /// Tells that a stage would make a column twice.
    pub fn duplicate_column(&mut self, name: &str, span: Span, other: Option<(Span, &str)>) {
        let mut told = Diagnostic::error(
            Code::DuplicateColumn,
            format!("stage `{}` would have two columns `{name}`", self.stage),
        )
        .primary(span, "this makes it a second time");
        if let Some((span, text)) = other {
            told = told.context(span, text);
        }
        self.found.push(told.help("give one of them another name"));
    }

    /// A mistake of the stage's own kind. `help` may be empty.
    pub fn invalid(&mut self, span: Span, code: Code, message: &str, label: &str, help: &str) {
        let mut told =
            Diagnostic::error(code, format!("stage `{}` {message}", self.stage)).primary(span, label);
        if !help.is_empty() {
            told = told.help(help);
        }
        self.found.push(told);
    }

    /// A mistake built by hand.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// The place of a part of a text value.
    pub fn inside(&self, text: &Spanned<String>, range: Range<usize>) -> Span {
        self.document.map_or(text.span, |document| document.inside(text, range))
    }

    fn look_up(&mut self, schema: &Schema, input: &Input, name: &Spanned<String>) -> Option<Column> {
        if let Some(dtype) = schema.get(&name.value) {
            return Some(Column { name: name.value.clone(), dtype: dtype.clone() });
        }
        let mut told = Diagnostic::error(
            Code::UnknownColumn,
            format!("stage `{}` asks for a column its input does not have", self.stage),
        )
        .primary(name.span, format!("`{}` has no column `{}`", input.text(), name.value))
        .context(input.span(), "this input");
        let names = schema.iter_names().map(|name| name.as_str());
        if let Some(near) = nearest(&name.value, names)
            && let Some(dtype) = schema.get(near)
        {
            told = told.help(format!("a column with a similar name exists: `{near}` ({})", type_name(dtype)));
        }
        let parts: Vec<&str> = name.split(',').map(str::trim).collect();
        if parts.len() > 1 && parts.iter().all(|part| schema.contains(part)) {
            told = told.help(format!("several columns are a list: `[{}]`", parts.join(", ")));
        }
        self.found.push(told.note(has(input.text(), schema)));
        None
    }
}

/// `partners` has partner_id, region, …
fn has(id: &str, schema: &Schema) -> String {
    const MOST: usize = 12;
    let names: Vec<&str> = schema.iter_names().map(|name| name.as_str()).take(MOST).collect();
    match (schema.len(), schema.len() > MOST) {
        (0, _) => format!("`{id}` has no columns"),
        (all, true) => format!("`{id}` has {}, … ({all} columns)", names.join(", ")),
        _ => format!("`{id}` has {}", names.join(", ")),
    }
}

/// The type of a column in the words of the pipeline file.
pub fn type_name(dtype: &DataType) -> &'static str {
    match dtype {
        DataType::String | DataType::Categorical(..) | DataType::Enum(..) => "text",
        DataType::Boolean => "boolean",
        DataType::Date => "date",
        DataType::Datetime(..) => "datetime",
        DataType::Time => "time",
        DataType::Duration(_) => "duration",
        DataType::Decimal(..) => "decimal",
        DataType::Null => "null",
        dtype if dtype.is_integer() => "integer",
        dtype if dtype.is_float() => "float",
        _ => "nested",
    }
}
