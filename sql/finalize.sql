-- Third act: what everything is, and who may use it.

REVOKE ALL ON TABLE irt_item_banks, irt_calibration_runs, irt_item_parameters,
    irt_running_calibrations, irt_calibration_progress FROM PUBLIC;

COMMENT ON TABLE irt_item_banks IS
    'Banks: sets of items that are calibrated together, and how. Written by irt_configure.';
COMMENT ON COLUMN irt_item_banks.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_item_banks.responses IS
    'Table or view with one row per response. A view is how responses are filtered.';
COMMENT ON COLUMN irt_item_banks.person_column IS 'Column of responses: who answered.';
COMMENT ON COLUMN irt_item_banks.item_column IS 'Column of responses: which item was answered.';
COMMENT ON COLUMN irt_item_banks.correct_column IS
    'Column of responses: boolean, or 0 and 1. NULL: the response is not eligible.';
COMMENT ON COLUMN irt_item_banks.answered_at_column IS
    'Column of responses: when. NULL: there is no time, and "new" is the growth of the count.';
COMMENT ON COLUMN irt_item_banks.items IS
    'Table whose irt_* columns receive the parameters. NULL: they are published nowhere.';
COMMENT ON COLUMN irt_item_banks.item_key_column IS
    'Column of items that holds what item_column refers to.';
-- settings: comments
COMMENT ON COLUMN irt_item_banks.min_new_responses IS
    'A run with fewer new responses than this is skipped, unless it is forced.';
COMMENT ON COLUMN irt_item_banks.min_responses_per_item IS
    'Items with fewer responses than this are skipped.';
COMMENT ON COLUMN irt_item_banks.min_persons IS
    'A run with fewer persons than this fails.';
COMMENT ON COLUMN irt_item_banks.repeated_responses IS
    'Which of several responses by one person to one item counts: first or last.';
COMMENT ON COLUMN irt_item_banks.quadrature_nodes IS
    'Least number of nodes of the ability grid: more are used where persons answered very much.';
COMMENT ON COLUMN irt_item_banks.quadrature_bound IS
    'Half width of the ability grid, in standard deviations of ability.';
COMMENT ON COLUMN irt_item_banks.prior_log_discrimination_mean IS
    'Mean of the normal prior on log discrimination.';
COMMENT ON COLUMN irt_item_banks.prior_log_discrimination_sd IS
    'Standard deviation of the prior on log discrimination; infinity: no prior.';
COMMENT ON COLUMN irt_item_banks.prior_difficulty_mean IS
    'Mean of the normal prior on difficulty.';
COMMENT ON COLUMN irt_item_banks.prior_difficulty_sd IS
    'Standard deviation of the prior on difficulty; infinity: no prior.';
COMMENT ON COLUMN irt_item_banks.standard_errors IS
    'How standard errors are computed: bootstrap, observed_information or none.';
COMMENT ON COLUMN irt_item_banks.bootstrap_iterations IS
    'Number of bootstrap replicates.';
COMMENT ON COLUMN irt_item_banks.seed IS
    'Where the random streams of the bootstrap start: the same seed gives the same numbers.';
COMMENT ON COLUMN irt_item_banks.publish IS
    'Who decides what is published: automatic, the run itself; after_approval, irt_publish.';
COMMENT ON COLUMN irt_item_banks.score_prior_mean IS
    'Mean of the normal prior of abilities when persons are scored.';
COMMENT ON COLUMN irt_item_banks.score_prior_sd IS
    'Standard deviation of the prior of abilities when persons are scored.';
COMMENT ON COLUMN irt_item_banks.scale IS
    'What origin and unit of ability are: linked or anchored, those in force; population, those of the reference group of each run.';
COMMENT ON COLUMN irt_item_banks.linking_method IS
    'How a run is linked to the scale in force: stocking_lord, haebara or mean_sigma.';
COMMENT ON COLUMN irt_item_banks.diagnostics IS
    'Whether a run finds out how its items fit the model.';
COMMENT ON COLUMN irt_item_banks.keep_diagnostics IS
    'Of how many of the newest runs irt_item_fit, irt_item_groups and irt_item_pairs are kept, beside those in force.';
COMMENT ON COLUMN irt_item_banks.reading IS
    'In which shape responses are read: rows, one a response; grouped, one a person; auto, as the catalogs say.';
-- end of settings
COMMENT ON COLUMN irt_item_banks.responses_name IS
    'Qualified name of responses when irt_configure checked it. A run fails if it has changed.';
COMMENT ON COLUMN irt_item_banks.items_name IS
    'Qualified name of items when irt_configure checked it. A run fails if it has changed.';
COMMENT ON COLUMN irt_item_banks.column_types IS
    'Types of the columns when irt_configure checked them. A run fails if they have changed.';
COMMENT ON COLUMN irt_item_banks.owner IS
    'Role that may change the bank. Its runs are refused to roles that lack its rights, unless it is a superuser or the extension''s owner. NULL: nobody has taken the bank over yet.';
COMMENT ON COLUMN irt_item_banks.configured_by IS 'Role that called irt_configure last.';
COMMENT ON COLUMN irt_item_banks.pin_column IS
    'Column of items: true for items that are estimated and compared, and not published. NULL: none is.';
COMMENT ON COLUMN irt_item_banks.group_column IS
    'Column of responses: to which population of persons one belongs. NULL: all are of one.';
