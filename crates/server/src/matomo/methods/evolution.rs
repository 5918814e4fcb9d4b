//! `API.getRowEvolution`: one row or several of a report over time, with the least and the greatest
//! value and the change.

use model::{Answer, Name, Row, Table, TableSet, Value};
use query::period::{self, PeriodKind};
use tracking::url::{url_decode, url_encode};

use super::common::{field, needed};
use super::metadata::entry::{self, Entry};
use super::metadata::{Writing, parameters, site_of};
use super::processed::{answer_of, map_or_empty};
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::shape::php;

/// Between the labels of two levels.
const LEVEL: char = '>';

pub async fn evolution(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let site = site_of(&call, &world, "idSite")?;
    let request = &call.request;
    let (module, action) = (needed(&call, "apiModule")?, needed(&call, "apiAction")?);
    let asked = match needed(&call, "period")? {
        "range" => "day",
        asked => asked,
    };
    if !period::is_list(needed(&call, "date")?) {
        return Err(ApiError::invalid(
            "Row evolutions can not be processed with this combination of 'date' and 'period' parameters.",
        ));
    }
    let writing = Writing::of(&call, &world, site)?;
    let parameters = parameters(&call);
    let entries = entry::of_site(&world, site, true);
    let entry = entry::find(&entries, module, action, &parameters).ok_or_else(|| {
        ApiError::invalid(format!(
            "Requested report {module}.{action} for Website id={site} not found in the list of available reports.  "
        ))
    })?;
    if entry.dimension.is_empty() {
        return Err(ApiError::invalid(format!(
            "Reports like {module}.{action} which do not have a dimension are not supported by row evolution"
        )));
    }
    let kind = PeriodKind::named(asked).unwrap_or(PeriodKind::Day);
    let entry = &entry.clone().for_period(kind);
    let labels: Vec<String> = request.list_untrimmed("label");
    let labels: Vec<String> = labels
        .iter()
        .map(|label| label.replace("&gt;", ">"))
        .collect();
    let mut inner = request.clone().with("period", asked).with("totals", "0");
    for (name, value) in &parameters {
        inner = inner.with(name, value);
    }
    inner = inner.with("filter_add_columns_when_show_all_columns", "0");
    let encoded: Vec<String> = labels
        .iter()
        .map(|label| url_encode(label.as_bytes()))
        .collect();
    inner = inner.with_list("label", &encoded).with(
        "labelFilterAddLabelIndex",
        if labels.is_empty() { "0" } else { "1" },
    );
    let data = answer_of(&call, entry, inner).await?;
    let main_url = world.site(site).map_or("", |site| site.main_url());
    let rows = Rows {
        writing: &writing,
        entry,
        tables: tables(data),
        host: tracking::url::host_of(main_url).unwrap_or_default(),
        absolute: request.flag_or("labelUseAbsoluteUrl", true),
        is_page: module == "Actions" && entry.report.flat_separator == "/",
    };
    let labels = match labels.is_empty() {
        true => rows.labels(request.integer("filter_limit")),
        false => labels,
    };
    let value = match labels.as_slice() {
        [label] => rows.single(label),
        labels => {
            let column = request.filled("column").unwrap_or_default();
            rows.several(labels, column, request.flag_or("legendAppendMetric", true))
        }
    };
    Ok(Answer::Value(value))
}

/// The tables of a set with their keys; one table alone has none.
fn tables(answer: Answer) -> Vec<(String, Table)> {
    match answer {
        Answer::Set(set) => set
            .parts
            .into_iter()
            .filter_map(|(key, part)| match part {
                Answer::Table(table) | Answer::Metrics(table) => Some((key, table)),
                _ => None,
            })
            .collect(),
        Answer::Table(table) | Answer::Metrics(table) => vec![(String::new(), table)],
        _ => Vec::new(),
    }
}

struct Rows<'a> {
    writing: &'a Writing<'a>,
    entry: &'a Entry,
    tables: Vec<(String, Table)>,
    host: String,
    /// `labelUseAbsoluteUrl`.
    absolute: bool,
    /// Labels are parts of addresses.
    is_page: bool,
}

