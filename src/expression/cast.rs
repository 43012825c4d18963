//! CAST and TRY_CAST: a value of another type, loudly or with null where there is no way.

use polars::prelude::*;
use sqlparser::ast::{self, CastKind, Expr as Tree};

use super::literal::{Value, integer};
use super::lower::Lowering;
use super::mistake::MistakeKind;
use super::names::iso_date;
use super::operand::{Class, Operand};
use super::rules;

impl<'a> Lowering<'a> {
    pub(super) fn cast(
        &mut self,
        tree: &'a Tree,
        kind: &CastKind,
        inner: &'a Tree,
        to: &ast::DataType,
    ) -> Option<Operand> {
        let part = self.operand(inner);
        let Some(to) = cast_target(to) else {
            let message = format!("CAST to {to} is not supported");
            let help = "types are integer, float, text, boolean and date";
            return self.refuse(tree, &message, "no such type", Some(help));
        };
        let part = part?;
        let loud = matches!(kind, CastKind::Cast | CastKind::DoubleColon);
        let made = converted(&part, to, loud);
        if made.is_none() {
            let range = self.range(tree);
            let message = format!("{} cannot become {to}", part.word());
            self.say(MistakeKind::TypeMismatch, &range, message, format!("this is {}", part.word()), None);
        }
        made
    }
}

/// A value of another type; `None` where there is no way. `loud`: what cannot be converted stops the
/// run, otherwise it becomes null.
fn converted(part: &Operand, to: &str, loud: bool) -> Option<Operand> {
    let convert = |expr: Expr, dtype: DataType| match loud {
        true => expr.strict_cast(dtype),
        false => expr.cast(dtype),
    };
    let trimmed = || part.expr.clone().str().strip_chars(lit(NULL));
    let dtype = match to {
        "integer" => DataType::Int64,
        "float" => DataType::Float64,
        "text" => DataType::String,
        "boolean" => DataType::Boolean,
        _ => DataType::Date,
    };
    let expr = match (part.class(), to) {
        (Class::Null, _) => part.to(&dtype),
        (Class::Integer, "integer") => return Some(Operand::integer(part.int(), part.most)),
        (Class::Integer | Class::Float, "float")
        | (Class::Text, "text")
        | (Class::Boolean, "boolean")
        | (Class::Date, "date") => part.to(&dtype),
        (Class::Float, "integer") => convert(rules::round_half_away(part.float(), 0), dtype.clone()),
        (Class::Text, "integer") => convert(trimmed(), dtype.clone()),
        (Class::Text, "float") => rules::finite(convert(trimmed(), dtype.clone())),
        (Class::Boolean, "integer") => {
            return Some(Operand::integer(part.expr.clone().cast(DataType::Int64), 1));
        }
        (Class::Integer, "text") => part.int().cast(DataType::String),
        (Class::Float, "text") => rules::float_text(part.float()),
        (Class::Boolean, "text") => part.expr.clone().cast(DataType::String),
        (Class::Date, "text") => part.expr.clone().dt().to_string("%Y-%m-%d"),
        (Class::Datetime, "text") => part.expr.clone().dt().to_string("%Y-%m-%dT%H:%M:%S"),
        (Class::Integer, "boolean") => part.int().neq(integer(0)),
        (Class::Text, "boolean") => text_to_boolean(trimmed(), loud),
        (Class::Text, "date") => {
            let options =
                StrptimeOptions { format: Some("%Y-%m-%d".into()), strict: loud, exact: true, cache: true };
            trimmed().str().to_date(options)
        }
        (Class::Datetime, "date") => part.day(),
        _ => return None,
    };
    let made = Operand::computed(expr, dtype);
    // `CAST('2026-01-31' AS date)` is as good as a literal.
    if let (Some(Value::Text(written)), "date") = (&part.constant, to)
        && let Some(date) = iso_date(written.trim())
    {
        return Some(Operand::constant(Value::Date(date), part.range.clone()));
    }
    Some(made)
}

fn text_to_boolean(trimmed: Expr, loud: bool) -> Expr {
    let word = trimmed.clone().str().to_lowercase();
    let says = |words: &[&str]| {
        let list = Series::new(PlSmallStr::EMPTY, words);
        let dtype = DataType::List(Box::new(DataType::String));
        word.clone().is_in(lit(Scalar::new(dtype, AnyValue::List(list))), false)
    };
    let (yes, no) = (says(&["true", "t", "yes", "y", "1"]), says(&["false", "f", "no", "n", "0"]));
    if !loud {
        return when(yes).then(lit(true)).otherwise(when(no).then(lit(false)).otherwise(lit(NULL)));
    }
    // There is no strict conversion to boolean: digits have one, and a text that is neither fails there
    // under its own name.
    let digit = when(yes).then(lit("1")).otherwise(when(no).then(lit("0")).otherwise(concat_str(
        [lit("not true or false: "), trimmed],
        "",
        false,
    )));
    digit.strict_cast(DataType::Int8).eq(lit(1i8))
}

fn cast_target(to: &ast::DataType) -> Option<&'static str> {
    use ast::DataType as T;
    match to {
        T::Int(None) | T::Integer(None) | T::BigInt(None) | T::Int64 | T::Int8(None) => Some("integer"),
        T::Float(ast::ExactNumberInfo::None)
        | T::Double(ast::ExactNumberInfo::None)
        | T::DoublePrecision
        | T::Real
        | T::Float64
        | T::Float8 => Some("float"),
        T::Text | T::String(None) | T::Varchar(None) => Some("text"),
        T::Boolean | T::Bool => Some("boolean"),
        T::Date => Some("date"),
        _ => None,
    }
}
