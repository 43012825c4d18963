#![doc = include_str!("page.md")]

mod query;

use polars::prelude::*;
use polars::sql::SQLContext;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Check, Input, Lowered, Promise, Ready, Spec, Stage, Table};
use crate::diagnostic::{Code, RunError};
use crate::document::{OneOrMany, Spanned};

/// Asks anything else of its inputs, in SQL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sql {
    /// The tables that the query reads, by id. A side table is named in double quotes in the query:
    /// `FROM "customers.quarantine"`.
    pub from: OneOrMany<Input>,
    /// One query: a SELECT, or several joined by UNION, with or without WITH. `$name` is the value of a
    /// variable.
    pub query: Spanned<String>,
}

impl Stage for Sql {
    const SPEC: Spec = Spec {
        kind: "sql",
        summary: "Asks anything else of its inputs, in one SQL query.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        self.from.iter().collect()
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        if self.from.is_empty() {
            let help = "name the tables that the query reads";
            cx.invalid(self.query.span, Code::InvalidOption, "reads nothing", "`from` is empty", help);
        }
        let schemas: Vec<Option<Schema>> = self.from.iter().map(|input| cx.schema(input)).collect();
        let mut query = query::read(&self.query, &self.from, cx)?;
        let schemas = schemas.into_iter().collect::<Option<Vec<_>>>()?;
        if self.from.is_empty() {
            return None;
        }
        let tables: Vec<String> = self.from.iter().map(|input| input.text().to_owned()).collect();
        let empty = |schema: Schema| DataFrame::empty_with_schema(&schema).lazy();
        let frames: Vec<LazyFrame> = schemas.into_iter().map(empty).collect();
        let resolved = execute(&tables, &frames, &query.text())
            .and_then(|mut frame| frame.collect_schema())
            // The order that is added must be one that the engine takes, too.
            .and_then(|schema| {
                query.order_by_all(&schema);
                execute(&tables, &frames, &query.text())?.collect_schema()
            });
        match resolved {
            Ok(schema) => {
                let asked = query.text();
                query.divide_by_columns();
                let divided = execute(&tables, &frames, &query.text());
                // A decimal divided by a column may be of another type, and a constant does it no harm.
                let same = divided.is_ok_and(|mut frame| frame.collect_schema().is_ok_and(|of| of == schema));
                let query = if same { query.text() } else { asked };
                Some(Checked { tables, query, output: Arc::unwrap_or_clone(schema) })
            }
            Err(error) => {
                query::refuse(&self.query, &error, cx);
                None
            }
        }
    }
}

/// A query that passed its check.
#[derive(Debug)]
pub struct Checked {
    tables: Vec<String>,
    query: String,
    output: Schema,
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        Promise::main(self.output.clone())
    }

    fn lower(&self, inputs: &[Table], _: &[DataFrame]) -> Result<Lowered, RunError> {
        let frames: Vec<LazyFrame> = inputs.iter().map(|input| input.rows.clone()).collect();
        Ok(Lowered::Rows { main: execute(&self.tables, &frames, &self.query)?, sides: Vec::new() })
    }
}

/// The query as a plan over these tables; nothing is carried out.
fn execute(names: &[String], frames: &[LazyFrame], query: &str) -> PolarsResult<LazyFrame> {
    let mut context = SQLContext::new();
    for (name, frame) in names.iter().zip(frames) {
        context.register(name, frame.clone());
    }
    context.execute(query)
}

#[cfg(test)]
mod tests;
