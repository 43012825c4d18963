//! What may be written for `match_partners`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::document::Spanned;
use crate::stages::{Expression, Input};

/// Tells which segments of customers each partner should be steered to, and why.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchPartners {
    /// The column that names the partner, in every table that does not say otherwise.
    pub key: Spanned<String>,
    /// The partners, one row each.
    pub from: Input,
    /// Columns of `from` to carry along: name, region, …
    #[serde(default)]
    pub keep: Vec<Spanned<String>>,
    /// What partners have done so far, customer by customer.
    pub customers: Customers,
    /// The segments of which more customers are wanted. Omitted: those above the thresholds in value and
    /// in loyalty, as far as they are given.
    #[serde(default)]
    pub desired: Option<Vec<Spanned<String>>>,
    /// What a segment has to be above to be profitable, and to be loyal.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// How good partners are on the whole. Where the same gain can be had with several, those with the
    /// higher score get more.
    #[serde(default)]
    pub score: Option<Score>,
    /// How many customers everybody's rate counts for when that of a partner is drawn towards it: a
    /// partner of so many customers in a segment goes half the way. Omitted: found from how much partners
    /// differ in each segment.
    #[serde(default)]
    pub prior: Option<Spanned<f64>>,
    /// How many customers a partner must have in a segment before it is recommended for it.
    #[serde(default = "ten")]
    pub min_n: Spanned<u64>,
    /// How many times everybody's rate, once drawn towards it, recommends a partner.
    #[serde(default = "a_little_more")]
    pub min_lift: Spanned<f64>,
    /// How much of what is believed of a lift its interval holds, from 0.5 to 0.9999.
    #[serde(default = "usual_confidence")]
    pub confidence: Spanned<f64>,
    /// A column of `from`: where too few good customers of a partner are known to describe them, those of
    /// the partners with the same value in it stand in. Omitted: those of all partners.
    #[serde(default)]
    pub peers: Option<Spanned<String>>,
    /// How many more customers a partner can take: a column of `from`, or an expression over its columns.
    #[serde(default)]
    pub capacity: Option<Expression>,
    /// Who is to be assigned to partners.
    #[serde(default)]
    pub demand: Option<Demand>,
}

/// What partners have done so far, customer by customer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Customers {
    /// The table: one row a customer, or a lead that was decided.
    pub from: Input,
    /// The column that names the partner in this table, if it is called otherwise here. Customers
    /// without a partner count among everybody.
    #[serde(default)]
    pub key: Option<Spanned<String>>,
    /// The column with the customer's segment.
    pub segment: Spanned<String>,
    /// What a good customer is. A condition: it holds for good customers, and partners are compared by how
    /// often. A number: partners are compared by its mean, and a good customer is above everybody's.
    pub outcome: Expression,
    /// What a customer is worth: a column of numbers, or an expression. Tells which segments are
    /// profitable, and what an assignment gains.
    #[serde(default)]
    pub value: Option<Expression>,
    /// How loyal a customer is, likewise; yes and no count as 1 and 0. Tells which segments are loyal.
    #[serde(default)]
    pub loyalty: Option<Expression>,
    /// Count only the customers for whom this is true.
    #[serde(default, rename = "where")]
    pub condition: Option<Expression>,
    /// Columns with words by which good customers are described: industry, country, …
    #[serde(default)]
    pub describe: Vec<Spanned<String>>,
}

/// What a segment has to be above.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// In the mean of `value`, to be profitable. Omitted: the mean over all customers.
    #[serde(default)]
    pub value: Option<Spanned<f64>>,
    /// In the mean of `loyalty`, to be loyal. Omitted: the mean over all customers.
    #[serde(default)]
    pub loyalty: Option<Spanned<f64>>,
}

/// How good partners are on the whole.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// The table: one row a partner.
    pub from: Input,
    /// The column of numbers with the score; the larger the better.
    pub value: Spanned<String>,
}

/// Who is to be assigned to partners.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// The table: one row a lead.
    pub from: Input,
    /// The column with the lead's segment.
    pub segment: Spanned<String>,
    /// A column of this table and of the list of partners: a lead goes to a partner with the same value.
    /// Omitted: to any.
    #[serde(default)]
    pub within: Option<Spanned<String>>,
    /// The column that names the lead. With it each lead gets its partner, in the table `assignments`.
    #[serde(default)]
    pub key: Option<Spanned<String>>,
    /// Assign only the leads for which this is true.
    #[serde(default, rename = "where")]
    pub condition: Option<Expression>,
}

impl MatchPartners {
    /// Partners named by a column of a table, compared in every segment of a table of customers by an
    /// outcome. What else there is, is added by setting the fields.
    pub fn new(key: &str, from: &str, customers: Customers) -> Self {
        Self {
            key: key.into(),
            from: from.into(),
            keep: Vec::new(),
            customers,
            desired: None,
            thresholds: Thresholds::default(),
            score: None,
            prior: None,
            min_n: ten(),
            min_lift: a_little_more(),
            confidence: usual_confidence(),
            peers: None,
            capacity: None,
            demand: None,
        }
    }
}

impl Customers {
    /// Customers of a table, with the column of their segment and what a good one is.
    pub fn new(from: &str, segment: &str, outcome: &str) -> Self {
        Self {
            from: from.into(),
            key: None,
            segment: segment.into(),
            outcome: outcome.into(),
            value: None,
            loyalty: None,
            condition: None,
            describe: Vec::new(),
        }
    }
}

fn ten() -> Spanned<u64> {
    10.into()
}

fn a_little_more() -> Spanned<f64> {
    1.05.into()
}

fn usual_confidence() -> Spanned<f64> {
    0.95.into()
}
