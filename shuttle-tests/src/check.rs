//! How a scenario is run: many times, under three schedulers, from numbers that replay it.

use std::{
    env, fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use shuttle::{
    Config, FailurePersistence, Runner,
    scheduler::{PctScheduler, RandomScheduler, Scheduler, UncontrolledNondeterminismCheckScheduler},
};

use crate::{bursts::BurstScheduler, judge::Summary, ledger::Ledger};

/// How often priorities change in an execution that draws them.
const CHANGES: usize = 8;

/// The stack of a thread in bytes. Shuttle's own default is too small for the formatting of a failure.
const STACK: usize = 1 << 18;

/// Who decides which thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drawn {
    /// Each step is any thread's.
    Steps,
    /// A thread goes on for a number of steps, and then any does.
    Bursts,
    /// The thread with the highest priority goes on for as long as it can, and priorities change a few times. Finds what
    /// needs a thread to wait for long.
    Priorities,
}

/// What some executions were like.
#[derive(Debug, Default)]
struct Executions {
    number: u64,
    summary: Summary,
    refused: Option<String>,
}

/// Runs a scenario `executions` times in each [way](Drawn), and asks its ledgers.
///
/// Prints what was seen, or how to replay what failed. `SHUTTLE_START` is the first number instead of 1, `SHUTTLE_TIMES`
/// multiplies the executions, and `SHUTTLE_REPLAY` runs one number alone.
///
/// # Panics
///
/// When a ledger holds what cannot have happened; when an execution panics, hangs, or differs when it is repeated; and
/// when nothing happened at the same time, so that none of it means anything.
pub fn check(executions: u64, scenario: fn() -> Vec<Ledger>) {
    let name = &test_name();
    assert!(env::var_os("SHUTTLE_RANDOM_SEED").is_none(), "it would be every number's: set SHUTTLE_REPLAY");
    if let Ok(replay) = env::var("SHUTTLE_REPLAY") {
        let (drawn, number) = replay.split_once(':').expect("SHUTTLE_REPLAY must be WAY:NUMBER");
        let drawn = drawn.parse().expect("the way in SHUTTLE_REPLAY must be steps, bursts or priorities");
        run(name, drawn, number.parse().expect("SHUTTLE_REPLAY must end with a number"), scenario);
        return;
    }
    let (start, executions) = (variable("SHUTTLE_START"), executions * variable("SHUTTLE_TIMES"));
    thread::scope(|scope| {
        let thirds =
            Drawn::ALL.map(|drawn| scope.spawn(move || run_all(name, drawn, start, executions, scenario)));
        thirds.into_iter().for_each(|third| third.join().unwrap_or_else(|panic| resume_unwind(panic)));
    });
    repeats(name, start, scenario);
}

/// Runs a scenario with a fault in it, and returns what its ledgers say of it.
///
/// # Panics
///
/// When they say nothing in that many executions.
#[must_use]
pub fn control(executions: u64, scenario: fn() -> Vec<Ledger>) -> String {
    let name = test_name();
    for number in 1..=executions {
        let ledgers = execute(RandomScheduler::new_from_seed(number, 1), scenario);
        if let Some(refused) = ledgers.refused {
            println!("{name}: fault found in execution {number}: {refused}");
            return refused;
        }
    }
    panic!("{name}: fault not found in {executions} executions");
}

fn run_all(name: &str, drawn: Drawn, start: u64, executions: u64, scenario: fn() -> Vec<Ledger>) {
    let numbers = start..start + executions.div_ceil(drawn.executions_of_a_number() as u64);
    let all = numbers.fold(Executions::default(), |all, number| all + run(name, drawn, number, scenario));
    let Summary { records, values, contested } = all.summary;
    println!(
        "{name}: {} executions with {drawn} drawn, {records} records, {values} values in snapshots, \
         {contested} of them beside records or removals",
        all.number
    );
    assert!(contested > 0, "{name}: no snapshot was taken beside anything else");
}

/// Runs the executions of one number.
fn run(name: &str, drawn: Drawn, number: u64, scenario: fn() -> Vec<Ledger>) -> Executions {
    let run = || match drawn {
        Drawn::Steps => execute(RandomScheduler::new_from_seed(number, 1), scenario),
        Drawn::Bursts => execute(BurstScheduler::new(number, 1), scenario),
        Drawn::Priorities => {
            execute(PctScheduler::new_from_seed(number, CHANGES, drawn.executions_of_a_number()), scenario)
        }
    };
    let outcome = catch_unwind(AssertUnwindSafe(run));
    let failed = outcome.as_ref().map_or(true, |executions| executions.refused.is_some());
    if failed {
        println!("{name}: failed. To replay it: SHUTTLE_REPLAY={drawn}:{number} ci/shuttle.sh {name}");
    }
    let executions = outcome.unwrap_or_else(|panic| resume_unwind(panic));
    if let Some(refused) = &executions.refused {
        panic!("{name}: {refused}");
    }
    executions
}

/// Runs some executions twice: a number that does not replay its execution would be of no use.
fn repeats(name: &str, start: u64, scenario: fn() -> Vec<Ledger>) {
    let scheduler = RandomScheduler::new_from_seed(start, 3);
    let outcome = execute(UncontrolledNondeterminismCheckScheduler::new(scheduler), scenario);
    assert_eq!(outcome.refused, None, "{name}");
}

fn execute(scheduler: impl Scheduler + 'static, scenario: fn() -> Vec<Ledger>) -> Executions {
    let executions = Arc::new(Mutex::new(Executions::default()));
    let mut config = Config::new();
    config.stack_size = STACK;
    config.silence_warnings = true;
    // The number is shorter than the schedule, which has an entry for each step.
    config.failure_persistence = FailurePersistence::None;
    let seen = Arc::clone(&executions);
    Runner::new(scheduler, config).run(move || {
        let verdict =
            scenario().iter().try_fold(Summary::default(), |sum, ledger| Ok(sum + ledger.verdict()?));
        // A refusal is told when all threads have ended: to unwind them would end the process.
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.number += 1;
        match verdict {
            Ok(summary) => seen.summary = seen.summary + summary,
            Err(refused) => seen.refused = Some(seen.refused.take().unwrap_or(refused)),
        }
    });
    std::mem::take(&mut executions.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The harness names the thread after the test.
fn test_name() -> String {
    thread::current().name().unwrap_or("a scenario").to_owned()
}

fn variable(name: &str) -> u64 {
    env::var(name).map_or(1, |value| value.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

impl std::ops::Add for Executions {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            number: self.number + other.number,
            summary: self.summary + other.summary,
            refused: self.refused.or(other.refused),
        }
    }
}

impl Drawn {
    const ALL: [Self; 3] = [Self::Steps, Self::Bursts, Self::Priorities];

    /// The first execution tells the scheduler that draws priorities how long the others are, so a number has several.
    fn executions_of_a_number(self) -> usize {
        match self {
            Self::Steps | Self::Bursts => 1,
            Self::Priorities => 25,
        }
    }
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Steps => "steps",
            Self::Bursts => "bursts",
            Self::Priorities => "priorities",
        })
    }
}

impl FromStr for Drawn {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|drawn| drawn.to_string() == text).ok_or(())
    }
}
