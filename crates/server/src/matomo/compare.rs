//! `compare=1`: beside every row stand its numbers in other periods and segments, with their changes.

use model::{Answer, Row, Table, Value};
use query::period::{Asked, Period, PeriodKind};

use super::Call;
use super::error::{ApiError, ApiResult};
use super::params::{FormatMetrics, Generic};
use super::shape::metrics::{self, ProcessedMetric};
use super::shape::number::NumberFormat;
use super::shape::{ReportShape, shape_answer};
use crate::app::World;
use crate::matomo::world;

/// The metadata that holds the compared rows.
const COMPARISONS: &str = "comparisons";
/// A row without a sub-table says so.
const NO_SUBTABLE: i64 = -1;

/// One segment in one period.
struct Series {
    segment: String,
    segment_pretty: String,
    periods: Vec<Period>,
    /// What all its periods together are called.
    pretty: String,
    date: String,
    answer: Answer,
}

pub struct Comparison {
    series: Vec<Series>,
    segments: usize,
    /// Changes are those of the first period since the second.
    inverted: bool,
    numbers: NumberFormat,
    language: String,
}

/// A segment and a span that a call asks for.
struct Wanted {
    segment: String,
    period: String,
    date: String,
}

/// Whether a call compares anything.
pub fn is_asked(call: &Call<'_>) -> bool {
    let has = |name: &str| call.request.has(name);
    call.request.flag("compare") && (has("compareSegments") || has("compareDates"))
}

