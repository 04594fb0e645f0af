//! What became of a run: in force, held, taken back …

use crate::data::{Publication, Report, Run};

/// What became of a run.
#[derive(Debug, Clone, Copy)]
pub enum Standing<'a> {
    /// The newest publication that stands is of it.
    InForce(&'a Publication),
    /// It was in force, and something newer is.
    Superseded(&'a Publication),
    /// It was published, and taken back.
    TakenBack(&'a Publication),
    /// It waits for a decision.
    Held,
    /// It waited, and something else was published or taken back since.
    Outdated,
    /// Somebody said no.
    Rejected,
    /// A rehearsal.
    NotRequested,
    /// Another program's, or of a version without publications.
    Unknown,
    /// It has no estimates: failed, skipped, or still at it.
    NoEstimates,
}

/// What became of the run.
pub fn of<'a>(report: &'a Report, run: &Run) -> Standing<'a> {
    if run.status != "success" {
        return Standing::NoEstimates;
    }
    let publications = &report.publications;
    if let Some(newest) = in_force(publications).filter(|p| p.run_id == Some(run.id)) {
        return Standing::InForce(newest);
    }
    let mut of_run = publications.iter().filter(|p| p.undoes.is_none() && p.run_id == Some(run.id));
    if let Some(publication) = of_run.clone().find(|p| stands(publications, p)) {
        return Standing::Superseded(publication);
    }
    match (of_run.next(), run.publication.as_deref()) {
        (Some(publication), _) => Standing::TakenBack(publication),
        (None, Some("held")) if run.compared_with == publications.first().map(|p| p.id) => {
            Standing::Held
        }
        (None, Some("held")) => Standing::Outdated,
        (None, Some("rejected")) => Standing::Rejected,
        (None, Some("not_requested")) => Standing::NotRequested,
        _ => Standing::Unknown,
    }
}

/// The newest publication that stands; they come the newest first.
pub fn in_force(publications: &[Publication]) -> Option<&Publication> {
    publications.iter().find(|publication| stands(publications, publication))
}

/// True for one that puts a run in force and was not taken back.
pub fn stands(publications: &[Publication], publication: &Publication) -> bool {
    publication.undoes.is_none()
        && !publications.iter().any(|other| other.undoes == Some(publication.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication(id: i64, run: i64, undoes: Option<i64>) -> Publication {
        Publication { id, run_id: Some(run), undoes, ..Publication::default() }
    }

    fn run(id: i64, publication: &str, compared_with: Option<i64>) -> Run {
        Run {
            id,
            status: "success".to_owned(),
            publication: Some(publication.to_owned()),
            compared_with,
            ..Run::default()
        }
    }

    #[test]
    fn a_run_is_what_its_publications_say() {
        let mut report = Report {
            publications: vec![publication(2, 2, None), publication(1, 1, None)],
            ..Report::default()
        };
        let word = |report: &Report, run: &Run| format!("{:?}", of(report, run));
        let first = run(1, "published", None);
        let second = run(2, "published", Some(1));
        assert!(word(&report, &second).starts_with("InForce"));
        assert!(word(&report, &first).starts_with("Superseded"));
        assert_eq!(word(&report, &run(3, "held", Some(2))), "Held");
        report.publications.insert(0, publication(3, 1, Some(2)));
        assert!(word(&report, &second).starts_with("TakenBack"));
        assert!(word(&report, &first).starts_with("InForce"));
        assert_eq!(word(&report, &run(3, "held", Some(2))), "Outdated");
        assert_eq!(word(&report, &run(4, "rejected", Some(2))), "Rejected");
    }
}
