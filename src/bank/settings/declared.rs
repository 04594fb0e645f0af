//! The settings of a bank, each stated once. A new one comes last.
//!
//! `make schema` writes from here what lists them elsewhere: columns and arguments in sql/, options
//! of bin/run_irt_calibration, the table in docs/reference.md. Column defaults stay as they are: they are for dumps of
//! older versions.

use super::setting::{
    KeptResponse, LinkMethod, Publish, Reading, Scale, Setting, SettingValue, StandardErrorMethod,
    settings,
};

/// The most replicates that can be asked for: a typing error should not compute for a year.
const MAX_BOOTSTRAP_ITERATIONS: i32 = 1_000_000;

settings! {
    min_new_responses: i32 = 100, |count| count >= 0, {
        comment: "A run with fewer new responses than this is skipped, unless it is forced.",
        meaning: "fewer new responses: the run is skipped",
        expected: "0 or more",
        check: Some("min_new_responses OPERATOR(pg_catalog.>=) 0"),
        of_run: true,
        of_fit: false,
    }
    min_responses_per_item: i32 = 50, |count| count >= 1, {
        comment: "Items with fewer responses than this are skipped.",
        meaning: "items with fewer are skipped",
        expected: "1 or more",
        check: Some("min_responses_per_item OPERATOR(pg_catalog.>=) 1"),
        of_run: true,
        fit_default: Some("1"),
    }
    min_persons: i32 = 10, |count| count >= 1, {
        comment: "A run with fewer persons than this fails.",
        meaning: "fewer: the run fails",
        expected: "1 or more",
        check: Some("min_persons OPERATOR(pg_catalog.>=) 1"),
        fit_default: Some("2"),
    }
    repeated_responses: KeptResponse = KeptResponse::First, |_| true, {
        comment: "Which of several responses by one person to one item counts: first or last.",
        meaning: "which of several responses by one person to one item counts, `first` or `last`; \
                  where time does not decide, the incorrect one",
        expected: "'first' or 'last'",
        check: Some("repeated_responses OPERATOR(pg_catalog.=) \
                     ANY ('{first,last}'::pg_catalog.text[])"),
    }
    // The estimator knows the bounds of the ability grid, and those of the priors.
    quadrature_nodes: i32 = 61, |nodes| nodes >= 0, {
        comment: "Least number of nodes of the ability grid: more are used where persons answered \
                  very much.",
        meaning: "nodes of the ability grid, 5 to 961; more are used where persons answered very \
                  much ([method.md](method.md#quadrature))",
        expected: "between 5 and 961",
    }
    // A smaller one cuts off more of the population than estimates can bear. A bank of an older
    // version that has one keeps it; its items are flagged quadrature_limited.
    quadrature_bound: f64 = 6.0, |bound| (3.0..=30.0).contains(&bound), {
        comment: "Half width of the ability grid, in standard deviations of ability.",
        meaning: "the grid's half width, in standard deviations of ability, 3 to 30; below 3.9 \
                  every item is flagged",
        expected: "between 3 and 30",
        kept_if_stored: true,
    }
    prior_log_discrimination_mean: f64 = 0.0, |_| true, {
        comment: "Mean of the normal prior on log discrimination.",
        meaning: "mean of log a, -5 to 5",
    }
    prior_log_discrimination_sd: f64 = 0.5, |_| true, {
        comment: "Standard deviation of the prior on log discrimination; infinity: no prior.",
        meaning: "its standard deviation, 0.001 to 1000; `infinity`: no prior on a",
    }
    prior_difficulty_mean: f64 = 0.0, |_| true, {
        comment: "Mean of the normal prior on difficulty.",
        meaning: "mean of b, -10 to 10",
    }
    prior_difficulty_sd: f64 = 2.0, |_| true, {
        comment: "Standard deviation of the prior on difficulty; infinity: no prior.",
        meaning: "its standard deviation, 0.001 to 1000; `infinity`: no prior on b. Both off: \
                  maximum likelihood",
    }
    standard_errors: StandardErrorMethod = StandardErrorMethod::ObservedInformation, |_| true, {
        comment: "How standard errors are computed: bootstrap, observed_information or none.",
        meaning: "`bootstrap`, `observed_information` or `none`",
        documented_default: Some(
            "`observed_information` for a bank that irt_configure creates, and for `default` \
             without a row; `bootstrap` where a version before 0.3.0 calibrated it without a row, \
             and as the column's own default, for rows of restored dumps",
        ),
        expected: "'bootstrap', 'observed_information' or 'none'",
        check: Some("standard_errors OPERATOR(pg_catalog.=) \
                     ANY ('{bootstrap,observed_information,none}'::pg_catalog.text[])"),
        column_default: Some("'bootstrap'"),
        of_run: true,
    }
    bootstrap_iterations: i32 = 2000, |count| (2..=MAX_BOOTSTRAP_ITERATIONS).contains(&count), {
        comment: "Number of bootstrap replicates.",
        meaning: "replicates",
        expected: "between 2 and 1000000",
        check: Some("bootstrap_iterations OPERATOR(pg_catalog.>=) 2"),
        of_run: true,
    }
    seed: i64 = 42, |_| true, {
        comment: "Where the random streams of the bootstrap start: the same seed gives the same \
                  numbers.",
        meaning: "of the bootstrap",
        of_run: true,
    }
    publish: Publish = Publish::Automatic, |_| true, {
        comment: "Who decides what is published: automatic, the run itself; after_approval, \
                  irt_publish.",
        meaning: "`automatic`: what no check holds is published by the run; `after_approval`: every \
                  run is held until irt_publish. Changing it takes EXECUTE on irt_publish",
        expected: "'automatic' or 'after_approval'",
        check: Some("publish OPERATOR(pg_catalog.=) \
                     ANY ('{automatic,after_approval}'::pg_catalog.text[])"),
        since: "0.3.0",
        of_fit: false,
    }
    score_prior_mean: f64 = 0.0, |mean| mean.abs() <= 10.0, {
        comment: "Mean of the normal prior of abilities when persons are scored.",
        meaning: "mean of the prior of ability, when a run is compared by the scores of its persons, \
                  -10 to 10",
        expected: "between -10 and 10",
        since: "0.3.0",
        of_fit: false,
    }
    score_prior_sd: f64 = 1.0, |sd| (0.001..=1000.0).contains(&sd), {
        comment: "Standard deviation of the prior of abilities when persons are scored.",
        meaning: "its standard deviation, 0.001 to 1000",
        expected: "between 0.001 and 1000",
        since: "0.3.0",
        of_fit: false,
    }
    scale: Scale = Scale::Linked, |_| true, {
        comment: "What origin and unit of ability are: linked or anchored, those in force; population, \
                  those of the reference group of each run.",
        meaning: "`linked`: the run is estimated freely and put on the scale in force by its common \
                  items; `anchored`: anchors keep their values, the others and the groups are \
                  estimated; `population`: the reference group is N(0, 1). Changing it under \
                  `after_approval` takes EXECUTE on irt_publish",
        documented_default: Some(
            "`linked` for a bank that irt_configure creates, and for `default` without a row; \
             `population` where a version before 0.3.0 calibrated it without a row, and as the \
             column's own default, for rows of restored dumps",
        ),
        expected: "'linked', 'anchored' or 'population'",
        check: Some("scale OPERATOR(pg_catalog.=) \
                     ANY ('{linked,anchored,population}'::pg_catalog.text[])"),
        column_default: Some("'population'"),
        since: "0.3.0",
        of_fit: false,
    }
    linking_method: LinkMethod = LinkMethod::StockingLord, |_| true, {
        comment: "How a run is linked to the scale in force: stocking_lord, haebara or mean_sigma.",
        meaning: "how the link is found: `stocking_lord`, `haebara` or `mean_sigma`",
        expected: "'stocking_lord', 'haebara' or 'mean_sigma'",
        check: Some("linking_method OPERATOR(pg_catalog.=) \
                     ANY ('{stocking_lord,haebara,mean_sigma}'::pg_catalog.text[])"),
        since: "0.3.0",
        of_fit: false,
    }
    diagnostics: bool = true, |_| true, {
        comment: "Whether a run finds out how its items fit the model.",
        meaning: "whether a run finds out how its items fit the model: \
                  [irt_item_fit](#irt_item_fit), and flags",
        since: "0.3.0",
        of_fit: false,
    }
    keep_diagnostics: i32 = 10, |runs| runs >= 0, {
        comment: "Of how many of the newest runs irt_item_fit, irt_item_groups and irt_item_pairs are \
                  kept, beside those in force.",
        meaning: "of how many of the newest runs the diagnostics are kept, beside the one in force",
        expected: "0 or more",
        check: Some("keep_diagnostics OPERATOR(pg_catalog.>=) 0"),
        since: "0.3.0",
        of_fit: false,
    }
    reading: Reading = Reading::Auto, |_| true, {
        comment: "In which shape responses are read: rows, one a response; grouped, one a person; auto, as \
                  the catalogs say.",
        meaning: "in which shape responses are read: `rows`, one a response; `grouped`, one a person, \
                  made where the rows are; `auto`: `grouped` where they come from elsewhere and whole \
                  persons are there ([scale.md](scale.md#how-responses-are-read)). The numbers are the \
                  same",
        expected: "'auto', 'rows' or 'grouped'",
        check: Some("reading OPERATOR(pg_catalog.=) \
                     ANY ('{auto,rows,grouped}'::pg_catalog.text[])"),
        since: "0.3.0",
        of_fit: false,
    }
}