impl Rows<'_> {
    /// All labels of all periods, in the order in which they come.
    fn labels(&self, limit: Option<i64>) -> Vec<String> {
        let mut labels: Vec<String> = Vec::new();
        for (_, table) in &self.tables {
            for row in table.all_rows() {
                let label = row.label();
                if !labels.iter().any(|known| *known == label) {
                    labels.push(label.into_owned());
                }
            }
        }
        if let Some(Ok(most)) = limit.filter(|limit| *limit > 0).map(usize::try_from) {
            labels.truncate(most);
        }
        labels
    }

    /// The row of a label: by the mark that the label filter left, else by the label itself.
    fn row<'t>(&self, table: &'t Table, at: usize, label: &str) -> Option<&'t Row> {
        table.all_rows().find(|row| match row.meta("label_idx") {
            Some(index) => index.number() == at as f64,
            None => row.label() == label,
        })
    }

    fn metrics(&self) -> Vec<(&'static str, String)> {
        let named = |metric: &'static str| (metric, self.writing.name_of(self.entry, metric));
        let all = self.entry.shown_metrics().into_iter();
        all.filter(|metric| self.writing.leaves(metric))
            .map(named)
            .collect()
    }

    /// The address of a page without its scheme, where the row has one.
    fn address(&self, row: &Row) -> Option<String> {
        let has_addresses =
            self.entry.module() == "Actions" || self.entry.report.method == "Referrers.getWebsites";
        let url = row
            .meta("url")
            .and_then(Value::as_str)
            .filter(|url| !url.is_empty())?;
        (has_addresses && self.absolute).then(|| without_scheme(url).to_owned())
    }

    fn single(&self, label: &str) -> Value {
        let metrics = self.metrics();
        let mut shown: Option<String> = None;
        let mut logo = None;
        let mut parts = Vec::with_capacity(self.tables.len());
        for (key, table) in &self.tables {
            let row = self.row(table, 0, label);
            if let Some(row) = row.filter(|_| shown.is_none()) {
                shown = self.address(row);
                logo = logo.or_else(|| row.meta("logo").cloned());
            }
            let rows = row
                .map(|row| of_metrics(row, &metrics))
                .into_iter()
                .collect();
            parts.push((key.clone(), Table::of(rows)));
        }
        let found = parts.iter().any(|(_, table)| !table.rows.is_empty());
        let shown = shown.or_else(|| self.referring_page(label).filter(|_| found));
        let shown = shown.unwrap_or_else(|| match self.is_page {
            true => format!("{}/{}/", self.host, decoded(label).replace(LEVEL, "/")),
            false => legend(label),
        });
        let rows: Vec<Option<&Row>> = parts.iter().map(|(_, table)| table.rows.first()).collect();
        let described = metrics.iter().map(|(metric, name)| {
            let facts = described(&rows, metric, name, None);
            ((*metric).into(), Value::Map(facts))
        });
        let metadata = vec![
            field("metrics", map_or_empty(described.collect())),
            field("dimension", self.writing.word(&self.entry.dimension)),
        ];
        let mut fields = vec![
            field("label", shown),
            field("reportData", Value::Answer(Box::new(by_date(parts)))),
            field("metadata", Value::Map(metadata)),
        ];
        fields.extend(logo.map(|logo| field("logo", logo)));
        Value::Map(fields)
    }

    fn several(&self, labels: &[String], column: &str, append_metric: bool) -> Value {
        let metrics = self.metrics();
        let chosen = metrics.iter().find(|(metric, _)| *metric == column);
        let Some((column, metric_name)) = chosen.or(metrics.first()) else {
            return Value::List(Vec::new());
        };
        let mut parts = Vec::with_capacity(self.tables.len());
        for (key, table) in &self.tables {
            let mut row = Row::default();
            for (at, label) in labels.iter().enumerate() {
                let value = self
                    .row(table, at, label)
                    .map_or(0.0, |row| row.number(column));
                row.set(format!("{column}_{at}"), Value::Float(value));
            }
            let rows = if labels.is_empty() {
                Vec::new()
            } else {
                vec![row]
            };
            parts.push((key.clone(), Table::of(rows)));
        }
        let rows: Vec<Option<&Row>> = parts.iter().map(|(_, table)| table.rows.first()).collect();
        let described = labels.iter().enumerate().map(|(at, label)| {
            let (mut name, logo) = self.name_and_logo(at, label);
            if append_metric {
                name.push_str(&format!(" ({metric_name})"));
            }
            let column = format!("{column}_{at}");
            let facts = described(&rows, &column, &name, logo);
            (column.into(), Value::Map(facts))
        });
        let columns = metrics
            .iter()
            .map(|(metric, name)| ((*metric).into(), name.as_str().into()));
        let metadata = vec![
            field("metrics", map_or_empty(described.collect())),
            field("dimension", self.writing.word(&self.entry.dimension)),
            field("columns", Value::Map(columns.collect())),
        ];
        Value::Map(vec![
            field("column", *column),
            field("reportData", Value::Answer(Box::new(by_date(parts)))),
            field("metadata", Value::Map(metadata)),
        ])
    }

    /// What a row is called in a legend, and its picture.
    fn name_and_logo(&self, at: usize, label: &str) -> (String, Option<Value>) {
        let found = self
            .tables
            .iter()
            .filter_map(|(_, table)| self.row(table, at, label));
        let mut logo = None;
        let mut any = false;
        for row in found {
            any = true;
            logo = row.meta("logo").cloned();
            if let Some(address) = self.address(row) {
                return (address, logo);
            }
        }
        let page = self.referring_page(label).filter(|_| any);
        (page.unwrap_or_else(|| legend(label)), logo)
    }

    /// The address of a page that led here: its site and its path.
    fn referring_page(&self, label: &str) -> Option<String> {
        let is_page = self.entry.report.method == "Referrers.getWebsites" && label.contains(LEVEL);
        (is_page && self.absolute).then(|| {
            let parts: Vec<String> = label.split(LEVEL).map(decoded).collect();
            without_scheme(&parts.join("/")).to_owned()
        })
    }
}

