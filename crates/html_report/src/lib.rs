//! What a calibration found, as one HTML page for people: pictures in SVG, everything inside, nothing
//! loaded from anywhere.
//!
//! This crate knows no Postgres: a [`Report`] is what the extension's tables say, and [`page`] is what
//! is said of it.
//!
//! | module | what it does |
//! |---|---|
//! | [`data`] | what a report is made of, as the tables have it |
//! | [`section`] | the page's sections, by name |
//! | `words` | codes in words: flags, checks, what became of a run; numbers, names, moments |
//! | `judgement` | which items are to be looked at, and why |
//! | `standing` | what became of a run |
//! | `drawing` | axes, points, lines, curves, histograms |
//! | `sections` | one module a section |
//! | `page` | what is around them: style, script, navigation |

pub mod data;
mod drawing;
mod judgement;
mod page;
pub mod section;
mod sections;
pub mod standing;
mod words;

pub use data::Report;
pub use page::page;
pub use section::Section;
