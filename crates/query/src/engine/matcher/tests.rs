use catalog::columns::{NO_FLOAT, NONE, TableId, action, bits, conversion, kind, visit};
use model::Zone;

use super::*;

fn view() -> View {
    let view = View::new(Vec::new(), Arc::default(), Arc::default());
    // Numbers 1 … 5 of plain texts, 1 and 2 of actions.
    for text in ["Firefox", "0", "Zürich", "12.5x", "50% off_"] {
        view.texts.intern(0, text, -1);
    }
    view.actions.intern(kind::PAGE as u8, "example.org/Über", 2);
    view.actions.intern(kind::TITLE as u8, "7 ways", -1);
    view
}

fn check(
    table: TableId,
    column: usize,
    transform: Transform,
    wanted: Wanted,
    matching: &[i64],
    others: &[i64],
) {
    let probe = Probe {
        transform,
        ..Probe::of(Operand { table, column })
    };
    let literal = Literal::new(&probe, &wanted, &view()).expect("a known column");
    let mut clock = literal.clock();
    for value in matching {
        assert!(literal.matches(*value, &mut clock), "{wanted:?} of {value}");
    }
    for value in others {
        assert!(
            !literal.matches(*value, &mut clock),
            "{wanted:?} of {value}"
        );
    }
}

#[test]
fn plain_texts() {
    let check = |wanted, matching: &[i64], others: &[i64]| {
        let none = Transform::None;
        check(TableId::Visits, visit::CITY, none, wanted, matching, others);
    };
    let text = |how, text: &str| Wanted::Text(how, text.to_owned());
    check(text(TextMatch::Equal, "ZURICH "), &[3], &[0, 1, 2, 99]);
    check(text(TextMatch::Contains, "ÜRI"), &[3], &[0, 1]);
    check(text(TextMatch::StartsWith, "fire"), &[1], &[0, 3]);
    check(text(TextMatch::EndsWith, "FOX"), &[1], &[0, 3]);
    check(text(TextMatch::Contains, "% off_"), &[5], &[1, 2, 3, 4]);
    check(text(TextMatch::Contains, "%x_"), &[], &[1, 2, 3, 4, 5]);
    let some = ["nothing".to_owned(), "firefox".to_owned()];
    check(Wanted::TextOneOf(some.to_vec()), &[1], &[0, 2]);
    check(Wanted::Empty, &[0, 2], &[1, 3]);
    check(Wanted::NotEmpty, &[1, 3], &[0, 2]);
    check(Wanted::Number(Comparison::More, 12.0), &[4, 5], &[0, 1, 2]);
    check(Wanted::OneOf(vec![0, 4]), &[0, 4], &[1]);
    check(Wanted::Nothing, &[], &[0, 1, 2]);
}

#[test]
fn texts_of_actions() {
    let check = |transform, wanted, matching: &[i64], others: &[i64]| {
        let url = action::URL;
        check(TableId::Actions, url, transform, wanted, matching, others);
    };
    let text = |text: &str| Wanted::Text(TextMatch::Contains, text.to_owned());
    check(Transform::None, text("org/uber"), &[1], &[0, 2, -1]);
    check(Transform::None, Wanted::Empty, &[0], &[1, 2]);
    check(Transform::None, Wanted::NotEmpty, &[1, 2], &[0]);
    let page = Wanted::Whole(Comparison::Equal, kind::PAGE);
    check(Transform::ActionKind, page, &[1], &[0, 2, 77]);
}

