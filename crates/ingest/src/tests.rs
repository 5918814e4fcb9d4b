use std::collections::BTreeSet;

use catalog::columns::{TableId, visit};
use query::VisitRows;
use tracking::{Refusal, SiteSettings};

use super::*;

fn rules() -> Arc<Rules> {
    let instance = InstanceRules::default();
    let site = |id| {
        let settings = SiteSettings {
            id,
            ..SiteSettings::default()
        };
        (id, Arc::new(SiteRules::new(&settings, &instance)))
    };
    Arc::new(Rules {
        sites: HashMap::from([site(1), site(2)]),
        source: b"rules".to_vec(),
        instance: InstanceRules::default(),
    })
}

fn build() -> BuildRules {
    Box::new(|source| (source == b"rules").then(|| (*rules()).clone()))
}

fn hit(site: SiteId, visitor: i64, second: i64) -> EnrichedHit {
    let mut hit = EnrichedHit {
        site,
        time: second,
        received_at: second,
        ..EnrichedHit::default()
    };
    hit.identity.visitor = Some(visitor);
    hit.identity.fingerprint = visitor;
    hit
}

fn open(folder: &tempfile::TempDir, sealing: Sealing) -> Ingest {
    let options = Options {
        sealing,
        max_open_actions: 2,
        ..Options::default()
    };
    Ingest::open(folder.path(), options, build()).expect("a data folder")
}

