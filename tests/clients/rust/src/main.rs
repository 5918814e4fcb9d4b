//! The crate `matomo-rs` against a running server: typed answers, paging, bulk requests, errors.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use matomo::endpoints::{
    ActionsGetPageUrls, ApiGetBulkRequest, ApiGetMatomoVersion, ApiGetReportMetadata,
    LiveGetLastVisitsDetails, ReferrersGetReferrerType, VisitsSummaryGet,
};
use matomo::{Client, Date, Limit, Params, Period, Query, QueryError};

/// Sends the crate's requests; the token goes into the body or into the header.
struct Transport {
    url: String,
    token: String,
    is_bearer: bool,
}

impl Client for Transport {
    type Error = ureq::Error;

    async fn execute(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let mut body = String::from_utf8_lossy(request.body()).into_owned();
        let url = format!("{}{}", self.url, request.uri().path());
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut post = agent
            .post(&url)
            .content_type("application/x-www-form-urlencoded");
        if self.is_bearer {
            post = post.header("Authorization", format!("Bearer {}", self.token));
        } else {
            body += &format!("&token_auth={}", self.token);
        }
        let mut answer = post.send(&body)?;
        let bytes = answer.body_mut().read_to_vec()?;
        Ok(Response::new(Bytes::from(bytes)))
    }
}

/// Nothing here waits: the transport blocks.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the client waits for something"),
    }
}

type Outcome = Result<(), String>;

fn equal<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Outcome {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{found:?} is not {expected:?}")),
    }
}

fn failed(error: impl std::fmt::Display) -> String {
    error.to_string()
}

struct World {
    url: String,
    token: String,
    site: u32,
}

impl World {
    fn transport(&self, is_bearer: bool) -> Transport {
        Transport {
            url: self.url.clone(),
            token: self.token.clone(),
            is_bearer,
        }
    }

    fn hit(&self, visitor: u64, page: &str) {
        let url = format!(
            "{}/matomo.php?idsite={}&rec=1&_id={visitor:016x}&url=https%3A%2F%2Frust.example%2F{page}&urlref=https%3A%2F%2Fwww.google.com%2F",
            self.url, self.site
        );
        // Another browser, too: visits of one browser on one address are one visit in Matomo, whatever the cookie says.
        let version = 140 + visitor;
        let agent = format!(
            "Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
        );
        ureq::get(&url)
            .header("User-Agent", agent)
            .call()
            .expect("a hit");
    }
}

fn today() -> Period {
    Period::Day(Date::Today)
}

fn tells_its_version(world: &World) -> Outcome {
    let version = now(ApiGetMatomoVersion.execute(&world.transport(false))).map_err(failed)?;
    equal(
        version["value"]
            .as_str()
            .is_some_and(|text| text.starts_with('5')),
        true,
    )
}

fn sums_up_visits_by_both_ways_of_signing_in(world: &World) -> Outcome {
    for is_bearer in [false, true] {
        let question = VisitsSummaryGet {
            id_site: world.site.into(),
            period: today(),
            segment: None,
        };
        let summary = now(question.execute(&world.transport(is_bearer))).map_err(failed)?;
        equal(
            (summary.nb_visits as i64, summary.nb_actions as i64),
            (3, 4),
        )?;
    }
    Ok(())
}

fn lists_pages_and_referrers(world: &World) -> Outcome {
    // Weeks: numbers of a single day are texts in Matomo's answers, which the crate does not read.
    let pages = ActionsGetPageUrls {
        id_site: world.site.into(),
        period: Period::Week(Date::Today),
        segment: None,
    };
    equal(
        now(pages.execute(&world.transport(false)))
            .map_err(failed)?
            .len(),
        2,
    )?;
    let referrers = ReferrersGetReferrerType {
        id_site: world.site.into(),
        period: Period::Week(Date::Today),
        segment: None,
    };
    equal(
        now(referrers.execute(&world.transport(false)))
            .map_err(failed)?
            .len(),
        1,
    )
}

