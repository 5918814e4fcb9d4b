//! The action's row, and what the visit knows of its actions.

use catalog::columns::{NONE, action, kind, visit};

use super::Placing;
use super::visit::stored_float;
use crate::hit::{Action, Content, Event, Product};
use crate::outcome::Stop;
use crate::visits::{Dictionaries, VisitState};

/// Adds the action of the hit to its visit.
pub fn add(placing: &mut Placing<'_>) -> Result<(), Stop> {
    let hit = placing.hit;
    let Some(facts) = &hit.action else {
        touch(placing);
        return Ok(());
    };
    let texts = placing.texts;
    // Numbers of texts show in answers: the title's comes before the address's.
    let title = texts.action(title_kind(facts), &facts.title);
    let url = facts
        .url
        .as_ref()
        .map_or(0, |url| texts.url(url_kind(facts), url));
    let id = placing.visits.next_action_id();
    placing.action_id = id;
    placing.action_url = url;
    let longest = placing.rules.visit_standard_length_seconds;
    let continues = placing.continues;
    let Some(state) = placing.visits.open(placing.visit) else {
        return Ok(());
    };
    let mut row = state.new_action();
    row[action::ID] = id;
    row[action::TIME] = hit.time;
    row[action::KIND] = facts.kind;
    row[action::URL] = url;
    row[action::TITLE] = title;
    if continues {
        write_previous(&mut row, state, hit.time, longest);
    }
    write_facts(&mut row, facts, texts);
    count(&mut state.visit, facts);
    write_entry_and_exit(&mut state.visit, facts, url, title, continues);
    row[action::POSITION] = state.visit[visit::INTERACTIONS];
    state.visit[visit::LAST_ACTION] = id;
    state.visit[visit::LAST_TIME] = state.visit[visit::LAST_TIME].max(hit.time);
    state.actions.push(row);
    Ok(())
}

/// A hit without an action is the visit's last sign of life all the same, unless it is a heartbeat.
fn touch(placing: &mut Placing<'_>) {
    let hit = placing.hit;
    if hit.ping {
        return;
    }
    if let Some(state) = placing.visits.open(placing.visit) {
        state.visit[visit::LAST_TIME] = state.visit[visit::LAST_TIME].max(hit.time);
    }
}

/// The page of an event or of a content is a text of its own kind: it is no page that was viewed.
fn url_kind(facts: &Action) -> i64 {
    match facts.kind {
        kind::OUTLINK | kind::DOWNLOAD | kind::EVENT | kind::CONTENT => facts.kind,
        _ => kind::PAGE,
    }
}

fn title_kind(facts: &Action) -> i64 {
    if facts.kind == kind::SEARCH {
        kind::SEARCH
    } else {
        kind::TITLE
    }
}

/// The page seen before, and how long it was looked at, which its own row learns now.
fn write_previous(row: &mut [i64], state: &mut VisitState, time: i64, longest_seconds: i64) {
    let seconds = time
        .saturating_sub(state.visit[visit::LAST_TIME])
        .clamp(0, longest_seconds);
    row[action::PREVIOUS_SECONDS] = seconds;
    row[action::PREVIOUS_URL] = state.visit[visit::EXIT_URL];
    row[action::PREVIOUS_TITLE] = state.visit[visit::EXIT_TITLE];
    row[action::PREVIOUS_KIND] = exit_kind(state);
    let last = state.visit[visit::LAST_ACTION];
    let previous = state
        .actions
        .iter_mut()
        .rev()
        .find(|previous| previous[action::ID] == last);
    if let Some(previous) = previous {
        previous[action::SECONDS] = seconds;
    }
}

/// Whether the page seen before was a page or a search.
fn exit_kind(state: &VisitState) -> i64 {
    let is_seen = |row: &&Vec<i64>| matches!(row[action::KIND], kind::PAGE | kind::SEARCH);
    state
        .actions
        .iter()
        .rev()
        .find(is_seen)
        .map_or(0, |row| row[action::KIND])
}

