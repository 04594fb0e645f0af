//! The modules of a crate, and the file that each is in.

use super::source::{Scan, Segments, path_attribute};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// One module.
#[derive(Default)]
pub struct Module {
    /// Its file, by number. Modules in braces share their parent's.
    pub file: usize,
    /// The module that it is in; the root has none.
    pub parent: Option<usize>,
    /// Modules in it, by name.
    pub children: BTreeMap<String, usize>,
    /// What it defines.
    pub items: BTreeSet<String>,
    /// What it imports or passes on, by the name that it gets.
    pub imports: BTreeMap<String, Segments>,
    /// Modules all of whose names it imports.
    pub globs: Vec<Segments>,
    /// Every path in it.
    pub paths: BTreeSet<Segments>,
}

/// A crate, as its sources say.
#[derive(Default)]
pub struct Crate {
    /// Its files, the root's first.
    pub files: Vec<PathBuf>,
    /// Its modules, the root first.
    pub modules: Vec<Module>,
}

impl Crate {
    /// Reads the crate of which `root` is the first file: src/lib.rs, for example.
    ///
    /// # Errors
    /// A file that is missing or cannot be parsed.
    pub fn read(root: &Path) -> Result<Self, Box<dyn Error>> {
        let mut found = Self::default();
        let folder = root.parent().unwrap_or(Path::new("."));
        found.add_file(None, root, folder)?;
        Ok(found)
    }

    /// The module of a file; `folder`: where the files of its children are.
    fn add_file(
        &mut self,
        parent: Option<usize>,
        file: &Path,
        folder: &Path,
    ) -> Result<usize, Box<dyn Error>> {
        let read = fs::read_to_string(file).map_err(|error| error.to_string());
        let parsed =
            read.and_then(|text| syn::parse_file(&text).map_err(|error| error.to_string()));
        let parsed = parsed.map_err(|problem| format!("{}: {problem}", file.display()))?;
        self.files.push(file.to_owned());
        self.add_module(parent, self.files.len() - 1, &parsed.items, folder)
    }

    fn add_module(
        &mut self,
        parent: Option<usize>,
        file: usize,
        items: &[syn::Item],
        folder: &Path,
    ) -> Result<usize, Box<dyn Error>> {
        let number = self.modules.len();
        let Scan { items, imports, globs, paths, children: declared } = Scan::of(items);
        let children = BTreeMap::new();
        self.modules.push(Module { file, parent, children, items, imports, globs, paths });
        for child in declared {
            let name = child.ident.to_string();
            let added = match &child.content {
                Some((_, items)) => {
                    self.add_module(Some(number), file, items, &folder.join(&name))?
                }
                None => {
                    let beside = self.files[file].parent().unwrap_or(Path::new(".")).to_owned();
                    let (path, inner) = file_of_module(child, &name, folder, &beside);
                    self.add_file(Some(number), &path, &inner)?
                }
            };
            self.modules[number].children.insert(name, added);
        }
        Ok(number)
    }
}

/// The file of `mod name;`, and the folder of its children.
fn file_of_module(
    declared: &syn::ItemMod,
    name: &str,
    folder: &Path,
    beside: &Path,
) -> (PathBuf, PathBuf) {
    if let Some(path) = path_attribute(&declared.attrs) {
        let file = beside.join(path);
        let inner = file.parent().unwrap_or(beside).to_owned();
        return (file, inner);
    }
    let (plain, nested) = (folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs"));
    (if plain.is_file() { plain } else { nested }, folder.join(name))
}
