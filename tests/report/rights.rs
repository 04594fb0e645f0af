//! Who may have a report, and where: readers, in read-only transactions, on standbys.

use crate::common::document::documented_sql;
use crate::common::{error, value};
use crate::{FLIP, calibrated, report, run};

#[test]
fn a_reader_has_it_and_a_stranger_has_not() {
    let (cluster, mut client) = calibrated(20, 400);
    client.batch_execute(&documented_sql("CREATE ROLE")).unwrap();
    client
        .batch_execute("CREATE ROLE ada LOGIN IN ROLE item_reader; CREATE ROLE stranger LOGIN")
        .unwrap();
    client.batch_execute(FLIP).unwrap();
    assert_eq!(run(&mut client), "held");
    let mut stranger = cluster.connect_as("stranger", "postgres");
    assert_eq!(error(&mut stranger, "SELECT irt_report()").code().code(), "42501");
    for role in ["ada", "approver"] {
        let mut reader = cluster.connect_as(role, "postgres");
        reader
            .batch_execute("SET search_path = pg_catalog; SET quote_all_identifiers = on")
            .unwrap();
        let page = value(&mut reader, "SELECT public.irt_report()").unwrap();
        assert!(page.contains("Run 2 is held"), "{role}");
        reader.batch_execute("BEGIN READ ONLY").unwrap();
        value(&mut reader, "SELECT public.irt_report(run_id => 1)").unwrap();
    }
}

#[test]
fn a_standby_has_the_same() {
    let (primary, mut client) = calibrated(20, 400);
    let here = report(&mut client, "sections => '{verdict,changes,items,history}'");
    let standby = primary.standby();
    let mut there = standby.connect();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while value(&mut there, "SELECT count(*) FROM irt_publications").as_deref() != Some("1") {
        assert!(std::time::Instant::now() < deadline, "the standby does not follow");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let there = report(&mut there, "sections => '{verdict,changes,items,history}'");
    let body = |page: &str| page.split("<footer>").next().unwrap().to_owned();
    assert_eq!(body(&there), body(&here));
}
