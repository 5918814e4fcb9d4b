//! The same answers, row by row and without any cleverness: what every store is tested against.

use std::collections::{BTreeSet, HashMap};

use catalog::columns::{NO_FLOAT, NONE, TableId, action, conversion, float, kind, visit};
use model::Texts;

use crate::engine::{Literal, Order, PathGroup, PathQuestion, VisitList, is_about_robots};
use crate::question::{Grouped, Key, Measure, Operand, Question, Test, action_kind};
use crate::segment::{Condition, Filter};
use crate::view::{QueryError, View, VisitRows};

const FINER: [TableId; 3] = [TableId::Actions, TableId::Conversions, TableId::Items];

/// What `query::group` must answer.
pub fn group(view: &View, question: &Question) -> Result<Grouped, QueryError> {
    let mut numbers: HashMap<Vec<i64>, usize> = HashMap::new();
    let mut keys: Vec<i64> = Vec::new();
    let mut rows: Vec<Vec<Row>> = Vec::new();
    let named = question.tests.iter().map(|test| test.operand);
    let robots_count = named.into_iter().any(is_about_robots);
    let visits = selected(
        view,
        &question.sites,
        question.filter.as_deref(),
        robots_count,
        (question.from, question.to),
    )?;
    for visit in &visits {
        for row in rows_of(question.table, visit) {
            let dated = Operand {
                table: question.table,
                column: question.table.dated_by(),
            };
            let in_time = (question.from..question.to).contains(&row.value(dated));
            if !in_time || !row.passes(&question.tests, &view.actions) {
                continue;
            }
            let key: Vec<i64> = question
                .keys
                .iter()
                .map(|key| key_of(key, row, dated, &view.actions))
                .collect();
            let next = numbers.len();
            let group = *numbers.entry(key.clone()).or_insert(next);
            if group == next {
                keys.extend(key);
                rows.push(Vec::new());
            }
            rows[group].push(row);
        }
    }
    let measure = |group: &Vec<Row>| -> Vec<f64> {
        let measures = question.measures.iter();
        measures
            .map(|measure| measured(measure, group, &view.actions))
            .collect()
    };
    Ok(Grouped {
        key_count: question.keys.len(),
        measure_count: question.measures.len(),
        keys,
        values: rows.iter().flat_map(measure).collect(),
    })
}

/// What `query::paths` must answer.
pub fn paths(view: &View, question: &PathQuestion) -> Result<Vec<PathGroup>, QueryError> {
    let mut groups: Vec<PathGroup> = Vec::new();
    let period = (question.from, question.to);
    let filter = question.filter.as_deref();
    for visit in selected(view, &question.sites, filter, false, period)? {
        let before: Vec<f64> = groups.iter().map(|group| group.revenue).collect();
        for group in &mut groups {
            group.revenue = 0.0;
        }
        for made in &visit.conversions {
            let time = made[conversion::TIME];
            let seen = visit.actions.iter().filter(|row| {
                row[action::KIND] == kind::PAGE
                    && row[action::EVENT_CATEGORY] == 0
                    && row[action::TIME] <= time
            });
            for row in seen.filter(|_| (period.0..period.1).contains(&time)) {
                let day = question
                    .by_day
                    .as_ref()
                    .map_or(0, |zone| i64::from(zone.day(time).0));
                add_path(&mut groups, day, row[question.page], made);
            }
        }
        for (at, group) in groups.iter_mut().enumerate() {
            let cents = (group.revenue * 100.0).round() / 100.0;
            group.revenue = before.get(at).copied().unwrap_or(0.0) + cents;
        }
    }
    Ok(groups)
}

fn add_path(groups: &mut Vec<PathGroup>, day: i64, page: i64, made: &[i64]) {
    let goal = made[conversion::GOAL];
    let same = |group: &PathGroup| (group.day, group.goal, group.page) == (day, goal, page);
    let at = groups.iter().position(same).unwrap_or_else(|| {
        groups.push(PathGroup {
            day,
            goal,
            page,
            views: 0.0,
            revenue: 0.0,
            pages_before: 0,
            share: 0.0,
            revenue_share: 0.0,
        });
        groups.len() - 1
    });
    let group = &mut groups[at];
    let revenue = match made[conversion::REVENUE] {
        NO_FLOAT => 0.0,
        bits => float(bits),
    };
    let pages = made[conversion::PAGES_BEFORE];
    group.views += 1.0;
    group.revenue += revenue;
    if pages > 0 {
        group.pages_before = group.pages_before.max(pages);
        group.share += (1e4 / pages as f64).round() / 1e4;
        group.revenue_share += revenue / pages as f64;
    }
}

