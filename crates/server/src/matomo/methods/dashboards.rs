//! `Dashboard`.

use super::Method;

pub const METHODS: &[Method] = &[];
