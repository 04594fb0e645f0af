//! What the page says: which run, what became of it, what to do, which sections.

use crate::common::{Cluster, error, value};
use crate::{FLIP, calibrated, report, run};

/// The heading of the page.
fn headline(page: &str) -> &str {
    page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap()
}

#[test]
fn it_is_about_the_run_that_somebody_should_look_at() {
    let (_cluster, mut client) = calibrated(20, 400);
    assert_eq!(headline(&report(&mut client, "")), "Run 1 is in force");
    client.batch_execute(FLIP).unwrap();
    assert_eq!(run(&mut client), "held");
    let page = report(&mut client, "");
    assert_eq!(headline(&page), "Run 2 is held: it is not in force");
    for part in ["Reversed items", "held above", "Check the key", "Look at these first"] {
        assert!(page.contains(part), "{part} is missing");
    }
    // Three of the four whose keys are wrong are named first.
    let first = page.split("<ol class=\"first\">").nth(1).unwrap().split("</ol>").next().unwrap();
    let named: Vec<&str> =
        first.split("<bdi>").skip(1).map(|part| part.split('<').next().unwrap()).collect();
    assert_eq!(named.len(), 3, "{first}");
    for item in named {
        assert!(["Item 3", "Item 6", "Item 9", "Item 12"].contains(&item), "{item}");
    }
    assert_eq!(headline(&report(&mut client, "run_id => 1")), "Run 1 is in force");
    value(&mut client, "SELECT irt_reject(2, 'wrong <keys>')");
    assert_eq!(headline(&report(&mut client, "")), "Run 1 is in force");
    let rejected = report(&mut client, "run_id => 2");
    assert_eq!(headline(&rejected), "Run 2 was rejected: it is not in force");
    value(&mut client, "SELECT irt_rollback(note => 'look &amp; see')");
    let undone = report(&mut client, "run_id => 1");
    assert_eq!(headline(&undone), "Run 1 was in force and was taken back");
    assert!(undone.contains("look &amp;amp; see"), "the note is in the history");
}

#[test]
fn what_can_be_decided_comes_with_the_statement() {
    let (_cluster, mut client) = calibrated(20, 400);
    client.batch_execute("SELECT irt_configure(publish => 'after_approval')").unwrap();
    assert_eq!(run(&mut client), "held");
    let page = report(&mut client, "");
    assert!(page.contains("this bank publishes nothing without approval"), "why it is held");
    assert!(page.contains("SELECT irt_publish(2, 'why it may be published');"), "what to do");
    value(&mut client, "SELECT irt_publish(2)");
    let page = report(&mut client, "");
    assert_eq!(headline(&page), "Run 2 is in force");
    assert!(page.contains("approved by <bdi>postgres</bdi>"), "who decided");
    assert!(page.contains("SELECT irt_rollback('default', 'why');"), "the way back");
    assert!(page.contains("what was in force before"), "beside what was before it");
    assert_eq!(headline(&report(&mut client, "run_id => 1")), "Run 1 was in force; a newer one is");
    let compared = report(&mut client, "run_id => 2, with_run_id => 1");
    assert!(compared.contains("20 items in common with run 1"), "two runs side by side");
}

#[test]
fn sections_are_chosen_by_name() {
    let (_cluster, mut client) = calibrated(20, 400);
    let ids = |page: &str| -> Vec<String> {
        let parts = page.split("<section id=\"").skip(1);
        parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
    };
    let all = [
        "verdict",
        "checks",
        "changes",
        "scores",
        "parameters",
        "persons_items",
        "information",
        "groups",
        "items",
        "pairs",
        "history",
    ];
    assert_eq!(ids(&report(&mut client, "")), all);
    assert_eq!(
        ids(&report(&mut client, "sections => '{items,verdict,items}'")),
        ["verdict", "items"]
    );
    let refused = error(&mut client, "SELECT irt_report(sections => '{verdict,verdicts}')");
    assert_eq!(refused.code().code(), "22023");
    assert!(refused.detail().unwrap().contains("persons_items"), "{refused:?}");
    let refused = error(&mut client, "SELECT irt_report(sections => '{NULL}')");
    assert_eq!(refused.code().code(), "22004");
}

#[test]
fn what_there_is_not_is_refused_and_what_is_not_yet_is_said() {
    let (_cluster, mut client) = Cluster::with_extension();
    let page = report(&mut client, "");
    assert_eq!(headline(&page), "Nothing has been calibrated yet");
    for (arguments, code) in [("'nix'", "22023"), ("NULL", "22004"), ("run_id => 7", "22023")] {
        let refused = error(&mut client, &format!("SELECT irt_report({arguments})"));
        assert_eq!(refused.code().code(), code, "{arguments}");
    }
    let (_cluster, mut client) = calibrated(20, 400);
    client.batch_execute("SELECT irt_configure('other', 'responses')").unwrap();
    let refused = error(&mut client, "SELECT irt_report('other', run_id => 1)");
    assert_eq!(refused.hint(), Some("Name its bank: SELECT irt_report('default', run_id => 1)."));
    let _ = client.simple_query("SELECT irt_run_calibration(true, standard_errors => 'wrong')");
    let failed = report(&mut client, "run_id => 2");
    assert_eq!(headline(&failed), "Run 2 failed");
    assert!(failed.contains("standard_errors is"), "and why");
    // Twice the same but for the moment.
    let stable = "SELECT irt_report(sections => '{items}') = irt_report(sections => '{items}')";
    assert_eq!(value(&mut client, stable).as_deref(), Some("t"));
}
