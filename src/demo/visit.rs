//! One visit, action by action, as a tracker would send it.

use tracking::logs::Pairs;

use super::people::Person;
use super::random::Random;

/// A hit and when it happens.
pub struct Timed {
    pub time: i64,
    pub pairs: Pairs,
}

/// A product of the shop.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    pub sku: String,
    pub name: String,
    pub category: &'static str,
    pub price: f64,
}

/// Builds a visit.
pub struct Visit<'a> {
    pub random: &'a mut Random,
    pub person: &'a Person,
    site: u32,
    start: &'static str,
    time: i64,
    hits: &'a mut Vec<Timed>,
    /// Address of the present page; the one before it is sent along.
    url: String,
    came_from: String,
    page_view: String,
}

impl<'a> Visit<'a> {
    pub fn new(
        random: &'a mut Random,
        person: &'a Person,
        (site, start): (u32, &'static str),
        time: i64,
        came_from: String,
        hits: &'a mut Vec<Timed>,
    ) -> Visit<'a> {
        Visit {
            random,
            person,
            site,
            start,
            time,
            hits,
            url: String::new(),
            came_from,
            page_view: String::new(),
        }
    }

    /// A page, and the time that is spent on it.
    pub fn page(&mut self, path: &str, title: &str, seconds: f64) {
        self.page_with(path, title, seconds, Vec::new());
    }

    pub fn page_with(&mut self, path: &str, title: &str, seconds: f64, more: Pairs) {
        self.open(path);
        let mut pairs = vec![("action_name", title.to_owned())];
        pairs.extend(more);
        self.add_timings(&mut pairs);
        self.send(pairs);
        self.spend(seconds);
    }

    /// A search on the site; `None` for a search that knows no number of results.
    pub fn search(&mut self, path: &str, words: &str, category: &str, results: u64) {
        self.open(path);
        let mut pairs = vec![
            ("search", words.to_owned()),
            ("search_count", results.to_string()),
        ];
        if !category.is_empty() {
            pairs.push(("search_cat", category.to_owned()));
        }
        self.send(pairs);
        self.spend(12.0);
    }

    pub fn event(&mut self, category: &str, action: &str, name: &str, value: Option<f64>) {
        let mut pairs = vec![
            ("e_c", category.to_owned()),
            ("e_a", action.to_owned()),
            ("e_n", name.to_owned()),
        ];
        pairs.extend(value.map(|value| ("e_v", value.to_string())));
        self.send(pairs);
        self.spend(6.0);
    }

    pub fn content(&mut self, name: &str, piece: &str, target: &str, interaction: Option<&str>) {
        let mut pairs = vec![
            ("c_n", name.to_owned()),
            ("c_p", piece.to_owned()),
            ("c_t", target.to_owned()),
        ];
        pairs.extend(interaction.map(|word| ("c_i", word.to_owned())));
        self.send(pairs);
    }

    pub fn download(&mut self, path: &str) {
        let url = format!("{}{path}", self.start);
        self.send(vec![("download", url)]);
        self.spend(4.0);
    }

    pub fn outlink(&mut self, url: &str) {
        self.send(vec![("link", url.to_owned())]);
        self.spend(2.0);
    }

    /// The cart as it is now.
    pub fn cart(&mut self, items: &[(Product, u32)]) {
        let pairs = vec![
            ("idgoal", "0".to_owned()),
            ("revenue", money(total(items))),
            ("ec_items", items_json(items)),
        ];
        self.send(pairs);
        self.spend(8.0);
    }

    pub fn order(&mut self, number: &str, items: &[(Product, u32)]) {
        let goods = total(items);
        let shipping = if goods > 80.0 { 0.0 } else { 4.9 };
        let discount = if self.person.kind == "wholesale" {
            goods * 0.1
        } else {
            0.0
        };
        let sum = goods + shipping - discount;
        let pairs = vec![
            ("idgoal", "0".to_owned()),
            ("ec_id", number.to_owned()),
            ("revenue", money(sum)),
            ("ec_st", money(goods)),
            ("ec_tx", money(sum * 0.19 / 1.19)),
            ("ec_sh", money(shipping)),
            ("ec_dt", money(discount)),
            ("ec_items", items_json(items)),
        ];
        self.send(pairs);
        self.spend(5.0);
    }

    fn open(&mut self, path: &str) {
        let before = std::mem::replace(&mut self.url, format!("{}{path}", self.start));
        if !before.is_empty() {
            self.came_from = before;
        }
        self.page_view = format!("{:06x}", self.random.next() & 0xff_ffff);
    }

    fn spend(&mut self, seconds: f64) {
        self.time += self.random.around(seconds) as i64 + 1;
    }

    fn add_timings(&mut self, pairs: &mut Pairs) {
        // Not every browser measures, and robots do not.
        if self.person.is_robot || self.random.chance(0.1) {
            return;
        }
        for (name, middle) in [
            ("pf_net", 60.0),
            ("pf_srv", 140.0),
            ("pf_tfr", 35.0),
            ("pf_dm1", 380.0),
            ("pf_dm2", 420.0),
            ("pf_onl", 25.0),
        ] {
            let milliseconds = self.random.around(middle) as u64;
            pairs.push((name, milliseconds.to_string()));
        }
    }

    fn send(&mut self, mut pairs: Pairs) {
        let person = self.person;
        let second_of_day = self.time.rem_euclid(86_400);
        pairs.extend([
            ("idsite", self.site.to_string()),
            ("rec", "1".to_owned()),
            ("url", self.url.clone()),
            ("cip", person.address.to_string()),
            ("cdt", self.time.to_string()),
            ("ua", person.user_agent.to_owned()),
            ("lang", person.languages.to_owned()),
            ("h", (second_of_day / 3_600).to_string()),
            ("m", (second_of_day / 60 % 60).to_string()),
            ("s", (second_of_day % 60).to_string()),
            ("pv_id", self.page_view.clone()),
        ]);
        if !person.is_robot {
            pairs.extend([
                ("_id", person.id.clone()),
                ("res", person.screen.to_owned()),
                ("cookie", "1".to_owned()),
                ("pdf", "1".to_owned()),
                ("dimension1", person.kind.to_owned()),
            ]);
        }
        if !self.came_from.is_empty() {
            pairs.push(("urlref", self.came_from.clone()));
        }
        pairs.extend(person.user.clone().map(|user| ("uid", user)));
        self.hits.push(Timed {
            time: self.time,
            pairs,
        });
    }
}

fn total(items: &[(Product, u32)]) -> f64 {
    items
        .iter()
        .map(|(product, count)| product.price * f64::from(*count))
        .sum()
}

fn money(amount: f64) -> String {
    format!("{amount:.2}")
}

fn items_json(items: &[(Product, u32)]) -> String {
    let rows = items.iter().map(|(product, count)| {
        serde_json::json!([
            product.sku,
            product.name,
            product.category,
            product.price,
            count
        ])
    });
    serde_json::Value::Array(rows.collect()).to_string()
}