/// Ends it without a checkpoint. Its keeper must not go on in a folder that is opened again.
fn kill(ingest: Ingest) {
    ingest.keeper.stop();
    std::mem::forget(ingest);
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Every visit that a question sees, by number.
fn all(ingest: &Ingest) -> Vec<VisitRows> {
    let mut visits = Vec::new();
    for chunk in &ingest.view().chunks {
        let dead = chunk.dead();
        for place in 0..chunk.rows(TableId::Visits) {
            let word = dead.as_ref().and_then(|dead| dead.get(place / 64).copied());
            if word.unwrap_or(0) >> (place % 64) & 1 == 0 {
                visits.push(chunk.visit_rows(place).expect("readable"));
            }
        }
    }
    visits.sort_by_key(|rows| rows.visit[visit::ID]);
    visits
}

/// The same order number again and again: only the first counts.
fn order(visitor: i64, second: i64) -> EnrichedHit {
    EnrichedHit {
        ecommerce: Some(tracking::hit::Ecommerce {
            order: format!("order of {visitor}"),
            revenue: 10.0,
            ..tracking::hit::Ecommerce::default()
        }),
        ..hit(1, visitor, second)
    }
}

/// Visitors who come, go on, buy, come again, and come late.
fn story() -> Vec<EnrichedHit> {
    let mut hits = Vec::new();
    for round in 0..12 {
        for visitor in 1..6 {
            hits.push(hit(1, visitor, 100_000 + round * 700 + visitor));
            if round % 3 == 0 {
                hits.push(hit(2, visitor, 90_000 - round * 500));
                hits.push(order(visitor, 100_001 + round * 700 + visitor));
            }
        }
    }
    hits
}

#[test]
fn when_visits_are_sealed_changes_nothing() {
    let mut answers = Vec::new();
    let mut outcomes = Vec::new();
    for sealing in [Sealing::Never, Sealing::Normal, Sealing::EveryRecord] {
        let folder = folder();
        let ingest = open(&folder, sealing);
        let placed = story().into_iter().map(|hit| {
            let placed = ingest.record(vec![hit], &rules()).expect("room");
            matches!(placed[..], [Placed::Refused(Refusal::DuplicateOrder)])
        });
        outcomes.push(placed.collect::<Vec<bool>>());
        let sealed = ingest.stats().store.visits;
        match sealing {
            Sealing::Never => assert_eq!(sealed, 0),
            _ => assert!(sealed > 5, "{sealing:?}: {sealed}"),
        }
        let seen = all(&ingest);
        ingest.close().expect("closed");
        assert_eq!(
            all(&open(&folder, sealing)),
            seen,
            "{sealing:?}, opened again"
        );
        answers.push(seen);
    }
    assert!(answers[0].len() > 10, "{}", answers[0].len());
    let twice = outcomes[0].iter().filter(|twice| **twice).count();
    assert_eq!(twice, 15, "five visitors order four times");
    assert_eq!(outcomes[0], outcomes[1]);
    assert_eq!(outcomes[0], outcomes[2]);
    assert!(answers[0] == answers[1], "sealed when idle");
    assert!(answers[0] == answers[2], "sealed after every record");
}

#[test]
fn what_was_answered_is_there_after_a_kill() {
    for checkpoint in [false, true] {
        let folder = folder();
        let ingest = open(&folder, Sealing::Normal);
        for hit in story() {
            ingest.record(vec![hit], &rules()).expect("room");
        }
        if checkpoint {
            ingest.checkpoint().expect("written");
        }
        ingest
            .record(vec![hit(1, 77, 200_000)], &rules())
            .expect("room");
        let before = all(&ingest);
        kill(ingest);
        let again = open(&folder, Sealing::Normal);
        assert!(all(&again) == before, "checkpoint {checkpoint}");
        let stats = again.stats();
        assert_eq!(stats.applied, stats.journal.last_number);
    }
}

#[test]
fn rules_outlive_the_journal_that_said_them() {
    let folder = folder();
    let ingest = open(&folder, Sealing::Normal);
    ingest
        .record(vec![hit(1, 1, 1_000)], &rules())
        .expect("room");
    ingest.checkpoint().expect("written");
    // This record says no rules: they are as before.
    ingest
        .record(vec![hit(1, 2, 1_000)], &rules())
        .expect("room");
    kill(ingest);
    assert_eq!(all(&open(&folder, Sealing::Normal)).len(), 2);
}

#[test]
fn a_reset_is_final() {
    let folder = folder();
    let ingest = open(&folder, Sealing::EveryRecord);
    ingest
        .record(vec![hit(1, 7, 1_000)], &rules())
        .expect("room");
    ingest.reset().expect("room");
    assert_eq!(all(&ingest).len(), 0);
    ingest
        .record(vec![hit(1, 7, 2_000)], &rules())
        .expect("room");
    ingest.close().expect("closed");
    let visits = all(&open(&folder, Sealing::EveryRecord));
    assert_eq!(visits.len(), 1);
    assert_eq!(visits[0].visit[visit::ID], 1, "numbers begin anew");
}

#[test]
fn erased_visits_stay_away_and_others_stay() {
    for sealing in [Sealing::Never, Sealing::EveryRecord] {
        let folder = folder();
        let ingest = open(&folder, sealing);
        for hit in story() {
            ingest.record(vec![hit], &rules()).expect("room");
        }
        let before = all(&ingest);
        let of_site = |rows: &&VisitRows, site| rows.visit[visit::SITE] == site;
        let second = before.iter().filter(|rows| of_site(rows, 2)).count();
        assert_eq!(
            ingest.erase(&Erasure::Site(2)).expect("erased").visits,
            second
        );
        let first = before
            .iter()
            .find(|rows| of_site(rows, 1))
            .expect("a visit");
        let id = first.visit[visit::ID];
        let one = Erasure::Visits {
            site: 1,
            ids: BTreeSet::from([id]),
        };
        let erased = ingest.erase(&one).expect("erased");
        assert_eq!(
            (erased.visits, erased.conversions),
            (1, first.conversions.len())
        );
        let nothing = ingest.erase(&one).expect("nothing to erase");
        assert_eq!(nothing, Erased::default());
        let left = all(&ingest);
        let kept = |rows: &&VisitRows| of_site(rows, 1) && rows.visit[visit::ID] != id;
        let expected: Vec<VisitRows> = before.iter().filter(kept).cloned().collect();
        assert_eq!(left, expected, "{sealing:?}");
        assert_eq!(
            ingest.stats().store.dead_visits,
            0,
            "no bytes of them are left"
        );
        kill(ingest);
        assert_eq!(
            all(&open(&folder, sealing)),
            expected,
            "{sealing:?}, opened again"
        );
    }
}