COMMENT ON COLUMN irt_item_banks.reference_group IS
    'The group that is N(0, 1) where a run defines the scale. NULL: the largest of the bank''s first run.';
COMMENT ON COLUMN irt_item_banks.anchor_column IS
    'Column of items: true for those by which runs are put on the scale in force. NULL: chosen by what is known of them.';

COMMENT ON TABLE irt_calibration_runs IS
    'Audit trail: one row per attempt to calibrate a bank. Nothing but a run writes it.';
COMMENT ON COLUMN irt_calibration_runs.id IS 'Number of the run.';
COMMENT ON COLUMN irt_calibration_runs.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_calibration_runs.status IS 'running, success, failed or skipped.';
COMMENT ON COLUMN irt_calibration_runs.triggered_by IS 'cron, api or manual.';
COMMENT ON COLUMN irt_calibration_runs.started_at IS 'When the run began.';
COMMENT ON COLUMN irt_calibration_runs.completed_at IS 'When it ended; NULL while it runs.';
COMMENT ON COLUMN irt_calibration_runs.duration_seconds IS 'How long it took, in seconds.';
COMMENT ON COLUMN irt_calibration_runs.responses_through IS
    'Moment of the snapshot in which the responses were read.';
COMMENT ON COLUMN irt_calibration_runs.new_responses_count IS
    'Responses that were new since the last successful full run.';
COMMENT ON COLUMN irt_calibration_runs.responses_seen_count IS
    'Eligible responses with a time up to responses_through, or none, that the snapshot held.';
COMMENT ON COLUMN irt_calibration_runs.persons_count IS 'Persons that entered the fit.';
COMMENT ON COLUMN irt_calibration_runs.responses_count IS 'Responses that entered the fit.';
COMMENT ON COLUMN irt_calibration_runs.repeats_dropped IS
    'Responses dropped because the same person had another one to the same item.';
COMMENT ON COLUMN irt_calibration_runs.items_calibrated IS 'Items that received parameters.';
COMMENT ON COLUMN irt_calibration_runs.items_skipped IS 'Items that did not.';
COMMENT ON COLUMN irt_calibration_runs.mean_difficulty IS 'Mean difficulty of the calibrated items.';
COMMENT ON COLUMN irt_calibration_runs.mean_discrimination IS
    'Mean discrimination of the calibrated items.';
COMMENT ON COLUMN irt_calibration_runs.log_likelihood IS
    'Marginal log-likelihood at the estimate, in nats, without priors.';
COMMENT ON COLUMN irt_calibration_runs.em_iterations IS
    'E-steps that the estimator needed, those of its Newton steps included.';
COMMENT ON COLUMN irt_calibration_runs.bootstrap_iterations IS
    'Bootstrap replicates that were really done.';
COMMENT ON COLUMN irt_calibration_runs.settings IS
    'All settings in force: enough to repeat the run.';
COMMENT ON COLUMN irt_calibration_runs.error_message IS 'Why the run failed or was skipped.';
COMMENT ON COLUMN irt_calibration_runs.error_sqlstate IS 'SQLSTATE of the failure.';
COMMENT ON COLUMN irt_calibration_runs.bootstrap_failures IS
    'Bootstrap replicates that did not converge and were left out of the standard errors.';

COMMENT ON COLUMN irt_calibration_runs.responses_ahead_count IS
    'Eligible responses with a time after responses_through that the snapshot held.';
COMMENT ON COLUMN irt_calibration_runs.run_by IS
    'Role with whose rights it ran; NULL: not known, as of older versions and adopted runs.';
COMMENT ON COLUMN irt_calibration_runs.responses_correct_count IS
    'The correct ones among responses_seen_count. NULL: a run of 0.2.0 or older.';

COMMENT ON COLUMN irt_calibration_runs.publication IS
    'What became of a success: published, held, rejected, or not_requested. NULL: no success, or an adopted one.';
COMMENT ON COLUMN irt_calibration_runs.items_published IS
    'Items whose parameters were put in force by it.';
COMMENT ON COLUMN irt_calibration_runs.compared_with IS
    'The newest row of irt_publications when it was compared with what is in force; NULL: nothing was.';
COMMENT ON COLUMN irt_calibration_runs.scale IS
    'How the scale came about: linked, anchored or population. NULL: not known, as of older versions.';
COMMENT ON COLUMN irt_calibration_runs.population_mean IS
    'Mean ability of all persons on the published scale.';
COMMENT ON COLUMN irt_calibration_runs.population_sd IS
    'Standard deviation of the abilities of all persons on the published scale.';
COMMENT ON COLUMN irt_calibration_runs.link_slope IS
    'A of the link to the scale in force: b'' = A b + B, a'' = a / A. On scale population it is not applied.';
COMMENT ON COLUMN irt_calibration_runs.link_intercept IS 'B of that link.';
COMMENT ON COLUMN irt_calibration_runs.se_link_slope IS
    'Standard error of A; NULL: a covariance was not kept. An upper bound where runs share persons.';
COMMENT ON COLUMN irt_calibration_runs.se_link_intercept IS 'Standard error of B.';
COMMENT ON COLUMN irt_calibration_runs.common_items IS
    'Items that could link it to the scale in force, or anchors.';
COMMENT ON COLUMN irt_calibration_runs.drifted_items IS 'Those of them that drifted.';
COMMENT ON COLUMN irt_calibration_runs.curve_ability IS
    'The abilities of the points of the curves in irt_item_fit.';

