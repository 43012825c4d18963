//! What can go wrong while a plan runs.

use std::path::PathBuf;

use polars::error::PolarsError;

use super::Diagnostic;

/// A run that did not finish.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The data contradicts the file.
    #[error("the data is not what the pipeline file says")]
    Data(Vec<Diagnostic>),
    /// The engine failed.
    #[error("the engine stopped: {0}")]
    Engine(#[from] PolarsError),
    /// A file could not be written or read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A figure, a page or a workbook could not be made.
    #[error("{0}")]
    Publish(String),
    /// Another run holds the lock of the output folder.
    #[error("another run is writing to {0}")]
    Locked(PathBuf),
    /// The run was interrupted.
    #[error("interrupted; nothing was published")]
    Interrupted,
}

impl RunError {
    /// The exit code of a command that ends with this error.
    pub fn exit(&self) -> u8 {
        match self {
            RunError::Data(diagnostics) => diagnostics.first().map_or(3, |first| first.code.exit()),
            // What a CAST refuses is in the data, not in the engine.
            RunError::Engine(error) if is_refused_value(error) => 3,
            RunError::Engine(_) | RunError::File { .. } | RunError::Publish(_) => 1,
            RunError::Locked(_) => 5,
            RunError::Interrupted => 130,
        }
    }

    /// A mistake in the data at one place of the pipeline file.
    pub fn data(diagnostic: Diagnostic) -> Self {
        RunError::Data(vec![diagnostic])
    }
}

/// Whether the engine stopped at a value that does not convert.
fn is_refused_value(error: &PolarsError) -> bool {
    match error {
        PolarsError::Context { error, .. } | PolarsError::ExprContext { error, .. } => {
            is_refused_value(error)
        }
        PolarsError::InvalidOperation(told) => told.contains("conversion from"),
        _ => false,
    }
}
