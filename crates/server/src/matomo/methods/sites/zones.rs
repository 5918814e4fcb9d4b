//! Time zones.

use model::{Answer, Value};

use crate::matomo::Call;
use crate::matomo::error::ApiResult;
use crate::matomo::methods::common::{answer, keyed, language, needed};

pub async fn supported(_call: Call<'_>) -> ApiResult<Answer> {
    answer(true)
}

pub async fn name(call: Call<'_>) -> ApiResult<Answer> {
    answer(
        call.app
            .names
            .time_zone_in(needed(&call, "timezone")?, language(&call)),
    )
}

/// Zones by continent, then the distances from UTC.
pub async fn list(call: Call<'_>) -> ApiResult<Answer> {
    let groups = call.app.names.time_zones(language(&call));
    answer(keyed(groups.into_iter().map(|(name, zones)| {
        (
            name,
            keyed(
                zones
                    .into_iter()
                    .map(|(zone, label)| (zone, Value::from(label))),
            ),
        )
    })))
}
