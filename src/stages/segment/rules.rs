//! Named segments by conditions, the first that holds wins; and what each rule covered. The form is
//! shared by every method that names segments. Knows nothing of how the columns came about.

use std::collections::BTreeMap;

use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::profile::{self, Profile};
use super::{counted, integers, share_of, times, words};
use crate::diagnostic::{Caution, CautionCode, Code, RunError};
use crate::document::Spanned;
use crate::number;
use crate::stages::{Check, Expression, Input, Lowered, Promise, Ready, Side, Table};

/// Named segments: rules in order of precedence.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The rules. A row belongs to the first whose condition holds.
    pub segments: Vec<Rule>,
    /// The segment of rows for which no condition holds.
    #[serde(default = "other")]
    pub otherwise: Spanned<String>,
    /// Name of the column that tells the segment.
    #[serde(default = "segment")]
    pub column: Spanned<String>,
    /// What to compare the segments in: columns or expressions, numbers or categories. Omitted: no
    /// table `profile`.
    #[serde(default)]
    pub profile: Vec<Expression>,
}

/// One segment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the segment is called.
    pub name: Spanned<String>,
    /// The condition for belonging to it. A condition that cannot be decided because a value is
    /// missing does not hold.
    #[serde(rename = "where")]
    pub condition: Expression,
}

fn other() -> Spanned<String> {
    "other".into()
}

fn segment() -> Spanned<String> {
    "segment".into()
}

/// Rules whose conditions are understood.
#[derive(Debug)]
pub(super) struct Compiled {
    rules: Vec<(String, Expr)>,
    otherwise: String,
    pub(super) column: String,
    profile: Option<Profile>,
}

/// Reads rules over the columns of `schema`, which is none where the input failed its own check.
pub(super) fn compile(rules: &Rules, schema: Option<&Schema>, cx: &mut Check<'_>) -> Option<Compiled> {
    let mut sound = true;
    if rules.segments.is_empty() {
        cx.invalid(
            rules.otherwise.span,
            Code::InvalidOption,
            "has no segments",
            "everybody would be in this one",
            "write at least one rule: `segments: [{ name: loyal, where: visits > 3 }]`",
        );
        sound = false;
    }
    let names: Vec<&Spanned<String>> =
        rules.segments.iter().map(|rule| &rule.name).chain([&rules.otherwise]).collect();
    let rest = names.len() - 1;
    for (at, name) in names.iter().enumerate() {
        let (label, help) = if name.trim().is_empty() {
            ("this name is empty", "give every segment a name")
        } else if at < rest && name.value == rules.otherwise.value {
            // Told at the rule: `otherwise` need not be written.
            (
                "rows that no rule matches are called this, by `otherwise`",
                "use another name, or say another one in `otherwise`",
            )
        } else if at < rest && names[..at].iter().any(|earlier| earlier.value == name.value) {
            ("an earlier segment has this name", "join the conditions with OR, or use another name")
        } else {
            continue;
        };
        cx.invalid(name.span, Code::InvalidOption, "has a segment name that cannot be used", label, help);
        sound = false;
    }
    if let Some(schema) = schema
        && schema.contains(&rules.column.value)
    {
        cx.duplicate_column(&rules.column.value, rules.column.span, None);
        sound = false;
    }
    let schema = schema?;
    let conditions: Vec<Option<(String, Expr)>> = rules
        .segments
        .iter()
        .map(|rule| {
            let holds = cx.predicate_over(schema, &rule.condition)?.cast(DataType::Boolean);
            Some((rule.name.value.clone(), holds))
        })
        .collect();
    let compiled: Option<Vec<_>> = conditions.into_iter().collect();
    let profile = profile::compile(&rules.profile, schema, cx);
    sound.then_some(Compiled {
        rules: compiled?,
        otherwise: rules.otherwise.value.clone(),
        column: rules.column.value.clone(),
        profile: profile?,
    })
}

impl Compiled {
    /// The segment of a row.
    pub(super) fn segment(&self) -> Expr {
        self.rules
            .iter()
            .rev()
            .fold(lit(self.otherwise.clone()), |rest, (name, holds)| {
                when(holds.clone()).then(lit(name.clone())).otherwise(rest)
            })
            .alias(self.column.clone())
    }

    /// The promise of [`tables`](Self::tables).
    pub(super) fn sides(&self) -> Vec<Side> {
        let profile = self.profile.as_ref().map(|_| Profile::side());
        [coverage_side()].into_iter().chain(profile).collect()
    }

    /// The side tables over `rows`.
    pub(super) fn tables(&self, rows: &LazyFrame) -> PolarsResult<Vec<(&'static str, LazyFrame)>> {
        let mut tables = vec![("coverage", self.coverage(rows.clone())?)];
        if let Some(profile) = &self.profile {
            let named = rows.clone().with_column(self.segment());
            tables.push(("profile", profile.table(&named, &self.column)?));
        }
        Ok(tables)
    }