#[test]
fn whole_numbers_and_absent_ones() {
    let none = || Transform::None;
    let visits = TableId::Visits;
    let since = visit::SINCE_ORDER;
    let at_most = |bound| Wanted::Number(Comparison::AtMost, bound);
    check(visits, since, none(), at_most(3.0), &[0, 3], &[NONE, 4]);
    check(visits, since, none(), Wanted::Empty, &[NONE, 0], &[4]);
    check(visits, since, none(), Wanted::NotEmpty, &[4], &[NONE, 0]);
    check(
        visits,
        since,
        none(),
        Wanted::OneOf(vec![NONE]),
        &[NONE],
        &[0],
    );
    let days = Transform::Divided(86_400);
    let one = Wanted::Whole(Comparison::Equal, 1);
    check(
        visits,
        since,
        days,
        one,
        &[86_400, 172_799],
        &[NONE, 5, 172_800],
    );
    let text = Wanted::Text(TextMatch::StartsWith, "12".to_owned());
    check(visits, visit::EVENTS, none(), text, &[12, 120], &[0, 21]);
    let large = (1i64 << 53) + 1;
    let exact = Wanted::Whole(Comparison::Less, large);
    check(
        visits,
        visit::VISITOR,
        none(),
        exact,
        &[large - 1, -5],
        &[large],
    );
    let unsigned = Wanted::Unsigned(Comparison::AtLeast, 1 << 63);
    check(
        visits,
        visit::IP_LOW,
        none(),
        unsigned,
        &[-1, i64::MIN],
        &[0, i64::MAX],
    );
    let many = Wanted::OneOf((0..100).collect());
    check(visits, visit::EVENTS, none(), many, &[0, 99], &[-1, 100]);
}

#[test]
fn floating_point_numbers() {
    let none = || Transform::None;
    let conversions = TableId::Conversions;
    let more = Wanted::Number(Comparison::More, 9.5);
    let (small, large) = (bits(9.5), bits(9.75));
    check(
        conversions,
        conversion::REVENUE,
        none(),
        more,
        &[large],
        &[small, 0, NO_FLOAT],
    );
    let (value, actions) = (action::VALUE, TableId::Actions);
    check(
        actions,
        value,
        none(),
        Wanted::Empty,
        &[NO_FLOAT, bits(0.0), bits(-0.0)],
        &[small],
    );
    check(
        actions,
        value,
        none(),
        Wanted::NotEmpty,
        &[small],
        &[NO_FLOAT, 0],
    );
    let text = Wanted::Text(TextMatch::Equal, "9.75".to_owned());
    check(actions, value, none(), text, &[large], &[small, NO_FLOAT]);
}

#[test]
fn parts_of_a_date() {
    // Sunday 2010-01-03 23:59:58 UTC, which ISO counts to the last week of 2009.
    let at = 1_262_563_198;
    let berlin = Zone::named("Europe/Berlin").expect("a known zone");
    for (transform, value) in [
        (Transform::Hour(Zone::utc()), 23),
        (Transform::Hour(berlin), 0),
        (Transform::Minute, 59),
        (Transform::Second, 58),
        (Transform::Date, 14_612),
        (Transform::DayOfMonth, 3),
        (Transform::DayOfWeek, 1),
        (Transform::DayOfYear, 3),
        (Transform::WeekOfYear, 53),
        (Transform::Month, 1),
        (Transform::Quarter, 1),
        (Transform::Year, 2010),
        (Transform::Bit(1), 1),
        (Transform::Bit(99), 0),
        (Transform::Divided(0), 0),
    ] {
        let wanted = Wanted::Whole(Comparison::Equal, value);
        check(
            TableId::Visits,
            visit::LAST_TIME,
            transform,
            wanted,
            &[at],
            &[],
        );
    }
    let saturday = Wanted::Whole(Comparison::Equal, 7);
    let day = 86_400;
    let last = visit::LAST_TIME;
    check(
        TableId::Visits,
        last,
        Transform::DayOfWeek,
        saturday,
        &[at - day],
        &[at, at + day],
    );
}

#[test]
fn hostile_numbers_do_no_harm() {
    for transform in [
        Transform::Year,
        Transform::WeekOfYear,
        Transform::Divided(-1),
    ] {
        for value in [i64::MIN, i64::MAX] {
            let wanted = Wanted::Nothing;
            let transform = transform.clone();
            check(
                TableId::Visits,
                visit::LAST_TIME,
                transform,
                wanted,
                &[],
                &[value],
            );
        }
    }
}