impl Comparison {
    /// Runs the report for every segment in every period; `run` answers a changed call, unshaped.
    pub fn new(
        call: &Call<'_>,
        world: &World,
        shape: &ReportShape,
        generic: &Generic,
        stored: &[settings::Segment],
        run: impl Fn(&Call<'_>) -> ApiResult<Answer>,
    ) -> ApiResult<Comparison> {
        let segments = segments(call, world)?;
        let spans = spans(call, world)?;
        let plain = plain(generic);
        let shape = ReportShape {
            queued: None,
            limit: -1,
            sort_column: None,
            ..shape.clone()
        };
        let language = call.request.filled("language").unwrap_or("en").to_owned();
        let mut series = Vec::with_capacity(segments.len() * spans.len());
        for (period, date) in &spans {
            for segment in &segments {
                let wanted = Wanted {
                    segment: segment.clone(),
                    period: period.clone(),
                    date: date.clone(),
                };
                let asked = changed(call, &wanted);
                let periods = periods(&asked)?;
                series.push(Series {
                    segment_pretty: segment_pretty(call, stored, segment),
                    pretty: pretty(call, &periods, &language),
                    answer: shape_answer(run(&asked)?, &shape, &plain),
                    segment: wanted.segment,
                    date: wanted.date,
                    periods,
                });
            }
        }
        check_kinds(&series)?;
        let inverted = call.request.flag("invert_compare_change_compute") && spans.len() == 2;
        Ok(Comparison {
            series,
            segments: segments.len(),
            inverted,
            numbers: NumberFormat::of(&language),
            language,
        })
    }

    /// Shapes an answer; each of its tables is compared with the ones in the same place.
    pub fn shape(
        &self,
        call: &Call<'_>,
        answer: Answer,
        shape: &ReportShape,
        generic: &Generic,
    ) -> Answer {
        let beside: Vec<Option<&Answer>> = self
            .series
            .iter()
            .map(|series| Some(&series.answer))
            .collect();
        self.shape_part(call, answer, shape, generic, &beside, 0)
    }

    fn shape_part(
        &self,
        call: &Call<'_>,
        answer: Answer,
        shape: &ReportShape,
        generic: &Generic,
        beside: &[Option<&Answer>],
        at_period: usize,
    ) -> Answer {
        if let Answer::Set(mut set) = answer {
            let by_site = set.key == "idSite";
            for (at, (_, part)) in set.parts.iter_mut().enumerate() {
                let inner: Vec<Option<&Answer>> = beside
                    .iter()
                    .map(|answer| match answer {
                        Some(Answer::Set(set)) => set.parts.get(at).map(|(_, part)| part),
                        _ => None,
                    })
                    .collect();
                let own = std::mem::replace(part, Answer::Done);
                let at_period = if by_site { at_period } else { at };
                *part = self.shape_part(call, own, shape, generic, &inner, at_period);
            }
            return Answer::Set(set);
        }
        let tables: Vec<Option<&Table>> = beside
            .iter()
            .map(|answer| match answer {
                Some(Answer::Table(table) | Answer::Metrics(table)) => Some(table),
                _ => None,
            })
            .collect();
        let single = matches!(answer, Answer::Metrics(_));
        let metrics = metrics::merged(shape.added.to_vec(), shape.processed);
        let compare = |table: &mut Table| {
            if single && table.rows.is_empty() {
                table.rows.push(Row::default());
            }
            self.compare(call, table, &tables, single, at_period, &metrics);
        };
        let shape = ReportShape {
            compare: Some(&compare),
            ..shape.clone()
        };
        shape_answer(answer, &shape, generic)
    }

    /// Sets the compared rows of a table and of the tables below it.
    fn compare(
        &self,
        call: &Call<'_>,
        table: &mut Table,
        beside: &[Option<&Table>],
        single: bool,
        at_period: usize,
        metrics: &[ProcessedMetric],
    ) {
        for row in table.all_rows_mut() {
            let matches: Vec<Option<&Row>> = beside
                .iter()
                .map(|table| same_row(*table, row, single))
                .collect();
            let mut compared = Table::of(
                matches
                    .iter()
                    .map(|found| numbers_of(row, *found))
                    .collect(),
            );
            metrics::compute(&mut compared, metrics);
            self.add_changes(&mut compared);
            for (at, found) in matches.iter().enumerate() {
                self.add_facts(call, &mut compared.rows[at], at, at_period, row, *found);
            }
            if let Some(inner) = &mut row.subtable {
                let below: Vec<Option<&Table>> = matches
                    .iter()
                    .map(|found| found.and_then(|row| row.subtable.as_deref()))
                    .collect();
                self.compare(call, inner, &below, false, at_period, metrics);
            }
            row.set_meta(COMPARISONS, Value::Table(Box::new(compared)));
        }
    }

    /// Changes of later periods since the first one, within the same segment.
    fn add_changes(&self, compared: &mut Table) {
        let count = compared.rows.len();
        for at in self.segments..count {
            let (row, base) = match self.inverted {
                true => (at - self.segments, at),
                false => (at, at % self.segments),
            };
            let base = compared.rows[base].clone();
            let row = &mut compared.rows[row];
            for (name, value) in row.columns.clone() {
                let (current, past) = (value.number(), base.number(&name));
                let change = self.numbers.evolution(current, past, 1);
                row.set(format!("{name}_change"), change);
                let change = self.numbers.evolution(past, current, 1);
                row.set(format!("{name}_change_from"), change);
            }
        }
    }

    /// What a compared row says about itself.
    fn add_facts(
        &self,
        call: &Call<'_>,
        compared: &mut Row,
        at: usize,
        at_period: usize,
        row: &Row,
        found: Option<&Row>,
    ) {
        let series = &self.series[at];
        let period = series.periods.get(at_period).or(series.periods.first());
        compared.set_meta("compareSegment", series.segment.clone());
        compared.set_meta("compareSegmentPretty", series.segment_pretty.clone());
        if let Some(period) = period {
            let names = &call.app.names;
            let pretty = names.pretty_date(period.kind, period.first, period.last, &self.language);
            let pretty = capitalised(&pretty);
            let date = match series.periods.len() {
                1 => series.date.clone(),
                _ => period.first.to_string(),
            };
            compared.set_meta("comparePeriod", period.kind.name());
            compared.set_meta("compareDate", date);
            compared.set_meta("comparePeriodPretty", pretty);
        }
        let pretty = format!("({}) ({})", series.pretty, series.segment_pretty);
        compared.set_meta("compareSeriesPretty", pretty);
        let subtable = found.and_then(|row| row.subtable.as_deref());
        let id = subtable.map_or(NO_SUBTABLE, |table| i64::from(table.id));
        compared.set_meta("idsubdatatable", id);
        if let Some(Value::Text(segment)) = row.meta("segment") {
            let whole = match series.segment.as_str() {
                "" => segment.clone(),
                own => format!("{own};{segment}"),
            };
            compared.set_meta("segment", whole);
        }
    }
}

/// The row of another table for the same thing.
fn same_row<'a>(table: Option<&'a Table>, row: &Row, single: bool) -> Option<&'a Row> {
    let table = table?;
    match single {
        true => table.rows.first(),
        false => {
            let label = row.label();
            table.all_rows().find(|other| other.label() == label)
        }
    }
}

