//! docs/applications.md tells the truth: its files are those of an application that is migrated, and runs.
//!
//! `quiz` is that application before: its tables, and what its tools need. The page's blocks become
//! files beside them. Alembic, SQLAlchemy, psycopg and asyncpg are PyPI's (scripts/applications_python.sh),
//! ActiveRecord is Debian's (scripts/setup.sh test).

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]

mod alembic;
#[path = "../common/mod.rs"]
mod common;
mod drivers;
mod flyway;
mod page;
mod quiz;
mod rails;
mod timeouts;
