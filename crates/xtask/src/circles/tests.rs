//! Small crates, written for a test each.

use super::graph::Graph;
use super::modules::Crate;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A crate's sources in a folder that goes when it does.
struct Sources(PathBuf);

impl Drop for Sources {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Every import between the files of a crate: `from → to: names`.
fn imports(files: &[(&str, &str)]) -> Vec<String> {
    let (source, sources) = read(files);
    let name =
        |file: usize| source.files[file].strip_prefix(&sources.0).unwrap().display().to_string();
    let all: Vec<usize> = (0..source.files.len()).collect();
    let graph = Graph::of(&source);
    let mut found: Vec<String> = graph
        .within(&all)
        .into_iter()
        .map(|(from, to, names)| format!("{} → {}: {}", name(from), name(to), names.join(" ")))
        .collect();
    found.sort();
    found
}

/// The circles among them, by the files' names.
fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let (source, sources) = read(files);
    let name =
        |&file: &usize| source.files[file].strip_prefix(&sources.0).unwrap().display().to_string();
    let circles = Graph::of(&source).circles();
    circles.iter().map(|circle| circle.iter().map(name).collect()).collect()
}

fn read(files: &[(&str, &str)]) -> (Crate, Sources) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = format!("irt-xtask-{}-{number}", std::process::id());
    let sources = Sources(std::env::temp_dir().join(folder));
    for (name, text) in files {
        let file = sources.0.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    (Crate::read(&sources.0.join(files[0].0)).unwrap(), sources)
}

#[test]
fn two_files_that_need_each_other_are_a_circle_and_a_third_is_not() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "pub struct B; fn f(_: crate::a::A) {}"),
        ("c.rs", "use crate::{a::A, b::{self, B as Renamed}};"),
    ];
    assert_eq!(circles(&files), [["a.rs", "b.rs"]]);
    assert_eq!(
        imports(&files),
        ["a.rs → b.rs: B", "b.rs → a.rs: A", "c.rs → a.rs: A", "c.rs → b.rs: B b"]
    );
}

#[test]
fn a_circle_may_be_long_and_there_may_be_several() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d; mod e; mod f;"),
        ("a.rs", "use crate::b::X; pub struct X;"),
        ("b.rs", "use crate::c::X; pub struct X;"),
        ("c.rs", "use crate::a::X; use crate::d::X as Y; pub struct X;"),
        ("d.rs", "pub struct X;"),
        ("e.rs", "use crate::f::X; pub struct X;"),
        ("f.rs", "use crate::e::X; pub struct X;"),
    ];
    assert_eq!(circles(&files), [vec!["a.rs", "b.rs", "c.rs"], vec!["e.rs", "f.rs"]]);
}

#[test]
fn a_name_that_is_passed_on_comes_from_where_it_is_defined() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; pub use a::A; pub use c::*; pub const HERE: u8 = 1;"),
        ("a.rs", "mod inner; pub use self::inner::Deep as A;"),
        ("a/inner.rs", "pub struct Deep;"),
        ("b.rs", "use crate::A; use crate::{Star, HERE};"),
        ("c.rs", "pub struct Star;"),
    ];
    let found = imports(&files);
    let of_b: Vec<&String> = found.iter().filter(|line| line.starts_with("b.rs")).collect();
    assert_eq!(of_b, ["b.rs → a/inner.rs: A", "b.rs → c.rs: Star", "b.rs → lib.rs: HERE"]);
    assert!(found.contains(&"lib.rs → a/inner.rs: A".to_owned()), "{found:?}");
}

/// HERE is the root's own, and the root passes on what is in b: that is a circle.
#[test]
fn the_root_may_be_in_a_circle() {
    let root = "mod b; pub use b::B; pub const HERE: u8 = 1;";
    assert_eq!(
        circles(&[("lib.rs", root), ("b.rs", "use crate::HERE; pub struct B;")]),
        [["lib.rs", "b.rs"]]
    );
    let root = "mod b; pub use b::B;";
    assert!(circles(&[("lib.rs", root), ("b.rs", "use crate::B as C; pub struct B;")]).is_empty());
}

#[test]
fn nested_modules_reach_up_and_down() {
    let files = [
        ("main.rs", "mod outer; fn main() { outer::middle::leaf::f() }"),
        ("outer/mod.rs", "pub mod middle; use self::middle::leaf::Leaf; pub struct Top;"),
        ("outer/middle.rs", "pub mod leaf; pub struct Middle;"),
        (
            "outer/middle/leaf.rs",
            "pub struct Leaf; pub fn f() { let _: super::super::Top; }
                                  use super::{Middle, super::Leaf as Again};",
        ),
    ];
    assert_eq!(
        imports(&files),
        [
            "main.rs → outer/middle/leaf.rs: f",
            "outer/middle/leaf.rs → outer/middle.rs: Middle",
            "outer/middle/leaf.rs → outer/mod.rs: Top",
            "outer/mod.rs → outer/middle/leaf.rs: Leaf",
        ]
    );
}