REVOKE ALL ON TABLE irt_publications, irt_parameters_in_force, irt_current_parameters,
    irt_run_checks, irt_check_thresholds, irt_counting_successes, irt_run_groups,
    irt_run_covariances, irt_item_fit, irt_item_groups, irt_item_pairs FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION irt_publish, irt_rollback, irt_reject, irt_set_check, irt_drop_bank,
    irt_forget_runs, irt_publish_older_successes FROM PUBLIC;

COMMENT ON TABLE irt_publications IS
    'What was put in force, and what was taken back: one row each, never removed but with its bank.';
COMMENT ON COLUMN irt_publications.id IS 'Number of the publication; a later one has a higher one.';
COMMENT ON COLUMN irt_publications.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_publications.run_id IS
    'The run whose parameters it put in force; of a rollback, the run whose are in force again, or NULL.';
COMMENT ON COLUMN irt_publications.published_at IS 'From when on it holds; increasing within a bank.';
COMMENT ON COLUMN irt_publications.published_by IS
    'Role that published, approved or rolled back; NULL: not known, as of older versions.';
COMMENT ON COLUMN irt_publications.kind IS
    'automatic: by a run; approved: by irt_publish; restored: an older run, or a rollback.';
COMMENT ON COLUMN irt_publications.items IS
    'Which of the run''s calibrated items it contains; NULL: all of them. A rollback contains none.';
COMMENT ON COLUMN irt_publications.undoes IS 'The publication that a rollback takes back.';
COMMENT ON COLUMN irt_publications.items_count IS
    'How many items it contains; of a rollback, how many it takes back.';
COMMENT ON COLUMN irt_publications.score_prior_mean IS 'Mean of the prior of scores then.';
COMMENT ON COLUMN irt_publications.score_prior_sd IS
    'Standard deviation of the prior of scores then.';
COMMENT ON COLUMN irt_publications.note IS 'What somebody wanted to be remembered.';
COMMENT ON COLUMN irt_publications.other_items IS
    'Items in force beside its own, where they are fewer than those; for irt_parameters_at.';
COMMENT ON COLUMN irt_publications.other_publications IS
    'The publication that each of other_items is of.';
COMMENT ON COLUMN irt_publications.follows IS 'The row before it in its bank; 0: it is the first.';

COMMENT ON TABLE irt_parameters_in_force IS
    'What the items of each bank are scored with now; follows from irt_publications.';
COMMENT ON COLUMN irt_parameters_in_force.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_parameters_in_force.item IS 'The item''s key as text.';
COMMENT ON COLUMN irt_parameters_in_force.difficulty IS 'b, in standard deviations of ability.';
COMMENT ON COLUMN irt_parameters_in_force.discrimination IS
    'a, in logits per standard deviation of ability (D = 1).';
COMMENT ON COLUMN irt_parameters_in_force.se_difficulty IS 'Standard error of b; NULL: unknown.';
COMMENT ON COLUMN irt_parameters_in_force.se_discrimination IS 'Standard error of a; NULL: unknown.';
COMMENT ON COLUMN irt_parameters_in_force.covariance IS 'Sampling covariance of a and b.';
COMMENT ON COLUMN irt_parameters_in_force.information_peak IS
    'Ability at which the item tells most: b.';
COMMENT ON COLUMN irt_parameters_in_force.responses_count IS 'Responses behind them.';
COMMENT ON COLUMN irt_parameters_in_force.run_id IS 'The run of that publication.';
COMMENT ON COLUMN irt_parameters_in_force.publication_id IS
    'The publication that put these values in force. The newest one that contains the item, where later ones left them as they are: irt_current_parameters.';

COMMENT ON VIEW irt_current_parameters IS 'What is in force now, for every bank.';
COMMENT ON COLUMN irt_current_parameters.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_current_parameters.item IS 'The item''s key as text.';
COMMENT ON COLUMN irt_current_parameters.difficulty IS 'b, in standard deviations of ability.';
COMMENT ON COLUMN irt_current_parameters.discrimination IS
    'a, in logits per standard deviation of ability (D = 1).';
COMMENT ON COLUMN irt_current_parameters.se_difficulty IS 'Standard error of b; NULL: unknown.';
COMMENT ON COLUMN irt_current_parameters.se_discrimination IS 'Standard error of a; NULL: unknown.';
COMMENT ON COLUMN irt_current_parameters.covariance IS 'Sampling covariance of a and b.';
COMMENT ON COLUMN irt_current_parameters.run_id IS 'The run of that publication.';
COMMENT ON COLUMN irt_current_parameters.publication_id IS
    'The newest publication that contains the item and stands.';
COMMENT ON COLUMN irt_current_parameters.published_at IS 'When that was published.';

COMMENT ON VIEW irt_counting_successes IS
    'Full successes that are held, or published and not undone: the newest is a bank''s last success.';
COMMENT ON COLUMN irt_counting_successes.id IS 'Number of the run.';
COMMENT ON COLUMN irt_counting_successes.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_counting_successes.started_at IS 'When the run began.';

COMMENT ON TABLE irt_run_checks IS
    'What was asked of each successful run before it was published.';
