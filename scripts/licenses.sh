#!/usr/bin/env bash
# licenses.sh: what the library contains of others: packaging/third-party-licenses.md and packaging/sbom.cdx.json.
#
# Both are in the repository, and in packages: neither needs these tools. A test of crates/xtask
# compares them with Cargo.lock; after a change of that, call this.
cd "$(dirname "$0")/.."
source scripts/common.sh

about=$(scripts/cargo_tool.sh cargo-about)
cyclonedx=$(scripts/cargo_tool.sh cargo-cyclonedx)
as_owner cargo fetch --locked
as_owner "$about/cargo-about" about generate --offline --locked --fail --no-default-features --features pg15 \
    --config packaging/about.toml --output-file packaging/third-party-licenses.md packaging/third-party-licenses.hbs

# It writes one for each crate of ours, beside its Cargo.toml. Folders of this machine are in it as those of our own crates.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct -- Cargo.lock)
export SOURCE_DATE_EPOCH
as_owner "$cyclonedx/cargo-cyclonedx" cyclonedx --format json --spec-version 1.5 --no-build-deps \
    --no-default-features --features pg15 --target x86_64-unknown-linux-gnu --override-filename sbom.cdx
sed "s|file://$PWD|file:///irt_calibration|g" sbom.cdx.json >packaging/sbom.cdx.json
rm -f sbom.cdx.json crates/*/sbom.cdx.json
say "wrote packaging/third-party-licenses.md and packaging/sbom.cdx.json"
