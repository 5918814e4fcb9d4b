//! What holds for all sites that say nothing else.

use std::net::IpAddr;

use model::{Answer, Value};
use settings::{GlobalSiteDefaults, is_valid_timezone};

use super::money;
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{answer, given_list, needed, texts, yes};

async fn defaults(call: &Call<'_>) -> ApiResult<GlobalSiteDefaults> {
    Ok(call.app.settings.global_site_defaults().await?)
}

fn joined(list: &[String]) -> ApiResult<Answer> {
    answer(list.join(","))
}

pub async fn set_ips(call: Call<'_>) -> ApiResult<Answer> {
    let list = given_list(&call, "excludedIps")?;
    call.app.settings.set_global_excluded_ips(&list).await?;
    yes()
}

pub async fn ips(call: Call<'_>) -> ApiResult<Answer> {
    joined(&defaults(&call).await?.excluded_ips)
}

pub async fn set_search(call: Call<'_>) -> ApiResult<Answer> {
    let keywords = given_list(&call, "searchKeywordParameters")?;
    let categories = given_list(&call, "searchCategoryParameters")?;
    call.app
        .settings
        .set_global_search_parameters(&keywords, &categories)
        .await?;
    yes()
}

pub async fn keywords(call: Call<'_>) -> ApiResult<Answer> {
    joined(&defaults(&call).await?.search_keyword_parameters)
}

pub async fn categories(call: Call<'_>) -> ApiResult<Answer> {
    joined(&defaults(&call).await?.search_category_parameters)
}

pub async fn parameters(call: Call<'_>) -> ApiResult<Answer> {
    joined(&defaults(&call).await?.excluded_parameters)
}

pub async fn set_parameters(call: Call<'_>) -> ApiResult<Answer> {
    let list = given_list(&call, "excludedQueryParameters")?;
    call.app
        .settings
        .set_global_excluded_parameters(&list)
        .await?;
    yes()
}

pub async fn user_agents(call: Call<'_>) -> ApiResult<Answer> {
    joined(&defaults(&call).await?.excluded_user_agents)
}

pub async fn set_user_agents(call: Call<'_>) -> ApiResult<Answer> {
    let list = given_list(&call, "excludedUserAgents")?;
    call.app
        .settings
        .set_global_excluded_user_agents(&list)
        .await?;
    Ok(Answer::Done)
}

pub async fn referrers(call: Call<'_>) -> ApiResult<Answer> {
    joined(&defaults(&call).await?.excluded_referrers)
}

pub async fn set_referrers(call: Call<'_>) -> ApiResult<Answer> {
    let list = given_list(&call, "excludedReferrers")?;
    call.app
        .settings
        .set_global_excluded_referrers(&list)
        .await?;
    yes()
}

pub async fn keeps_fragments(call: Call<'_>) -> ApiResult<Answer> {
    answer(defaults(&call).await?.keep_url_fragments)
}

pub async fn set_keeps_fragments(call: Call<'_>) -> ApiResult<Answer> {
    needed(&call, "enabled")?;
    call.app
        .settings
        .set_keep_url_fragments(call.request.flag("enabled"))
        .await?;
    Ok(Answer::Done)
}

pub async fn currency(call: Call<'_>) -> ApiResult<Answer> {
    answer(defaults(&call).await?.currency)
}

pub async fn set_currency(call: Call<'_>) -> ApiResult<Answer> {
    let code = needed(&call, "defaultCurrency")?;
    money::check(code)?;
    call.app.settings.set_default_currency(code).await?;
    yes()
}

pub async fn zone(call: Call<'_>) -> ApiResult<Answer> {
    answer(defaults(&call).await?.timezone)
}

pub async fn set_zone(call: Call<'_>) -> ApiResult<Answer> {
    let zone = needed(&call, "defaultTimezone")?;
    if !is_valid_timezone(zone) {
        return Err(ApiError::invalid(format!(
            "The timezone \"{zone}\" is not valid. Please enter a valid timezone."
        )));
    }
    call.app.settings.set_default_timezone(zone).await?;
    yes()
}

/// First and last address of a range; `false` for what is no range.
pub async fn bounds(call: Call<'_>) -> ApiResult<Answer> {
    match range(needed(&call, "ipRange")?) {
        Some((first, last)) => answer(texts([first.to_string(), last.to_string()])),
        None => answer(Value::Bool(false)),
    }
}

/// `1.2.3.4`, `1.2.3.4/24`, `1.2.*.*` or the same in IPv6.
fn range(text: &str) -> Option<(IpAddr, IpAddr)> {
    let text = text.trim();
    if text.contains('*') {
        settings::Network::parse(text)?;
        return Some((
            text.replace('*', "0").parse().ok()?,
            text.replace('*', "255").parse().ok()?,
        ));
    }
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    Some(match address.parse().ok()? {
        IpAddr::V4(address) => {
            let host = 32_u32.checked_sub(length.unwrap_or(32))?;
            let mask = 1_u32.checked_shl(host).map_or(u32::MAX, |size| size - 1);
            let first = address.to_bits() & !mask;
            (IpAddr::V4(first.into()), IpAddr::V4((first | mask).into()))
        }
        IpAddr::V6(address) => {
            let host = 128_u32.checked_sub(length.unwrap_or(128))?;
            let mask = 1_u128.checked_shl(host).map_or(u128::MAX, |size| size - 1);
            let first = address.to_bits() & !mask;
            (IpAddr::V6(first.into()), IpAddr::V6((first | mask).into()))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_two_ends() {
        for (text, first, last) in [
            ("1.2.3.4", "1.2.3.4", "1.2.3.4"),
            ("1.2.3.4/24", "1.2.3.0", "1.2.3.255"),
            ("1.2.*.*", "1.2.0.0", "1.2.255.255"),
            ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
            ("2001:db8::1/127", "2001:db8::", "2001:db8::1"),
            ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            let found = range(text).map(|(first, last)| (first.to_string(), last.to_string()));
            assert_eq!(found, Some((first.to_owned(), last.to_owned())), "{text}");
        }
        for text in [
            "",
            "1.2.3",
            "1.2.3.4/33",
            "1.*.3.4",
            "x",
            "::/129",
            "1.2.3.4/-1",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
    }
}
