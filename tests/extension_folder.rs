//! The extension in a folder of its own, as an image that CloudNativePG mounts has it: extension_control_path
//! and dynamic_library_path lead there, and the server's own folders have nothing of it.
//!
//! Needs Postgres 18, and that folder: scripts/test_all_majors.sh names it in IRT_TEST_EXTENSION_FOLDER.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{Cluster, error, value};

#[test]
#[ignore = "needs Postgres 18 and the extension outside of it: make test-all-majors"]
fn the_extension_works_from_a_folder_of_its_own() {
    let folder =
        std::env::var("IRT_TEST_EXTENSION_FOLDER").expect("IRT_TEST_EXTENSION_FOLDER is not set");
    let without = Cluster::start();
    let missing = error(&mut without.connect(), "CREATE EXTENSION irt_calibration");
    assert_eq!(missing.code().code(), "0A000", "{missing}");

    let cluster = Cluster::with_settings(&format!(
        "extension_control_path = '$system:{folder}/share'\n\
         dynamic_library_path = '$libdir:{folder}/lib'"
    ));
    cluster.load_lsat7();
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration VERSION '0.2.0'").unwrap();
    client.batch_execute("ALTER EXTENSION irt_calibration UPDATE").unwrap();
    client.simple_query("SELECT irt_add_item_columns('questions')").unwrap();
    // In a background worker, which loads the library by itself.
    let run = "SELECT status FROM irt_run_calibration()";
    assert_eq!(value(&mut client, run).as_deref(), Some("success"));
    let calibrated = "SELECT count(*) FROM questions WHERE irt_se_difficulty > 0";
    assert_eq!(value(&mut client, calibrated).as_deref(), Some("5"));
}
