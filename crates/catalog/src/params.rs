//! Every tracking parameter: its name, how it is read, how much of it is kept, what it means.
//! Parsing, limits, error texts and the reference page read this table.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How the text of a parameter is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Kept as text.
    Text,
    /// A whole number; anything else counts as absent.
    Integer,
    /// A number, with a point or a comma before its decimals.
    Number,
    /// A JSON array or object.
    Json,
    /// On when it is neither empty nor `0`.
    Flag,
    /// Accepted, and not used.
    Ignored,
}

/// Who may send a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Anybody.
    Nothing,
    /// Only a request whose token may write to the site.
    Token,
}

/// One tracking parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    pub name: &'static str,
    pub reading: Reading,
    /// Characters that are kept of its value; 0 for no limit of its own.
    pub limit: usize,
    pub needs: Needs,
    pub meaning: &'static str,
}

macro_rules! params {
    ($($name:literal $reading:ident $limit:literal $needs:ident $meaning:literal;)*) => {
        /// All parameters but the numbered `dimension1`, `dimension2` …, see [`DIMENSION`].
        pub const PARAMS: &[Param] = &[$(Param {
            name: $name,
            reading: Reading::$reading,
            limit: $limit,
            needs: Needs::$needs,
            meaning: $meaning,
        }),*];
    };
}

/// The pattern of the numbered parameters of custom dimensions.
pub const DIMENSION: Param = Param {
    name: "dimension",
    reading: Reading::Text,
    limit: 250,
    needs: Needs::Nothing,
    meaning: "value of the custom dimension of that number; an empty value clears it",
};