COMMENT ON COLUMN irt_run_checks.run_id IS 'The run.';
COMMENT ON COLUMN irt_run_checks.check_name IS 'What was asked.';
COMMENT ON COLUMN irt_run_checks.value IS 'The answer; NULL: not applicable.';
COMMENT ON COLUMN irt_run_checks.warn_above IS 'A value above it is said; infinity: never.';
COMMENT ON COLUMN irt_run_checks.hold_above IS
    'A value above it keeps the run from being published; infinity: never.';
COMMENT ON COLUMN irt_run_checks.outcome IS 'pass, warn, hold or not_applicable.';

COMMENT ON TABLE irt_run_groups IS
    'The groups of persons of each successful run, on the published scale.';
COMMENT ON COLUMN irt_run_groups.run_id IS 'The run.';
COMMENT ON COLUMN irt_run_groups.group_name IS
    'The group: a value of group_column as text, (none) for NULL, (small) for those with fewer than min_persons persons, (all) without groups.';
COMMENT ON COLUMN irt_run_groups.persons_count IS 'Persons of the group that entered the fit.';
COMMENT ON COLUMN irt_run_groups.mean IS 'Mean of ability.';
COMMENT ON COLUMN irt_run_groups.sd IS 'Standard deviation of ability.';
COMMENT ON COLUMN irt_run_groups.se_mean IS
    'Standard error of mean before the link; NULL: it defines the scale, or none was computed.';
COMMENT ON COLUMN irt_run_groups.se_sd IS 'Standard error of sd before the link.';
COMMENT ON COLUMN irt_run_groups.log_likelihood IS
    'The group''s part of the marginal log-likelihood, in nats.';

COMMENT ON COLUMN irt_run_groups.ability_counts IS
    'Persons by EAP under the group''s own distribution: 40 bins of .25 from -5 to 5.';
COMMENT ON COLUMN irt_run_groups.score_before_counts IS
    'Persons by EAP with what was in force, items that both have and the bank''s score prior: the same bins.';
COMMENT ON COLUMN irt_run_groups.score_after_counts IS 'The same with the run''s parameters.';
COMMENT ON COLUMN irt_run_groups.score_change_counts IS
    'Persons by the change of that score: 40 bins of .05 from -1 to 1.';
COMMENT ON COLUMN irt_run_groups.score_change_mean IS 'Mean change of the score.';
COMMENT ON COLUMN irt_run_groups.score_change_max IS 'The largest change in either direction.';
COMMENT ON COLUMN irt_run_groups.share_changed_by_more_than_one_se IS
    'Share of the persons whose score changed by more than its standard error.';

COMMENT ON TABLE irt_run_covariances IS
    'Joint sampling covariances of runs with at most 500 common items, on the published scale.';
COMMENT ON COLUMN irt_run_covariances.run_id IS 'The run.';
COMMENT ON COLUMN irt_run_covariances.items IS 'The items, in the order of the covariance.';
COMMENT ON COLUMN irt_run_covariances.covariance IS
    'Of a and b of the first item, of the second, and so on: the lower triangle, row by row.';

COMMENT ON TABLE irt_item_fit IS 'How each item of a run fits the model.';
COMMENT ON COLUMN irt_item_fit.run_id IS 'The run.';
COMMENT ON COLUMN irt_item_fit.item IS 'The item''s key as text.';
COMMENT ON COLUMN irt_item_fit.rmsd IS
    'Root mean square distance of observed and expected curve, where the persons are.';
COMMENT ON COLUMN irt_item_fit.mean_deviation IS 'Mean of observed less expected.';
COMMENT ON COLUMN irt_item_fit.infit IS 'Information-weighted mean square of the residuals.';
COMMENT ON COLUMN irt_item_fit.outfit IS 'Mean square of the standardised residuals.';
COMMENT ON COLUMN irt_item_fit.z_infit IS 'Infit as a standard normal deviate.';
COMMENT ON COLUMN irt_item_fit.z_outfit IS 'Outfit as a standard normal deviate.';
COMMENT ON COLUMN irt_item_fit.s_x2 IS
    'S-X2 over the persons of the largest item set; NULL: the item is not of it, or there is none.';
COMMENT ON COLUMN irt_item_fit.s_x2_df IS 'Its degrees of freedom.';
COMMENT ON COLUMN irt_item_fit.s_x2_p IS 'Its tail probability.';
COMMENT ON COLUMN irt_item_fit.guessing_z IS 'Score test of a lower asymptote at 0.';
COMMENT ON COLUMN irt_item_fit.curve_attempts IS
    'Expected attempts at each of the run''s curve_ability.';
COMMENT ON COLUMN irt_item_fit.curve_observed IS
    'Expected proportion correct there; NULL where nobody is.';
COMMENT ON COLUMN irt_item_fit.curve_expected IS 'The model''s proportion correct there.';

COMMENT ON TABLE irt_item_groups IS
    'How each item does in each group of persons with 100 or more responses to it; (new): responses since the run in force.';
COMMENT ON COLUMN irt_item_groups.run_id IS 'The run.';
COMMENT ON COLUMN irt_item_groups.item IS 'The item''s key as text.';
COMMENT ON COLUMN irt_item_groups.group_name IS 'The group.';
COMMENT ON COLUMN irt_item_groups.responses_count IS 'Responses of the group to the item.';
COMMENT ON COLUMN irt_item_groups.proportion_correct IS 'The correct share of them.';
COMMENT ON COLUMN irt_item_groups.rmsd IS 'As in irt_item_fit, over the group''s persons.';
COMMENT ON COLUMN irt_item_groups.mean_deviation IS 'Likewise: above 0, easier in this group.';
COMMENT ON COLUMN irt_item_groups.delta_difficulty IS
    'b in this group less b in the others; of (new), less b in force.';
