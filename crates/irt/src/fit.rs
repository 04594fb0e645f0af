//! The search for the optimum.
//!
//! | question | file |
//! |---|---|
//! | Where does it begin, in which stages does it run? | `starting_values`, `anchored_start`, `stages`, `plan` |
//! | What is one search? | `search`, with `em`, `m_step`, `group_m_step`, `scale_directions`, `curvature`, `newton_system`, `line_search`, `step`, `evaluator` |
//! | Where does it end? | `convergence`, `outcome` |
//! | Do the responses determine the items? | `identifiability` by the design, `identification`, `flat_direction` and `saddle` on the way |
//! | What if there are several modes? | `reflections`, `leading_eigenvector` |
//! | Which numbers decide, and why these? | `thresholds` |

mod anchored_start;
mod convergence;
mod curvature;
mod em;
mod evaluator;
mod flat_direction;
mod group_m_step;
pub(crate) mod identifiability;
mod identification;
mod leading_eigenvector;
mod line_search;
mod m_step;
pub(crate) mod newton_system;
pub(crate) mod outcome;
pub(crate) mod plan;
pub(crate) mod reflections;
mod saddle;
mod scale_directions;
mod search;
pub(crate) mod stages;
pub(crate) mod starting_values;
pub(crate) mod step;
pub(crate) mod thresholds;
