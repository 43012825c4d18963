#![doc = include_str!("page.md")]
//!
//! *In the code*: [`compile`] parses, checks types against a schema and lowers to one Polars
//! expression, without a row being read. It knows columns and types; it deliberately knows no stage,
//! no pipeline file and no engine.

mod calls;
mod cast;
mod choice;
mod comparison;
mod conditions;
mod dialect;
mod functions;
mod literal;
mod lower;
mod mistake;
mod names;
mod operand;
mod operators;
mod pattern;
pub mod rules;

use std::collections::BTreeMap;

use polars::prelude::{DataType, Expr, Schema};

pub use conditions::conditions;
pub(crate) use dialect::statements;
pub use functions::{Function, OPERATORS, Operator, functions};
pub use literal::Value;
pub use mistake::{Mistake, MistakeKind};

/// The page of expressions, in Markdown.
pub const PAGE: &str = include_str!("page.md");

/// An expression that was understood: what the engine is asked, and the type of the answer.
#[derive(Debug, Clone)]
pub struct Typed {
    /// What the engine is asked. It has no name of its own: give it one with `alias`.
    pub expr: Expr,
    /// The type of the column that it makes.
    pub dtype: DataType,
}

/// Understands the SQL expression `text` over the columns of `schema`, with `$name` standing for the
/// values of `vars`.
///
/// # Errors
/// Every mistake that can be found, in the order of the text. Text that does not parse yields one.
pub fn compile(text: &str, schema: &Schema, vars: &BTreeMap<String, Value>) -> Result<Typed, Vec<Mistake>> {
    let parsed = dialect::parse(text, schema).map_err(|mistake| vec![mistake])?;
    lower::lower(&parsed, schema, vars)
}

#[cfg(test)]
mod tests;