COMMENT ON COLUMN irt_item_groups.delta_z IS 'The same over its standard error.';

COMMENT ON TABLE irt_item_pairs IS 'Pairs of items that share more than ability, at most 1,000 of a run.';
COMMENT ON COLUMN irt_item_pairs.run_id IS 'The run.';
COMMENT ON COLUMN irt_item_pairs.item IS 'One item.';
COMMENT ON COLUMN irt_item_pairs.other_item IS 'The other.';
COMMENT ON COLUMN irt_item_pairs.persons_count IS 'Persons who answered both that were looked at.';
COMMENT ON COLUMN irt_item_pairs.q3 IS 'Correlation of their residuals.';

COMMENT ON TABLE irt_check_thresholds IS 'Thresholds of checks that irt_set_check replaced.';
COMMENT ON COLUMN irt_check_thresholds.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_check_thresholds.check_name IS 'What is asked.';
COMMENT ON COLUMN irt_check_thresholds.warn_above IS 'NULL: the default; infinity: never.';
COMMENT ON COLUMN irt_check_thresholds.hold_above IS 'NULL: the default; infinity: never.';

COMMENT ON FUNCTION irt_publish IS
    'Puts a successful run in force: approves one that is held, or restores an older one.';
COMMENT ON FUNCTION irt_rollback IS
    'Undoes the newest publication of a bank that is not undone. Twice goes back twice. From then on the bank''s runs are held until irt_publish.';
COMMENT ON FUNCTION irt_reject IS 'Says that a held run will not be published.';
COMMENT ON FUNCTION irt_compare_runs IS
    'A run''s parameters beside those of another, or those in force; the items furthest apart first.';
COMMENT ON FUNCTION irt_parameters_at IS
    'What was in force in a bank at a moment: every past score can be computed again.';
COMMENT ON FUNCTION irt_set_check IS
    'Replaces the thresholds of a check for a bank. NULL: the default; infinity: never.';
COMMENT ON FUNCTION irt_drop_bank IS
    'Removes a bank: configuration, history and parameters. The application''s tables stay.';
COMMENT ON FUNCTION irt_forget_runs IS
    'Removes parameters and checks of runs that ended before a moment, where nothing in force since then needs them; returns how many runs lost some. Their rows stay.';
COMMENT ON FUNCTION irt_publish_older_successes IS
    'Makes publications of the successes of a version that had none; called by the extension.';

COMMENT ON TABLE irt_item_parameters IS
    'What each run estimated, for every item, calibrated or skipped.';
COMMENT ON COLUMN irt_item_parameters.run_id IS 'The run.';
COMMENT ON COLUMN irt_item_parameters.item IS 'The item''s key as text.';
COMMENT ON COLUMN irt_item_parameters.difficulty IS 'b, in standard deviations of ability.';
COMMENT ON COLUMN irt_item_parameters.discrimination IS
    'a, in logits per standard deviation of ability (D = 1).';
COMMENT ON COLUMN irt_item_parameters.se_difficulty IS 'Standard error of b; NULL: unknown.';
COMMENT ON COLUMN irt_item_parameters.se_discrimination IS 'Standard error of a; NULL: unknown.';
COMMENT ON COLUMN irt_item_parameters.information_peak IS
    'Ability at which the item tells most: b.';
COMMENT ON COLUMN irt_item_parameters.responses_count IS
    'Responses to the item, after repeats were dropped.';
COMMENT ON COLUMN irt_item_parameters.proportion_correct IS 'Share of them that is correct.';
COMMENT ON COLUMN irt_item_parameters.point_biserial IS
    'Correlation with the proportion correct on the person''s other eligible items.';
COMMENT ON COLUMN irt_item_parameters.status IS
    'calibrated, skipped, or anchored: it kept the values in force.';
COMMENT ON COLUMN irt_item_parameters.flags IS 'Remarks; for a skipped item, the reason.';
COMMENT ON COLUMN irt_item_parameters.previous_difficulty IS
    'b that was in force in the bank.';
COMMENT ON COLUMN irt_item_parameters.previous_discrimination IS
    'a that was in force in the bank.';
COMMENT ON COLUMN irt_item_parameters.covariance IS 'Sampling covariance of a and b.';
COMMENT ON COLUMN irt_item_parameters.difficulty_ci_low IS
    'Lower end of the 95 % percentile interval of b; bootstrap only.';
COMMENT ON COLUMN irt_item_parameters.difficulty_ci_high IS
    'Upper end of the 95 % percentile interval of b; bootstrap only.';
COMMENT ON COLUMN irt_item_parameters.discrimination_ci_low IS
    'Lower end of the 95 % percentile interval of a; bootstrap only.';
COMMENT ON COLUMN irt_item_parameters.discrimination_ci_high IS
    'Upper end of the 95 % percentile interval of a; bootstrap only.';

COMMENT ON TABLE irt_running_calibrations IS
    'Behind irt_calibration_progress: what each worker last said about itself.';
