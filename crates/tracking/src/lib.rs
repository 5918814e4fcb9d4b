//! A hit becomes a row: parse, enrich, place. Pure functions that are handed everything they need; they
//! read no clock, no setting and no disk.
//!
//! [`parse::parse`] reads a request; [`enrich`] runs the list [`ENRICH`] and gives what the journal keeps;
//! [`place()`] runs the list [`PLACE`] and puts it into its visit.

pub mod device;
pub mod geo;
pub mod hit;
pub mod logs;
pub mod memory;
pub mod observe;
pub mod outcome;
pub mod parse;
pub mod place;
pub mod referrer;
pub mod rules;
pub mod steps;
pub mod url;
pub mod visits;

pub use hit::{DecodeError, EnrichedHit};
pub use memory::MemoryVisits;
pub use observe::{Observe, Silent};
pub use outcome::{Exclusion, Refusal, Stop};
pub use parse::{Environment, HitParams, Method, Parsed, RawRequest};
pub use place::{PLACE, Place, Placed, place};
pub use rules::{InstanceRules, SiteRules, SiteSettings};
pub use steps::{Auth, ENRICH, Enrich, Locate, Salts, Sources, enrich, site_of};
pub use visits::{Dictionaries, VisitHead, VisitRef, VisitState, Visits};
