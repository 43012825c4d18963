//! Typed variables and their named settings. A variable is a value, never text that is pasted into
//! the file before it is parsed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostic, listed, nearest};
use crate::document::{Node, Span, Spanned, Value as Written};
use crate::expression::Value;

/// The variables of one run, by name.
pub type Vars = BTreeMap<String, Value>;

/// A declared variable.
#[derive(Debug, Clone)]
pub struct Var {
    /// Its name.
    pub name: Spanned<String>,
    /// Its type.
    pub kind: VarType,
    /// What it is for.
    pub description: Option<String>,
    /// The only values it may take; empty: any.
    pub allowed: Vec<Value>,
    /// Its value where nothing else is said.
    pub default: Option<Value>,
    /// Whether its declaration, or a value in it, was refused, which was told in its place.
    pub refused: bool,
}

/// The type of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VarType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A date, `2026-01-31`.
    Date,
}

/// A named setting of variables: one run of the same pipeline.
#[derive(Debug, Clone)]
pub struct Variant {
    /// Its name.
    pub name: Spanned<String>,
    /// The variables it sets.
    pub settings: Vec<(String, Value)>,
}

/// A variable set from outside the file: `--var region=EMEA`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The variable.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

impl VarType {
    fn word(self) -> &'static str {
        match self {
            VarType::String => "text",
            VarType::Integer => "a whole number",
            VarType::Number => "a number",
            VarType::Boolean => "true or false",
            VarType::Date => "a date such as 2026-01-31",
        }
    }

    /// A value as the command line has it.
    fn parse(self, text: &str) -> Option<Value> {
        match self {
            VarType::String => Some(Value::Text(text.to_owned())),
            VarType::Integer => text.parse().ok().map(Value::Integer),
            VarType::Number => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::Float),
            VarType::Boolean => text.parse().ok().map(Value::Boolean),
            VarType::Date => text.parse().ok().map(Value::Date),
        }
    }

    /// A value as the file has it; places a mistake where it does not fit.
    pub(super) fn value(self, name: &str, node: &Node, found: &mut Vec<Diagnostic>) -> Option<Value> {
        let value = match (self, &node.value) {
            (VarType::String, Written::Text(text)) => Some(Value::Text(text.clone())),
            (VarType::Integer, Written::Integer(value)) => Some(Value::Integer(*value)),
            (VarType::Number, Written::Integer(value)) => Some(Value::Float(*value as f64)),
            (VarType::Number, Written::Float(value)) if value.is_finite() => Some(Value::Float(*value)),
            (VarType::Boolean, Written::Bool(value)) => Some(Value::Boolean(*value)),
            (VarType::Date, Written::Text(text)) => text.parse().ok().map(Value::Date),
            _ => None,
        };
        if value.is_none() {
            found.push(
                Diagnostic::error(
                    Code::InvalidVariable,
                    format!("variable `{name}` has a value of the wrong type"),
                )
                .primary(node.span, format!("wanted is {}", self.word())),
            );
        }
        value
    }
}

impl Var {
    /// A variable whose declaration was refused: it exists, and nothing else is known of it.
    pub(super) fn unsettled(name: Spanned<String>) -> Self {
        let kind = VarType::String;
        Self { name, kind, description: None, allowed: Vec::new(), default: None, refused: true }
    }

    /// Whether a value is one of those allowed; places a mistake where it is not.
    pub(super) fn admits(&self, value: &Value, span: Span, found: &mut Vec<Diagnostic>) -> bool {
        let admitted = self.allowed.is_empty() || self.allowed.contains(value);
        if !admitted {
            found.push(self.refusal(value, span));
        }
        admitted
    }

    fn refusal(&self, value: &Value, span: Span) -> Diagnostic {
        let allowed: Vec<String> = self.allowed.iter().map(Value::to_string).collect();
        Diagnostic::error(
            Code::InvalidVariable,
            format!("variable `{}` cannot be `{value}`", self.name.value),
        )
        .primary(span, "not one of the allowed values")
        .help(format!("allowed are {}", listed(allowed.iter().map(String::as_str))))
    }
}

impl super::Pipeline {
    /// The variables of one run: defaults, then the variant, then what was set from outside.
    pub fn variables(&self, variant: Option<&str>, settings: &[Setting]) -> Result<Vars, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let mut vars: Vars =
            self.vars.iter().filter_map(|var| Some((var.name.value.clone(), var.default.clone()?))).collect();
        if let Some(name) = variant {
            match self.variants.iter().find(|variant| variant.name.value == name) {
                Some(variant) => vars.extend(variant.settings.iter().cloned()),
                None => found.push(self.unknown_variant(name)),
            }
        }
        for Setting { name, value } in settings {
            let Some(var) = self.vars.iter().find(|var| var.name.value == *name) else {
                let mut told =
                    unknown_variable(name, None, self.vars.iter().map(|var| var.name.value.as_str()));
                if let Some(section) = self.section("vars") {
                    told = told.primary(section, "the variables are declared here");
                }
                found.push(told);
                continue;
            };
            match var.kind.parse(value) {
                Some(value) if var.admits(&value, var.name.span, &mut found) => {
                    vars.insert(name.clone(), value);
                }
                Some(_) => {}
                None => found.push(
                    Diagnostic::error(
                        Code::InvalidVariable,
                        format!("`--var {name}={value}` does not fit the variable's type"),
                    )
                    .primary(var.name.span, format!("wanted is {}", var.kind.word())),
                ),
            }
        }
        // An unknown variant or setting may be the one that would have given the value.
        let mut whole = true;
        let sure = found.is_empty();
        for var in self.vars.iter().filter(|var| !vars.contains_key(&var.name.value)) {
            whole = false;
            if sure && !var.refused {
                found.push(
                    Diagnostic::error(
                        Code::InvalidVariable,
                        format!("variable `{}` has no value", var.name.value),
                    )
                    .primary(var.name.span, "declared without a `default`")
                    .help(format!("add a `default`, choose a variant, or set `--var {}=…`", var.name.value)),
                );
            }
        }
        if found.is_empty() && whole { Ok(vars) } else { Err(found) }
    }

    fn unknown_variant(&self, name: &str) -> Diagnostic {
        let unknown = Diagnostic::error(Code::UnknownVariant, format!("there is no variant `{name}`"));
        let Some(section) = self.section("variants") else {
            return unknown.help("this pipeline declares no variants");
        };
        let unknown = unknown.primary(section, "the variants are declared here");
        let names = self.variant_names();
        match nearest(name, names.iter().copied()) {
            Some(near) => unknown.help(format!("did you mean `{near}`?")),
            None => unknown.help(format!("there are {}", listed(names))),
        }
    }

    /// Where the key of a section of the file stands.
    fn section(&self, name: &str) -> Option<Span> {
        let sections = self.document.root.entries()?;
        sections.iter().find(|section| section.key.value == name).map(|section| section.key.span)
    }
}

/// A name that is not a variable.
pub(crate) fn unknown_variable<'n>(
    name: &str,
    span: Option<Span>,
    known: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let known: Vec<&str> = known.collect();
    let mut unknown = Diagnostic::error(Code::UnknownVariable, format!("there is no variable `{name}`"));
    if let Some(span) = span {
        unknown = unknown.primary(span, "not declared under `vars`");
    }
    match (nearest(name, known.iter().copied()), known.is_empty()) {
        (_, true) => unknown.help("declare it under `vars`, with a `type` and a `default`"),
        (Some(near), _) => unknown.help(format!("did you mean `{near}`?")),
        (None, _) => unknown.help(format!("the variables are {}", listed(known))),
    }
}
