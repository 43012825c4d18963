//! The mark `lifecycle`: made for the side table `balance` of a `lifecycle` stage, whose columns it reads
//! by their own names.

use polars::prelude::DataType;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::document::Spanned;
use crate::stages::chart::roles::Roles;

/// The funnel turned upside down, in the last period of the table, and who came and went since the one
/// before. Made for the side table `balance` of a `lifecycle` stage; of a breakdown choose one group with
/// `where`, or everyone with `where: is_total`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LifecycleMark")]
pub struct Lifecycle {}

impl Lifecycle {
    /// The mark, if all its columns are there.
    pub(super) fn find(&self, roles: &mut Roles<'_, '_>) -> Option<chart::Lifecycle> {
        let (from, cx) = (roles.from, &mut *roles.cx);
        let at = |name: &str| Spanned::new(name.to_owned(), from.span());
        let mut found = true;
        for name in chart::TEXTS {
            found &= cx.text(from, &at(name)).is_some();
        }
        for name in chart::NUMBERS {
            found &= cx.numeric(from, &at(name)).is_some();
        }
        let hint = "draw the side table `balance` of a `lifecycle` stage";
        let truth = |dtype: &DataType| *dtype == DataType::Boolean;
        found &= cx.typed(from, &at(chart::COMPLETE), "true and false", hint, truth).is_some();
        found.then_some(chart::Lifecycle)
    }
}
