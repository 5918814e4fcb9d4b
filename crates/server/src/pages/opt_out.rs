//! The opt-out.

use super::reply::Reply;
use super::request::PageRequest;

pub fn page(_request: &PageRequest<'_>) -> Reply {
    Reply::script(String::new())
}

pub fn script(_request: &PageRequest<'_>) -> Reply {
    Reply::script(String::new())
}
