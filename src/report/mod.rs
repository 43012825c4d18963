//! Reports: a document of sections, tables and pictures, and how it becomes a page; a table, and how
//! it becomes a workbook.
//!
//! Nothing here computes a figure that it shows, knows a stage, reads a file or writes one: what
//! goes in is what other modules made, what comes out is text or bytes.

pub mod banner;
pub mod brief;
mod document;
mod grid;
mod html;
pub mod listing;
mod parts;
mod prose;
mod records;
pub mod test_notes;
mod wording;
pub mod workbook;

pub use document::{Block, Document, KeyFigure, Note, Numbered, Picture, Provenance, Section, Source, Table};
pub use grid::{Align, BaseMark, Cell, Column, Footnote, Format, Grid, Role, Row, Rows, Spanner, Topic};
pub use html::{Entry, Index, index, page};
pub use prose::{Line, Passage, Prose, Run, Style, escape};
pub use records::{Datum, Field, Records, only};
