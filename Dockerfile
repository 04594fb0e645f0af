# The official Postgres image with pg_cron and irt_calibration in it.
#
#   docker build --build-arg POSTGRES=17 -t postgres-irt .
#   docker run -e POSTGRES_PASSWORD=… postgres-irt
#
# At the first start of a new volume both extensions are created in POSTGRES_DB,
# and the bank `default` is scheduled (IRT_SCHEDULE). SENTRY_DSN, ENV and
# SENTRY_TRACES_SAMPLE_RATE are read from the container's environment.
#
#   docker build --target test .     the SQL-level tests, on the library that the image ships
#
#   docker build --build-arg POSTGRES=18 --build-arg DEBIAN=trixie --target cloudnativepg -t irt-calibration:18 .
#
# is the extension alone, for a volume that CloudNativePG mounts beside the server's own image.
ARG POSTGRES=15
ARG DEBIAN=bookworm
# Any image that behaves as the official one, and any with Rust in /usr/local.
ARG BASE=postgres:${POSTGRES}-${DEBIAN}
ARG RUST_IMAGE=rust:1.95-${DEBIAN}

FROM ${RUST_IMAGE} AS rust

FROM ${BASE} AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates clang gcc libc6-dev libclang-dev "postgresql-server-dev-${PG_MAJOR}" \
    && rm -rf /var/lib/apt/lists/*
ENV CARGO_HOME=/usr/local/cargo RUSTUP_HOME=/usr/local/rustup
ENV PATH=/usr/local/cargo/bin:${PATH}
COPY --from=rust ${CARGO_HOME} ${CARGO_HOME}
COPY --from=rust ${RUSTUP_HOME} ${RUSTUP_HOME}
WORKDIR /build
COPY . .
# The files go to the same paths below /image, from where the other stages take them.
RUN PG_CONFIG="$(command -v pg_config)" scripts/install.sh --stage /image

FROM build AS test
# Arguments of cargo test, "--test cron" for example. All tests, if there are none.
ARG TESTS=
RUN PG_CONFIG="$(command -v pg_config)" scripts/setup.sh test && cp -a /image/. /
RUN IRT_TEST_BINDIR="$(pg_config --bindir)" PGRX_PG_CONFIG_PATH="$(command -v pg_config)" \
    cargo test --release --locked --no-default-features --features "pg${PG_MAJOR}" ${TESTS}

FROM build AS files
# As extension_control_path and dynamic_library_path want them, from Postgres 18 on.
RUN mkdir -p /extension/share /extension/licenses/irt_calibration \
    && cp -a "/image$(pg_config --pkglibdir)" /extension/lib \
    && cp -a "/image$(pg_config --sharedir)/extension" /extension/share/extension \
    && cp -a LICENSE packaging/third-party-licenses.md packaging/sbom.cdx.json /extension/licenses/irt_calibration/

FROM scratch AS cloudnativepg
COPY --from=files /extension/ /

FROM ${BASE} AS server
# ca-certificates: Sentry is reached by https.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates "postgresql-${PG_MAJOR}-cron" \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /image/ /
COPY deploy/image/postgresql.conf /tmp/irt_calibration.conf
RUN cat /tmp/irt_calibration.conf >> "$(pg_config --sharedir)/postgresql.conf.sample" \
    && rm /tmp/irt_calibration.conf
COPY deploy/image/irt_healthcheck bin/irt_report bin/run_irt_calibration /usr/local/bin/
COPY deploy/image/initdb.sh /docker-entrypoint-initdb.d/10_irt_calibration.sh
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m CMD ["irt_healthcheck"]