/// What `query::visits` must answer.
pub fn visits(view: &View, list: &VisitList) -> Result<Vec<VisitRows>, QueryError> {
    let filter = list.filter.as_deref();
    let mut found = selected(view, &list.sites, filter, false, (list.from, list.to))?;
    found.retain(|rows| {
        let time = rows.visit[visit::LAST_TIME];
        (list.from..list.to).contains(&time)
            && list.min_timestamp.is_none_or(|least| time > least)
            && list
                .visitor
                .is_none_or(|wanted| rows.visit[visit::VISITOR] == wanted)
    });
    found.sort_by_key(|rows| (rows.visit[visit::LAST_TIME], rows.visit[visit::ID]));
    if list.order == Order::Newest {
        found.reverse();
    }
    Ok(found
        .into_iter()
        .skip(list.offset)
        .take(list.limit)
        .collect())
}

#[derive(Clone, Copy)]
struct Row<'a> {
    table: TableId,
    visit: &'a [i64],
    own: &'a [i64],
}

impl Row<'_> {
    fn value(&self, operand: Operand) -> i64 {
        if operand.table == self.table {
            self.own[operand.column]
        } else {
            self.visit[operand.column]
        }
    }

    fn passes(&self, tests: &[Test], actions: &Texts) -> bool {
        tests
            .iter()
            .all(|test| test.verb.holds(self.value(test.operand), actions))
    }
}

fn rows_of(table: TableId, visit: &VisitRows) -> Vec<Row<'_>> {
    let row = |own| Row {
        table,
        visit: &visit.visit,
        own,
    };
    match table {
        TableId::Visits => vec![row(&visit.visit)],
        finer => visit.finer(finer).iter().map(|own| row(own)).collect(),
    }
}

fn selected(
    view: &View,
    sites: &[u32],
    filter: Option<&Filter>,
    robots_count: bool,
    period: (i64, i64),
) -> Result<Vec<VisitRows>, QueryError> {
    let operands = filter
        .iter()
        .flat_map(|filter| filter.all_of.iter().flatten())
        .flat_map(|condition| condition.any_of.iter().map(|probe| probe.operand));
    let robots_count = robots_count || operands.into_iter().any(is_about_robots);
    let mut all = Vec::new();
    for chunk in &view.chunks {
        for place in 0..chunk.rows(TableId::Visits) {
            let dead = chunk.dead().is_some_and(|dead| {
                dead.get(place / 64)
                    .is_some_and(|word| word >> (place % 64) & 1 == 1)
            });
            let rows = chunk.visit_rows(place)?;
            let counts = !dead
                && sites
                    .iter()
                    .any(|site| i64::from(*site) == rows.visit[visit::SITE])
                && (robots_count || rows.visit[visit::ROBOT] == 0);
            if counts && filter.map_or(Ok(true), |filter| selects(view, filter, &rows, period))? {
                all.push(rows);
            }
        }
    }
    Ok(all)
}

