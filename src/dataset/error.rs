//! Why a dataset cannot be read, in words for the person who wrote the pipeline file.

use std::path::{Path, PathBuf};

use polars::prelude::PolarsError;

use super::find::SourceFile;
use crate::diagnostic::Code;
use crate::document::Span;

/// Why a dataset cannot be read. The caller places it: at the field `at` where there is one, else
/// at the dataset's `path`.
#[derive(Debug, Clone)]
pub struct DatasetError {
    /// What kind of trouble.
    pub kind: Trouble,
    /// One line: what is wrong.
    pub message: String,
    /// A few words for the place in the pipeline file.
    pub label: String,
    /// A way out.
    pub help: Option<String>,
    /// The option that is to blame, where it is not the path.
    pub at: Option<Span>,
    /// The landed copy that could not be written: no mistake of the file or its data, but of the disk.
    pub unwritten: Option<PathBuf>,
}

/// Kinds of trouble with a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No such file.
    Missing,
    /// A pattern that no file matches.
    EmptyGlob,
    /// A file without a byte, or without a header line.
    EmptyFile,
    /// It cannot be opened, decompressed or parsed.
    Unreadable,
    /// Column names that are missing, duplicate or reserved.
    Header,
    /// Files of one dataset with different columns.
    ColumnsDiffer,
    /// An option that does not fit the file or the other options.
    Option,
    /// Records that are not what the file says, under `bad_rows: fail`.
    RefusedRows,
    /// The landed copy cannot be written.
    Write,
}

impl Trouble {
    /// The diagnostic code.
    pub fn code(self) -> Code {
        match self {
            Self::Missing => Code::MissingFile,
            Self::EmptyGlob => Code::EmptyGlob,
            Self::EmptyFile => Code::EmptyFile,
            Self::Unreadable | Self::Write => Code::CorruptFile,
            Self::Header => Code::BadHeader,
            Self::ColumnsDiffer => Code::SchemaDiffers,
            Self::Option => Code::InvalidOption,
            Self::RefusedRows => Code::BadRows,
        }
    }
}

impl std::fmt::Display for DatasetError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DatasetError {}

impl DatasetError {
    pub(super) fn new(kind: Trouble, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { kind, message: message.into(), label: label.into(), help: None, at: None, unwritten: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn at(mut self, span: Span) -> Self {
        self.at = Some(span);
        self
    }

    pub(super) fn option(span: Span, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Trouble::Option, message, label).at(span)
    }

    pub(super) fn header(file: &str, what: impl std::fmt::Display) -> Self {
        Self::new(Trouble::Header, format!("the header of {file} cannot be used: {what}"), "read from here")
    }

    pub(super) fn unreadable(file: &str, what: impl std::fmt::Display) -> Self {
        Self::new(Trouble::Unreadable, format!("{file} cannot be read: {what}"), "read from here")
    }

    /// A Parquet file with a whole footer whose pages cannot be read.
    pub fn damaged(file: &SourceFile) -> Self {
        Self::unreadable(&file.name, "its footer is whole, its pages are damaged")
            .help("deliver the file again")
    }

    pub(super) fn empty(file: &str, what: &str) -> Self {
        Self::new(Trouble::EmptyFile, format!("{file} is empty: {what}"), "this dataset")
            .help("an empty input is never taken for zero rows; a table without rows has at least its header")
    }

    pub(super) fn write(path: &Path, what: impl std::fmt::Display) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let message = format!("the landed copy {name} cannot be written: {what}");
        let error = Self::new(Trouble::Write, message, "this dataset");
        Self { unwritten: Some(path.to_owned()), ..error }
    }

    pub(super) fn write_polars(path: &Path) -> impl Fn(PolarsError) -> Self + '_ {
        move |error| Self::write(path, error)
    }
}
