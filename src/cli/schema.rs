//! `growthring schema`

use super::{Exit, out};
use crate::pipeline::json_schema;

pub(super) fn execute() -> Exit {
    out(&format!("{}\n", serde_json::to_string_pretty(&json_schema()).unwrap_or_default()))
}
