//! A fault at every call, a power cut at every step, and both at random.

use std::io::ErrorKind;
use std::time::Duration;

use super::world::{Broken, World, small_options};
use crate::Durability;
use crate::simulation::{Fault, Random};

const FAULTS: [Fault; 6] = [
    Fault::Error(ErrorKind::Other),
    Fault::Error(ErrorKind::StorageFull),
    Fault::Error(ErrorKind::Interrupted),
    Fault::ShortWrite,
    Fault::TornError(ErrorKind::Other),
    Fault::TornError(ErrorKind::StorageFull),
];

#[derive(Debug, Clone, Copy)]
enum Ending {
    Crash,
    PowerCut,
    CrashThenPowerCut,
}

fn end(world: &World, ending: Ending) {
    match ending {
        Ending::Crash | Ending::CrashThenPowerCut => world.disk.crash(),
        Ending::PowerCut => world.disk.power_cut(),
    }
}

/// Two lives with rotation, retention, a checkpoint, a clean shutdown in between and none at the end.
fn script(world: &mut World) -> Result<(), Broken> {
    for life in 0..2 {
        let Some(mut engine) = open_patiently(world)? else {
            return Ok(());
        };
        for step in 0..9_u64 {
            if !world.commit(&mut engine, 1 + step % 4) {
                for _ in 0..3 {
                    if world.recover(&mut engine) {
                        break;
                    }
                }
            }
            if world.disk.is_stopped() {
                return Ok(());
            }
            if step == 3 {
                world.checkpoint();
                let _ = engine.delete_applied(world.options.applied, Duration::ZERO);
            }
        }
        if life == 0 {
            let _ = engine.finish();
        } else {
            world.checkpoint();
            let _ = engine.delete_all_before(world.options.applied + 1);
            world.commit(&mut engine, 3);
        }
    }
    Ok(())
}

/// A start may be refused by the disk; the operator tries again.
fn open_patiently(world: &mut World) -> Result<Option<crate::engine::Engine>, Broken> {
    for _ in 0..6 {
        if let Some(engine) = world.open()? {
            return Ok(Some(engine));
        }
        if world.disk.is_stopped() {
            break;
        }
    }
    Ok(None)
}

/// After the fault: what was promised is there, new records are accepted, and all is still there after that.
fn aftermath(world: &mut World, ending: Ending) -> Result<(), Broken> {
    world.disk.heal();
    end(world, ending);
    for round in 0..3 {
        let mut engine = world.open()?.ok_or("a healthy disk refused to open")?;
        if matches!(ending, Ending::CrashThenPowerCut) && round == 0 {
            // Replayed from the page cache, then the power goes: what was shown must still be there.
            world.disk.power_cut();
            continue;
        }
        let accepted = world.commit(&mut engine, 2)
            || (world.recover(&mut engine) && world.commit(&mut engine, 2));
        if !accepted {
            return Err("a healthy disk refused a record".to_owned());
        }
        if round == 1 {
            engine.finish().map_err(|error| error.to_string())?;
            world.disk.crash();
        } else {
            world.disk.power_cut();
        }
    }
    world
        .open()?
        .ok_or("a healthy disk refused to open")
        .map(drop)?;
    Ok(())
}

/// Runs the script with one fault, then the aftermath.
fn run(
    durability: Durability,
    seed: u64,
    plan: Option<(u64, u64, Fault)>,
    ending: Ending,
) -> (World, Result<(), Broken>) {
    let mut world = World::new(seed, small_options(durability));
    if let Some((first, times, fault)) = plan {
        world.disk.fail(first, times, fault);
    }
    let result = script(&mut world).and_then(|()| aftermath(&mut world, ending));
    (world, result)
}

fn assert_kept(what: impl std::fmt::Debug, (world, result): (World, Result<(), Broken>)) -> World {
    let result = result.and_then(|()| match world.disk.was_touched_after_failure() {
        true => Err("a failed file was written or synced again".to_owned()),
        false => Ok(()),
    });
    if let Err(broken) = result {
        panic!("{what:?}: {broken}\n{}", world.disk.trace());
    }
    world
}

/// Calls that the script makes on a healthy disk.
fn script_calls(durability: Durability) -> u64 {
    let mut world = World::new(0, small_options(durability));
    script(&mut world).unwrap();
    assert_eq!(
        world.acknowledged_count,
        2 * (1 + 2 + 3 + 4 + 1 + 2 + 3 + 4 + 1) + 3
    );
    world.disk.calls()
}

#[test]
fn a_fault_at_every_call_breaks_no_promise() {
    let calls = script_calls(Durability::Power);
    assert!(calls > 80, "the script does too little: {calls} calls");
    let mut runs = 0;
    for first in 0..calls {
        for fault in FAULTS {
            for times in [1, 2, 3, 6, u64::MAX] {
                // Without an end, "interrupted, try again" is a machine that hangs.
                if times == u64::MAX && fault == Fault::Error(ErrorKind::Interrupted) {
                    continue;
                }
                for ending in [Ending::Crash, Ending::PowerCut, Ending::CrashThenPowerCut] {
                    let plan = (first, times, fault);
                    assert_kept(
                        (plan, ending),
                        run(Durability::Power, first, Some(plan), ending),
                    );
                    runs += 1;
                }
            }
        }
    }
    println!("{runs} runs over {calls} calls");
}

#[test]
fn a_power_cut_or_crash_at_every_call_breaks_no_promise() {
    let calls = script_calls(Durability::Power);
    for first in 0..calls {
        for seed in 0..40 {
            for ending in [Ending::Crash, Ending::PowerCut, Ending::CrashThenPowerCut] {
                let plan = (first, 1, Fault::Stop);
                assert_kept(
                    (plan, seed, ending),
                    run(Durability::Power, seed, Some(plan), ending),
                );
            }
        }
    }
}

