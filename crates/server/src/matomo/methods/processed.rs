//! `API.getProcessedReport and API.getRowEvolution`.

use super::Method;

pub const METHODS: &[Method] = &[];
