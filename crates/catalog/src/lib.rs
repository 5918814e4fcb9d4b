//! What exists: every stored column, dimension, metric, report, tracking parameter and segment, as rows.
//! Everything else reads these rows; nothing is written twice.

pub mod columns;
pub mod metadata;
pub mod metrics;
pub mod pages;
pub mod params;
pub mod reports;
pub mod segments;
pub mod values;
