use std::sync::Arc;

use ahash::AHashMap;
use catalog::columns::{NO_FLOAT, TableId, action, conversion, float, kind};
use model::{SiteId, Timestamp, Zone};

use super::clock::Clock;
use super::filter::CompiledFilter;
use super::limits::Limits;
use super::prepare::{Candidate, allow, candidates};
use crate::segment::Filter;
use crate::values::Values;
use crate::view::{QueryError, View};

const CHECK_EVERY: usize = 4096;
/// About what a group takes in memory.
const GROUP_BYTES: usize = 128;

/// Which page views led to which conversions: every view of a page before a conversion of its visit.
#[derive(Clone, Debug)]
pub struct PathQuestion {
    pub sites: Vec<SiteId>,
    /// `[from, to)` of the conversion.
    pub from: Timestamp,
    pub to: Timestamp,
    pub filter: Option<Arc<Filter>>,
    /// The column of the actions that names a page: its address or its title.
    pub page: usize,
    /// Groups are of one local day of the conversion; without a zone the day is 0.
    pub by_day: Option<Zone>,
}

/// Views of one page before conversions of one goal.
#[derive(Clone, Debug, PartialEq)]
pub struct PathGroup {
    pub day: i64,
    pub goal: i64,
    pub page: i64,
    /// Pairs of a view and a conversion.
    pub views: f64,
    /// The revenue of each visit is rounded to cents before it is added.
    pub revenue: f64,
    /// Most page views before one of the conversions, 0 where they are not known.
    pub pages_before: i64,
    /// Σ 1 / page views before the conversion, each share kept to four decimals.
    pub share: f64,
    /// Σ revenue / page views before the conversion.
    pub revenue_share: f64,
}

/// The columns of a chunk that paths are made of.
struct Columns {
    goal: Values,
    time: Values,
    revenue: Values,
    pages: Values,
    conversion_starts: Arc<[u32]>,
    action_kind: Values,
    action_time: Values,
    event: Values,
    page: Values,
    action_starts: Arc<[u32]>,
}

impl Columns {
    fn of(candidate: &Candidate, page: usize) -> Result<Columns, QueryError> {
        let chunk = candidate.chunk;
        let of_conversion = |column| chunk.column(TableId::Conversions, column);
        let of_action = |column| chunk.column(TableId::Actions, column);
        Ok(Columns {
            goal: of_conversion(conversion::GOAL)?,
            time: of_conversion(conversion::TIME)?,
            revenue: of_conversion(conversion::REVENUE)?,
            pages: of_conversion(conversion::PAGES_BEFORE)?,
            conversion_starts: chunk.visit_starts(TableId::Conversions)?,
            action_kind: of_action(action::KIND)?,
            action_time: of_action(action::TIME)?,
            event: of_action(action::EVENT_CATEGORY)?,
            page: of_action(page)?,
            action_starts: chunk.visit_starts(TableId::Actions)?,
        })
    }

    /// Adds the conversions of one visit.
    fn add(
        &self,
        place: usize,
        question: &PathQuestion,
        clock: &mut Option<Clock>,
        paths: &mut Paths,
    ) {
        let bounds = |starts: &[u32]| starts[place] as usize..starts[place + 1] as usize;
        for conversion in bounds(&self.conversion_starts) {
            let time = self.time.get(conversion);
            if !(question.from..question.to).contains(&time) {
                continue;
            }
            let day = clock.as_mut().map_or(0, |clock| clock.day(time));
            let facts = Conversion {
                goal: self.goal.get(conversion),
                revenue: self.revenue.get(conversion),
                pages: self.pages.get(conversion),
            };
            for action in bounds(&self.action_starts) {
                let is_view =
                    self.action_kind.get(action) == kind::PAGE && self.event.get(action) == 0;
                if is_view && self.action_time.get(action) <= time {
                    paths.add(day, self.page.get(action), &facts);
                }
            }
        }
        paths.end_visit();
    }
}

struct Conversion {
    goal: i64,
    /// Stored bits.
    revenue: i64,
    pages: i64,
}

#[derive(Default)]
struct Paths {
    places: AHashMap<(i64, i64, i64), usize>,
    groups: Vec<PathGroup>,
    /// Revenue of the visit so far, by place of the group.
    of_visit: Vec<(usize, f64)>,
}

impl Paths {
    fn add(&mut self, day: i64, page: i64, conversion: &Conversion) {
        let next = self.groups.len();
        let at = *self
            .places
            .entry((day, conversion.goal, page))
            .or_insert(next);
        if at == next {
            self.groups.push(PathGroup {
                day,
                goal: conversion.goal,
                page,
                views: 0.0,
                revenue: 0.0,
                pages_before: 0,
                share: 0.0,
                revenue_share: 0.0,
            });
        }
        let group = &mut self.groups[at];
        let revenue = match conversion.revenue {
            NO_FLOAT => 0.0,
            bits => float(bits),
        };
        group.views += 1.0;
        match self.of_visit.iter_mut().find(|(known, _)| *known == at) {
            Some((_, own)) => *own += revenue,
            None => self.of_visit.push((at, revenue)),
        }
        if conversion.pages > 0 {
            let pages = conversion.pages as f64;
            group.pages_before = group.pages_before.max(conversion.pages);
            group.share += (10_000.0 / pages).round() / 10_000.0;
            group.revenue_share += revenue / pages;
        }
    }
}

impl Paths {
    fn end_visit(&mut self) {
        for (at, revenue) in self.of_visit.drain(..) {
            self.groups[at].revenue += (revenue * 100.0).round() / 100.0;
        }
    }
}

/// Counts the views of each page before conversions, in order of their first meeting.
pub fn paths(
    view: &View,
    question: &PathQuestion,
    limits: &Limits,
) -> Result<Vec<PathGroup>, QueryError> {
    let filter = match &question.filter {
        Some(filter) => Some(CompiledFilter::new(filter, view)?),
        None => None,
    };
    let robots_count = filter.as_ref().is_some_and(|filter| filter.names_robots);
    let period = (question.from, question.to);
    let mut chunks = candidates(view, TableId::Conversions, &question.sites, period, limits)?;
    allow(
        view,
        &mut chunks,
        filter.as_ref(),
        robots_count,
        period,
        limits,
    )?;
    let mut paths = Paths::default();
    let mut clock = question.by_day.as_ref().map(Clock::new);
    for candidate in &chunks {
        let columns = Columns::of(candidate, question.page)?;
        for (at, place) in candidate.places.iter().cloned().flatten().enumerate() {
            if at % CHECK_EVERY == 0 {
                limits.check()?;
                limits.check_groups(paths.groups.len())?;
                limits.check_memory(paths.groups.len() * GROUP_BYTES)?;
            }
            if candidate.allows(place) {
                columns.add(place, question, &mut clock, &mut paths);
            }
        }
    }
    Ok(paths.groups)
}