params! {
    // The request.
    "idsite" Integer 0 Nothing "number of the site; it must exist";
    "rec" Flag 0 Nothing "1 to record the request; without it nothing is stored";
    "apiv" Ignored 0 Nothing "version of the tracking API";
    "r" Ignored 0 Nothing "random text against caches";
    "rand" Ignored 0 Nothing "random text against caches";
    "send_image" Text 0 Nothing "0 to be answered by an empty body with status 204";
    "token_auth" Text 0 Nothing "token that may write to the site";
    "bots" Flag 0 Nothing "1 to count a detected robot as a visitor";
    "ca" Flag 0 Nothing "1 for a custom request that is never a page view";
    "dp" Ignored 0 Nothing "old flag of page views";
    "queuedtracking" Ignored 0 Nothing "0 to bypass a queue; every request is placed before it is answered";
    "debug" Ignored 0 Nothing "1 to ask for a debug log";
    "data" Ignored 0 Nothing "custom data of the JavaScript tracker";
    "tracker_install_check" Text 64 Nothing "nonce of the installation test";
    "recMode" Integer 0 Nothing "1 for a request of an AI robot";
    "source" Text 50 Nothing "which integration recorded a request of an AI robot";
    "http_status" Integer 0 Nothing "status with which a robot was answered";
    "bw_bytes" Integer 0 Nothing "bytes of the page or file";
    // The page.
    "url" Text 0 Nothing "full address of the page";
    "urlref" Text 1500 Nothing "full address of the page before";
    "action_name" Text 0 Nothing "title of the page";
    "pv_id" Text 6 Nothing "six characters that all requests of one page view share";
    "cs" Text 32 Nothing "character set of the page where it is not UTF-8";
    "download" Text 0 Nothing "address of a downloaded file";
    "link" Text 0 Nothing "address of another site that was opened";
    "pf_net" Integer 0 Nothing "milliseconds of the network";
    "pf_srv" Integer 0 Nothing "milliseconds until the server answered";
    "pf_tfr" Integer 0 Nothing "milliseconds of the transfer";
    "pf_dm1" Integer 0 Nothing "milliseconds until the page is interactive";
    "pf_dm2" Integer 0 Nothing "milliseconds until the page is complete";
    "pf_onl" Integer 0 Nothing "milliseconds of the page's load handlers";
    "gt_ms" Ignored 0 Nothing "generation time of old trackers";
    "ping" Integer 0 Nothing "1 for a heartbeat: prolongs the visit without an action";
    // The visitor.
    "_id" Text 0 Nothing "visitor id of the first-party cookie, 16 hexadecimal digits";
    "cid" Text 0 Nothing "visitor id that overrides every other, exactly 16 hexadecimal digits";
    "uid" Text 200 Nothing "name of the signed-in user";
    "new_visit" Flag 0 Nothing "1 to start a new visit";
    "_idn" Ignored 0 Nothing "1 where the tracker made a new visitor id";
    "_idts" Ignored 0 Nothing "time at which the visitor id was made";
    "_idvc" Ignored 0 Nothing "visits counted by an old tracker";
    "_viewts" Ignored 0 Nothing "time of the last visit by an old tracker";
    "_ects" Ignored 0 Nothing "time of the last order by an old tracker";
    "res" Text 9 Nothing "width and height of the screen as `1280x1024`";
    "h" Integer 0 Nothing "hour of the visitor's clock";
    "m" Integer 0 Nothing "minute of the visitor's clock";
    "s" Integer 0 Nothing "second of the visitor's clock";
    "lang" Text 200 Nothing "languages, in place of the header `Accept-Language`";
    "ua" Text 2048 Nothing "browser, in place of the header `User-Agent`";
    "uadata" Json 0 Nothing "client hints of the browser";
    "cookie" Flag 0 Nothing "1 where the browser keeps cookies";
    "fla" Flag 0 Nothing "1 where the browser has Flash";
    "java" Flag 0 Nothing "1 where the browser has Java";
    "pdf" Flag 0 Nothing "1 where the browser shows PDF files";
    "qt" Flag 0 Nothing "1 where the browser has QuickTime";
    "realp" Flag 0 Nothing "1 where the browser has RealPlayer";
    "wma" Flag 0 Nothing "1 where the browser has Windows Media";
    "ag" Flag 0 Nothing "1 where the browser has Silverlight";
    "dir" Ignored 0 Nothing "1 where the browser has Director";
    "gears" Ignored 0 Nothing "1 where the browser has Gears";
    // What only a token may say.
    "cip" Text 64 Token "address of the visitor";
    "cdt" Text 32 Nothing "time of the request; a token is needed where it is more than a day old";
    "cdo" Integer 0 Nothing "seconds that the request waited in the client";
    "country" Text 3 Token "country of the visitor, two letters";
    "region" Text 3 Token "region of the visitor";
    "city" Text 255 Token "city of the visitor";
    "lat" Number 0 Token "latitude of the visitor";
    "long" Number 0 Token "longitude of the visitor";
    // Events and contents.
    "e_c" Text 0 Nothing "category of an event";
    "e_a" Text 0 Nothing "action of an event";
    "e_n" Text 0 Nothing "name of an event";
    "e_v" Number 0 Nothing "value of an event";
    "e_cvar" Ignored 0 Nothing "custom variables of an event";
    "c_n" Text 0 Nothing "name of a content";
    "c_p" Text 0 Nothing "piece of a content";
    "c_t" Text 0 Nothing "target of a content";
    "c_i" Text 0 Nothing "interaction with a content";
    // Site search.
    "search" Text 0 Nothing "keyword of a search on the site";
    "search_cat" Text 200 Nothing "category of a search on the site";
    "search_count" Integer 0 Nothing "number of results of a search on the site";
    // Goals and shop.
    "idgoal" Integer 0 Nothing "goal that was reached; 0 for an order or a cart";
    "revenue" Number 0 Nothing "revenue of the goal, order or cart";
    "ec_id" Text 100 Nothing "number of an order; without it the cart is updated";
    "ec_items" Json 0 Nothing "products as `[sku, name, category, price, quantity]`";
    "ec_st" Number 0 Nothing "sub-total of an order";
    "ec_tx" Number 0 Nothing "tax of an order";
    "ec_sh" Number 0 Nothing "shipping cost of an order";
    "ec_dt" Number 0 Nothing "discount of an order";
    "_pks" Text 0 Nothing "article number of the viewed product";
    "_pkn" Text 0 Nothing "name of the viewed product";
    "_pkc" Text 0 Nothing "category of the viewed product, or a JSON list of up to five";
    "_pkp" Number 0 Nothing "price of the viewed product";
    // Attribution of conversions.
    "_rcn" Text 255 Nothing "campaign to which a conversion is attributed";
    "_rck" Text 255 Nothing "campaign keyword to which a conversion is attributed";
    "_ref" Text 1500 Nothing "referrer to which a conversion is attributed";
    "_refts" Integer 0 Nothing "time of that referrer";
    // Custom variables.
    "_cvar" Json 0 Nothing "custom variables of the visit";
    "cvar" Json 0 Nothing "custom variables of the page";
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static Param>> =
    LazyLock::new(|| PARAMS.iter().map(|param| (param.name, param)).collect());

/// The parameter of that name.
pub fn find(name: &str) -> Option<&'static Param> {
    if let Some(param) = BY_NAME.get(name) {
        return Some(param);
    }
    dimension_number(name).map(|_| &DIMENSION)
}

/// The number in `dimension12`.
pub fn dimension_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix(DIMENSION.name)?;
    let plain = !digits.is_empty() && digits.len() <= 3 && !digits.starts_with('0');
    if !plain || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for param in PARAMS {
            let same = PARAMS.iter().filter(|other| other.name == param.name);
            assert_eq!(same.count(), 1, "{}", param.name);
            assert!(find(param.name).is_some(), "{}", param.name);
            assert!(!param.meaning.is_empty(), "{}", param.name);
        }
        assert!(find("nothing").is_none());
    }

    #[test]
    fn dimensions_are_numbered_from_one() {
        for (name, number) in [
            ("dimension1", Some(1)),
            ("dimension999", Some(999)),
            ("dimension0", None),
            ("dimension1000", None),
            ("dimension", None),
            ("dimensionx", None),
        ] {
            assert_eq!(dimension_number(name), number, "{name}");
        }
    }
}
