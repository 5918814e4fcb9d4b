//! Countries, continents and regions.

use std::sync::LazyLock;

use super::blocks::Block;
use super::{Language, words};

static COUNTRIES: LazyLock<Block> = LazyLock::new(|| {
    Block::new(include_str!(concat!(
        env!("OUT_DIR"),
        "/names-countries.txt"
    )))
});
static REGIONS: LazyLock<Block> =
    LazyLock::new(|| Block::new(include_str!(concat!(env!("OUT_DIR"), "/names-regions.txt"))));

/// A continent as reports know it. Central America is one of its own.
struct Continent {
    code: &'static str,
    /// Key of its name among the countries: a number of UN M49, or a country that is all of it.
    named_by: &'static str,
    countries: &'static str,
}

const CONTINENTS: [Continent; 8] = [
    Continent {
        code: "afr",
        named_by: "002",
        countries: "ao bf bi bj bw cd cf cg ci cm cv dj dz eg eh er et ga gh gm gn gq gw ke km lr ls ly ma mg ml mr \
                    mu mw mz na ne ng re rw sc sd sh sl sn so ss st sz td tg tn tz ug yt za zm zw",
    },
    Continent {
        code: "amc",
        named_by: "013",
        countries: "ag ai aw bb bl bm bq bs bz cr cu cw dm do gd gp gt hn ht jm kn ky lc mf mq ms ni pa pr sv sx tc \
                    tt vc vg vi",
    },
    Continent {
        code: "amn",
        named_by: "003",
        countries: "ca gl mx pm us",
    },
    Continent {
        code: "ams",
        named_by: "005",
        countries: "ar bo br cl co ec fk gf gy pe py sr uy ve",
    },
    Continent {
        code: "ant",
        named_by: "aq",
        countries: "aq bv gs hm tf",
    },
    Continent {
        code: "asi",
        named_by: "142",
        countries: "ae af am az bd bh bn bt cc cn cx ge hk id il in io iq ir jo jp kg kh kp kr kw kz la lb lk mm mn \
                    mo mv my np om ph pk ps qa sa sg sy th tj tl tm tw uz vn ye",
    },
    Continent {
        code: "eur",
        named_by: "150",
        countries: "ad al at ax ba be bg by ch cy cz de dk ee es fi fo fr gb gg gi gr hr hu ie im is it je li lt lu \
                    lv mc md me mk mt nl no pl pt ro rs ru se si sj sk sm tr ua va",
    },
    Continent {
        code: "oce",
        named_by: "009",
        countries: "as au ck fj fm gu ki mh mp nc nf nr nu nz pf pg pn pw sb tk to tv um vu wf ws",
    },
];

/// A code that is no country of ISO 3166-1, but that databases, browsers and old visits have.
struct Extra {
    code: &'static str,
    continent: &'static str,
    name: ExtraName,
}