fn pages_through_visits_until_none_is_left(world: &World) -> Outcome {
    let mut visits = Vec::new();
    for offset in 0..10 {
        let limit = Limit::count(1).ok_or("a limit")?;
        let params = Params::new()
            .id_site(world.site)
            .period(today())
            .limit(limit)
            .offset(offset);
        let page = now(LiveGetLastVisitsDetails { params }.execute(&world.transport(false)))
            .map_err(failed)?;
        if page.is_empty() {
            break;
        }
        visits.extend(
            page.into_iter()
                .map(|visit| (visit.id_visit, visit.action_details.len())),
        );
    }
    let actions: usize = visits.iter().map(|(_, actions)| actions).sum();
    visits.sort_unstable();
    visits.dedup();
    equal((visits.len(), actions), (3, 4))
}

fn asks_several_questions_at_once(world: &World) -> Outcome {
    let question = Params::new()
        .id_site(world.site)
        .period(today())
        .set("format", "json");
    let params = Params::new()
        .set("urls[0]", question.to_bulk_query("VisitsSummary.getVisits"))
        .set(
            "urls[1]",
            question.to_bulk_query("VisitsSummary.getActions"),
        );
    let answers =
        now(ApiGetBulkRequest { params }.execute(&world.transport(false))).map_err(failed)?;
    equal(
        answers.to_string(),
        r#"[{"value":3},{"value":4}]"#.to_owned(),
    )
}

fn reads_the_metadata_of_reports(world: &World) -> Outcome {
    let params = Params::new().id_site(world.site);
    let reports =
        now(ApiGetReportMetadata { params }.execute(&world.transport(false))).map_err(failed)?;
    equal(
        reports.as_array().is_some_and(|reports| reports.len() > 20),
        true,
    )
}

fn tells_errors_of_the_api(world: &World) -> Outcome {
    let mut transport = world.transport(false);
    transport.token = "0".repeat(32);
    let question = VisitsSummaryGet {
        id_site: world.site.into(),
        period: today(),
        segment: None,
    };
    match now(question.execute(&transport)) {
        Err(QueryError::Api { .. }) => Ok(()),
        other => Err(format!("no error of the API: {:?}", other.err())),
    }
}

const TESTS: &[(&str, fn(&World) -> Outcome)] = &[
    ("tells its version", tells_its_version),
    (
        "sums up visits by both ways of signing in",
        sums_up_visits_by_both_ways_of_signing_in,
    ),
    ("lists pages and referrers", lists_pages_and_referrers),
    (
        "pages through visits until none is left",
        pages_through_visits_until_none_is_left,
    ),
    (
        "asks several questions at once",
        asks_several_questions_at_once,
    ),
    (
        "reads the metadata of reports",
        reads_the_metadata_of_reports,
    ),
    ("tells errors of the API", tells_errors_of_the_api),
];

fn main() {
    let variable = |name: &str| std::env::var(name).expect(name);
    let (url, token) = (variable("TAKWIMU_URL"), variable("TAKWIMU_TOKEN"));
    let form = [
        ("module", "API"),
        ("method", "SitesManager.addSite"),
        ("format", "json"),
        ("siteName", "rust"),
        ("urls", "https://rust.example"),
        ("token_auth", &token),
    ];
    let mut answer = ureq::post(format!("{url}/index.php"))
        .send_form(form)
        .expect("a site");
    let text = answer.body_mut().read_to_string().expect("a text");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let site = json["value"].as_u64().expect("a number") as u32;
    let world = World { url, token, site };
    for (visitor, page) in [(1, "a"), (1, "b"), (2, "a"), (3, "a")] {
        world.hit(visitor, page);
    }
    let mut failures = 0;
    for (name, test) in TESTS {
        match test(&world) {
            Ok(()) => println!("ok      {name}"),
            Err(reason) => {
                failures += 1;
                println!("FAILED  {name}: {reason}");
            }
        }
    }
    println!("  {} passed", TESTS.len() - failures);
    if failures > 0 {
        println!("  {failures} failed");
        std::process::exit(1);
    }
}