/// The numbers of a row, or noughts for each number of the row that it stands beside.
fn numbers_of(row: &Row, found: Option<&Row>) -> Row {
    let is_number = |name: &str, value: &Value| {
        let plain = matches!(value, Value::Int(_) | Value::Float(_) | Value::Text(_));
        plain && name != "label"
    };
    let mut numbers = Row::default();
    for (name, value) in &found.unwrap_or(row).columns {
        if is_number(name, value) {
            let value = found.map_or(Value::Int(0), |_| value.clone());
            numbers.columns.push((name.clone(), value));
        }
    }
    numbers
}

/// Filters of the tables to compare with: every row, raw numbers, the same columns and levels.
fn plain(generic: &Generic) -> Generic {
    Generic {
        expanded: generic.expanded,
        flat: generic.flat,
        include_aggregate_rows: generic.include_aggregate_rows,
        limit: Some(-1),
        all_columns: generic.all_columns,
        goal_columns: generic.goal_columns.clone(),
        format_metrics: FormatMetrics::Raw,
        disable_queued_filters: true,
        ..Generic::default()
    }
}

/// The call's own segment, and those that it is compared with.
fn segments(call: &Call<'_>, world: &World) -> ApiResult<Vec<String>> {
    let others = call.request.array("compareSegments");
    let most = world.config.number("data_comparison_segment_limit");
    if others.len() as i64 > most {
        return Err(ApiError::bad_request(format!(
            "The maximum number of segments that can be compared simultaneously is {most}."
        )));
    }
    let own = call.request.text("segment").unwrap_or_default().to_owned();
    Ok(std::iter::once(own).chain(others).collect())
}

/// The call's own `period` and `date`, and those that it is compared with.
fn spans(call: &Call<'_>, world: &World) -> ApiResult<Vec<(String, String)>> {
    let periods = call.request.array("comparePeriods");
    let dates = call.request.array("compareDates");
    if periods.len() != dates.len() {
        return Err(ApiError::bad_request(
            "compareDates/comparePeriods query parameters must be an equal number of elements.",
        ));
    }
    let most = world.config.number("data_comparison_period_limit");
    if periods.len() as i64 > most {
        return Err(ApiError::bad_request(format!(
            "The maximum number of periods that can be compared simultaneously is {most}."
        )));
    }
    let text = |name: &str| {
        let text = call.request.filled(name);
        text.map(str::to_owned)
            .ok_or_else(|| ApiError::missing(name))
    };
    let own = (text("period")?, text("date")?);
    Ok(std::iter::once(own)
        .chain(periods.into_iter().zip(dates))
        .collect())
}

/// The call, for another segment and span.
fn changed<'a>(call: &Call<'a>, wanted: &Wanted) -> Call<'a> {
    Call {
        app: call.app,
        principal: call.principal.clone(),
        request: call
            .request
            .asking(&wanted.period, &wanted.date, &wanted.segment),
        client: call.client,
        method: call.method.clone(),
    }
}