COMMENT ON COLUMN irt_running_calibrations.run_id IS 'The run.';
COMMENT ON COLUMN irt_running_calibrations.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_running_calibrations.pid IS 'Process that carries it out.';
COMMENT ON COLUMN irt_running_calibrations.phase IS
    'checking, loading, fitting, standard errors or publishing.';
COMMENT ON COLUMN irt_running_calibrations.done IS 'Units of this phase that are done.';
COMMENT ON COLUMN irt_running_calibrations.total IS 'Units that there are, where known.';
COMMENT ON COLUMN irt_running_calibrations.started_at IS 'When the run began.';

COMMENT ON VIEW irt_calibration_progress IS 'How far each running calibration is.';
COMMENT ON COLUMN irt_calibration_progress.run_id IS 'The run.';
COMMENT ON COLUMN irt_calibration_progress.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_calibration_progress.pid IS 'Process that carries it out.';
COMMENT ON COLUMN irt_calibration_progress.phase IS
    'checking, loading, fitting, standard errors or publishing.';
COMMENT ON COLUMN irt_calibration_progress.done IS
    'Units of this phase that are done: responses, cycles, replicates or items.';
COMMENT ON COLUMN irt_calibration_progress.total IS 'Units that there are, where known.';
COMMENT ON COLUMN irt_calibration_progress.elapsed IS 'Time since the run began.';

-- Functions that write, run or fit are for those who were granted them.
REVOKE EXECUTE ON FUNCTION irt_configure, irt_add_item_columns FROM PUBLIC;

