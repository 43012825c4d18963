//! Calls: the function of a name, or the way out where there is none. What the functions do is in
//! [`super::functions`].

use std::ops::Range;

use sqlparser::ast::{
    self, CeilFloorKind, DateTimeField, Expr as Tree, FunctionArg, FunctionArgExpr, FunctionArguments,
    Spanned,
};

use super::functions::{self, Call, Function};
use super::lower::Lowering;
use super::mistake::MistakeKind;
use super::operand::Operand;
use crate::diagnostic::nearest;

impl<'a> Lowering<'a> {
    pub(super) fn floor_or_ceil(
        &mut self,
        name: &str,
        tree: &'a Tree,
        inner: &'a Tree,
        field: &CeilFloorKind,
    ) -> Option<Operand> {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => {
                self.call(name, self.range(tree), vec![inner])
            }
            _ => {
                let message = format!("{name} takes one argument");
                let help = "ROUND(x, n) rounds at n places; DATE_TRUNC('month', d) goes to the month's start";
                let range = self.range(tree);
                self.say(MistakeKind::ArgumentCount, &range, message, "two are given", Some(help));
                None
            }
        }
    }

    pub(super) fn extract(
        &mut self,
        tree: &'a Tree,
        field: &DateTimeField,
        inner: &'a Tree,
    ) -> Option<Operand> {
        let name = match field {
            DateTimeField::Year | DateTimeField::Years => "YEAR",
            DateTimeField::Quarter => "QUARTER",
            DateTimeField::Month | DateTimeField::Months => "MONTH",
            DateTimeField::Week(None) | DateTimeField::Weeks | DateTimeField::IsoWeek => "WEEK",
            DateTimeField::Isodow => "WEEKDAY",
            DateTimeField::Day | DateTimeField::Days => "DAY",
            other => {
                let message = format!("EXTRACT({other} FROM …) is not supported");
                let help = "parts are YEAR, QUARTER, MONTH, WEEK, ISODOW and DAY";
                return self.refuse(tree, &message, "no such part", Some(help));
            }
        };
        self.call(name, self.range(tree), vec![inner])
    }

    pub(super) fn function(&mut self, tree: &'a Tree, function: &'a ast::Function) -> Option<Operand> {
        let name = function.name.to_string();
        let range = self.range(tree);
        let name_range = self.parsed.range(function.name.span());
        let plain = function.over.is_none()
            && function.filter.is_none()
            && function.null_treatment.is_none()
            && function.within_group.is_empty()
            && matches!(function.parameters, FunctionArguments::None);
        let trees: Option<Vec<&Tree>> = match &function.args {
            FunctionArguments::None => Some(Vec::new()),
            FunctionArguments::Subquery(_) => None,
            FunctionArguments::List(list) => list
                .args
                .iter()
                .map(|arg| match arg {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(tree)) => Some(tree),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()
                .filter(|_| list.duplicate_treatment.is_none() && list.clauses.is_empty()),
        };
        if find(&name).is_none() {
            for tree in trees.iter().flatten() {
                self.operand(tree);
            }
            self.unknown_function(&name, &name_range, trees.map_or(0, |trees| trees.len()));
            return None;
        }
        match trees {
            Some(trees) if plain => self.call(&name, range, trees),
            _ => {
                let help = "its arguments are plain expressions";
                let message = format!("this form of {} is not supported", name.to_uppercase());
                self.say(MistakeKind::NotSupported, &range, message, "not supported", Some(help));
                None
            }
        }
    }

    fn unknown_function(&mut self, name: &str, range: &Range<usize>, given: usize) {
        let upper = name.to_uppercase();
        if let Some(help) = aggregate_help(&upper, given) {
            let message = format!("{upper} looks at many rows, an expression at one");
            self.say(MistakeKind::NotSupported, range, message, "not in an expression", Some(help));
            return;
        }
        let message = format!("there is no function `{name}`");
        let names = || functions::functions().iter().map(Function::name);
        let help = elsewhere(&upper).map(str::to_owned).or_else(|| {
            nearest(&upper, names())
                .map(|similar| format!("a function with a similar name exists: {similar}"))
        });
        let help =
            help.unwrap_or_else(|| format!("functions are {}", names().collect::<Vec<_>>().join(", ")));
        self.say(MistakeKind::UnknownFunction, range, message, "no such function", Some(&help));
    }

    pub(super) fn call(&mut self, name: &str, range: Range<usize>, trees: Vec<&'a Tree>) -> Option<Operand> {
        let given = trees.len();
        let args: Vec<_> = trees.into_iter().map(|tree| self.operand(tree)).collect();
        let function = find(name)?;
        if !function.takes(given) {
            let message = format!("{} takes {}", function.name(), function.arity());
            let label = match given {
                0 => "none is given".to_owned(),
                1 => "one is given".to_owned(),
                given => format!("{given} are given"),
            };
            let help = format!("it is written {}", function.form);
            self.say(MistakeKind::ArgumentCount, &range, message, label, Some(&help));
            return None;
        }
        let args = args.into_iter().collect::<Option<Vec<_>>>()?;
        function.lower(Call { cx: self, function, range, args })
    }
}

