//! Tests of the whole crate; those of one module stand beside it.

mod behaviour;
mod damage;
mod faults;
mod threads;
mod world;
