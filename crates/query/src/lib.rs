//! A report of the catalog becomes an answer: questions as plain data, the engine that answers them over
//! any store's chunks, segments, periods. No I/O.

mod question;
pub mod segment;
mod view;

pub use question::{Grouped, Key, Measure, Operand, Question, Test, Verb};
pub use view::{Chunk, ChunkId, QueryError, View};
