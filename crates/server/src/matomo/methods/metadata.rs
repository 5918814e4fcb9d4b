//! `API's metadata`.

use super::Method;

pub const METHODS: &[Method] = &[];
