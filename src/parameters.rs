//! Item parameters: recorded for every run, and published into the application's table.

pub mod publish;
