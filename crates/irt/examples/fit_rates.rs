//! How often the diagnosis flags items, under the model and where something is wrong: the table of
//! docs/method.md, "Does the model fit".
//!
//! `cargo run --release -p irt --example fit_rates [replications]`

use irt::simulate::{Simulation, draw_responses, simulate_items};
use irt::statistics::{
    Diagnostics, DiagnosticsPlan, FitFlag, PublishedItem, diagnose_groups, diagnose_new_responses,
};
use irt::two_pl::SlopeIntercept;
use irt::{
    CalibrationSettings, ItemParameters, NO_TIME, Population, Quadrature, RepeatedResponses,
    ResponseRows, Responses, Unmonitored, calibrate,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A design, and what is wrong with it.
#[derive(Clone, Copy)]
struct Study {
    name: &'static str,
    persons: u32,
    items: u32,
    answered: f64,
    wrong: Wrong,
}

#[derive(Clone, Copy)]
enum Wrong {
    Nothing,
    /// Nothing; every second person is in another group.
    TwoGroups,
    /// The key of the first item.
    Key,
    /// The first item is harder in the second group: |a Δb| = .8.
    Dif,
    /// The first two items share a stem.
    Stem,
    /// Everybody guesses at c = .2.
    Guessing,
    /// Nothing of the items; abilities of mean 0 and standard deviation 1 are not normal.
    Shape(fn(f64) -> f64),
}

impl Wrong {
    /// Exponential: a long tail of able persons, and hardly anybody far below the mean.
    const TAIL: Self = Self::Shape(|uniform| -(1.0 - uniform).ln() - 1.0);
    /// The same to the other side.
    const OTHER_TAIL: Self = Self::Shape(|uniform| 1.0 + (1.0 - uniform).ln());
    /// All abilities of an interval are as frequent.
    const FLAT: Self = Self::Shape(|uniform| (uniform - 0.5) * 12_f64.sqrt());
}

/// New responses of 500 persons to 40 items, which 4,000 persons calibrated: with the first item
/// moved by `moved`, and where a new person is .3 better on average. Prints the share of items
/// that drifted among those that did not move, and of those that did where |a Δb| is .43 or more.
fn drift(moved: f64, replications: u64) -> Outcome<()> {
    let (mut stable, mut drifted, mut steep) =
        (Share::default(), Share::default(), Share::default());
    for seed in 1..=replications {
        let truth = simulate_items(40, seed);
        let old = Simulation { persons: 4_000, items: 40, answered: 1.0, seed };
        let responses = irt::simulate::simulate_responses(&old, &truth);
        let settings = CalibrationSettings {
            standard_errors: irt::StandardErrors::ObservedInformation,
            ..CalibrationSettings::default()
        };
        let calibration = calibrate(&responses, &settings, &Unmonitored)?;
        let published = |item: &irt::ItemResult| {
            let parameters = ItemParameters::new(item.discrimination?, item.difficulty?);
            Some(PublishedItem { parameters, se_difficulty: item.se_difficulty })
        };
        let items: Vec<Option<PublishedItem>> = calibration.items.iter().map(published).collect();
        let mut now: Vec<SlopeIntercept> = truth
            .iter()
            .map(|item| SlopeIntercept { intercept: item.intercept + 0.3 * item.slope, ..*item })
            .collect();
        now[0].intercept -= moved * now[0].slope;
        let new = Simulation { persons: 500, items: 40, answered: 1.0, seed: seed + 100_000 };
        let responses = irt::simulate::simulate_responses(&new, &now);
        let (grid, everybody) = (Quadrature::default(), [Population::STANDARD]);
        for row in diagnose_new_responses(&responses, &items, &everybody, &grid, &Unmonitored)? {
            if row.item > 0 || moved == 0.0 {
                stable.add(row.differs);
            } else {
                drifted.add(row.differs);
                if truth[0].slope >= 1.0 {
                    steep.add(row.differs);
                }
            }
        }
    }
    println!("| {moved} | {} | {} | {} |", stable.percent(), drifted.percent(), steep.percent());
    Ok(())
}

/// Responses of one group, or of two.
fn draw(study: &Study, items: &[SlopeIntercept], seed: u64) -> Outcome<Vec<Responses>> {
    let groups = if matches!(study.wrong, Wrong::TwoGroups | Wrong::Dif) { 2 } else { 1 };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(7);
    (0..groups)
        .map(|group| {
            let persons = study.persons / groups;
            let seed = seed * 10 + u64::from(group);
            let design = Simulation { persons, items: study.items, answered: study.answered, seed };
            let mut items = items.to_vec();
            if matches!(study.wrong, Wrong::Dif) && group == 1 {
                items[0].intercept -= 0.8;
            }
            let mut rows = ResponseRows::new(false);
            let mut stem = false;
            let mut outcome = Ok(());
            let mut respond = |person, item, correct| {
                let guess = matches!(study.wrong, Wrong::Guessing) && rng.random::<f64>() < 0.2;
                let flipped = matches!(study.wrong, Wrong::Key) && item == 0;
                // With probability .45 the second item of a stem comes out as the first.
                let is_second = matches!(study.wrong, Wrong::Stem) && item == 1;
                let copied = is_second && rng.random::<f64>() < 0.45;
                let correct = if copied { stem } else { (correct || guess) != flipped };
                if item == 0 {
                    stem = correct;
                }
                let pushed = rows.push(person, item, correct, NO_TIME);
                outcome = std::mem::replace(&mut outcome, Ok(())).and(pushed);
            };
            match study.wrong {
                Wrong::Shape(ability) => draw_shaped(&design, &items, ability, &mut respond),
                _ => draw_responses(&design, &items, respond),
            }
            outcome?;
            let labels = (0..items.len()).map(|item| format!("I{item:08}")).collect();
            Ok(Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored)?)
        })
        .collect()
}

