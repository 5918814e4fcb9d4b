//! `PrivacyManager`.

use super::Method;

pub const METHODS: &[Method] = &[];
