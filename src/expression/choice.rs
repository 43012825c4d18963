//! CASE, and the one type that the branches of any choice must share.

use std::ops::Range;

use polars::prelude::*;
use sqlparser::ast::{self, BinaryOperator, Expr as Tree};

use super::lower::Lowering;
use super::mistake::MistakeKind;
use super::operand::{Class, Operand, common};

impl<'a> Lowering<'a> {
    pub(super) fn case(
        &mut self,
        tree: &'a Tree,
        subject: Option<&'a Tree>,
        whens: &'a [ast::CaseWhen],
        otherwise: Option<&'a Tree>,
    ) -> Option<Operand> {
        let subject = subject.map(|subject| self.operand(subject));
        let mut conditions = Vec::new();
        let mut results = Vec::new();
        for when in whens {
            conditions.push(match &subject {
                None => self.truth(&when.condition, "WHEN"),
                Some(subject) => {
                    let value = self.operand(&when.condition);
                    subject.as_ref().zip(value).and_then(|(subject, value)| {
                        self.compare(subject, &value, &BinaryOperator::Eq, &value.range)
                    })
                }
            });
            results.push(self.operand(&when.result));
        }
        let otherwise = match otherwise {
            Some(otherwise) => self.operand(otherwise)?,
            None => Operand::null(self.range(tree)),
        };
        let conditions = conditions.into_iter().collect::<Option<Vec<_>>>();
        let results = results.into_iter().collect::<Option<Vec<_>>>()?;
        let range = self.range(tree);
        let dtype = self.one_type(results.iter().chain([&otherwise]), "CASE", &range)?;
        let last = otherwise.to(&dtype);
        let chosen =
            conditions?.into_iter().zip(&results).rev().fold(last, |rest, (condition, result)| {
                when(condition).then(result.to(&dtype)).otherwise(rest)
            });
        Some(Operand::computed(chosen, dtype))
    }

    /// The type that all branches of a choice can have.
    pub(super) fn one_type<'o>(
        &mut self,
        parts: impl Iterator<Item = &'o Operand> + Clone,
        asked_by: &str,
        range: &Range<usize>,
    ) -> Option<DataType> {
        if let Some(shared) = common(parts.clone()) {
            return Some(shared);
        }
        let mut words: Vec<String> = Vec::new();
        for word in parts.filter(|part| part.class() != Class::Null).map(Operand::word) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let message = format!("{asked_by} chooses between values of one type");
        let help = "CAST(… AS text) makes text of any value";
        self.say(MistakeKind::TypeMismatch, range, message, words.join(" and "), Some(help));
        None
    }
}