    /// What each rule did over `rows`, and the segment of those that no rule took.
    fn coverage(&self, rows: LazyFrame) -> PolarsResult<LazyFrame> {
        let flag = |at: usize| format!("_rule_{at}");
        let flags = || (0..self.rules.len()).map(move |at| col(flag(at)));
        let holds = || flags().map(|flag| flag.fill_null(lit(false)));
        // The segment makes one row of every row even where all conditions are constants.
        let mut kept = vec![self.segment().alias("_segment"), lit(1i64).alias("_one")];
        kept.extend(self.rules.iter().enumerate().map(|(at, (_, holds))| holds.clone().alias(flag(at))));
        let rows = rows
            .with_columns(kept)
            .select([col("_segment"), col("_one")].into_iter().chain(flags()).collect::<Vec<_>>());
        let none = holds().map(Expr::not).reduce(Expr::and).unwrap_or_else(|| lit(true));
        let some_unknown = flags().map(Expr::is_null).reduce(Expr::or).unwrap_or_else(|| lit(false));

        let names: Vec<&str> =
            self.rules.iter().map(|(name, _)| name.as_str()).chain([self.otherwise.as_str()]).collect();
        let matched = holds().map(times).chain([times(none.clone())]).collect();
        let n = names.iter().map(|name| times(col("_segment").eq(lit(*name)))).collect();
        let undecided =
            flags().map(|flag| times(flag.is_null())).chain([times(none.and(some_unknown))]).collect();
        let total = names.iter().map(|_| col("_one").sum()).collect();
        let labels = df!("rule" => (1..=names.len() as i64).collect::<Vec<_>>(), "segment" => &names)?;
        let counts = [("matched", matched), ("n", n), ("undecided", undecided), ("total", total)];
        Ok(counted(labels, rows, &counts).select([
            col("rule"),
            col("segment"),
            col("matched"),
            col("n"),
            (col("matched") - col("n")).alias("shadowed"),
            col("undecided"),
            share_of(col("n"), col("total")).alias("share"),
        ]))
    }

    /// What a reader should know about the coverage.
    pub(super) fn cautions(&self, coverage: &DataFrame) -> Vec<Caution> {
        let (names, matched) = (words(coverage, "segment"), integers(coverage, "matched"));
        let (n, undecided) = (integers(coverage, "n"), integers(coverage, "undecided"));
        let told = |code, name: &str, figure: i64, message| Caution {
            stage: String::new(),
            code,
            key: format!("segment={name}"),
            figure: Some(figure as f64),
            message,
        };
        let mut cautions = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let last = at == self.rules.len();
            let count = |of: &[i64]| of.get(at).copied().unwrap_or(0);
            if !last && count(&n) == 0 && count(&matched) > 0 {
                let message = match count(&matched) {
                    1 => format!(
                        "segment `{name}` is empty: the 1 row that its rule matches belongs to an earlier segment"
                    ),
                    matched => format!(
                        "segment `{name}` is empty: the {} rows that its rule matches belong to earlier segments",
                        number::count(matched as f64)
                    ),
                };
                cautions.push(told(CautionCode::ShadowedRule, name, count(&matched), message));
            } else if !last && count(&n) == 0 {
                let message = format!("segment `{name}` is empty: its rule matches no row");
                cautions.push(told(CautionCode::EmptyBase, name, 0, message));
            }
            if last && count(&undecided) > 0 {
                let rows = match count(&undecided) {
                    1 => "1 row is".to_owned(),
                    rows => format!("{} rows are", number::count(rows as f64)),
                };
                let message = format!(
                    "{rows} in segment `{name}` with a rule left undecided, because a value is missing"
                );
                cautions.push(told(CautionCode::MissingValues, name, count(&undecided), message));
            }
        }
        cautions
    }
}

/// The promise of `coverage`.
fn coverage_side() -> Side {
    Side {
        name: "coverage",
        meaning: "One row per segment: how many rows its rule matched, took, and left to earlier rules.",
        schema: Schema::from_iter([
            Field::new("rule".into(), DataType::Int64),
            Field::new("segment".into(), DataType::String),
            Field::new("matched".into(), DataType::Int64),
            Field::new("n".into(), DataType::Int64),
            Field::new("shadowed".into(), DataType::Int64),
            Field::new("undecided".into(), DataType::Int64),
            Field::new("share".into(), DataType::Float64),
        ]),
        brief: true,
    }
}

/// Segments of an input's rows.
#[derive(Debug)]
pub struct Checked {
    input: Schema,
    rules: Compiled,
}

pub(super) fn check(from: &Input, rules: &Rules, cx: &mut Check<'_>) -> Option<Checked> {
    let input = cx.schema(from);
    let rules = compile(rules, input.as_ref(), cx);
    Some(Checked { input: input?, rules: rules? })
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        let mut main = self.input.clone();
        main.with_column(self.rules.column.as_str().into(), DataType::String);
        Promise { main, sides: self.rules.sides() }
    }

    fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let rows = &inputs[0].rows;
        Ok(Lowered::Rows {
            main: rows.clone().with_column(self.rules.segment()),
            sides: self.rules.tables(rows)?,
        })
    }

    fn cautions(&self, brief: &BTreeMap<String, DataFrame>) -> Vec<Caution> {
        brief.get("coverage").map(|coverage| self.rules.cautions(coverage)).unwrap_or_default()
    }
}
