//! Which file a path leads to.
//!
//! As the compiler does it, so far as sources tell without expanding macros: a
//! name is a module's child, or its own item, or one that it imports, or one
//! that it imports with `*`. Who imports an import gets what it stands for. A
//! name that none of this explains, one that a macro makes for example, is
//! taken to be defined where it is asked for.

use super::modules::Crate;

/// What a path leads to.
#[derive(Clone, Copy)]
enum Found {
    Module(usize),
    /// Something in a file: no further name leads out of it.
    Item(usize),
}

/// Imports of imports of imports: more than these go round.
const DEPTH: usize = 32;

impl Crate {
    /// The file that `path`, written in `module`, leads to, and the name in it that it leads to; none
    /// if it leads out of the crate.
    pub fn file_of<'a>(&self, module: usize, path: &'a [String]) -> Option<(usize, &'a str)> {
        let (found, name) = match path {
            [name] => (self.by_glob(module, name)?, name.as_str()),
            _ => self.follow(module, path, DEPTH)?,
        };
        Some((self.file(found), name))
    }

    fn file(&self, found: Found) -> usize {
        match found {
            Found::Module(module) => self.modules[module].file,
            Found::Item(file) => file,
        }
    }

    /// A name alone is a local variable or known to the module already, but for what `*` brought.
    fn by_glob(&self, module: usize, name: &str) -> Option<Found> {
        let here = &self.modules[module];
        let known = here.children.contains_key(name)
            || here.items.contains(name)
            || here.imports.contains_key(name);
        if known { None } else { self.in_globs(module, name, DEPTH) }
    }

    /// What a path leads to, and the last name that was needed to know it: of `lanes::Grid::new`, Grid.
    fn follow<'a>(
        &self,
        module: usize,
        path: &'a [String],
        depth: usize,
    ) -> Option<(Found, &'a str)> {
        let (mut last, mut rest) = path.split_first()?;
        let mut found = match last.as_str() {
            "crate" => Found::Module(0),
            "self" => Found::Module(module),
            "super" => Found::Module(self.modules[module].parent?),
            name => self.named(module, name, depth)?,
        };
        while let (Found::Module(inside), Some((name, further))) = (found, rest.split_first()) {
            found = match name.as_str() {
                "super" => Found::Module(self.modules[inside].parent?),
                name => self
                    .named(inside, name, depth)
                    .unwrap_or(Found::Item(self.modules[inside].file)),
            };
            (last, rest) = (name, further);
        }
        Some((found, last))
    }

    /// What `name` means in `module`.
    fn named(&self, module: usize, name: &str, depth: usize) -> Option<Found> {
        let depth = depth.checked_sub(1)?;
        let here = &self.modules[module];
        if let Some(&child) = here.children.get(name) {
            return Some(Found::Module(child));
        }
        if here.items.contains(name) {
            return Some(Found::Item(here.file));
        }
        match here.imports.get(name) {
            // A name of another crate's is had by way of this file.
            Some(path) if is_of(path, name) => None,
            Some(path) => {
                let found = self.follow(module, path, depth).map(|(found, _)| found);
                Some(found.unwrap_or(Found::Item(here.file)))
            }
            None => self.in_globs(module, name, depth),
        }
    }

    fn in_globs(&self, module: usize, name: &str, depth: usize) -> Option<Found> {
        let depth = depth.checked_sub(1)?;
        self.modules[module].globs.iter().find_map(|glob| {
            match self.follow(module, glob, depth)?.0 {
                Found::Module(other) if other != module => self.named(other, name, depth),
                _ => None,
            }
        })
    }
}

/// `use rayon;` and the like: the name stands for itself, in another crate.
fn is_of(path: &[String], name: &str) -> bool {
    matches!(path, [first] if first == name)
}