#[test]
fn many_faults_and_many_lives_at_random_break_no_promise() {
    let mut acknowledged = 0;
    for seed in 0..3_000 {
        let mut random = Random::new(seed);
        let mut world = World::new(seed, small_options(Durability::Power));
        let mut at = 0;
        for _ in 0..random.below(12) {
            at += random.below(40) as u64;
            let fault = if random.chance(5) {
                Fault::Stop
            } else {
                FAULTS[random.below(FAULTS.len())]
            };
            world.disk.fail(at, 1 + random.below(4) as u64, fault);
        }
        let result = random_lives(&mut world, &mut random);
        acknowledged += assert_kept(seed, (world, result)).acknowledged_count;
    }
    assert!(
        acknowledged > 30_000,
        "too few records got through to prove anything: {acknowledged}"
    );
}

fn random_lives(world: &mut World, random: &mut Random) -> Result<(), Broken> {
    for _ in 0..1 + random.below(5) {
        if let Some(mut engine) = open_patiently(world)? {
            for _ in 0..random.below(12) {
                let many = 1 + random.below(6) as u64;
                if !world.commit(&mut engine, many) && random.chance(2) {
                    world.recover(&mut engine);
                }
                if random.chance(8) {
                    world.checkpoint();
                    let _ = engine.delete_applied(world.options.applied, Duration::ZERO);
                }
                if random.chance(12) {
                    let _ = engine.delete_all_before(world.options.applied + 1);
                }
            }
            if random.chance(3) {
                let _ = engine.finish();
            }
        }
        end(
            world,
            if random.chance(2) {
                Ending::Crash
            } else {
                Ending::PowerCut
            },
        );
    }
    aftermath(
        world,
        if random.chance(2) {
            Ending::PowerCut
        } else {
            Ending::CrashThenPowerCut
        },
    )
}

/// The positive control: where nothing is synced, the same harness must find losses, or it proves nothing.
#[test]
fn weaker_levels_lose_just_where_they_must() {
    for (durability, ending, must_lose) in [
        (Durability::Process, Ending::Crash, false),
        (Durability::Process, Ending::PowerCut, true),
        (Durability::None, Ending::Crash, true),
        (Durability::None, Ending::PowerCut, true),
        (Durability::Power, Ending::PowerCut, false),
    ] {
        let losses = (0..50).filter(|seed| {
            let mut world = World::new(*seed, small_options(durability));
            let mut engine = world.open().unwrap().unwrap();
            for _ in 0..5 {
                assert!(world.commit(&mut engine, 3));
            }
            end(&world, ending);
            match world.open() {
                Ok(engine) => assert!(engine.is_some()),
                Err(broken) => {
                    assert!(broken.contains("is lost"), "{broken}");
                    return true;
                }
            }
            false
        });
        let losses = losses.count();
        assert_eq!(
            losses > 0,
            must_lose,
            "{durability:?} after {ending:?}: {losses} of 50 runs lost records"
        );
    }
}

/// The oracle itself must be able to fail.
#[test]
fn the_oracle_notices_a_lost_a_doubled_and_a_changed_file() {
    for break_it in [remove_last_file, put_back_a_refused_record] {
        let mut world = World::new(1, small_options(Durability::Power));
        let mut engine = world.open().unwrap().unwrap();
        world.commit(&mut engine, 3);
        break_it(&mut world, &mut engine);
        drop(engine);
        world.disk.crash();
        assert!(world.open().is_err());
    }
}

fn remove_last_file(world: &mut World, _: &mut crate::engine::Engine) {
    for name in world
        .disk
        .files()
        .into_keys()
        .filter(|name| name.starts_with("journal-"))
    {
        crate::Disk::remove(&world.disk, &name).unwrap();
    }
}

fn put_back_a_refused_record(world: &mut World, engine: &mut crate::engine::Engine) {
    let before = world.disk.files();
    let calls = world.disk.calls();
    world.disk.fail(calls, 20, Fault::Error(ErrorKind::Other));
    assert!(!world.commit(engine, 1));
    world.disk.heal();
    assert!(world.recover(engine));
    // As if the refused record had been accepted after all: the new file vanishes, the old one gets the record.
    for name in world
        .disk
        .files()
        .into_keys()
        .filter(|name| name.starts_with("journal-"))
    {
        crate::Disk::remove(&world.disk, &name).unwrap();
    }
    let (name, mut bytes) = before
        .into_iter()
        .find(|(name, _)| name.starts_with("journal-"))
        .unwrap();
    let salt = crate::format::FileHeader::decode(&bytes).unwrap().salt;
    crate::format::encode_record(&mut bytes, salt, 4, 1_000, None, &super::world::payload(4));
    world.disk.put(&name, bytes);
}

#[test]
fn a_disk_that_keeps_no_names_is_not_filled_with_files() {
    let mut world = World::new(1, small_options(Durability::Power));
    let mut engine = world.open().unwrap().unwrap();
    assert!(world.commit(&mut engine, 1));
    let before = world.disk.files().len();
    world.disk.fail_all("sync #2"); // the current file: a new one is needed
    world.disk.fail_all("sync directory");
    world.disk.fail_all("remove");
    assert!(!world.commit(&mut engine, 1));
    for _ in 0..50 {
        assert!(!world.recover(&mut engine));
    }
    let after = world.disk.files().len();
    assert!(after <= before + 2, "{before} files became {after}");
    world.disk.heal();
    assert!(world.recover(&mut engine) && world.commit(&mut engine, 1));
    world.disk.power_cut();
    world.open().unwrap();
}