/// The function of this name, in any case, or by the other name that SQL has for it.
fn find(name: &str) -> Option<&'static Function> {
    let upper = name.to_uppercase();
    let listed = match upper.as_str() {
        "SUBSTRING" => "SUBSTR",
        "CEILING" => "CEIL",
        "NORMALIZE" => "NORMALISE",
        other => other,
    };
    functions::functions().iter().find(|function| function.name() == listed)
}

/// What to write for a function that other dialects have.
fn elsewhere(upper: &str) -> Option<&'static str> {
    Some(match upper {
        "IFNULL" | "NVL" | "ISNULL" => "write COALESCE(a, b)",
        "IF" | "IIF" => "write CASE WHEN condition THEN a ELSE b END",
        "LEN" | "CHAR_LENGTH" | "CHARACTER_LENGTH" => "write LENGTH(s)",
        "POW" => "write POWER(x, y)",
        "LOG" | "LOG10" | "LOG2" => "write LN(x), divided by LN(10) for the decimal logarithm",
        "TRUNC" | "TRUNCATE" => "write FLOOR(x), or DATE_TRUNC('month', d) for a date",
        "DATEDIFF" => "write DATE_DIFF('day', start, end), or `end - start`",
        "DATE_ADD" | "DATEADD" | "ADD_MONTHS" => "write `d + INTERVAL 3 MONTH`",
        "DATE_SUB" | "DATESUB" => "write `d - INTERVAL 3 MONTH`",
        "DAYOFWEEK" | "DOW" | "ISODOW" => "write WEEKDAY(d): 1 is Monday",
        "STR_TO_DATE" | "STRPTIME" => "write TO_DATE(s, '%d.%m.%Y')",
        "INSTR" | "STRPOS" | "LOCATE" | "CHARINDEX" => "write CONTAINS(s, part)",
        "REGEXP_LIKE" | "REGEXP_MATCHES" => "write LIKE, ILIKE, STARTS_WITH or CONTAINS",
        "UNACCENT" => "write STRIP_ACCENTS(s)",
        "INITCAP" | "LTRIM" | "RTRIM" | "LPAD" | "RPAD" | "REGEXP_REPLACE" => {
            "the `sql` stage has more functions"
        }
        "NOW" | "TODAY" | "GETDATE" | "CURRENT_DATE" | "CURRENT_TIMESTAMP" | "CURRENT_TIME" => {
            "the clock is not read, so that a run can be repeated: declare a variable (`vars: { as_of: … }`)"
        }
        _ => return None,
    })
}

/// Where to aggregate, for a function that does.
fn aggregate_help(upper: &str, given: usize) -> Option<&'static str> {
    match upper {
        "MAX" if given > 1 => Some("the largest of several columns is GREATEST(a, b)"),
        "MIN" if given > 1 => Some("the smallest of several columns is LEAST(a, b)"),
        "SUM" | "MIN" | "MAX" | "AVG" | "MEAN" | "COUNT" | "MEDIAN" | "MODE" | "FIRST" | "LAST"
        | "STDDEV" | "STDDEV_POP" | "STDDEV_SAMP" | "VARIANCE" | "VAR_POP" | "VAR_SAMP" | "QUANTILE"
        | "PERCENTILE_CONT" | "PERCENTILE_DISC" | "CORR" | "STRING_AGG" | "ARRAY_AGG" | "LISTAGG"
        | "COUNTIF" | "COUNT_IF" => {
            Some("`cross_tab`, `net_promoter` and `score_partners` aggregate; the `sql` stage has GROUP BY")
        }
        "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "PERCENT_RANK" | "NTILE" | "LAG" | "LEAD" | "FIRST_VALUE"
        | "LAST_VALUE" => Some("`segment` and `score_partners` rank; the `sql` stage has window functions"),
        _ => None,
    }
}
