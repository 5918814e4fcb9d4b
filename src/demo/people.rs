//! Who visits: made-up people with a browser, a country and habits of their own.

use std::net::{IpAddr, Ipv4Addr};

use tracking::geo::embedded_countries;

use super::random::Random;

/// A browser and the screens it has.
pub struct Agent {
    pub user_agent: &'static str,
    pub screens: &'static [&'static str],
}

const DESKTOP: &[&str] = &["1920x1080", "1366x768", "1536x864", "2560x1440", "1440x900"];
const PHONE: &[&str] = &["390x844", "393x873", "412x915", "360x800", "430x932"];
const TABLET: &[&str] = &["820x1180", "768x1024", "800x1280"];

const fn agent(user_agent: &'static str, screens: &'static [&'static str]) -> Agent {
    Agent {
        user_agent,
        screens,
    }
}

const AGENTS: &[(u32, Agent)] = &[
    (
        26,
        agent(
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
            PHONE,
        ),
    ),
    (
        9,
        agent(
            "Mozilla/5.0 (Linux; Android 15; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
            PHONE,
        ),
    ),
    (
        5,
        agent(
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
            PHONE,
        ),
    ),
    (
        20,
        agent(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
            PHONE,
        ),
    ),
    (
        22,
        agent(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            DESKTOP,
        ),
    ),
    (
        7,
        agent(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            DESKTOP,
        ),
    ),
    (
        5,
        agent(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
            DESKTOP,
        ),
    ),
    (
        8,
        agent(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
            DESKTOP,
        ),
    ),
    (
        5,
        agent(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            DESKTOP,
        ),
    ),
    (
        3,
        agent(
            "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
            DESKTOP,
        ),
    ),
    (
        3,
        agent(
            "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
            TABLET,
        ),
    ),
    (
        2,
        agent(
            "Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36",
            TABLET,
        ),
    ),
    (
        2,
        agent(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 OPR/123.0.0.0",
            DESKTOP,
        ),
    ),
];

const ROBOTS: &[(u32, &str)] = &[
    (
        5,
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ),
    (
        4,
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    ),
    (
        3,
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
    ),
    (
        2,
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)",
    ),
    (
        2,
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ),
];

/// Weight, country and the languages of its browsers.
const COUNTRIES: &[(u32, (&str, &str))] = &[
    (34, ("de", "de-DE,de;q=0.9,en;q=0.6")),
    (12, ("us", "en-US,en;q=0.9")),
    (9, ("at", "de-AT,de;q=0.9,en;q=0.7")),
    (8, ("gb", "en-GB,en;q=0.9")),
    (7, ("ch", "de-CH,de;q=0.9,fr;q=0.7")),
    (7, ("fr", "fr-FR,fr;q=0.9,en;q=0.5")),
    (5, ("nl", "nl-NL,nl;q=0.9,en;q=0.8")),
    (4, ("ke", "en-KE,sw;q=0.8,en;q=0.7")),
    (3, ("tz", "sw-TZ,sw;q=0.9,en;q=0.7")),
    (3, ("pl", "pl-PL,pl;q=0.9,en;q=0.6")),
    (3, ("it", "it-IT,it;q=0.9")),
    (2, ("es", "es-ES,es;q=0.9")),
    (2, ("se", "sv-SE,sv;q=0.9,en;q=0.8")),
    (1, ("in", "en-IN,hi;q=0.8")),
];

const ADDRESSES_OF_A_COUNTRY: usize = 48;
/// Small countries are hit once in thousands.
const ADDRESS_TRIES: usize = 400_000;

/// Somebody, or a robot.
pub struct Person {
    /// 16 hexadecimal digits.
    pub id: String,
    pub address: IpAddr,
    pub user_agent: &'static str,
    pub screen: &'static str,
    pub languages: &'static str,
    /// A customer is signed in.
    pub user: Option<String>,
    pub kind: &'static str,
    pub is_robot: bool,
}

/// All who may come.
pub struct People {
    seed: u64,
    /// Addresses by country, in the order of [`COUNTRIES`].
    addresses: Vec<Vec<IpAddr>>,
}

impl People {
    pub fn new(seed: u64) -> People {
        People {
            seed,
            addresses: addresses(&mut Random::of(seed, u64::MAX)),
        }
    }

    /// The person of a number: the same whenever asked.
    pub fn person(&self, number: u64) -> Person {
        let mut random = Random::of(self.seed, number);
        let countries: Vec<(u32, usize)> = (0..COUNTRIES.len())
            .map(|at| (COUNTRIES[at].0, at))
            .collect();
        let country = *random.weighted(&countries);
        let agent = random.weighted(AGENTS);
        let address = match self.addresses[country].as_slice() {
            [] => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            addresses => *random.pick(addresses),
        };
        let screen = *random.pick(agent.screens);
        let kind = *random.weighted(&[(80, "guest"), (17, "customer"), (3, "wholesale")]);
        Person {
            id: format!("{:016x}", random.next()),
            address,
            user_agent: agent.user_agent,
            screen,
            languages: COUNTRIES[country].1.1,
            user: (kind != "guest").then(|| format!("{kind}-{number}")),
            kind,
            is_robot: false,
        }
    }

    /// One of the robots.
    pub fn robot(&self, random: &mut Random) -> Person {
        let robot = *random.weighted(ROBOTS);
        Person {
            user_agent: robot,
            screen: "",
            user: None,
            kind: "guest",
            is_robot: true,
            ..self.person(random.next())
        }
    }
}

/// Addresses of each country, found by chance.
fn addresses(random: &mut Random) -> Vec<Vec<IpAddr>> {
    let mut found: Vec<Vec<IpAddr>> = vec![Vec::new(); COUNTRIES.len()];
    let Some(database) = embedded_countries() else {
        return found;
    };
    for _ in 0..ADDRESS_TRIES {
        let address = IpAddr::V4(Ipv4Addr::from(random.next() as u32));
        let country = database.country(address);
        let at = COUNTRIES
            .iter()
            .position(|(_, (code, _))| Some(*code) == country);
        if let Some(list) = at.map(|at| &mut found[at])
            && list.len() < ADDRESSES_OF_A_COUNTRY
        {
            list.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_the_same_and_come_from_everywhere() {
        let people = People::new(1);
        assert!(people.addresses.iter().all(|list| list.len() > 10));
        let (one, again) = (people.person(5), People::new(1).person(5));
        assert_eq!((one.id, one.address), (again.id, again.address));
        let customers = (0..1_000).filter(|number| people.person(*number).user.is_some());
        assert!((120..280).contains(&customers.count()));
    }
}
