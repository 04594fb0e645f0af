//! What a run warns of, or says, though it goes on.

use super::items::few;
use super::should_run::baseline::ResponseCounts;
use crate::bank::{Bank, CheckedSettings, DEFAULT_BANK};
use crate::error::begin_a_new_scale;
use crate::parameters::checks::{Check, Outcome};
use crate::parameters::conclude::{Conclusion, OtherScale, Withheld};
use crate::postgres::error_report::ErrorReport;
use crate::scale::Placed;
use irt::{Calibration, Flag};
use pgrx::spi::quote_literal;

/// What a call has to add to its arguments, for any bank but the default one.
fn more_than_default(bank: &str) -> String {
    match bank {
        DEFAULT_BANK => String::new(),
        bank => format!(", bank => {}", quote_literal(bank)),
    }
}

/// That there are too few new responses for a run.
pub fn too_few(bank: &str, counts: &ResponseCounts, required: i32) -> ErrorReport {
    let which = more_than_default(bank);
    ErrorReport::new(
        b"00000",
        format!(
            "bank \"{bank}\" was not calibrated: {} new responses, at least {required} are needed",
            counts.new_responses
        ),
    )
    .hint(format!("Calibrate all the same: SELECT irt_run_calibration(force => true{which});"))
}

/// Says of items that were skipped for too few responses what would be enough.
pub fn thinly_covered(
    calibration: &Calibration,
    run_id: i64,
    settings: &CheckedSettings,
) -> Option<ErrorReport> {
    let few = calibration.items.iter().filter(|item| item.flags.contains(&Flag::FewResponses));
    let counts: Vec<u64> = few.map(|item| item.responses_count).collect();
    let (least, most) = (counts.iter().min()?, counts.iter().max()?);
    let found = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let message = format!(
        "items skipped for few responses: {} of {}, with {found} where {} are needed",
        counts.len(),
        calibration.items.len(),
        settings.min_responses_per_item
    );
    Some(ErrorReport::new(b"00000", message).hint(format!(
        "Collect more of them: SELECT item, responses_count FROM irt_item_parameters WHERE \
         run_id = {run_id} AND 'few_responses' = ANY (flags);"
    )))
}

/// The items, in a sentence of a message.
fn first_few(items: &[String]) -> String {
    format!("Items: {}.", few(items))
}

/// What publishing left out.
pub fn of_publishing(bank: &Bank, published: &Conclusion) -> Vec<ErrorReport> {
    let mut reports = Vec::new();
    // Nobody said that there is no items table: it may have been renamed, or the search_path is
    // another.
    if bank.items.is_none() && !bank.configured {
        let message = "parameters are in irt_item_parameters alone: \
                       relation \"questions\" does not exist in the search_path";
        reports.push(ErrorReport::new(b"01000", message).hint(
            "Name the items table: SELECT irt_configure(items => …), or say that there is none: \
             SELECT irt_configure(items => '-').",
        ));
    }
    if let (Some(items), false) = (&bank.items, published.not_in_items.is_empty()) {
        let count = published.not_in_items.len();
        let message = format!("{count} calibrated items are not in {}", items.relation.name);
        reports
            .push(ErrorReport::new(b"01000", message).detail(first_few(&published.not_in_items)));
    }
    if !published.not_calibrated.is_empty() {
        let count = published.not_calibrated.len();
        let message = format!("{count} of item_ids have no parameters and were not published");
        reports
            .push(ErrorReport::new(b"01000", message).detail(first_few(&published.not_calibrated)));
    }
    reports
}

/// What is not on the scale in force though the rest is.
pub fn of_scale(placed: &Placed) -> Option<ErrorReport> {
    if placed.disconnected.is_empty() {
        return None;
    }
    let items = &placed.disconnected;
    let message = format!(
        "{} items have no parameters: nobody who answered them answered 3 items of the scale in \
         force",
        items.len()
    );
    let hint = "Let some persons answer them together with items in force.";
    Some(ErrorReport::new(b"01000", message).detail(first_few(items)).hint(hint))
}