/// [`draw_responses`] to persons whose abilities are such a function of a uniform deviate.
fn draw_shaped(
    design: &Simulation,
    items: &[SlopeIntercept],
    ability: fn(f64) -> f64,
    respond: &mut impl FnMut(u32, u32, bool),
) {
    let mut rng = ChaCha8Rng::seed_from_u64(design.seed);
    rng.set_stream(1);
    for person in 0..design.persons {
        let ability = ability(rng.random());
        for (number, item) in (0..).zip(items) {
            respond(person, number, rng.random::<f64>() < item.probability(ability));
        }
    }
}

/// All groups as one, for the fit: rows of the groups one after the other.
fn pooled(groups: &[Responses]) -> Outcome<Responses> {
    let mut rows = ResponseRows::new(false);
    let mut person = 0;
    for pattern in groups.iter().flat_map(Responses::iter) {
        for _ in 0..pattern.persons {
            for response in pattern.responses {
                rows.push(person, response.item() as u32, response.is_correct(), NO_TIME)?;
            }
            person += 1;
        }
    }
    let labels = groups[0].labels().to_vec();
    Ok(Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored)?)
}

struct Found {
    diagnostics: Diagnostics,
    truth: Vec<SlopeIntercept>,
}

fn replicate(study: &Study, seed: u64) -> Outcome<Found> {
    let mut truth = simulate_items(study.items, seed);
    if matches!(study.wrong, Wrong::Dif) {
        truth[0].intercept += 0.4;
    }
    let groups = draw(study, &truth, seed)?;
    let calibration = calibrate(&pooled(&groups)?, &CalibrationSettings::default(), &Unmonitored)?;
    let items: Vec<Option<ItemParameters>> = calibration
        .items
        .iter()
        .map(|item| Some(ItemParameters::new(item.discrimination?, item.difficulty?)))
        .collect();
    let groups: Vec<(&Responses, Population)> =
        groups.iter().map(|responses| (responses, Population::STANDARD)).collect();
    let (grid, plan) = (Quadrature::default(), DiagnosticsPlan::default());
    let diagnostics = diagnose_groups(&groups, &items, &grid, plan, &Unmonitored)?;
    Ok(Found { diagnostics, truth })
}

#[derive(Default)]
struct Share {
    of: u64,
    counted: u64,
}

impl Share {
    fn add(&mut self, holds: bool) {
        self.of += 1;
        self.counted += u64::from(holds);
    }

    fn percent(&self) -> String {
        if self.of == 0 {
            return String::new();
        }
        format!("{:.2}", 100.0 * self.counted as f64 / self.of as f64)
    }
}

const FLAGS: [FitFlag; 5] = [
    FitFlag::Misfit,
    FitFlag::Noisy,
    FitFlag::Guessing,
    FitFlag::DiffersByGroup,
    FitFlag::Reversed,
];