enum ExtraName {
    /// As another code.
    As(&'static str),
    /// An English text, which the table of words translates.
    Text(&'static str),
}

use ExtraName::{As, Text};

const fn extra(code: &'static str, continent: &'static str, name: ExtraName) -> Extra {
    Extra {
        code,
        continent,
        name,
    }
}

const EXTRAS: [Extra; 27] = [
    extra("a1", UNKNOWN, Text("Anonymous Proxy")),
    extra("a2", UNKNOWN, Text("Satellite Provider")),
    extra("ac", "afr", As("ac")),
    extra("an", "amc", Text("Netherlands Antilles")),
    extra("ap", "asi", Text("Asia/Pacific Region")),
    extra("bu", "asi", As("mm")),
    extra("cat", "eur", Text("Catalan-speaking communities")),
    extra("cp", "amc", As("cp")),
    extra("cs", "eur", Text("Serbia and Montenegro")),
    extra("dg", "asi", As("dg")),
    extra("ea", "afr", As("ea")),
    extra("eu", "eur", As("150")),
    extra("fx", "eur", As("fr")),
    extra("ic", "afr", As("ic")),
    extra("nt", "asi", Text("Neutral Zone")),
    extra("o1", UNKNOWN, Text("Other Country")),
    extra("sf", "eur", As("fi")),
    extra("su", "eur", Text("Soviet Union")),
    extra("ta", "afr", As("ta")),
    extra("ti", "asi", Text("Tibet")),
    extra("tp", "oce", As("tl")),
    extra("uk", "eur", As("gb")),
    extra("xk", "eur", As("xk")),
    extra("xx", UNKNOWN, Text("Unknown")),
    extra("yu", "eur", Text("Yugoslavia")),
    extra("zr", "afr", As("cd")),
    extra("zz", UNKNOWN, Text("Unknown")),
];

/// Code of the continent of places that nobody knows.
const UNKNOWN: &str = "unk";

fn extra_of(code: &str) -> Option<&'static Extra> {
    EXTRAS.iter().find(|extra| extra.code == code)
}

pub(super) fn country(code: &str, language: Language) -> &'static str {
    let name = match extra_of(code) {
        Some(Extra {
            name: As(other), ..
        }) => COUNTRIES.name(other, language),
        Some(Extra {
            name: Text(text), ..
        }) => Some(words::fixed(text, language)),
        None if is_country(code) => COUNTRIES.name(code, language),
        None => None,
    };
    name.unwrap_or_else(|| words::unknown(language))
}

fn is_country(code: &str) -> bool {
    continent_of_country(code).is_some()
}

fn continent_of_country(code: &str) -> Option<&'static str> {
    let holds = |continent: &&Continent| {
        continent
            .countries
            .split(' ')
            .any(|country| country == code)
    };
    CONTINENTS
        .iter()
        .find(holds)
        .map(|continent| continent.code)
}

pub(super) fn continent_of(country: &str) -> &'static str {
    let extra = || extra_of(country).map(|extra| extra.continent);
    continent_of_country(country)
        .or_else(extra)
        .unwrap_or(UNKNOWN)
}

pub(super) fn continent(code: &str, language: Language) -> &'static str {
    let found = CONTINENTS.iter().find(|continent| continent.code == code);
    let name = found.and_then(|continent| COUNTRIES.name(continent.named_by, language));
    name.unwrap_or_else(|| words::unknown(language))
}

pub(super) fn region(country: &str, region: &str, language: Language) -> &'static str {
    let key = format!("{country}-{region}").to_ascii_lowercase();
    REGIONS
        .find(&key)
        .unwrap_or_else(|| words::unknown(language))
}

/// Codes of all countries, in order, without the extra ones.
pub(super) fn codes() -> Vec<&'static str> {
    let mut codes: Vec<_> = CONTINENTS
        .iter()
        .flat_map(|continent| continent.countries.split(' '))
        .collect();
    codes.sort_unstable();
    codes
}

fn extra_codes() -> impl Iterator<Item = &'static str> {
    EXTRAS.iter().map(|extra| extra.code)
}

pub(super) fn mapping(language: Language) -> Vec<(&'static str, &'static str)> {
    codes()
        .into_iter()
        .map(|code| (code, country(code, language)))
        .collect()
}

pub(super) fn country_codes(name: &str) -> Vec<String> {
    let wanted = name.trim().to_lowercase();
    let named = |code: &&str| country(code, Language::English).to_lowercase() == wanted;
    codes()
        .into_iter()
        .chain(extra_codes())
        .filter(named)
        .map(str::to_owned)
        .collect()
}

pub(super) fn countries_of(continent: &str) -> Vec<String> {
    let wanted = continent.trim().to_lowercase();
    let named = |code: &&str| {
        *code == wanted || self::continent(code, Language::English).to_lowercase() == wanted
    };
    let continents = CONTINENTS
        .iter()
        .map(|continent| continent.code)
        .chain([UNKNOWN]);
    let Some(code) = continents.into_iter().find(named) else {
        return Vec::new();
    };
    let inside = |country: &&str| continent_of(country) == code;
    codes()
        .into_iter()
        .chain(extra_codes())
        .filter(inside)
        .map(str::to_owned)
        .collect()
}
