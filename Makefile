# Thin: each target calls one script, where the explanations are.
.PHONY: demo test test-image package packages reproducible dist test-package lint deny licenses all \
	install uninstall schema setup bench publishing reading coverage weeks scores moving misspecified properties soak circles test-all-majors help

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: ## responses of a real test become item parameters, and a report, in a throw-away Postgres
	@scripts/demo.sh

.PHONY: picture
picture: ## docs/report.png: the report of the demo, in a browser
	@PICTURE=docs/report.png scripts/demo.sh

test: ## everything that must hold before a change is merged
	@scripts/test.sh

test-all-majors: ## the SQL-level tests on every Postgres that can be had, and pg_upgrade between them
	@scripts/test_all_majors.sh

lint: ## format, clippy, circles of imports, shellcheck, cargo-deny
	@scripts/lint.sh

deny: ## licenses, bans and sources of dependencies; builds cargo-deny
	@scripts/deny.sh

licenses: ## write what the library contains of others: packaging/third-party-licenses.md, packaging/sbom.cdx.json
	@scripts/licenses.sh

circles: ## the circles of imports between files of one crate; fails if there is any
	@cargo xtask circles

all: ## build a release, for whoever calls make install afterwards, as the client of PGXN does
	@PG_CONFIG='$(PG_CONFIG)' scripts/install.sh --build

install: ## build a release and install it; PG_CONFIG=… chooses the Postgres
	@PG_CONFIG='$(PG_CONFIG)' scripts/install.sh

uninstall: ## take the files out of the Postgres of PG_CONFIG
	@PG_CONFIG='$(PG_CONFIG)' scripts/uninstall.sh

schema: ## write sql/irt_calibration--VERSION.sql from the source
	@scripts/schema.sh

setup: ## install what the machine lacks
	@scripts/setup.sh test

coverage: ## how often 95 % intervals cover the truth; writes the table of docs/method.md
	@scripts/coverage.sh

weeks: ## how often the checks hold or warn of an ordinary week; writes the tables of docs/method.md
	@scripts/weeks.sh

scores: ## what scores in SQL cost, and an adaptive test next to catsim; writes the tables of docs/adaptive.md
	@scripts/scores.sh

misspecified: ## what a run says of responses that the model does not describe; writes the table of docs/method.md
	@scripts/misspecified.sh

moving: ## what becomes of scores while the population moves, by scale; writes tables and picture of docs/method.md
	@scripts/moving.sh

properties: ## 100,000 random matrices through the estimator
	@scripts/properties.sh

soak: ## kills, cancels, rivals, changes and long use, as often as it takes to believe it
	@scripts/soak.sh

package: ## a Debian package for the Postgres of PG_CONFIG, in target/
	@PG_CONFIG='$(PG_CONFIG)' scripts/package.sh

packages: ## the same for each Postgres with headers in /usr/lib/postgresql
	@scripts/packages.sh

reproducible: ## package and archive made twice, in two folders: the same bytes?
	@PG_CONFIG='$(PG_CONFIG)' scripts/reproducible.sh

dist: ## the archive for PGXN, in target/, by the last commit
	@scripts/dist.sh

test-package: ## the package on a bare Debian with Postgres and without Rust
	@scripts/test_package.sh

test-image: ## build the Dockerfile without a registry, start the image, and look
	@scripts/test_image.sh

bench: ## whole jobs next to girth, mirt and a scan of the table; writes docs/performance.md
	@scripts/bench.sh

publishing: ## what it costs to put parameters in force, next to a join; writes the table of docs/scale.md
	@scripts/publishing.sh

reading: ## how long responses take to read, row by row and one row a person; writes the table of docs/scale.md
	@scripts/reading.sh
