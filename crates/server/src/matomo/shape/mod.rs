//! What happens to a report between the engine and the format.

pub mod php;
