//! The text of a query: parsed, held to what a stage may do, its variables made values, its order made
//! certain. Knows SQL, no rows.

use std::ops::ControlFlow;

use polars::prelude::{DataType, PolarsError, Schema};
use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Function, ObjectName, OrderBy, OrderByExpr, OrderByKind, OrderByOptions,
    Query, SetExpr, Spanned as _, Statement, TableFactor, Value as Literal, ValueWithSpan, Visit, VisitMut,
    Visitor, VisitorMut,
};
use sqlparser::tokenizer::Span as Lines;

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::document::Spanned;
use crate::expression::{Value, statements};
use crate::pipeline::unknown_variable;
use crate::stages::{Check, Input};

/// A query that a stage may ask.
pub(super) struct Asked {
    query: Query,
}

/// Reads a query and tells everything in it that a stage may not do.
pub(super) fn read(text: &Spanned<String>, from: &[Input], cx: &mut Check<'_>) -> Option<Asked> {
    let (statements, places) = match statements(&text.value) {
        Ok(read) => read,
        Err(mistake) => {
            let span = cx.inside(text, mistake.range);
            cx.invalid(span, Code::Sql, "has a query that does not parse", &mistake.label, "");
            return None;
        }
    };
    let [Statement::Query(query)] = statements.as_slice() else {
        let help = "leave one SELECT; what several do, several `sql` stages do";
        let label = match statements.len() {
            1 => "not a SELECT".to_owned(),
            n => format!("{n} statements"),
        };
        cx.invalid(text.span, Code::Sql, "has a text that is not one query", &label, help);
        return None;
    };
    let mut query = (**query).clone();
    let place = |span: Lines| places.range(span);

    let mut found = Found::default();
    let _ = query.visit(&mut found);
    let mut sound = true;
    for (name, span) in &found.functions_as_tables {
        let help = "a query reads the tables of `from`; declare a file as a dataset";
        let label = format!("`{name}` would read something else");
        let span = cx.inside(text, place(*span));
        cx.invalid(span, Code::Sql, "reads a table function", &label, help);
        sound = false;
    }
    for (name, span) in &found.unsteady {
        let help = "a run repeated tomorrow must give the same: declare a variable (`vars:`)";
        let span = cx.inside(text, place(*span));
        cx.invalid(span, Code::Sql, "has a query that gives something else each time", name, help);
        sound = false;
    }
    for (name, span) in &found.tables {
        if found.named_here.contains(name) || from.iter().any(|input| input.text() == name) {
            continue;
        }
        let span = cx.inside(text, place(*span));
        let told = Diagnostic::error(
            Code::UnknownInput,
            format!("stage `{}` has a query that reads `{name}`, which is not in its `from`", cx.stage()),
        )
        .primary(span, "not one of the tables of `from`");
        let known = from.iter().map(Input::text);
        cx.report(match nearest(name, known) {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None => told.help(format!("add it: `from: [{}]`", with(from, name).join(", "))),
        });
        sound = false;
    }
    let mut unread = false;
    // A table that is misspelt in the query is not read either: that is one mistake.
    for input in from.iter().filter(|_| sound) {
        if !found.tables.iter().any(|(name, _)| name == input.text()) {
            let help = match input.side() {
                Some(_) => format!("a side table is written in double quotes: FROM \"{}\"", input.text()),
                None => "remove it from `from`, or read it".to_owned(),
            };
            let label = "the query does not read it";
            cx.invalid(input.span(), Code::InvalidOption, "names a table for nothing", label, &help);
            unread = true;
        }
    }
    sound &= !unread;
    let vars = cx.vars().clone();
    let mut filler = Filler { vars: &vars, unknown: Vec::new() };
    let _ = VisitMut::visit(&mut query, &mut filler);
    for (name, span) in filler.unknown {
        let span = cx.inside(text, place(span));
        cx.report(unknown_variable(&name, Some(span), vars.keys().map(String::as_str)));
        sound = false;
    }
    sound.then_some(Asked { query })
}

fn with(from: &[Input], name: &str) -> Vec<String> {
    from.iter().map(|input| input.text().to_owned()).chain([name.to_owned()]).collect()
}

impl Asked {
    /// The query as the engine gets it.
    pub(super) fn text(&self) -> String {
        self.query.to_string()
    }

    /// Divides by columns where the query divides by constants.
    ///
    /// The engine divides a block of rows by a constant by multiplying with its reciprocal, which may be
    /// another number in the last digit, and a block of one row by dividing. How many groups come in one
    /// block depends on the number of threads. By a column it divides.
    pub(super) fn divide_by_columns(&mut self) {
        let _ = VisitMut::visit(&mut self.query, &mut Divider);
    }

    /// Orders what the query leaves open by all columns from left to right, so that the rows come in
    /// one order whatever the number of threads.
    pub(super) fn order_by_all(&mut self, schema: &Schema) {
        let steps = schema.iter_values().enumerate().filter(|(_, dtype)| sortable(dtype));
        let by_place = steps.map(|(at, _)| OrderByExpr {
            expr: Expr::Value(Literal::Number((at + 1).to_string(), false).into()),
            options: OrderByOptions::default(),
            with_fill: None,
        });
        match &mut self.query.order_by {
            None => {
                let kind = OrderByKind::Expressions(by_place.collect());
                self.query.order_by = Some(OrderBy { kind, interpolate: None });
            }
            Some(OrderBy { kind: OrderByKind::Expressions(written), .. }) => written.extend(by_place),
            // By all columns already.
            Some(OrderBy { kind: OrderByKind::All(_), .. }) => {}
        }
    }
}