/// Labels of several levels, as people read them.
fn legend(label: &str) -> String {
    let parts: Vec<String> = label.split(LEVEL).map(decoded).collect();
    parts.join(" - ")
}

fn decoded(label: &str) -> String {
    crate::matomo::formats::entities::decode(&url_decode(label)).into_owned()
}

fn without_scheme(url: &str) -> &str {
    let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
    let rest = rest.unwrap_or(url);
    rest.strip_prefix("www.").unwrap_or(rest)
}

/// The metrics of a row, in the order of the row, without its facts.
fn of_metrics(row: &Row, metrics: &[(&'static str, String)]) -> Row {
    let known = |name: &str| metrics.iter().any(|(metric, _)| *metric == name);
    let columns = row.columns.iter().filter(|(name, _)| known(name));
    Row {
        columns: columns.cloned().collect(),
        subtable: row.subtable.clone(),
        ..Row::default()
    }
}

fn by_date(parts: Vec<(String, Table)>) -> Answer {
    let parts = parts
        .into_iter()
        .map(|(key, table)| (key, Answer::Table(table)));
    Answer::Set(TableSet {
        key: "date",
        parts: parts.collect(),
    })
}

/// Name, picture, least and greatest value from the first one that is not 0 on, and the change from
/// the first period to the last.
fn described(
    rows: &[Option<&Row>],
    metric: &str,
    name: &str,
    logo: Option<Value>,
) -> Vec<(Name, Value)> {
    let mut facts = vec![field("name", name)];
    facts.extend(logo.map(|logo| field("logo", logo)));
    // A period without a row counts as a whole 0, which other formats show without decimals.
    let value = |row: &Option<&Row>| match row {
        Some(row) => Value::Float(row.number(metric)),
        None => Value::Int(0),
    };
    let values = rows.iter().map(value);
    let from_first = values.skip_while(|value| value.number() <= 0.0);
    let mut bounds: Option<(Value, Value)> = None;
    for value in from_first {
        bounds = Some(match bounds {
            None => (value.clone(), value),
            Some((least, most)) if value.number() < least.number() => (value, most),
            Some((least, most)) if value.number() > most.number() => (least, value),
            Some(bounds) => bounds,
        });
    }
    if let Some((least, most)) = bounds {
        facts.push(field("min", least));
        facts.push(field("max", most));
    }
    let end = |row: Option<&Option<&Row>>| row.map_or(0.0, |row| value(row).number());
    let (first, last) = (end(rows.first()), end(rows.last()));
    if first != 0.0 {
        facts.push(field("change", change(first, last)));
    }
    facts
}

fn change(first: f64, last: f64) -> String {
    let percent = php::round((last - first) / first * 100.0, 0);
    let sign = if percent >= 0.0 { "+" } else { "" };
    format!("{sign}{}%", php::text(&php::whole_or_float(percent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_in_legends() {
        let cases = [
            ("Direct Entry", "Direct Entry"),
            ("Google>free+%3E+proprietary", "Google - free > proprietary"),
            (" 2 visits", " 2 visits"),
        ];
        for (label, shown) in cases {
            assert_eq!(legend(label), shown);
        }
        assert_eq!(without_scheme("https://www.example.org/a"), "example.org/a");
        assert_eq!(without_scheme("example.org"), "example.org");
    }

    #[test]
    fn bounds_begin_with_the_first_value() {
        let row = |value: i64| {
            let mut row = Row::default();
            row.set("m", value);
            row
        };
        let (two, four) = (row(2), row(4));
        let facts = |rows: &[Option<&Row>]| {
            let facts = described(rows, "m", "Metric", None);
            facts
                .iter()
                .skip(1)
                .map(|(name, value)| format!("{name}={}", php::text(value)))
                .collect::<Vec<_>>()
        };
        assert_eq!(facts(&[None, Some(&two), Some(&four)]), ["min=2", "max=4"]);
        assert_eq!(
            facts(&[Some(&four), Some(&two)]),
            ["min=2", "max=4", "change=-50%"]
        );
        assert_eq!(
            facts(&[Some(&two), None]),
            ["min=0", "max=2", "change=-100%"]
        );
        assert_eq!(
            facts(&[Some(&two), Some(&two)]),
            ["min=2", "max=2", "change=+0%"]
        );
        assert!(facts(&[None, None]).is_empty());
    }
}
