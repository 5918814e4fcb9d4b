//! The snippets that people paste into their pages.

use model::{Answer, Role};
use tracking::url::ParamValue;

use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{answer, chosen, site_of};
use crate::matomo::show::encode;

/// The address of this server for visitors' browsers.
fn server(call: &Call<'_>) -> ApiResult<String> {
    let sent = call.request.filled("piwikUrl").map(str::to_owned);
    sent.or_else(|| call.app.options.base_url.clone())
        .ok_or_else(|| ApiError::missing("piwikUrl"))
}

/// A text as JavaScript; nothing in it can end the script element.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
}

fn quoted_list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(","))
}

fn without_scheme(url: &str) -> &str {
    let url = url.trim();
    url.strip_prefix("http://")
        .or(url.strip_prefix("https://"))
        .unwrap_or(url)
        .trim_end_matches('/')
}

pub async fn script(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::View).await?;
    let site = call.app.settings.site(id).await?;
    let server = server(&call)?;
    let server = without_scheme(&server);
    let mut calls = String::new();
    for line in options(&call, &site) {
        calls.push_str(&format!("  _paq.push({line});\n"));
    }
    let without_script = match call.request.flag("trackNoScript") {
        true => format!(
            "<noscript><p><img referrerpolicy=\"no-referrer-when-downgrade\" \
             src=\"//{}/matomo.php?idsite={id}&amp;rec=1\" style=\"border:0;\" alt=\"\" /></p></noscript>\n",
            attribute(server)
        ),
        false => String::new(),
    };
    let address = quoted(&format!("//{server}/"));
    answer(format!(
        "<!-- Matomo -->\n<script>\n  var _paq = window._paq = window._paq || [];\n  \
         /* tracker methods like \"setCustomDimension\" should be called before \"trackPageView\" */\n{calls}  \
         _paq.push(['trackPageView']);\n  _paq.push(['enableLinkTracking']);\n  (function() {{\n    \
         var u={address};\n    _paq.push(['setTrackerUrl', u+'matomo.php']);\n    \
         _paq.push(['setSiteId', '{id}']);\n    \
         var d=document, g=d.createElement('script'), s=d.getElementsByTagName('script')[0];\n    \
         g.async=true; g.src=u+'matomo.js'; s.parentNode.insertBefore(g,s);\n  }})();\n</script>\n\
         {without_script}<!-- End Matomo Code -->\n"
    ))
}

/// The calls that the parameters of the request ask for.
fn options(call: &Call<'_>, site: &settings::Site) -> Vec<String> {
    let request = &call.request;
    let mut lines = Vec::new();
    let mut add = |wanted: bool, line: String| {
        if wanted {
            lines.push(line);
        }
    };
    let hosts: Vec<String> = site
        .urls
        .iter()
        .map(|url| format!("*.{}", bare_host(url)))
        .collect();
    add(
        request.flag("groupPageTitlesByDomain"),
        "[\"setDocumentTitle\", document.domain + \"/\" + document.title]".to_owned(),
    );
    let main = hosts.first().cloned().unwrap_or_default();
    add(
        request.flag("mergeSubdomains"),
        format!("[\"setCookieDomain\", {}]", quoted(&main)),
    );
    let cross = request.flag("crossDomain");
    add(
        cross || request.flag("mergeAliasUrls"),
        format!("[\"setDomains\", {}]", quoted_list(&hosts)),
    );
    add(cross, "[\"enableCrossDomainLinking\"]".to_owned());
    for (name, scope) in [
        ("visitorCustomVariables", "visit"),
        ("pageCustomVariables", "page"),
    ] {
        for (at, (variable, value)) in pairs(call, name).into_iter().enumerate() {
            let (slot, variable, value) = (at + 1, quoted(&variable), quoted(&value));
            add(
                true,
                format!("[\"setCustomVariable\", {slot}, {variable}, {value}, \"{scope}\"]"),
            );
        }
    }
    for (name, method) in [
        ("customCampaignNameQueryParam", "setCampaignNameKey"),
        ("customCampaignKeywordParam", "setCampaignKeywordKey"),
    ] {
        let value = request.text(name).unwrap_or_default();
        add(
            !value.is_empty(),
            format!("[\"{method}\", {}]", quoted(value)),
        );
    }
    for (name, method) in [
        ("excludedQueryParams", "setExcludedQueryParams"),
        ("excludedReferrers", "setExcludedReferrers"),
    ] {
        let values = request.list(name);
        add(
            !values.is_empty(),
            format!("[\"{method}\", {}]", quoted_list(&values)),
        );
    }
    add(
        request.flag("doNotTrack"),
        "[\"setDoNotTrack\", true]".to_owned(),
    );
    add(
        request.flag("disableCookies"),
        "[\"disableCookies\"]".to_owned(),
    );
    add(
        request.flag("disableCampaignParameters"),
        "[\"disableCampaignParameters\"]".to_owned(),
    );
    lines
}

fn bare_host(url: &str) -> &str {
    let bare = without_scheme(url);
    bare.strip_prefix("www.").unwrap_or(bare)
}

/// `name[0][0]=…&name[0][1]=…`.
fn pairs(call: &Call<'_>, name: &str) -> Vec<(String, String)> {
    let Some(list) = call.request.map().map(name) else {
        return Vec::new();
    };
    let pair = |value: &ParamValue| match value {
        ParamValue::Map(pair) => Some((pair.text("0")?.to_owned(), pair.text("1")?.to_owned())),
        ParamValue::Text(_) => None,
    };
    list.iter().filter_map(|(_, value)| pair(value)).collect()
}

/// This code is handed out ready to be shown in a page, as Matomo does.
fn escaped(text: &str) -> String {
    attribute(text).replace('>', "&gt;").replace('\'', "&#039;")
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

pub async fn image(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::View).await?;
    let server = server(&call)?;
    let mut query = format!("idsite={id}&amp;rec=1");
    for (name, parameter) in [
        ("actionName", "action_name"),
        ("idGoal", "idgoal"),
        ("revenue", "revenue"),
    ] {
        if let Some(value) = chosen(&call, name) {
            query.push_str(&format!("&amp;{parameter}={}", encode(value)));
        }
    }
    // Clients pass the address without a scheme; one that is there stays, as in Matomo.
    let server = attribute(server.trim_end_matches('/'));
    answer(escaped(&format!(
        "<!-- Matomo Image Tracker-->\n<img referrerpolicy=\"no-referrer-when-downgrade\" \
         src=\"http://{server}/matomo.php?{query}\" style=\"border:0\" alt=\"\" />\n<!-- End Matomo -->"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_script() {
        assert_eq!(quoted("</script>\"x"), "\"\\u003c/script>\\\"x\"");
        assert_eq!(
            quoted_list(&["a".to_owned(), "b".to_owned()]),
            "[\"a\",\"b\"]"
        );
        assert_eq!(
            bare_host("https://www.example.org/shop/"),
            "example.org/shop"
        );
    }
}