COMMENT ON FUNCTION irt_configure IS
    'Creates or changes a bank; returns its row. One argument per column of irt_item_banks, in '
    'its order: NULL keeps what is there, ''-'' unsets a relation, '''' unsets answered_at_column. '
    'Checks relations, columns, types and privileges at once. A new bank is the caller''s; owner '
    'hands it over.';
COMMENT ON FUNCTION irt_add_item_columns IS
    'Adds the irt_* columns that the table items lacks, as the caller, and names them. Never '
    'drops or retypes a column.';
COMMENT ON FUNCTION irt_last_successful_calibration IS
    'When the last successful full run of the bank started; NULL: never.';
COMMENT ON FUNCTION irt_should_run_calibration IS
    'How many responses the last successful full run of the bank did not see, and whether they are '
    'at least min_new_responses (NULL: the bank''s). Where an index on the time shows enough, as many as '
    'it shows, up to 10,000. Writes nothing.';

REVOKE EXECUTE ON FUNCTION irt_fit_2pl, irt_fit_groups, irt_fit_items FROM PUBLIC;
COMMENT ON FUNCTION irt_fit_2pl IS
    'The estimator alone, read-only, in this session and transaction, over any query that yields (person, item, correct), (person, item, correct, answered_at) or (person, item, correct, answered_at, group). anchors: a query that yields item, difficulty, discrimination of items that keep these. prior_log_discrimination_sd or prior_difficulty_sd ''infinity'': no such prior. standard_errors: ''bootstrap'', ''observed_information'' or ''none''.';
COMMENT ON FUNCTION irt_fit_groups IS
    'The groups of persons of the same fit: mean and standard deviation of ability. The arguments are those of irt_fit_2pl. Without a group in the query there is one group, (all).';

COMMENT ON FUNCTION irt_fit_items IS
    'How each item of a query fits the model, read-only, in this session: the fit of irt_fit_2pl with the same arguments, then residuals, curves, S-X2 and score tests, and what is remarkable.';

COMMENT ON FUNCTION irt_link IS
    'The link that puts the items of a query on the scale of another''s: b'' = A b + B, a'' = a / A. Both queries yield item, difficulty, discrimination, and where they are known se_difficulty, se_discrimination. Items that drifted are left out.';

REVOKE EXECUTE ON FUNCTION irt_run_calibration, irt_start_calibration, irt_cancel_calibration
    FROM PUBLIC;
COMMENT ON FUNCTION irt_run_calibration IS
    'Calibrates a bank in a background worker, publishes its parameters, and returns the row of irt_calibration_runs. An argument that is NULL: the bank''s setting. force: run whether or not there are enough new responses. item_ids: publish only these items, an array of their keys; such a run does not count as the last full one.';
COMMENT ON FUNCTION irt_start_calibration IS
    'Like irt_run_calibration, but returns the run''s id as soon as its row is committed: poll irt_calibration_runs, or LISTEN irt_calibration.';
COMMENT ON FUNCTION irt_cancel_calibration IS
    'Stops a running calibration; false when none with this run_id is running.';

REVOKE EXECUTE ON FUNCTION irt_schedule_calibration, irt_unschedule_calibration FROM PUBLIC;
COMMENT ON FUNCTION irt_schedule_calibration IS
    'Lets pg_cron calibrate a bank, as the current role; returns the job''s id. The job is named irt_calibration_<bank>; calling again changes its schedule.';
COMMENT ON FUNCTION irt_unschedule_calibration IS
    'Removes the job of pg_cron that irt_schedule_calibration made for a bank; false when there is none.';

REVOKE EXECUTE ON FUNCTION irt_adopt_runs FROM PUBLIC;
COMMENT ON FUNCTION irt_adopt_runs IS
    'Copies the rows of an application''s own history of calibrations into irt_calibration_runs, by column name; returns how many were not adopted before.';

REVOKE ALL ON TABLE irt_calibration_history FROM PUBLIC;
COMMENT ON VIEW irt_calibration_history IS
    'Runs, and what changed since the success before them in their bank.';
COMMENT ON COLUMN irt_calibration_history.id IS 'Number of the run.';
COMMENT ON COLUMN irt_calibration_history.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_calibration_history.status IS 'running, success, failed or skipped.';
COMMENT ON COLUMN irt_calibration_history.triggered_by IS 'What started it.';
COMMENT ON COLUMN irt_calibration_history.started_at IS 'When the run began.';
COMMENT ON COLUMN irt_calibration_history.completed_at IS 'When it ended.';
COMMENT ON COLUMN irt_calibration_history.duration_seconds IS 'How long it took, in seconds.';
COMMENT ON COLUMN irt_calibration_history.new_responses_count IS 'Responses that were new.';
COMMENT ON COLUMN irt_calibration_history.persons_count IS 'Persons that entered the fit.';
COMMENT ON COLUMN irt_calibration_history.responses_count IS 'Responses that entered the fit.';
COMMENT ON COLUMN irt_calibration_history.items_calibrated IS 'Items that received parameters.';
COMMENT ON COLUMN irt_calibration_history.items_skipped IS 'Items that did not.';
COMMENT ON COLUMN irt_calibration_history.mean_difficulty IS
    'Mean difficulty of the calibrated items.';
COMMENT ON COLUMN irt_calibration_history.mean_discrimination IS
    'Mean discrimination of the calibrated items.';
COMMENT ON COLUMN irt_calibration_history.log_likelihood_per_response IS
    'log_likelihood by responses_count: comparable between runs.';
COMMENT ON COLUMN irt_calibration_history.error_sqlstate IS 'SQLSTATE of the failure.';
COMMENT ON COLUMN irt_calibration_history.error_message IS 'Why it failed or was skipped.';
COMMENT ON COLUMN irt_calibration_history.previous_id IS
    'The success before this run, which the changes refer to.';
COMMENT ON COLUMN irt_calibration_history.items_calibrated_change IS
    'Calibrated items more than then.';
COMMENT ON COLUMN irt_calibration_history.mean_difficulty_change IS
    'Change of the mean difficulty.';
COMMENT ON COLUMN irt_calibration_history.mean_discrimination_change IS
    'Change of the mean discrimination.';
COMMENT ON COLUMN irt_calibration_history.log_likelihood_per_response_change IS
    'Change of the log-likelihood per response.';
COMMENT ON COLUMN irt_calibration_history.largest_difficulty_change IS
    'Largest absolute change of an item''s difficulty.';
COMMENT ON COLUMN irt_calibration_history.largest_discrimination_change IS
    'Largest absolute change of an item''s discrimination.';
COMMENT ON COLUMN irt_calibration_history.publication IS
    'What became of a success: published, held, rejected or not_requested; NULL: no success, or adopted.';
COMMENT ON COLUMN irt_calibration_history.items_published IS 'How many items it put in force.';

COMMENT ON FUNCTION irt_validate_calibration IS
    'How the estimates of the bank''s last successful run go together with the proportions correct, in numbers and in words, and what the run found wrong with items. It takes SELECT on irt_calibration_runs and irt_item_parameters.';
COMMENT ON FUNCTION irt_item_verdicts IS
    'What is to be done about each item of a run (NULL: the one that irt_validate_calibration looks at), the severest first: good, review or revise, why, and how to begin. It takes SELECT on irt_calibration_runs and irt_item_parameters.';
COMMENT ON FUNCTION irt_readiness IS
    'Whether a bank has enough items in force for adaptive tests, as a whole or per value of a column of its items table. It takes SELECT on irt_parameters_in_force and on the columns of the items table.';
REVOKE EXECUTE ON FUNCTION irt_check_dimensions FROM PUBLIC;
COMMENT ON FUNCTION irt_check_dimensions IS
    'Whether one ability is enough for all items of a bank: the largest eigenvalue of Q3 at the estimates of its last run, beside what replicates with one ability give.';
COMMENT ON FUNCTION irt_item_history IS
    'What each run of the bank said of an item, the newest first. It takes SELECT on irt_calibration_runs and irt_item_parameters.';

COMMENT ON TYPE irt_ability IS 'An ability and how sure it is: what irt_eap, irt_map, irt_mle and irt_wle return.';
COMMENT ON COLUMN irt_ability.ability IS
    'On the scale of the items'' difficulties; +-infinity only by maximum likelihood.';
COMMENT ON COLUMN irt_ability.standard_error IS
    'Its standard error; by EAP the posterior standard deviation; NULL where the ability is infinite.';
COMMENT ON COLUMN irt_ability.responses_count IS 'Answers behind it.';
COMMENT ON COLUMN irt_ability.correct_count IS 'The correct ones among them.';

COMMENT ON FUNCTION irt_probability IS
    'Probability of a correct answer: 1 / (1 + exp(-discrimination * (ability - difficulty))).';
COMMENT ON FUNCTION irt_information IS
    'Fisher information of an item about ability: discrimination^2 P (1 - P).';

-- Aggregates have no argument names in a call: the order is in every comment.
COMMENT ON AGGREGATE irt_eap(bool, float8, float8) IS
    'irt_eap(correct, discrimination, difficulty): mean of the posterior under the prior N(0, 1).';
COMMENT ON AGGREGATE irt_eap(int4, float8, float8) IS
    'irt_eap(correct, discrimination, difficulty): mean of the posterior under the prior N(0, 1).';
COMMENT ON AGGREGATE irt_eap(bool, float8, float8, float8, float8) IS
    'irt_eap(correct, discrimination, difficulty, prior_mean, prior_sd): mean of the posterior.';
COMMENT ON AGGREGATE irt_eap(int4, float8, float8, float8, float8) IS
    'irt_eap(correct, discrimination, difficulty, prior_mean, prior_sd): mean of the posterior.';
COMMENT ON AGGREGATE irt_map(bool, float8, float8) IS
    'irt_map(correct, discrimination, difficulty): mode of the posterior under the prior N(0, 1).';
COMMENT ON AGGREGATE irt_map(int4, float8, float8) IS
    'irt_map(correct, discrimination, difficulty): mode of the posterior under the prior N(0, 1).';
COMMENT ON AGGREGATE irt_map(bool, float8, float8, float8, float8) IS
    'irt_map(correct, discrimination, difficulty, prior_mean, prior_sd): mode of the posterior.';
COMMENT ON AGGREGATE irt_map(int4, float8, float8, float8, float8) IS
    'irt_map(correct, discrimination, difficulty, prior_mean, prior_sd): mode of the posterior.';
COMMENT ON AGGREGATE irt_mle(bool, float8, float8) IS
    'irt_mle(correct, discrimination, difficulty): maximum likelihood, infinite where all answers point one way.';
COMMENT ON AGGREGATE irt_mle(int4, float8, float8) IS
    'irt_mle(correct, discrimination, difficulty): maximum likelihood, infinite where all answers point one way.';
COMMENT ON AGGREGATE irt_wle(bool, float8, float8) IS
    'irt_wle(correct, discrimination, difficulty): Warm''s weighted likelihood.';
COMMENT ON AGGREGATE irt_wle(int4, float8, float8) IS
    'irt_wle(correct, discrimination, difficulty): Warm''s weighted likelihood.';

-- Parts of these aggregates, which the server calls with the rights of their owner.
REVOKE EXECUTE ON FUNCTION
    irt_answers_add(internal, bool, float8, float8),
    irt_answers_add(internal, bool, float8, float8, float8, float8),
    irt_answers_add(internal, int4, float8, float8),
    irt_answers_add(internal, int4, float8, float8, float8, float8),
    irt_answers_combine, irt_answers_serialize, irt_answers_deserialize,
    irt_answers_eap, irt_answers_eap_prior, irt_answers_map, irt_answers_map_prior,
    irt_answers_mle, irt_answers_wle
    FROM PUBLIC;
COMMENT ON FUNCTION irt_answers_add(internal, bool, float8, float8) IS
    'Part of irt_eap, irt_map, irt_mle and irt_wle.';
COMMENT ON FUNCTION irt_answers_add(internal, bool, float8, float8, float8, float8) IS
    'Part of irt_eap and irt_map.';
COMMENT ON FUNCTION irt_answers_add(internal, int4, float8, float8) IS
    'Part of irt_eap, irt_map, irt_mle and irt_wle.';
COMMENT ON FUNCTION irt_answers_add(internal, int4, float8, float8, float8, float8) IS
    'Part of irt_eap and irt_map.';
COMMENT ON FUNCTION irt_answers_combine IS 'Part of irt_eap, irt_map, irt_mle and irt_wle.';
COMMENT ON FUNCTION irt_answers_serialize IS 'Part of irt_eap, irt_map, irt_mle and irt_wle.';
COMMENT ON FUNCTION irt_answers_deserialize IS 'Part of irt_eap, irt_map, irt_mle and irt_wle.';
COMMENT ON FUNCTION irt_answers_eap IS 'Part of irt_eap.';
COMMENT ON FUNCTION irt_answers_eap_prior IS 'Part of irt_eap.';
COMMENT ON FUNCTION irt_answers_map IS 'Part of irt_map.';
COMMENT ON FUNCTION irt_answers_map_prior IS 'Part of irt_map.';
COMMENT ON FUNCTION irt_answers_mle IS 'Part of irt_mle.';
COMMENT ON FUNCTION irt_answers_wle IS 'Part of irt_wle.';

REVOKE EXECUTE ON FUNCTION irt_score FROM PUBLIC;
COMMENT ON FUNCTION irt_score IS
    'The ability of everybody in a bank, with what is in force and the bank''s score prior, or with what was at a moment. method: ''eap'', ''map'', ''mle'' or ''wle''.';
COMMENT ON FUNCTION irt_next_items IS
    'The items in force that tell most about this ability and are not excluded, the best first. randomesque: each is drawn from the so many best that are left. It takes SELECT on irt_parameters_in_force.';
COMMENT ON FUNCTION irt_test_information IS
    'How much the items in force tell, or those that are named, at the bank''s ability nodes, and the standard error that follows. It takes SELECT on irt_parameters_in_force.';

COMMENT ON FUNCTION irt_report IS
    'A run of a bank as one HTML page for people: whether it is in force or held and why, what it changes, its items by verdict. run_id NULL: the newest held run that can be published, else the run in force. with_run_id NULL: compared with what is in force, or for the run in force with what was before. sections: verdict, checks, changes, scores, parameters, persons_items, information, groups, items, pairs, history; NULL: all. It takes SELECT on the tables that it reads.';
