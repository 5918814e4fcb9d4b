//! Random rows and questions: the engine must answer as the oracle does.

mod world;

use std::sync::Arc;

use query::{Grouped, Limits, group, oracle, paths, visits};
use world::{Random, random_list, random_paths, random_question, random_view};

const WORLDS: u64 = 60;
const QUESTIONS_A_WORLD: usize = 60;

fn assert_same(engine: &Grouped, oracle: &Grouped, context: &dyn Fn() -> String) {
    assert_eq!(engine.key_count, oracle.key_count, "{}", context());
    assert_eq!(engine.keys, oracle.keys, "{}", context());
    assert_eq!(engine.values.len(), oracle.values.len(), "{}", context());
    for (one, other) in engine.values.iter().zip(&oracle.values) {
        let same = one == other
            || (one.is_nan() && other.is_nan())
            || (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0);
        assert!(same, "{one} is not {other}: {}", context());
    }
}

#[test]
fn the_engine_answers_as_the_oracle() {
    let limits = Limits::default();
    let mut answers_with_groups = 0;
    for seed in 0..WORLDS {
        let mut random = Random::new(seed);
        let view = random_view(&mut random);
        for _ in 0..QUESTIONS_A_WORLD {
            let question = random_question(&mut random);
            let engine = group(&view, &question, &limits).expect("an answer");
            let oracle = oracle::group(&view, &question).expect("an answer");
            assert_same(&engine, &oracle, &|| format!("seed {seed}, {question:#?}"));
            // Once more, now with the filter's selection from the cache.
            let again = group(&view, &question, &limits).expect("an answer");
            let parallel = Limits {
                parallel_rows: random.below(50),
                ..Limits::default()
            };
            let together = group(&view, &question, &parallel).expect("an answer");
            assert_same(&together, &engine, &|| {
                format!("two threads, seed {seed}, {question:#?}")
            });
            assert_same(&again, &engine, &|| {
                format!("again, seed {seed}, {question:#?}")
            });
            answers_with_groups += usize::from(!engine.is_empty());
        }
    }
    let questions = WORLDS as usize * QUESTIONS_A_WORLD;
    assert!(
        answers_with_groups * 3 > questions,
        "most random questions find nothing: {answers_with_groups} of {questions}"
    );
}

#[test]
fn visits_come_as_the_oracle_lists_them() {
    let limits = Limits::default();
    let mut found = 0;
    for seed in 0..WORLDS {
        let mut random = Random::new(1000 + seed);
        let view = random_view(&mut random);
        for _ in 0..20 {
            let list = random_list(&mut random);
            let engine = visits(&view, &list, &limits).expect("visits");
            let oracle = oracle::visits(&view, &list).expect("visits");
            assert_eq!(engine, oracle, "seed {seed}, {list:#?}");
            found += engine.len();
        }
    }
    assert!(found > 1000, "{found}");
}

#[test]
fn paths_to_conversions_are_those_of_the_oracle() {
    let limits = Limits::default();
    let mut found = 0;
    for seed in 0..WORLDS {
        let mut random = Random::new(2000 + seed);
        let view = random_view(&mut random);
        for _ in 0..20 {
            let question = random_paths(&mut random);
            let engine = paths(&view, &question, &limits).expect("paths");
            let oracle = oracle::paths(&view, &question).expect("paths");
            // Sums of floating point numbers are compared as they are printed.
            assert_eq!(
                format!("{engine:?}"),
                format!("{oracle:?}"),
                "seed {seed}, {question:#?}"
            );
            found += engine.len();
        }
    }
    assert!(found > 1000, "{found}");
}

#[test]
fn limits_and_cancellation_stop_a_question() {
    let mut random = Random::new(5);
    let view = random_view(&mut random);
    let question = world::question_by_visit();
    let stopped = |limits: Limits| {
        group(&view, &question, &limits)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(stopped(Limits::default()), Ok(()));
    let groups = Limits {
        max_groups: 3,
        ..Limits::default()
    };
    assert_eq!(
        stopped(groups),
        Err("The query was stopped: it needed more than 3 groups.".to_owned())
    );
    let late = Limits {
        deadline: Some(std::time::Instant::now()),
        ..Limits::default()
    };
    assert_eq!(
        stopped(late),
        Err("The query was stopped: it needed more than the time it may take.".to_owned())
    );
    let cancelled = Limits {
        cancelled: Some(Arc::new(true.into())),
        ..Limits::default()
    };
    assert_eq!(
        stopped(cancelled),
        Err("The query was cancelled.".to_owned())
    );
}

#[test]
fn a_column_of_another_table_is_refused() {
    let view = random_view(&mut Random::new(6));
    let mut question = world::question_by_visit();
    question.keys = vec![query::Key::Column(query::Operand {
        table: catalog::columns::TableId::Items,
        column: 0,
    })];
    assert!(group(&view, &question, &Limits::default()).is_err());
    question.keys = vec![query::Key::Column(query::Operand {
        table: catalog::columns::TableId::Visits,
        column: 1000,
    })];
    assert!(group(&view, &question, &Limits::default()).is_err());
}
