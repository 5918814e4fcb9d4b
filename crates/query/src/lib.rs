//! A report of the catalog becomes an answer: questions as plain data, the engine that answers them over
//! any store's chunks, segments, periods. No I/O.

mod engine;
mod fold;
mod memory;
#[doc(hidden)]
pub mod oracle;
pub mod period;
pub mod plan;
mod question;
pub mod segment;
pub mod segment_text;
mod values;
mod view;

pub use engine::{
    FilterCache, Limits, Order, PathGroup, PathQuestion, VisitList, group, paths, visits,
};
pub use fold::fold;
pub use memory::MemoryChunk;
pub use question::{Grouped, Key, Measure, Operand, Question, Test, Verb};
pub use values::Values;
pub use view::{Chunk, ChunkId, QueryError, View, VisitRows};