fn report(study: &Study, replications: u64) -> Outcome<()> {
    let mut flags: [Share; 5] = std::array::from_fn(|_| Share::default());
    let (mut guessing, mut delta, mut target) =
        (Share::default(), Share::default(), Share::default());
    let mut s_x2 = Share::default();
    let mut deviations: Vec<f64> = Vec::new();
    for seed in 1..=replications {
        let found = replicate(study, seed)?;
        for (number, fit) in found.diagnostics.items.iter().enumerate() {
            let Some(fit) = fit else { continue };
            let is_wrong = number == 0 && matches!(study.wrong, Wrong::Key | Wrong::Dif);
            if !is_wrong {
                for (share, flag) in flags.iter_mut().zip(FLAGS) {
                    share.add(fit.flags.contains(&flag));
                }
                deviations.push(fit.deviation.rmsd);
                fit.guessing_z.iter().for_each(|z| guessing.add(*z >= 1.645));
                fit.s_x2.iter().for_each(|fit| s_x2.add(fit.p <= 0.05));
            }
            match study.wrong {
                Wrong::Key if number == 0 => target.add(fit.flags.contains(&FitFlag::Reversed)),
                Wrong::Dif if number == 0 => {
                    target.add(fit.flags.contains(&FitFlag::DiffersByGroup));
                }
                Wrong::Guessing
                    if found.truth[number].slope >= 1.0
                        && found.truth[number].difficulty() >= 0.0 =>
                {
                    target.add(fit.flags.contains(&FitFlag::Guessing));
                }
                _ => {}
            }
        }
        if matches!(study.wrong, Wrong::Stem) {
            let pairs = &found.diagnostics.pairs;
            target.add(pairs.iter().any(|pair| (pair.item, pair.other_item) == (0, 1)));
        }
        for row in &found.diagnostics.groups {
            if matches!(study.wrong, Wrong::TwoGroups) && row.group == 0 {
                row.delta_z.iter().for_each(|z| delta.add(z.abs() >= 1.96));
            }
        }
    }
    deviations.sort_by(f64::total_cmp);
    let quantile = |share: f64| deviations[((deviations.len() - 1) as f64 * share) as usize];
    let flags: Vec<String> = flags.iter().map(Share::percent).collect();
    println!(
        "| {} | {} | {} | {} | {} | {} | {:.3}, {:.3} |",
        study.name,
        flags.join(" | "),
        guessing.percent(),
        delta.percent(),
        s_x2.percent(),
        target.percent(),
        quantile(0.5),
        quantile(0.99),
    );
    Ok(())
}

fn main() -> Outcome<()> {
    let replications = std::env::args().nth(1).map_or(Ok(200), |count| count.parse())?;
    // The studies whose names contain this.
    let asked = std::env::args().nth(2).unwrap_or_default();
    let study = |name: &'static str, persons, items, answered, wrong, replications| {
        let study = Study { name, persons, items, answered, wrong };
        if name.contains(&asked) { report(&study, replications) } else { Ok(()) }
    };
    println!(
        "| study | misfit | noisy | guessing | differs_by_group | reversed | guessing_z ≥ 1.645 \
         | abs(delta_z) ≥ 1.96 | S-X² p ≤ .05 | found | rmsd: median, 99 % |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let (nothing, all) = (Wrong::Nothing, replications);
    study("2,000 × 40", 2_000, 40, 1.0, nothing, all)?;
    study("5,000 × 200, 85 % missing", 5_000, 200, 0.15, nothing, all)?;
    study("200 × 40", 200, 40, 1.0, nothing, all)?;
    study("2,000 × 200, 200 an item", 2_000, 200, 0.1, nothing, all)?;
    study("two groups, 2,000 × 40", 2_000, 40, 1.0, Wrong::TwoGroups, all)?;
    study("a wrong key, 2,000 × 40", 2_000, 40, 1.0, Wrong::Key, all)?;
    study("DIF of .8, 2 × 1,500 × 40", 3_000, 40, 1.0, Wrong::Dif, all)?;
    study("a shared stem, 2,000 × 40", 2_000, 40, 1.0, Wrong::Stem, all)?;
    study("a long upper tail, 2,000 × 40", 2_000, 40, 1.0, Wrong::TAIL, all)?;
    let few = replications.div_ceil(4);
    study("a long upper tail, 20,000 × 40", 20_000, 40, 1.0, Wrong::TAIL, few)?;
    study("a long lower tail, 2,000 × 40", 2_000, 40, 1.0, Wrong::OTHER_TAIL, all)?;
    study("a flat population, 2,000 × 40", 2_000, 40, 1.0, Wrong::FLAT, all)?;
    study("c = .2, 2,000 × 40", 2_000, 40, 1.0, Wrong::Guessing, few)?;
    study("c = .2, 20,000 × 40", 20_000, 40, 1.0, Wrong::Guessing, few)?;
    study("c = .2, 100,000 × 40", 100_000, 40, 1.0, Wrong::Guessing, few.div_ceil(5))?;
    if !asked.is_empty() {
        return Ok(());
    }
    println!();
    println!("| b moved by | drifted: others | the item | the item, where a ≥ 1 |");
    println!("|---|---|---|---|");
    drift(0.0, replications)?;
    drift(0.6, replications)
}
