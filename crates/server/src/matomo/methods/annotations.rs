//! `Annotations`: notes on days of a site.

use jiff::civil::Date;
use model::{Access, Answer, Name, Role, Value};
use query::period::{Asked, PeriodKind, asked, day, is_list};
use settings::{Annotation, AnnotationChange};

use super::common::{answer, field, flag, has_role, needed, number, numbered, site_of};
use super::{Method, method};
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::{Call, world};

const VIEW: Access = Access::Site(Role::View);

pub const METHODS: &[Method] = &[
    method!("Annotations.add", VIEW, add),
    method!("Annotations.save", VIEW, save),
    method!("Annotations.delete", VIEW, delete),
    method!("Annotations.deleteAll", Access::SuperUser, delete_all),
    method!("Annotations.get", VIEW, one),
    method!("Annotations.getAll", VIEW, all),
    method!("Annotations.getAnnotationCountForDates", VIEW, counts),
];

fn fields(call: &Call<'_>, note: &Annotation) -> Vec<(Name, Value)> {
    let mut fields = vec![
        field("date", note.date.clone()),
        field("note", note.note.clone()),
        field("starred", flag(note.starred)),
    ];
    if !call.principal.is_anonymous() {
        fields.push(field("user", note.login.clone()));
    }
    fields.push(field("idNote", note.idnote));
    fields.push(field("canEditOrDelete", may_change(call, note)));
    fields
}

/// The author may change a note, and whoever may write on its site.
fn may_change(call: &Call<'_>, note: &Annotation) -> bool {
    let principal = &call.principal;
    let is_author = !principal.is_anonymous() && principal.login() == note.login;
    is_author || has_role(call, note.idsite, Role::Write)
}

fn shown(call: &Call<'_>, note: &Annotation) -> ApiResult<Answer> {
    answer(Value::Map(fields(call, note)))
}

/// The note that a call names and its caller may change.
async fn changeable(call: &Call<'_>) -> ApiResult<Annotation> {
    let site = site_of(call, Role::View).await?;
    let note = call
        .app
        .settings
        .annotation(site, number(call, "idNote")?)
        .await?;
    match may_change(call, &note) {
        true => Ok(note),
        false => Err(ApiError::invalid(format!(
            "The current user is not allowed to modify or delete notes for site #{site}."
        ))),
    }
}

async fn add(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::View).await?;
    if call.principal.is_anonymous() {
        return Err(ApiError::invalid(format!(
            "The current user is not allowed to add notes for site #{site}."
        )));
    }
    let date = date(&call, site, needed(&call, "date")?).await?;
    let note = needed(&call, "note")?;
    let login = call.principal.login().to_owned();
    let starred = call.request.flag("starred");
    let added = call
        .app
        .settings
        .add_annotation(site, &login, &date, note, starred)
        .await?;
    shown(&call, &added)
}

async fn date(call: &Call<'_>, site: i64, text: &str) -> ApiResult<String> {
    let world = call.app.world().await?;
    let zone = world::zone_of(&world, u32::try_from(site).unwrap_or(0));
    Ok(day(text, world::today(&zone))?.to_string())
}

async fn save(call: Call<'_>) -> ApiResult<Answer> {
    let note = changeable(&call).await?;
    let date = match call.request.filled("date") {
        Some(text) => Some(date(&call, note.idsite, text).await?),
        None => None,
    };
    let change = AnnotationChange {
        date,
        note: call.request.filled("note").map(str::to_owned),
        starred: call
            .request
            .filled("starred")
            .map(|_| call.request.flag("starred")),
    };
    let note = call
        .app
        .settings
        .update_annotation(note.idsite, note.idnote, change)
        .await?;
    shown(&call, &note)
}

async fn delete(call: Call<'_>) -> ApiResult<Answer> {
    let note = changeable(&call).await?;
    call.app
        .settings
        .delete_annotation(note.idsite, note.idnote)
        .await?;
    Ok(Answer::Done)
}

async fn delete_all(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Admin).await?;
    call.app.settings.delete_annotations(site).await?;
    Ok(Answer::Done)
}

async fn one(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::View).await?;
    let note = call
        .app
        .settings
        .annotation(site, number(&call, "idNote")?)
        .await?;
    shown(&call, &note)
}

async fn all(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let sites = world::sites(&call, &world, Role::View)?;
    let mut found = Vec::new();
    for site in sites.ids {
        let days = match call.request.filled("date") {
            Some(date) => {
                let period = call.request.filled("period").unwrap_or("day");
                let today = world::today(&world::zone_of(&world, site));
                Some(days(period, date, last_n(&call), today)?)
            }
            None => None,
        };
        let days = days.map(|(first, last)| (first.to_string(), last.to_string()));
        let days = days
            .as_ref()
            .map(|(first, last)| (first.as_str(), last.as_str()));
        let site = i64::from(site);
        let notes = call.app.settings.annotations(site, days).await?;
        if !notes.is_empty() {
            let rows = notes.iter().map(|note| Value::Map(fields(&call, note)));
            found.push((site, Value::List(rows.collect())));
        }
    }
    answer(numbered(&call, found))
}

