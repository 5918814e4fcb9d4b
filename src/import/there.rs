//! Importing into a server that runs, by bulk requests with a token that may write.

use std::time::Duration;

use model::SiteId;
use serde_json::{Value, json};
use tracking::device::{ClientHints, DeviceDetector};

use super::counts::Counts;
use super::reading::{Batch, Knowledge};

/// What the server left out cannot be told apart: it says how many.
const REFUSED: &str = "refused by the server";
/// A server that is busy is asked again this often before the import ends.
const ATTEMPTS: u32 = 8;

/// A running server.
pub struct There {
    url: String,
    token: String,
    agent: ureq::Agent,
    devices: DeviceDetector,
    /// The site that hits go to, and its main address.
    site: (SiteId, String),
}

impl Knowledge for There {
    fn is_robot(&self, user_agent: &str) -> bool {
        let device = self.devices.detect(user_agent, &ClientHints::default());
        device.bot.is_some()
    }

    fn site_of_host(&self, _: &str) -> Option<SiteId> {
        Some(self.site.0)
    }

    fn site_url(&self, site: SiteId) -> Option<String> {
        (site == self.site.0).then(|| self.site.1.clone())
    }
}

impl There {
    /// Asks the server for the site, and thereby whether address and token are right.
    pub fn open(url: &str, token: String, site: SiteId) -> Result<There, String> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(300)))
            .http_status_as_error(false)
            .build()
            .into();
        let mut there = There {
            url: url.trim_end_matches('/').to_owned(),
            token,
            agent,
            devices: DeviceDetector::embedded(),
            site: (site, String::new()),
        };
        there.site.1 = there.site_address(site)?;
        Ok(there)
    }

    fn site_address(&self, site: SiteId) -> Result<String, String> {
        let form = [
            ("module", "API"),
            ("method", "SitesManager.getSiteFromId"),
            ("format", "json"),
            ("idSite", &site.to_string()),
            ("token_auth", &self.token),
        ];
        let url = format!("{}/index.php", self.url);
        let failed = |error: ureq::Error| format!("{url}: {error}");
        let mut answer = self.agent.post(&url).send_form(form).map_err(failed)?;
        let text = answer.body_mut().read_to_string().map_err(failed)?;
        let json: Value = serde_json::from_str(&text)
            .map_err(|_| format!("{url} answers with something that is no JSON"))?;
        if let Some(message) = json["message"].as_str() {
            return Err(format!("{url}: {message}"));
        }
        let address = json["main_url"].as_str();
        address
            .map(str::to_owned)
            .ok_or_else(|| format!("{url} does not know site {site}"))
    }

    /// Sends a batch; asks again where the server says that it is busy.
    pub fn record(&self, batch: Batch) -> Result<Counts, String> {
        let mut counts = batch.counts;
        if batch.hits.is_empty() {
            return Ok(counts);
        }
        let total = batch.hits.len() as u64;
        let object = |pairs: tracking::logs::Pairs| {
            let fields = pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)));
            Value::Object(fields.collect())
        };
        let requests: Vec<Value> = batch.hits.into_iter().map(object).collect();
        let body = json!({ "token_auth": self.token, "requests": requests }).to_string();
        let answer = self.send(&body)?;
        let tracked = answer["tracked"].as_u64().unwrap_or(0).min(total);
        counts.recorded += tracked;
        counts.skip_many(REFUSED, total - tracked);
        Ok(counts)
    }

    fn send(&self, body: &str) -> Result<Value, String> {
        let url = format!("{}/matomo.php", self.url);
        for attempt in 0..ATTEMPTS {
            let request = self.agent.post(&url).content_type("application/json");
            // Without an answer nobody knows whether the batch is counted: it is not sent twice.
            let mut answer = request
                .send(body)
                .map_err(|error| format!("{url}: {error}"))?;
            let status = answer.status().as_u16();
            if status == 503 {
                std::thread::sleep(Duration::from_secs(1 << attempt.min(4)));
                continue;
            }
            let text = answer.body_mut().read_to_string().unwrap_or_default();
            return match serde_json::from_str(&text) {
                Ok(answer) if status == 200 => Ok(answer),
                _ => Err(format!("{url} answers with status {status}")),
            };
        }
        Err(format!(
            "{url} is too busy; the import goes on here when it is started again"
        ))
    }
}
