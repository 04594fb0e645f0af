//! Refusals of what somebody decided about a run or a publication.

use pgrx::spi::quote_literal;
use thiserror::Error;

/// Why irt_publish, irt_rollback or irt_reject did nothing. The SQLSTATE is 55000, but 22023 for a
/// run that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecisionError {
    /// No run of that number.
    #[error("run {run_id} does not exist")]
    NoSuchRun {
        /// The number that was given.
        run_id: i64,
    },
    /// A run that has no estimates.
    #[error("run {run_id} has status {status}: there is nothing to decide about")]
    NoSuccess {
        /// The run.
        run_id: i64,
        /// Its status.
        status: String,
    },
    /// A run of another program.
    #[error("run {run_id} was adopted: it has no estimates")]
    Adopted {
        /// The run.
        run_id: i64,
    },
    /// Somebody said no.
    #[error("run {run_id} was rejected")]
    Rejected {
        /// The run.
        run_id: i64,
        /// Its bank.
        bank: String,
    },
    /// A run that says nothing of its publication.
    #[error("run {run_id} is of a version that knew no publications, and its bank has others")]
    NeverConcluded {
        /// The run.
        run_id: i64,
        /// Its bank.
        bank: String,
    },
    /// Something else was published or rolled back since.
    #[error("run {run_id} was compared with what is not in force any more in bank \"{bank}\"")]
    Outdated {
        /// The run.
        run_id: i64,
        /// Its bank.
        bank: String,
    },
    /// Its estimates are on a scale of their own.
    #[error("run {run_id} of bank \"{bank}\" is not on the scale in force: {reason}")]
    NotLinked {
        /// The run.
        run_id: i64,
        /// Its bank.
        bank: String,
        /// Why it could not be put there.
        reason: String,
    },
    /// Only what is held can be rejected.
    #[error(
        "run {run_id} is not held{}",
        publication.as_ref().map(|word| format!(": its publication is {word}")).unwrap_or_default()
    )]
    NotHeld {
        /// The run.
        run_id: i64,
        /// Its bank.
        bank: String,
        /// What it is instead.
        publication: Option<String>,
    },
    /// Its parameters were removed, or it had none of the items that it was limited to.
    #[error("run {run_id} has no parameters that could be published")]
    NoParameters {
        /// The run.
        run_id: i64,
        /// Its bank.
        bank: String,
    },
    /// To publish it once more would change nothing.
    #[error("run {run_id} is in force already in bank \"{bank}\": nothing would change")]
    InForce {
        /// The run.
        run_id: i64,
        /// Its bank.
        bank: String,
    },
    /// What was in force before was removed by irt_forget_runs.
    #[error("what was in force in bank \"{bank}\" before its newest publication was forgotten")]
    Forgotten {
        /// The bank.
        bank: String,
    },
    /// Nothing is in force, or all was undone.
    #[error("bank \"{bank}\" has no publication that could be rolled back")]
    NothingToUndo {
        /// The bank.
        bank: String,
    },
}

impl DecisionError {
    /// The SQLSTATE.
    pub fn sqlstate(&self) -> [u8; 5] {
        match self {
            Self::NoSuchRun { .. } => *b"22023",
            _ => *b"55000",
        }
    }

    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::NoSuchRun { .. } | Self::NoSuccess { .. } | Self::Adopted { .. } => {
                "Runs that can be published: SELECT id, bank, completed_at, publication FROM \
                 irt_calibration_runs WHERE publication IS NOT NULL ORDER BY id DESC;"
                    .to_owned()
            }
            Self::Rejected { bank, .. }
            | Self::NeverConcluded { bank, .. }
            | Self::NoParameters { bank, .. }
            | Self::Forgotten { bank } => calibrate_again(bank),
            Self::Outdated { bank, .. } => {
                format!(
                    "What it changes was judged against other values. {}",
                    calibrate_again(bank)
                )
            }
            Self::NotLinked { bank, .. } => begin_a_new_scale(bank),
            Self::NotHeld { run_id, bank, .. } => format!(
                "To take back what was published last: SELECT irt_rollback({}); to see what the \
                 run changes: SELECT * FROM irt_compare_runs({run_id});",
                quote_literal(bank)
            ),
            Self::InForce { bank, .. } => {
                let bank = quote_literal(bank);
                format!(
                    "To take it back: SELECT irt_rollback({bank}); to let a run compare every row \
                     of the items table: SELECT irt_run_calibration(force => true, bank => {bank});"
                )
            }
            Self::NothingToUndo { .. } => "What was published, and what was taken back: SELECT \
                 * FROM irt_publications ORDER BY id DESC;"
                .to_owned(),
        }
    }
}

fn calibrate_again(bank: &str) -> String {
    let bank = quote_literal(bank);
    format!("Calibrate again: SELECT irt_run_calibration(force => true, bank => {bank});")
}

/// What to do where a run cannot be put on the scale in force.
pub fn begin_a_new_scale(bank: &str) -> String {
    let bank = quote_literal(bank);
    format!(
        "Keep more items in use, correct the values in force, or begin a new scale, which changes \
         every score: SELECT irt_configure(bank => {bank}, scale => 'population');"
    )
}