fn last_n(call: &Call<'_>) -> Option<i64> {
    call.request.integer("lastN").filter(|count| *count > 0)
}

/// First and last day that `period`, `date` and `lastN` name.
fn days(period: &str, date: &str, last_n: Option<i64>, today: Date) -> ApiResult<(Date, Date)> {
    if period != "range" && is_list(date) {
        let (first, last) = match date.split_once(',') {
            Some((first, last)) => (day(first, today)?, day(last, today)?),
            None => ends(asked(period, date, today)?),
        };
        return Ok((first, last));
    }
    match last_n.filter(|_| period != "range") {
        None => Ok(ends(asked(period, date, today)?)),
        Some(count) => Ok(ends(asked(
            period,
            &format!("last{count}"),
            day(date, today)?,
        )?)),
    }
}

fn ends(asked: Asked) -> (Date, Date) {
    match asked {
        Asked::One(period) => (period.first, period.last),
        Asked::Each(periods) => {
            let first = periods.first().map_or(Date::MIN, |period| period.first);
            (first, periods.last().map_or(first, |period| period.last))
        }
    }
}

/// Notes and starred notes of each period, for the marks below a graph.
async fn counts(call: Call<'_>) -> ApiResult<Answer> {
    let (period, date) = (needed(&call, "period")?, needed(&call, "date")?);
    let with_text = call.request.flag("getAnnotationText");
    let world = call.app.world().await?;
    let sites = world::sites(&call, &world, Role::View)?;
    let mut found = Vec::new();
    for site in sites.ids {
        let today = world::today(&world::zone_of(&world, site));
        let days = days(period, date, last_n(&call), today)?;
        let steps = steps(period, days)?;
        let all_days = steps
            .first()
            .zip(steps.last())
            .map(|(first, last)| (first.0.to_string(), last.1.to_string()));
        let all_days = all_days
            .as_ref()
            .map(|(first, last)| (first.as_str(), last.as_str()));
        let notes = call
            .app
            .settings
            .annotations(i64::from(site), all_days)
            .await?;
        let rows = steps.iter().map(|step| counted(&notes, *step, with_text));
        found.push((i64::from(site), Value::List(rows.collect())));
    }
    answer(numbered(&call, found))
}

/// First and last day of each period from the first day on; the days of a range are counted one by one.
fn steps(period: &str, (first, last): (Date, Date)) -> ApiResult<Vec<(Date, Date)>> {
    const MOST: usize = 10_000;
    let kind = match PeriodKind::named(period) {
        Some(PeriodKind::Range) => PeriodKind::Day,
        Some(kind) => kind,
        None => {
            return Err(ApiError::invalid(format!(
                "The period '{period}' is not supported."
            )));
        }
    };
    let mut steps = Vec::new();
    let mut start = first;
    while start <= last && steps.len() < MOST {
        let next = match kind {
            PeriodKind::Week => start.saturating_add(jiff::Span::new().days(7)),
            PeriodKind::Month => start.saturating_add(jiff::Span::new().months(1)),
            PeriodKind::Year => start.saturating_add(jiff::Span::new().years(1)),
            _ => start.saturating_add(jiff::Span::new().days(1)),
        };
        steps.push((start, next.yesterday().unwrap_or(start)));
        if next == start {
            break;
        }
        start = next;
    }
    Ok(steps)
}

fn counted(notes: &[Annotation], (first, last): (Date, Date), with_text: bool) -> Value {
    let (first, last) = (first.to_string(), last.to_string());
    let within: Vec<&Annotation> = notes
        .iter()
        .filter(|note| note.date >= first && note.date <= last)
        .collect();
    let starred = within.iter().filter(|note| note.starred).count();
    let mut counts = vec![
        field("count", within.len() as i64),
        field("starred", starred as i64),
    ];
    if let ([only], true) = (within.as_slice(), with_text) {
        counts.push(field("note", only.note.clone()));
    }
    Value::List(vec![Value::Text(first), Value::Map(counts)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn days_of_periods_lists_and_last_n() {
        for (period, text, last_n, first, last) in [
            ("week", "2011-12-01", None, "2011-11-28", "2011-12-04"),
            ("week", "2012-03-01", Some(6), "2012-01-23", "2012-03-04"),
            (
                "week",
                "2012-01-26,2012-03-01",
                None,
                "2012-01-26",
                "2012-03-01",
            ),
            (
                "range",
                "2012-01-15,2012-02-15",
                Some(6),
                "2012-01-15",
                "2012-02-15",
            ),
        ] {
            let found = days(period, text, last_n, date("2012-03-03")).expect("days");
            assert_eq!(found, (date(first), date(last)), "{period} {text}");
        }
    }

    #[test]
    fn periods_follow_each_other_without_a_gap() {
        let steps = steps("month", (date("2012-01-01"), date("2012-02-29"))).expect("steps");
        let expected = [("2012-01-01", "2012-01-31"), ("2012-02-01", "2012-02-29")];
        assert_eq!(
            steps,
            expected.map(|(first, last)| (date(first), date(last)))
        );
    }
}