#[test]
fn modules_in_braces_are_part_of_their_file() {
    let files = [
        (
            "lib.rs",
            "mod a; mod b { pub mod inside { pub struct I; use super::super::a::A; } mod file; }",
        ),
        ("a.rs", "use crate::b::inside::I; pub struct A;"),
        ("b/file.rs", "use super::inside::I;"),
    ];
    assert_eq!(imports(&files), ["a.rs → lib.rs: I", "b/file.rs → lib.rs: I", "lib.rs → a.rs: A"]);
}

#[test]
fn tests_do_not_count() {
    let files = [
        ("lib.rs", "mod a; mod b; #[cfg(test)] mod support; #[cfg(all(test, unix))] mod more;"),
        ("a.rs", "use crate::b::B; pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
        (
            "b.rs",
            "pub struct B;
                  impl B { #[cfg(test)] fn f(_: crate::a::A) {} }
                  #[cfg(test)] fn g(_: crate::a::A) {}
                  #[cfg(test)] mod tests { use super::*; use crate::a::A; }",
        ),
    ];
    assert_eq!(imports(&files), ["a.rs → b.rs: B"]);
    let counts = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub struct A;"),
        (
            "b.rs",
            "#[cfg(any(test, unix))] fn f(_: crate::a::A) {}
                  #[cfg(not(test))] fn g(_: crate::a::A) {}",
        ),
    ];
    assert_eq!(imports(&counts), ["b.rs → a.rs: A"]);
}

#[test]
fn paths_in_macros_count_and_those_in_comments_do_not() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "/// See [`crate::b::B`].\npub(crate) fn f() { println!(\"{}\", crate::c::C) }"),
        ("b.rs", "pub struct B;"),
        ("c.rs", "pub const C: u8 = 1;"),
        ("d.rs", "macro_rules! m { ($x:expr) => { vec![a::b($x), super::b::B] } }"),
    ];
    assert_eq!(imports(&files), ["a.rs → c.rs: C", "d.rs → b.rs: B"]);
}

#[test]
fn names_come_by_way_of_modules_and_stars() {
    let files = [
        ("lib.rs", "mod a; mod b; mod prelude; mod c; mod d;"),
        ("a.rs", "pub struct A; pub fn made() {}"),
        ("b.rs", "use crate::a; fn f() { a::made(); let a = a::A; drop(a) }"),
        ("prelude.rs", "pub use crate::a::A;"),
        ("c.rs", "use crate::prelude::*; fn f(_: A) {}"),
        // Its names are those of other crates, or local.
        (
            "d.rs",
            "use serde::Serialize; use std::fmt; fn f(a: u8) -> fmt::Result { drop(a); Ok(()) }",
        ),
    ];
    assert_eq!(
        imports(&files),
        [
            "b.rs → a.rs: A a made",
            "c.rs → a.rs: A",
            "c.rs → prelude.rs: prelude",
            "prelude.rs → a.rs: A",
        ]
    );
}

#[test]
fn a_parents_private_import_is_resolved_and_another_crates_name_is_the_parents() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "mod child; use crate::b::B; use rayon::Pool; use rayon;"),
        ("a/child.rs", "use super::{B, Pool}; fn f() { rayon::join() }"),
        ("b.rs", "pub struct B;"),
    ];
    assert_eq!(
        imports(&files),
        ["a.rs → b.rs: B", "a/child.rs → a.rs: Pool", "a/child.rs → b.rs: B"]
    );
}

#[test]
fn a_module_may_say_where_its_file_is() {
    let files = [
        ("src/lib.rs", "#[path = \"../elsewhere/x.rs\"] mod a; mod b;"),
        ("elsewhere/x.rs", "mod y; use crate::b::B;"),
        ("elsewhere/y.rs", "pub struct Y;"),
        ("src/b.rs", "use crate::a::y::Y; pub struct B;"),
    ];
    let (source, _sources) = read(&files);
    assert_eq!(source.files.len(), 4);
    assert_eq!(Graph::of(&source).circles().len(), 0);
    let back = ("elsewhere/y.rs", "use crate::b::B; pub struct Y;");
    let (source, _sources) = read(&[files[0], files[1], back, files[3]]);
    assert_eq!(Graph::of(&source).circles().len(), 1);
}

#[test]
fn imports_that_go_round_end() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub use crate::b::*; pub use crate::b::N;"),
        ("b.rs", "pub use crate::a::*; pub use crate::a::N; fn f(_: Missing, _: super::a::N) {}"),
    ];
    assert_eq!(circles(&files), [["a.rs", "b.rs"]]);
}
