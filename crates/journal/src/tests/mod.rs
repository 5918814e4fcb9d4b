//! Tests of the whole crate; those of one module stand beside it.

mod behaviour;
