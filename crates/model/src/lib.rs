//! The words every other crate speaks: ids, time, tables of answers, site rules. No I/O.

mod access;
mod table;
mod texts;
mod time;

pub use access::{Access, Role};
pub use table::{Answer, Name, Row, Table, TableSet, Value};
pub use texts::{Entry, Texts};
pub use time::{Day, SECONDS_PER_DAY, Timestamp, Zone};

/// A site's number, from 1, as clients send it in `idsite`.
pub type SiteId = u32;
/// A goal's number within its site; 0 is an order, -1 an abandoned cart.
pub type GoalId = i64;
/// Instance-wide visit number, from 1, in order of first placing.
pub type VisitId = u64;
