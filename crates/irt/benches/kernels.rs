//! What one E-step and one fit cost, on one thread: `cargo bench -p irt`.
//!
//! The general E-step is timed beside the fast one, on complete data (persons share
//! their item set) and on sparse data (they do not).

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use irt::simulate::{Simulation, simulate};
use irt::{
    CalibrationSettings, ItemParameters, Population, Priors, Quadrature, StandardErrors,
    Unmonitored, calibrate, counts_by_node, marginal_log_likelihood,
};

const COMPLETE: Simulation = Simulation { persons: 2000, items: 100, answered: 1.0, seed: 1 };
const SPARSE: Simulation = Simulation { persons: 10_000, items: 500, answered: 0.04, seed: 1 };

fn e_steps(criterion: &mut Criterion) {
    let quadrature = Quadrature::default();
    let mut group = criterion.benchmark_group("E-step");
    for (name, design) in [("complete", COMPLETE), ("sparse", SPARSE)] {
        let (responses, truth) = simulate(&design);
        let items: Vec<ItemParameters> =
            truth.iter().map(|item| ItemParameters::new(item.slope, item.difficulty())).collect();
        let (everybody, never) = (Population::STANDARD, &Unmonitored);
        group.throughput(Throughput::Elements(responses.count()));
        group.bench_function(BenchmarkId::new("fast", name), |bencher| {
            bencher.iter(|| {
                marginal_log_likelihood(&responses, &items, &quadrature, everybody, never)
            });
        });
        group.sample_size(10);
        group.bench_function(BenchmarkId::new("general", name), |bencher| {
            bencher.iter(|| counts_by_node(&responses, &items, &quadrature, everybody, never));
        });
    }
    group.finish();
}

fn fits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fit");
    group.sample_size(10);
    for (name, design) in [("complete", COMPLETE), ("sparse", SPARSE)] {
        let (responses, _) = simulate(&design);
        for standard_errors in [StandardErrors::None, StandardErrors::ObservedInformation] {
            let settings = CalibrationSettings {
                min_responses_per_item: 50,
                min_persons: 10,
                quadrature: Quadrature::default(),
                priors: Priors::default(),
                standard_errors,
                max_memory_bytes: None,
                ..CalibrationSettings::default()
            };
            group.bench_function(
                BenchmarkId::new(format!("{standard_errors:?}"), name),
                |bencher| {
                    bencher.iter(|| calibrate(&responses, &settings, &Unmonitored));
                },
            );
        }
    }
    group.finish();
}

fn on_one_thread(criterion: &mut Criterion) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build_global();
    pool.unwrap_or_else(|error| panic!("one thread can be started: {error}"));
    e_steps(criterion);
    fits(criterion);
}

criterion_group!(benches, on_one_thread);
criterion_main!(benches);
