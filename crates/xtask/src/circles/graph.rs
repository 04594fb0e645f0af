//! Which file imports what from which, and who gets back to himself.

use super::modules::Crate;
use std::collections::{BTreeMap, BTreeSet};

/// Files by number, and the names that one imports from another.
pub struct Graph {
    imports: Vec<BTreeMap<usize, BTreeSet<String>>>,
}

impl Graph {
    /// The imports of a crate.
    pub fn of(source: &Crate) -> Self {
        let mut imports = vec![BTreeMap::<usize, BTreeSet<String>>::new(); source.files.len()];
        for (number, module) in source.modules.iter().enumerate() {
            for path in &module.paths {
                let Some((to, name)) = source.file_of(number, path) else { continue };
                if to != module.file {
                    imports[module.file].entry(to).or_default().insert(name.to_owned());
                }
            }
        }
        Self { imports }
    }

    /// Sets of files of which each reaches every other: of two or more, the first by number first.
    pub fn circles(&self) -> Vec<Vec<usize>> {
        let files = self.imports.len();
        let reach: Vec<Vec<bool>> = (0..files).map(|file| self.reached_from(file)).collect();
        let mut circles = Vec::new();
        let mut seen = vec![false; files];
        for file in 0..files {
            let circle: Vec<usize> =
                (file..files).filter(|&other| reach[file][other] && reach[other][file]).collect();
            if !seen[file] && circle.len() > 1 {
                circle.iter().for_each(|&member| seen[member] = true);
                circles.push(circle);
            }
        }
        circles
    }

    /// The imports between the members of a circle.
    pub fn within(&self, circle: &[usize]) -> Vec<(usize, usize, Vec<&str>)> {
        let mut found = Vec::new();
        for &from in circle {
            for (&to, names) in &self.imports[from] {
                if circle.contains(&to) {
                    found.push((from, to, names.iter().map(String::as_str).collect()));
                }
            }
        }
        found
    }

    /// The files to which imports lead from `file`, in one step or more.
    fn reached_from(&self, file: usize) -> Vec<bool> {
        let mut reached = vec![false; self.imports.len()];
        let mut open = vec![file];
        while let Some(next) = open.pop() {
            for &to in self.imports[next].keys() {
                if !reached[to] {
                    reached[to] = true;
                    open.push(to);
                }
            }
        }
        reached
    }
}
