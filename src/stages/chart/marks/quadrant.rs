//! Points by volume and score as they are written in a pipeline file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::document::{OneOrMany, Spanned};
use crate::stages::Template;
use crate::stages::chart::roles::Roles;

/// Points by volume and score, split at the medians of both.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quadrant {
    /// Whom a point stands for.
    pub label: OneOrMany<Spanned<String>>,
    /// To the right: volume.
    pub x: Spanned<String>,
    /// Upwards: the score.
    pub y: Spanned<String>,
    /// A column of true and false: these points are named in any case.
    #[serde(default)]
    pub highlight: Option<Spanned<String>>,
    /// The number of answers behind the score. Omitted: `n`, where the input has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
    /// `*` and `**` for small bases. Omitted: `base_mark`, where the input has it, else told from `n`.
    #[serde(default)]
    pub base_mark: Option<Spanned<String>>,
    /// Words for the horizontal axis, with the unit. Omitted: the name of the column.
    #[serde(default)]
    pub x_title: Option<Template>,
    /// How distances to the right are to be read.
    #[serde(default)]
    pub x_scale: AxisScale,
    /// What the four fields are called.
    #[serde(default)]
    pub fields: Fields,
    /// Colours the points by `tier`, in the order of `rank`: columns of a score card. Highlighted ones
    /// are named, without a colour of their own.
    #[serde(default)]
    pub tiers: bool,
}

/// How distances on an axis are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AxisScale {
    /// Equal distances are equal amounts.
    #[default]
    Linear,
    /// Equal distances are equal factors: for volumes of very different size.
    Log,
}

/// What the four fields of a quadrant chart are called.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// Much of both. Omitted: `Leaders`.
    #[serde(default)]
    pub high_high: Option<Template>,
    /// Little volume, high score. Omitted: `Hidden gems`.
    #[serde(default)]
    pub low_high: Option<Template>,
    /// Much volume, low score. Omitted: `Repair first`.
    #[serde(default)]
    pub high_low: Option<Template>,
    /// Little of both. Omitted: `Watch`.
    #[serde(default)]
    pub low_low: Option<Template>,
}

/// The columns that a quadrant chart adds to its records.
pub(in crate::stages::chart) const X_MEDIAN: &str = "x_median";
pub(in crate::stages::chart) const Y_MEDIAN: &str = "y_median";

impl Quadrant {
    /// The mark with its columns found.
    pub(super) fn find(&self, roles: &mut Roles<'_, '_>) -> Option<chart::Quadrant> {
        let label = roles.labels(&self.label, true);
        let x = roles.cx.numeric(roles.from, &self.x);
        let y = roles.cx.numeric(roles.from, &self.y);
        let highlight = roles.flag(&self.highlight, None);
        let base = roles.base(&self.n, "n", &self.base_mark);
        let x_title = roles.words(&self.x_title);
        let usual = chart::FieldNames::default();
        let fields = &self.fields;
        let high_high = roles.words(&fields.high_high);
        let low_high = roles.words(&fields.low_high);
        let high_low = roles.words(&fields.high_low);
        let low_low = roles.words(&fields.low_low);
        let mut fine = Some(());
        for median in [X_MEDIAN, Y_MEDIAN] {
            if roles.schema.contains(median) {
                let made = (self.x.span, "a quadrant chart makes a column of that name");
                roles.cx.duplicate_column(median, roles.from.span(), Some(made));
                fine = None;
            }
        }
        let tiers = if self.tiers { roles.tiers() } else { Some(()) };
        fine.and(tiers)?;
        let (n, base_mark) = base?;
        Some(chart::Quadrant {
            tiers: self.tiers.then(chart::Ranking::default),
            label: label?,
            x: x?.name,
            y: y?.name,
            highlight: highlight?,
            n,
            base_mark,
            x_median: X_MEDIAN.into(),
            y_median: Y_MEDIAN.into(),
            x_title: x_title?,
            log_x: self.x_scale == AxisScale::Log,
            names: chart::FieldNames {
                high_high: high_high?.unwrap_or(usual.high_high),
                low_high: low_high?.unwrap_or(usual.low_high),
                high_low: high_low?.unwrap_or(usual.high_low),
                low_low: low_low?.unwrap_or(usual.low_low),
            },
        })
    }
}
