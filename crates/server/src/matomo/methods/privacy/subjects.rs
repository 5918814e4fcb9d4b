//! The visits of one person, for those who ask what is known of them.

use model::{Answer, Role, Row, Value};

use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{answer, needed, sites_in, sites_with};
use crate::matomo::request::ApiRequest;
use crate::matomo::world::segment_text;

const LOG: &str = "Live.getLastVisitsDetails";

/// Most visits that are shown at once.
const MOST: usize = 400;

/// What of a visit tells one person from another.
const COLUMNS: [&str; 18] = [
    "idSite",
    "idVisit",
    "visitIp",
    "visitorId",
    "lastActionDateTime",
    "siteName",
    "userId",
    "deviceType",
    "deviceTypeIcon",
    "deviceModel",
    "operatingSystem",
    "operatingSystemIcon",
    "browserFamilyDescription",
    "browser",
    "browserIcon",
    "country",
    "countryFlag",
    "region",
];

pub async fn find(call: Call<'_>) -> ApiResult<Answer> {
    needed(&call, "segment")?;
    needed(&call, "idSite")?;
    let world = call.app.world().await?;
    let sites = match call.request.filled("idSite") {
        Some("all") => sites_with(&call, &world, Role::Admin),
        _ => sites_in(&call, &world, "idSite", Role::Admin)?,
    };
    let sites: Vec<String> = sites.iter().map(i64::to_string).collect();
    let segment = segment_text(&call).replace('&', "%26").replace('#', "%23");
    let language = call.request.filled("language").unwrap_or("en");
    let query = format!(
        "idSite={}&segment={segment}&language={}&filter_limit={MOST}&doNotFetchActions=1",
        sites.join(","),
        crate::matomo::show::encode(language)
    );
    let inner = Call {
        app: call.app,
        principal: call.principal.clone(),
        request: ApiRequest::parse(&query, b""),
        client: call.client,
        method: LOG.to_owned(),
    };
    let log = crate::matomo::methods::find(LOG).ok_or_else(|| ApiError::method(LOG))?;
    match (log.run)(inner).await? {
        Answer::Table(table) => answer(Value::List(table.rows.iter().map(shown).collect())),
        _ => answer(Value::List(Vec::new())),
    }
}

fn shown(row: &Row) -> Value {
    let known = |name: &str| row.get(name).or_else(|| row.meta(name)).cloned();
    let fields = COLUMNS
        .iter()
        .filter_map(|name| Some(((*name).into(), known(name)?)));
    Value::Map(fields.collect())
}
