//! What can be wrong with an expression, and where. Knows bytes of the expression's own text; the
//! caller places them in the pipeline file.

use std::ops::Range;

/// Something wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The bytes of the expression's text that it is about.
    pub range: Range<usize>,
    /// What kind of mistake.
    pub kind: MistakeKind,
    /// One sentence.
    pub message: String,
    /// A few words to stand beside the place.
    pub label: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

/// The kinds of mistake in an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MistakeKind {
    /// The text does not parse.
    Syntax,
    /// No column of the input has this name.
    UnknownColumn,
    /// No function has this name.
    UnknownFunction,
    /// No variable of the pipeline has this name.
    UnknownVariable,
    /// An operator or a function does not take a value of this type.
    TypeMismatch,
    /// A function takes more or fewer arguments.
    ArgumentCount,
    /// SQL has it, expressions do not.
    NotSupported,
}