fn sortable(dtype: &DataType) -> bool {
    !matches!(dtype, DataType::List(_) | DataType::Struct(_) | DataType::Null)
}

/// Places a refusal of the engine on the word that it quotes, if the query has it once.
pub(super) fn refuse(text: &Spanned<String>, error: &PolarsError, cx: &mut Check<'_>) {
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default();
    let said = first.trim_start_matches("sql interface error: ").trim_start_matches("SQL interface error: ");
    let quoted = said.split(['"', '\'', '`']).nth(1).filter(|word| !word.is_empty());
    let range = quoted.and_then(|word| {
        let mut places = text.value.match_indices(word);
        let (at, _) = places.next()?;
        Some(at..at + word.len())
    });
    let span = range.map_or(text.span, |range| cx.inside(text, range));
    // "…; valid columns: [\"region\", …]" is a list to choose from, not a part of what is wrong.
    let (said, known) = said.split_once("; valid columns: ").unwrap_or((said, ""));
    let near = quoted.and_then(|word| nearest(word, known.split('"').skip(1).step_by(2)));
    let help = near.map_or_else(String::new, |near| format!("a column with a similar name exists: `{near}`"));
    cx.invalid(span, Code::Sql, "has a query that the engine refuses", said, &help);
}

/// What a query names.
#[derive(Default)]
struct Found {
    tables: Vec<(String, Lines)>,
    /// Names given by WITH.
    named_here: Vec<String>,
    functions_as_tables: Vec<(String, Lines)>,
    unsteady: Vec<(String, Lines)>,
}

/// `customers`, or `customers.quarantine` in one pair of quotes.
fn table_name(name: &ObjectName) -> String {
    let parts: Vec<&str> =
        name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
    parts.join(".")
}

impl Visitor for Found {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let named = query.with.iter().flat_map(|with| &with.cte_tables);
        self.named_here.extend(named.map(|table| table.alias.name.value.clone()));
        if let SetExpr::Table(table) = &*query.body
            && let Some(name) = &table.table_name
        {
            self.tables.push((name.clone(), Lines::empty()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, args: None, .. } => {
                // The engine reads `a.b` as the table `a`: only the quoted name is one name.
                let quoted = name.0.len() == 1;
                let name_text = table_name(name);
                let span = name.span();
                self.tables
                    .push((if quoted { name_text } else { format!("{name_text} without quotes") }, span));
            }
            TableFactor::Table { name, .. } => {
                self.functions_as_tables.push((table_name(name), name.span()));
            }
            TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } | TableFactor::UNNEST { .. } => {}
            other => self.functions_as_tables.push(("this".into(), other.span())),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(Function { name, .. }) = expr {
            let word = table_name(name).to_uppercase();
            let unsteady = [
                "RANDOM",
                "RAND",
                "NOW",
                "TODAY",
                "CURRENT_DATE",
                "CURRENT_TIME",
                "CURRENT_TIMESTAMP",
                "LOCALTIME",
                "LOCALTIMESTAMP",
            ];
            if unsteady.contains(&word.as_str()) {
                self.unsteady.push((word, name.span()));
            }
        }
        ControlFlow::Continue(())
    }
}

/// Puts values in the place of variables.
struct Filler<'v> {
    vars: &'v crate::pipeline::Vars,
    unknown: Vec<(String, Lines)>,
}

impl VisitorMut for Filler<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Value(ValueWithSpan { value: Literal::Placeholder(name), span }) = expr else {
            return ControlFlow::Continue(());
        };
        let name = name.trim_start_matches('$').to_owned();
        match self.vars.get(&name) {
            Some(value) => *expr = literal(value),
            None => self.unknown.push((name, *span)),
        }
        ControlFlow::Continue(())
    }
}

/// Writes `x / 100` as `x / (100 + CAST(x IS NULL AS INTEGER))`, which is the same number.
struct Divider;

impl VisitorMut for Divider {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { left, op: BinaryOperator::Divide, right } = expr
            && is_constant(right)
        {
            let nothing = Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(Expr::IsNull(Box::new(Expr::Nested(left.clone())))),
                data_type: sqlparser::ast::DataType::Integer(None),
                array: false,
                format: None,
            };
            let constant = right.clone();
            let column =
                Expr::BinaryOp { left: constant, op: BinaryOperator::Plus, right: Box::new(nothing) };
            **right = Expr::Nested(Box::new(column));
        }
        ControlFlow::Continue(())
    }
}

fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(value.value, Literal::Number(..)),
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } | Expr::Cast { expr: inner, .. } => {
            is_constant(inner)
        }
        _ => false,
    }
}

fn literal(value: &Value) -> Expr {
    let plain = |literal: Literal| Expr::Value(literal.into());
    let number = |text: String| {
        // A sign before a literal is an operator: in parentheses it binds to nothing else.
        Expr::Nested(Box::new(plain(Literal::Number(text, false))))
    };
    match value {
        Value::Text(text) => plain(Literal::SingleQuotedString(text.clone())),
        Value::Integer(value) => number(value.to_string()),
        Value::Float(value) => number(format!("{value:?}")),
        Value::Boolean(value) => plain(Literal::Boolean(*value)),
        Value::Date(date) => Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(plain(Literal::SingleQuotedString(date.to_string()))),
            data_type: sqlparser::ast::DataType::Date,
            array: false,
            format: None,
        },
    }
}
