//! What a conversion copies of its visit, and to whom it is attributed.

use catalog::columns::{DIMENSION_SLOTS, VARIABLE_SLOTS, conversion, visit};

use super::Placing;
use crate::hit::referrer_type;

/// Columns of a visit and the columns of a conversion they are copied to.
const COPIED: &[(usize, usize)] = &[
    (visit::RETURNING, conversion::RETURNING),
    (visit::VISIT_COUNT, conversion::VISIT_COUNT),
    (visit::SINCE_FIRST, conversion::SINCE_FIRST),
    (visit::SINCE_ORDER, conversion::SINCE_ORDER),
    (visit::REFERRER_TYPE, conversion::REFERRER_TYPE),
    (visit::REFERRER_NAME, conversion::REFERRER_NAME),
    (visit::REFERRER_KEYWORD, conversion::REFERRER_KEYWORD),
    (visit::CAMPAIGN_NAME, conversion::CAMPAIGN_NAME),
    (visit::CAMPAIGN_KEYWORD, conversion::CAMPAIGN_KEYWORD),
    (visit::CAMPAIGN_SOURCE, conversion::CAMPAIGN_SOURCE),
    (visit::CAMPAIGN_MEDIUM, conversion::CAMPAIGN_MEDIUM),
    (visit::CAMPAIGN_CONTENT, conversion::CAMPAIGN_CONTENT),
    (visit::CAMPAIGN_ID, conversion::CAMPAIGN_ID),
    (visit::CAMPAIGN_GROUP, conversion::CAMPAIGN_GROUP),
    (visit::CAMPAIGN_PLACEMENT, conversion::CAMPAIGN_PLACEMENT),
    (visit::COUNTRY, conversion::COUNTRY),
    (visit::REGION, conversion::REGION),
    (visit::CITY, conversion::CITY),
    (visit::LATITUDE, conversion::LATITUDE),
    (visit::LONGITUDE, conversion::LONGITUDE),
    (visit::DEVICE_TYPE, conversion::DEVICE_TYPE),
    (visit::DEVICE_BRAND, conversion::DEVICE_BRAND),
    (visit::DEVICE_MODEL, conversion::DEVICE_MODEL),
    (visit::BROWSER, conversion::BROWSER),
    (visit::CLIENT_TYPE, conversion::CLIENT_TYPE),
];

/// The same for columns that stand together.
const COPIED_RANGES: &[(usize, usize, usize)] = &[
    (
        visit::VARIABLE_NAME_1,
        conversion::VARIABLE_NAME_1,
        VARIABLE_SLOTS,
    ),
    (
        visit::VARIABLE_VALUE_1,
        conversion::VARIABLE_VALUE_1,
        VARIABLE_SLOTS,
    ),
    (visit::SLOT_1, conversion::SLOT_1, DIMENSION_SLOTS),
];

/// The referrer that a conversion is attributed to, where it is not the visit's own.
pub struct Snapshot {
    attributed: Option<[i64; 3]>,
    visitor_campaign_wins: bool,
}

impl Snapshot {
    /// What the request says about attribution.
    pub fn take(placing: &Placing<'_>) -> Snapshot {
        let attribution = &placing.hit.attribution;
        let value = |text: &str| placing.texts.value(text);
        if !attribution.campaign_name.is_empty() {
            let campaign = [
                referrer_type::CAMPAIGN,
                value(&attribution.campaign_name),
                value(&attribution.campaign_keyword),
            ];
            return Snapshot {
                attributed: Some(campaign),
                visitor_campaign_wins: false,
            };
        }
        let referrer = attribution.referrer.as_ref();
        let attributed = referrer.map(|referrer| {
            let keyword = referrer.keyword.as_deref().unwrap_or_default();
            [referrer.kind, value(&referrer.name), value(keyword)]
        });
        Snapshot {
            attributed,
            visitor_campaign_wins: true,
        }
    }

    /// Copies the visit as it is now, then the attributed referrer.
    pub fn write(&self, row: &mut [i64], visit_row: &[i64]) {
        for (from, to) in COPIED {
            row[*to] = visit_row[*from];
        }
        for (from, to, count) in COPIED_RANGES {
            row[*to..to + count].copy_from_slice(&visit_row[*from..from + count]);
        }
        let campaign = visit_row[visit::REFERRER_TYPE] == referrer_type::CAMPAIGN;
        if let Some([kind, name, keyword]) = self.attributed
            && !(campaign && self.visitor_campaign_wins)
        {
            row[conversion::REFERRER_TYPE] = kind;
            row[conversion::REFERRER_NAME] = name;
            row[conversion::REFERRER_KEYWORD] = keyword;
        }
    }
}
