//! What was written: each stage in its own type, ids and inputs settled, cycles told. Reads the
//! document only; no file of data is looked at here.

mod declared;
mod fill;
mod fingerprint;
mod graph;
mod kinds;
mod misplaced;
mod read;
mod reference;
mod schema;
mod settle;
mod stage;
mod vars;

use crate::dataset::DatasetOptions;
use crate::diagnostic::CautionCode;
use crate::document::{Document, Spanned};

pub use fill::{Fault, fill, split};
pub use kinds::{Kind, Written, kind};
pub use read::read;
pub use reference::{Expression, Input, Template};
pub use schema::json_schema;
pub(crate) use vars::unknown_variable;
pub use vars::{Setting, Var, VarType, Variant, Vars};

/// A pipeline file that was read without a mistake of form.
pub struct Pipeline {
    /// The file.
    pub document: Document,
    /// Its name.
    pub name: Spanned<String>,
    /// The variables it declares.
    pub vars: Vec<Var>,
    /// Named settings of the variables.
    pub variants: Vec<Variant>,
    /// The named sources.
    pub datasets: Vec<Dataset>,
    /// The steps, each after those it reads, otherwise in the order of writing.
    pub stages: Vec<StageEntry>,
}

/// A named source.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Its id.
    pub id: Spanned<String>,
    /// What was written of it.
    pub options: DatasetOptions,
    /// Whether mistakes of its form, which were told, left parts of it out: what it holds is then not
    /// known.
    pub guessed: bool,
}

/// A step, as written.
pub struct StageEntry {
    /// Its id.
    pub id: Spanned<String>,
    /// The team it belongs to.
    pub owner: Option<Spanned<String>>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether its table is written to the run's folder. An unpublished one that only reshapes rows
    /// stays part of the plan of the stages after it.
    pub publish: bool,
    /// Cautions that are expected of it and deny nothing.
    pub accept: Vec<CautionCode>,
    /// Its kind, and where that word stands.
    pub kind: Spanned<String>,
    /// Its options, in their own type.
    pub options: Box<dyn Written>,
    /// Fingerprint of the options as they were understood: places, comments and quotes do not change it,
    /// the order of keys does.
    pub fingerprint: String,
    /// Whether mistakes of its form, which were told, left parts of it out: what it gives is then not
    /// known.
    pub guessed: bool,
}

impl Pipeline {
    /// The names of the variants, in the order of writing.
    pub fn variant_names(&self) -> Vec<&str> {
        self.variants.iter().map(|variant| variant.name.value.as_str()).collect()
    }
}
