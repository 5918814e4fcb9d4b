//! Methods that are no reports: one row each, with its access. The row has no default, so a method
//! cannot be without one.

mod annotations;
mod api;
mod bulk;
mod common;
mod core;
mod dashboards;
mod dimensions;
mod evolution;
mod goals;
mod insights;
mod languages;
mod live;
mod metadata;
mod multi_sites;
mod privacy;
mod processed;
mod scheduled;
mod segments;
mod sites;
mod suggestions;
mod transitions;
mod users;

use std::future::Future;
use std::pin::Pin;

use model::{Access, Answer};

use super::Call;
use super::error::{ApiError, ApiResult};

pub use common::own_or_superuser;

type Running<'a> = Pin<Box<dyn Future<Output = ApiResult<Answer>> + Send + 'a>>;

pub struct Method {
    pub name: &'static str,
    pub access: Access,
    pub run: for<'a> fn(Call<'a>) -> Running<'a>,
}

/// A row of the list.
macro_rules! method {
    ($name:literal, $access:expr, $run:path) => {
        $crate::matomo::methods::Method {
            name: $name,
            access: $access,
            run: |call| Box::pin($run(call)),
        }
    };
}
pub(crate) use method;

const LISTS: &[&[Method]] = &[
    annotations::METHODS,
    api::METHODS,
    core::METHODS,
    core::MISSING,
    dashboards::METHODS,
    dimensions::METHODS,
    goals::METHODS,
    insights::METHODS,
    languages::METHODS,
    live::METHODS,
    metadata::METHODS,
    multi_sites::METHODS,
    privacy::METHODS,
    processed::METHODS,
    scheduled::METHODS,
    segments::METHODS,
    sites::METHODS,
    transitions::METHODS,
    users::METHODS,
];

/// The method of that public name; modules that were renamed answer to their old names too.
pub fn find(name: &str) -> Option<&'static Method> {
    let renamed = match name.split_once('.') {
        Some(("Referers", action)) => format!("Referrers.{action}"),
        Some(("PDFReports", action)) => format!("ScheduledReports.{action}"),
        _ => name.to_owned(),
    };
    all().find(|method| method.name == renamed)
}

/// Why there is no method of that name: the module is unknown, or only the method is.
pub fn not_found(name: &str) -> ApiError {
    let module = name.split_once('.').map_or(name, |(module, _)| module);
    let of_module = |name: &str| name.split_once('.').is_some_and(|(own, _)| own == module);
    let is_known = api::FEATURES.contains(&module)
        || all().any(|method| of_module(method.name))
        || catalog::reports::REPORTS
            .iter()
            .any(|report| of_module(report.method));
    match is_known {
        true => ApiError::method(name),
        false => ApiError::module(module),
    }
}

/// Every method of the list.
pub fn all() -> impl Iterator<Item = &'static Method> {
    LISTS.iter().flat_map(|list| list.iter())
}
