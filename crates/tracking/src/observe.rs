//! Where time goes and why hits end, by the name of the step.

use crate::outcome::Stop;

/// Told after every step: the one who listens keeps the clock, so that steps stay pure.
pub trait Observe {
    /// A step has ended.
    fn step(&mut self, name: &'static str);
    /// The hit ended in that step.
    fn stop(&mut self, step: &'static str, stop: Stop);
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observe for Silent {
    fn step(&mut self, _: &'static str) {}
    fn stop(&mut self, _: &'static str, _: Stop) {}
}
