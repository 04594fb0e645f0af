//! The parts of irt_eap, irt_map, irt_mle and irt_wle. Their SQL: sql/scores.sql.

use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::Returned;
use crate::scores::aggregates;
use irt::scoring::ScoringMethod;
use pgrx::prelude::*;

macro_rules! part {
    ($(#[$doc:meta])* $name:ident, $call:ident => $work:expr) => {
        $(#[$doc])*
        #[pg_extern(sql = false)]
        fn $name($call: pg_sys::FunctionCallInfo) -> Returned {
            // SAFETY: the server called this function as sql/scores.sql declares it.
            Returned(or_raise(unsafe { $work }))
        }
    };
}

part!(
    /// Adds an answer.
    irt_answers_add, call => aggregates::add_boolean(call)
);
part!(
    /// Adds an answer whose correctness is 0 or 1.
    irt_answers_add_integer, call => aggregates::add_integer(call)
);
part!(
    /// Puts two parts of a group together.
    irt_answers_combine, call => aggregates::combine(call)
);
part!(
    /// Answers as bytes, for another process.
    irt_answers_serialize, call => aggregates::serialize(call)
);
part!(
    /// Bytes as answers.
    irt_answers_deserialize, call => aggregates::deserialize(call)
);
part!(
    /// EAP of the answers.
    irt_answers_eap, call => aggregates::finish(call, ScoringMethod::Eap)
);
part!(
    /// MAP of the answers.
    irt_answers_map, call => aggregates::finish(call, ScoringMethod::Map)
);
part!(
    /// Maximum likelihood of the answers.
    irt_answers_mle, call => aggregates::finish(call, ScoringMethod::Ml)
);
part!(
    /// Warm's estimate of the answers.
    irt_answers_wle, call => aggregates::finish(call, ScoringMethod::Wle)
);