/// Which checks kept a run from being published, and which are only to be known.
pub fn of_checks(
    bank: &str,
    run_id: i64,
    concluded: &Conclusion,
    checks: &[Check],
) -> Option<ErrorReport> {
    let (why, detail) = match &concluded.withheld {
        None => return of_loud_checks(bank, run_id, checks),
        Some(Withheld::NotRequested) => return None,
        Some(Withheld::Checks(holding)) => (because_of(holding), in_words(holding)),
        Some(Withheld::OtherScale(OtherScale::NotLinked(reason))) => (
            "its estimates could not be put on the scale in force".to_owned(),
            format!("Reason: {reason}. {}", in_words(&loud(checks))).trim_end().to_owned(),
        ),
        Some(Withheld::OtherScale(OtherScale::AnchorsDisagree(reason))) => (
            "estimated without anchors, it could not be linked to the scale in force".to_owned(),
            format!("Reason: {reason}. {}", in_words(&loud(checks))).trim_end().to_owned(),
        ),
        Some(Withheld::OtherScale(OtherScale::ItemList)) => (
            "item_ids would put some items on a new scale and leave the others on the old one"
                .to_owned(),
            String::new(),
        ),
        Some(Withheld::Outdated) => {
            ("something else was published or rolled back while it ran".to_owned(), String::new())
        }
        Some(Withheld::NeedsApproval) => {
            ("its publication needs approval".to_owned(), in_words(&loud(checks)))
        }
    };
    let message = format!("run {run_id} of bank \"{bank}\" is held, not published: {why}");
    let hint = match &concluded.withheld {
        // irt_publish would refuse it.
        Some(Withheld::Outdated) => format!(
            "Calibrate again, to compare with what is in force now: \
             SELECT irt_run_calibration(force => true{});",
            more_than_default(bank)
        ),
        Some(Withheld::OtherScale(OtherScale::NotLinked(reason))) => {
            format!("{} {}", reason.hint(), begin_a_new_scale(bank))
        }
        _ => format!(
            "See what it would change: SELECT * FROM irt_compare_runs({run_id}); then put it in \
             force: SELECT irt_publish({run_id}); or turn it down: SELECT irt_reject({run_id});"
        ),
    };
    let report = ErrorReport::new(b"01000", message).hint(hint);
    Some(if detail.is_empty() { report } else { report.detail(detail) })
}

/// What checks that hold a run say, in a few words.
fn because_of(holding: &[Check]) -> String {
    match holding {
        [only] if only.name == "since_rollback" => {
            "after a rollback somebody has to approve a run".to_owned()
        }
        [_] => "1 check is above its threshold".to_owned(),
        _ => format!("{} checks are above their thresholds", holding.len()),
    }
}

fn of_loud_checks(bank: &str, run_id: i64, checks: &[Check]) -> Option<ErrorReport> {
    let loud = loud(checks);
    if loud.is_empty() {
        return None;
    }
    let message =
        format!("run {run_id} of bank \"{bank}\" is published, but differs from what was in force");
    let call = match bank {
        DEFAULT_BANK => "irt_rollback()".to_owned(),
        bank => format!("irt_rollback({})", quote_literal(bank)),
    };
    let hint = format!("To take it back: SELECT {call}; for other thresholds: irt_set_check.");
    Some(ErrorReport::new(b"01000", message).detail(in_words(&loud)).hint(hint))
}

/// The checks that are not silent.
fn loud(checks: &[Check]) -> Vec<Check> {
    let is_loud = |check: &&Check| matches!(check.outcome, Outcome::Warn | Outcome::Hold);
    checks.iter().filter(is_loud).cloned().collect()
}

/// Checks with their values and thresholds.
fn in_words(checks: &[Check]) -> String {
    let words = |check: &Check| {
        let above = match check.outcome {
            Outcome::Hold => check.hold_above,
            _ => check.warn_above,
        };
        format!("{} is {:.3}, above {above:.3}", check.name, check.value.unwrap_or_default())
    };
    let all: Vec<String> = checks.iter().map(words).collect();
    if all.is_empty() { String::new() } else { format!("{}.", all.join("; ")) }
}