/// Whether some combination of one row of each finer table satisfies every group.
fn selects(
    view: &View,
    filter: &Filter,
    visit: &VisitRows,
    period: (i64, i64),
) -> Result<bool, QueryError> {
    let dated = |table: TableId| -> Vec<Option<Row>> {
        let mut rows: Vec<Option<Row>> = rows_of(table, visit)
            .into_iter()
            .filter(|row| (period.0..period.1).contains(&row.own[table.dated_by()]))
            .map(Some)
            .collect();
        if rows.is_empty() {
            rows.push(None);
        }
        rows
    };
    let [actions, conversions, items] = FINER.map(dated);
    for action in &actions {
        for conversion in &conversions {
            for item in &items {
                let joined = [*action, *conversion, *item];
                let mut all = true;
                for group in &filter.all_of {
                    let mut any = false;
                    for condition in group {
                        any |= holds(view, condition, visit, &joined, period)?;
                    }
                    all &= any;
                }
                if all {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn holds(
    view: &View,
    condition: &Condition,
    visit: &VisitRows,
    joined: &[Option<Row>; 3],
    period: (i64, i64),
) -> Result<bool, QueryError> {
    let mut matched = false;
    for probe in &condition.any_of {
        let literal = Literal::new(probe, &condition.wanted, view)?;
        let table = probe.operand.table;
        let matches = |row: &Row| {
            literal.matches(row.value(probe.operand), &mut literal.clock())
                && row.passes(&probe.only, &view.actions)
        };
        matched |= match FINER.iter().position(|finer| *finer == table) {
            None => rows_of(table, visit).iter().any(matches),
            Some(_) if condition.negated => rows_of(table, visit)
                .iter()
                .filter(|row| (period.0..period.1).contains(&row.own[table.dated_by()]))
                .any(matches),
            Some(at) => match &joined[at] {
                Some(row) => matches(row),
                None => literal.matches_no_row(),
            },
        };
    }
    Ok(matched != condition.negated)
}

fn key_of(key: &Key, row: Row, dated: Operand, actions: &Texts) -> i64 {
    match key {
        Key::Column(operand) => row.value(*operand),
        Key::Day(zone) => i64::from(zone.day(row.value(dated)).0),
        Key::Hour(operand, zone) => i64::from(zone.local(row.value(*operand)).hour()),
        Key::Divided(operand, by) => row.value(*operand).div_euclid(*by),
        Key::FirstOf(operands) => {
            let values = operands.iter().map(|operand| row.value(*operand));
            values.into_iter().find(|value| *value != 0).unwrap_or(0)
        }
        Key::ActionKind(operand) => action_kind(actions, row.value(*operand)),
    }
}

fn measured(measure: &Measure, rows: &[Row], actions: &Texts) -> f64 {
    let values =
        |operand: &Operand| -> Vec<i64> { rows.iter().map(|row| row.value(*operand)).collect() };
    let passing = |operand: &Operand, tests: &[Test]| -> Vec<i64> {
        rows.iter()
            .filter(|row| row.passes(tests, actions))
            .map(|row| row.value(*operand))
            .collect()
    };
    let sum = |values: Vec<i64>| values.into_iter().filter(|value| *value > 0).sum::<i64>() as f64;
    let distinct = |values: Vec<i64>| values.into_iter().collect::<BTreeSet<_>>().len() as f64;
    let floats = |operand: &Operand| -> Vec<f64> {
        let present = values(operand)
            .into_iter()
            .filter(|value| *value != NO_FLOAT);
        present.map(float).collect()
    };
    let whole = |operand: &Operand| -> Vec<f64> {
        let present = values(operand).into_iter().filter(|value| *value != NONE);
        present.map(|value| value as f64).collect()
    };
    let or_zero = |stored: i64| {
        if stored == NO_FLOAT {
            0.0
        } else {
            float(stored)
        }
    };
    let share = |row: &Row, numerator: f64, operand: &Operand| match row.value(*operand) {
        number if number >= 1 => numerator / number as f64,
        _ => 0.0,
    };
    match measure {
        Measure::Count => rows.len() as f64,
        Measure::CountIf(tests) => {
            rows.iter().filter(|row| row.passes(tests, actions)).count() as f64
        }
        Measure::Sum(operand) => sum(values(operand)),
        Measure::SumIf(operand, tests) => sum(passing(operand, tests)),
        Measure::SumFloat(operand) => floats(operand).into_iter().sum(),
        Measure::SumProduct(one, other) => {
            let product = |row: &Row| or_zero(row.value(*one)) * row.value(*other) as f64;
            rows.iter().map(product).sum()
        }
        Measure::ShareOneOver(operand) => rows.iter().map(|row| share(row, 1.0, operand)).sum(),
        Measure::SumFloatOver(one, other) => rows
            .iter()
            .map(|row| share(row, or_zero(row.value(*one)), other))
            .sum(),
        Measure::Min(operand) => whole(operand).into_iter().fold(f64::NAN, f64::min),
        Measure::Max(operand) => whole(operand).into_iter().fold(f64::NAN, f64::max),
        Measure::MinFloat(operand) => floats(operand).into_iter().fold(f64::NAN, f64::min),
        Measure::MaxFloat(operand) => floats(operand).into_iter().fold(f64::NAN, f64::max),
        Measure::Distinct(operand) => distinct(values(operand)),
        Measure::DistinctPresent(operand) => distinct(
            values(operand)
                .into_iter()
                .filter(|value| *value != 0)
                .collect(),
        ),
        Measure::DistinctIf(operand, tests) => distinct(passing(operand, tests)),
    }
}