fn periods(call: &Call<'_>) -> ApiResult<Vec<Period>> {
    Ok(match world::periods(call, &model::Zone::utc())? {
        Asked::One(period) => vec![period],
        Asked::Each(periods) => periods,
    })
}

fn pretty(call: &Call<'_>, periods: &[Period], language: &str) -> String {
    let names = &call.app.names;
    let text = match (periods.first(), periods.last()) {
        (Some(one), Some(_)) if periods.len() == 1 => {
            names.pretty_date(one.kind, one.first, one.last, language)
        }
        (Some(first), Some(last)) => {
            names.pretty_date(PeriodKind::Range, first.first, last.last, language)
        }
        _ => String::new(),
    };
    capitalised(&text)
}

/// The text with a capital letter at its beginning.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// A stored segment's name, or the conditions as people read them.
fn segment_pretty(call: &Call<'_>, stored: &[settings::Segment], segment: &str) -> String {
    let readable = tracking::url::url_decode(segment);
    let same = |own: &&settings::Segment| {
        own.definition == segment || tracking::url::url_decode(&own.definition) == readable
    };
    match segment {
        "" => {
            let language = call.request.filled("language").unwrap_or("en");
            let names = &call.app.names;
            names.translate("All visits", language).into_owned()
        }
        _ => match stored.iter().find(same) {
            Some(stored) => stored.name.clone(),
            None => readable,
        },
    }
}

/// One period cannot stand beside several.
fn check_kinds(series: &[Series]) -> ApiResult<()> {
    let several = |series: &Series| holds_several(&series.answer);
    let Some(first) = series.first().map(several) else {
        return Ok(());
    };
    let differs = series.iter().any(|series| several(series) != first);
    match (differs, first) {
        (false, _) => Ok(()),
        (true, true) => Err(ApiError::invalid(
            "Cannot compare: original request is multiple period and cannot be compared with single periods.",
        )),
        (true, false) => Err(ApiError::invalid(
            "Cannot compare: original request is single period and cannot be compared with multiple periods.",
        )),
    }
}

fn holds_several(answer: &Answer) -> bool {
    match answer {
        Answer::Set(set) if set.key == "idSite" => {
            set.parts.iter().any(|(_, part)| holds_several(part))
        }
        Answer::Set(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(visits: i64) -> Row {
        let mut row = Row::labelled("a");
        row.set("nb_visits", visits);
        row.set("goals", Value::Map(Vec::new()));
        row
    }

    fn comparison(segments: usize, inverted: bool) -> Comparison {
        Comparison {
            series: Vec::new(),
            segments,
            inverted,
            numbers: NumberFormat::ENGLISH,
            language: "en".to_owned(),
        }
    }

    #[test]
    fn rows_that_are_not_there_are_noughts() {
        let compared = numbers_of(&row(3), None);
        assert_eq!(compared.columns, [("nb_visits".into(), Value::Int(0))]);
        let compared = numbers_of(&row(3), Some(&row(5)));
        assert_eq!(compared.columns, [("nb_visits".into(), Value::Int(5))]);
    }

    #[test]
    fn changes_are_since_the_first_period_or_the_other_way_round() {
        for (inverted, at, change, from) in
            [(false, 1, "-75%", "+300%"), (true, 0, "+300%", "-75%")]
        {
            let rows = [8, 2].map(|visits| numbers_of(&row(visits), Some(&row(visits))));
            let mut table = Table::of(rows.to_vec());
            comparison(1, inverted).add_changes(&mut table);
            let row = &table.rows[at];
            assert_eq!(row.get("nb_visits_change"), Some(&Value::from(change)));
            assert_eq!(row.get("nb_visits_change_from"), Some(&Value::from(from)));
            assert_eq!(table.rows[1 - at].columns.len(), 1);
        }
    }
}
