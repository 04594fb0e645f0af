//! Whole pages, of rows as the server's JSON has them: with fit, pairs and counts of scores, and
//! without.

#![allow(
    clippy::expect_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use html_report::data::{Group, Item, Pair, Run};
use html_report::{Report, Section, page};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A row, read from JSON.
fn row<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("a row")
}

fn run() -> Run {
    row(json!({"id": 7, "bank": "b", "status": "success", "publication": "held", "settings": {},
        "curve_ability": [-2.0, -1.0, 0.0, 1.0, 2.0], "a_column_of_tomorrow": [1, 2]}))
}

fn item(number: usize, fit: Value) -> Item {
    row(json!({
        "item": format!("Item {number}"),
        "now": {"run_id": 7, "item": "x", "difficulty": number as f64 / 10.0, "discrimination": 1.1,
            "se_difficulty": 0.1, "se_discrimination": "Infinity", "status": "calibrated",
            "flags": ["misfit"], "responses_count": 500, "proportion_correct": 0.4,
            "point_biserial": null},
        "before": null,
        "fit": fit,
        "verdict": null,
    }))
}

fn fit() -> Value {
    json!({"rmsd": 0.14, "infit": 1.1, "outfit": "Infinity",
        "curve_attempts": [10, 100, 250, 100, 0.1], "curve_observed": [0.1, 0.2, 0.7, 0.9, null],
        "curve_expected": [0.1, 0.25, 0.5, 0.75, 0.9]})
}

fn report(fit: &Value) -> Report {
    Report {
        bank: "b".to_owned(),
        run: Some(run()),
        items: (0..3).map(|number| item(number, fit.clone())).collect(),
        ..Report::default()
    }
}

#[test]
fn what_was_observed_is_drawn_over_what_was_expected() {
    let page = page(&report(&fit()), &[Section::Items]);
    assert_eq!(page.matches("<polygon class=\"band\"").count(), 3);
    // Four nodes have attempts; three items, and one in the legend.
    assert_eq!(page.matches("<circle class=\"observed\"").count(), 3 * 4 + 1);
    assert!(page.contains("2 of 4 observed points are outside of the 95 % band."), "{page}");
    for part in ["RMSD", "Observed and expected answers", "0.140", "does not rise with ability"] {
        assert!(page.contains(part), "{part} is missing");
    }
    let page = html_report::page(&report(&Value::Null), &[Section::Items]);
    assert!(!page.contains("RMSD</th>") && !page.contains("class=\"band\""), "nobody has looked");
}

#[test]
fn the_worst_reason_is_a_sentence_and_the_others_are_named() {
    let mut flagged = report(&Value::Null);
    if let Some(now) = &mut flagged.items[0].now {
        now.flags = ["guessing", "reversed", "tomorrow"].map(str::to_owned).to_vec();
    }
    let page = page(&flagged, &[Section::Items]);
    let first = "People who know more get it wrong. Also: guessing, tomorrow.";
    assert!(page.contains(&format!("<td>{first}</td>")), "{page}");
    assert!(page.contains("<dt>guessing (1)</dt>"), "and explained below");
}

#[test]
fn arrays_of_other_lengths_than_the_abilities_are_not_drawn() {
    let mut other = fit();
    other["curve_attempts"] = json!([1, 2]);
    let page = page(&report(&other), &[Section::Items]);
    assert!(
        !page.contains("<circle class=\"observed\" cx=\"48"),
        "nothing is where it does not belong"
    );
    assert!(!page.contains("<polygon class=\"band\""));
}

#[test]
fn scores_are_shown_once_they_are_counted() {
    let group = |name: &str, before: &[i64], after: &[i64]| -> Group {
        row(json!({"group_name": name, "persons_count": 60, "mean": 0.1, "sd": 1,
            "score_before_counts": before, "score_after_counts": after, "score_change_mean": -0.12,
            "score_change_max": 0.9, "share_changed_by_more_than_one_se": 0.05}))
    };
    let mut counted = report(&Value::Null);
    counted.groups = vec![
        group("one <b>", &[0, 20, 20, 0], &[0, 10, 30, 0]),
        group("other", &[10, 5, 5, 0], &[10, 5, 0, 5]),
    ];
    let shown = page(&counted, &[Section::Scores]);
    // 25, 25 and 10 of 60 before; the picture is four bars and an outline.
    assert_eq!(shown.matches("<rect class=\"bar\"").count(), 4 + 1, "{shown}");
    for part in ["one &lt;b&gt;", "&#8722;0.12", "5.0 %", "Distribution of scores before and after"]
    {
        assert!(shown.contains(part), "{part} is missing");
    }
    counted.groups[1].score_after_counts = Some(vec![1.0]);
    let odd = page(&counted, &[Section::Scores]);
    assert!(odd.contains("no record of how its persons' scores"), "bins of two kinds");
}

#[test]
fn pairs_are_there_the_strongest_first_or_it_is_said_why_not() {
    let pair = |item: &str, q3: f64| -> Pair {
        row(json!({"item": item, "other_item": "z", "persons_count": 200, "q3": q3}))
    };
    let mut found = report(&Value::Null);
    let said = |report: &Report| page(report, &[Section::Pairs]);
    assert!(said(&found).contains("Nobody has looked at pairs"));
    found.pairs = Some(Vec::new());
    assert!(said(&found).contains("No two items have more in common"));
    found.pairs = Some(vec![pair("weak", 0.2), pair("strong", 0.6)]);
    let said = said(&found);
    assert!(said.find("strong") < said.find("weak"), "{said}");
}

#[test]
fn an_empty_report_is_a_page_too() {
    let page = page(&Report::default(), &Section::ALL);
    assert!(page.contains("Nothing has been calibrated yet") && page.is_ascii());
    let verdict = page.split("<section id=\"verdict\"").nth(1).expect("the verdict");
    assert!(verdict.contains("SELECT irt_run_calibration(force =&gt; true, bank =&gt; '');"));
}

/// The promise of docs/reference.md, with all that there can be to draw.
#[test]
fn five_hundred_items_with_fit_take_no_more_than_two_megabytes() {
    let nodes = |value: &dyn Fn(f64) -> f64| -> Vec<f64> {
        (0..61).map(|node| value(-6.0 + 0.2 * f64::from(node))).collect()
    };
    let fit = json!({"rmsd": 0.123_456_789, "infit": 1.012_345_678, "outfit": 0.987_654_321,
        "curve_attempts": nodes(&|ability| 1234.567 * (2.0 - ability.abs() / 6.0)),
        "curve_observed": nodes(&|ability| 1.0 / (1.0 + (-1.1 * ability).exp())),
        "curve_expected": nodes(&|ability| 1.0 / (1.0 + (-1.2 * ability).exp()))});
    let mut large = report(&fit);
    large.items = (0..500).map(|number| item(number, fit.clone())).collect();
    for item in &mut large.items {
        item.before = item.now.as_ref().map(|now| now.estimate.clone());
        item.item = format!("123e4567-e89b-12d3-a456-{}", item.item);
    }
    let abilities = nodes(&|ability| ability);
    large.run.as_mut().expect("a run").curve_ability = Some(abilities);
    let page = page(&large, &Section::ALL);
    assert!(page.len() <= 2 << 20, "{} bytes", page.len());
    assert_eq!(page.matches("<polygon class=\"band\"").count(), 60);
}