fn count(row: &mut [i64], facts: &Action) {
    if facts.content.is_some() {
        return;
    }
    row[visit::TOTAL_ACTIONS] += 1;
    match facts.kind {
        kind::PAGE => row[visit::INTERACTIONS] += 1,
        kind::SEARCH => {
            row[visit::INTERACTIONS] += 1;
            row[visit::SEARCHES] += 1;
        }
        kind::EVENT => row[visit::EVENTS] += 1,
        _ => {}
    }
}

/// The first page and the last; a search has a keyword and no page.
/// A visit that began without a page learns its first address later, but never a first title, as in Matomo.
fn write_entry_and_exit(row: &mut [i64], facts: &Action, url: i64, title: i64, continues: bool) {
    if !matches!(facts.kind, kind::PAGE | kind::SEARCH) {
        return;
    }
    if row[visit::ENTRY_URL] == 0 && row[visit::ENTRY_TITLE] == 0 {
        row[visit::ENTRY_URL] = url;
        if !continues {
            row[visit::ENTRY_TITLE] = title;
        }
    }
    row[visit::EXIT_URL] = url;
    row[visit::EXIT_TITLE] = title;
}

fn write_facts(row: &mut [i64], facts: &Action, texts: Dictionaries<'_>) {
    row[action::PAGE_VIEW_ID] = catalog::columns::packed(&facts.page_view_id);
    row[action::SEARCH_CATEGORY] = texts.value(&facts.search_category);
    row[action::SEARCH_COUNT] = facts.search_count.unwrap_or(NONE);
    row[action::BANDWIDTH] = facts.bandwidth_bytes.unwrap_or(NONE);
    if let Some(event) = &facts.event {
        write_event(row, event, texts);
    }
    if let Some(content) = &facts.content {
        write_content(row, content, texts);
    }
    if let Some(product) = &facts.product {
        write_product(row, product, texts);
    }
    if let Some(timings) = &facts.timings_ms {
        for (at, timing) in timings.iter().enumerate() {
            row[action::TIME_NETWORK + at] = timing.unwrap_or(NONE);
        }
    }
    for variable in &facts.variables {
        let slot = usize::from(variable.slot);
        if (1..=catalog::columns::VARIABLE_SLOTS).contains(&slot) {
            row[action::VARIABLE_NAME_1 + slot - 1] = texts.value(&variable.name);
            row[action::VARIABLE_VALUE_1 + slot - 1] = texts.value(&variable.value);
        }
    }
    for (slot, value) in &facts.dimensions {
        let slot = usize::from(*slot);
        if (1..=catalog::columns::DIMENSION_SLOTS).contains(&slot) {
            row[action::SLOT_1 + slot - 1] = texts.value(value);
        }
    }
}

fn write_event(row: &mut [i64], event: &Event, texts: Dictionaries<'_>) {
    row[action::EVENT_CATEGORY] = texts.action(kind::EVENT, &event.category);
    row[action::EVENT_ACTION] = texts.action(kind::EVENT_ACTION, &event.action);
    row[action::EVENT_NAME] = texts.action(kind::EVENT_NAME, &event.name);
    row[action::VALUE] = stored_float(event.value);
}

fn write_content(row: &mut [i64], content: &Content, texts: Dictionaries<'_>) {
    row[action::CONTENT_NAME] = texts.action(kind::CONTENT, &content.name);
    row[action::CONTENT_PIECE] = texts.action(kind::CONTENT_PIECE, &content.piece);
    row[action::CONTENT_TARGET] = texts.action(kind::CONTENT_TARGET, &content.target);
    row[action::CONTENT_INTERACTION] =
        texts.action(kind::CONTENT_INTERACTION, &content.interaction);
}

fn write_product(row: &mut [i64], product: &Product, texts: Dictionaries<'_>) {
    row[action::PRODUCT_SKU] = texts.action(kind::SKU, &product.sku);
    row[action::PRODUCT_NAME] = texts.action(kind::ITEM_NAME, &product.name);
    row[action::PRODUCT_PRICE] = stored_float(product.price);
    for (at, category) in product.categories.iter().take(5).enumerate() {
        row[action::PRODUCT_CATEGORY_1 + at] = texts.action(kind::ITEM_CATEGORY, category);
    }
}
