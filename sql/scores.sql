-- irt_eap, irt_map, irt_mle, irt_wle: the ability of a person whose answers a query groups. Their
-- parts are for the server alone: sql/finalize.sql.

CREATE TYPE irt_ability AS (
    ability pg_catalog.float8,
    standard_error pg_catalog.float8,
    responses_count pg_catalog.int4,
    correct_count pg_catalog.int4
);

CREATE FUNCTION irt_answers_add(
    state internal, correct pg_catalog.bool,
    discrimination pg_catalog.float8, difficulty pg_catalog.float8
)
RETURNS internal
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_add_wrapper';

CREATE FUNCTION irt_answers_add(
    state internal, correct pg_catalog.bool,
    discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
)
RETURNS internal
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_add_wrapper';

CREATE FUNCTION irt_answers_add(
    state internal, correct pg_catalog.int4,
    discrimination pg_catalog.float8, difficulty pg_catalog.float8
)
RETURNS internal
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_add_integer_wrapper';

CREATE FUNCTION irt_answers_add(
    state internal, correct pg_catalog.int4,
    discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
)
RETURNS internal
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_add_integer_wrapper';

CREATE FUNCTION irt_answers_combine(state internal, other internal)
RETURNS internal
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_combine_wrapper';

CREATE FUNCTION irt_answers_serialize(state internal)
RETURNS pg_catalog.bytea
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_serialize_wrapper';

CREATE FUNCTION irt_answers_deserialize(state pg_catalog.bytea, other internal)
RETURNS internal
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_deserialize_wrapper';

-- Without rows: the usual prior; where the prior is an argument, nobody has said which.

CREATE FUNCTION irt_answers_eap(state internal)
RETURNS @extschema@.irt_ability
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_eap_wrapper';

CREATE FUNCTION irt_answers_eap_prior(state internal)
RETURNS @extschema@.irt_ability
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_eap_wrapper';

CREATE FUNCTION irt_answers_map(state internal)
RETURNS @extschema@.irt_ability
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_map_wrapper';

CREATE FUNCTION irt_answers_map_prior(state internal)
RETURNS @extschema@.irt_ability
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_map_wrapper';

CREATE FUNCTION irt_answers_mle(state internal)
RETURNS @extschema@.irt_ability
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_mle_wrapper';

CREATE FUNCTION irt_answers_wle(state internal)
RETURNS @extschema@.irt_ability
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_wle_wrapper';

CREATE AGGREGATE irt_eap(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_eap,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_eap(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_eap_prior,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_eap(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_eap,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_eap(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_eap_prior,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_map(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_map,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_map(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_map_prior,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_map(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_map,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_map(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_map_prior,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_mle(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_mle,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_mle(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_mle,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_wle(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_wle,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_wle(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_wle,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);
