#![doc = include_str!("front.md")]

pub mod chart;
pub mod cli;
pub mod crossing;
pub mod dataset;
pub mod diagnostic;
pub mod document;
pub mod engine;
pub mod expression;
pub mod number;
pub mod pipeline;
pub mod plan;
pub mod report;
pub mod run;
pub mod sample;
pub mod sign;
pub mod stages;
pub mod stats;

pub use pipeline::Setting;
pub use plan::Plan;
pub use run::{Applied, ApplyError, Run, apply, apply_with, run};
