//! What the source of one module says: names that it defines and imports, and paths that it mentions.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};

/// A path as it is written: `["crate", "lanes", "Grid"]`.
pub type Segments = Vec<String>;

/// One module's items, without those of modules in it.
#[derive(Default)]
pub struct Scan<'a> {
    /// What it defines.
    pub items: BTreeSet<String>,
    /// What it imports, by the name that it gets.
    pub imports: BTreeMap<String, Segments>,
    /// Modules all of whose names it imports.
    pub globs: Vec<Segments>,
    /// Every path in it.
    pub paths: BTreeSet<Segments>,
    /// Modules in it.
    pub children: Vec<&'a syn::ItemMod>,
}

impl<'a> Scan<'a> {
    /// Looks through the items of a module.
    pub fn of(items: &'a [syn::Item]) -> Self {
        let mut scan = Self::default();
        for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
            match item {
                syn::Item::Mod(child) => scan.children.push(child),
                syn::Item::Use(import) => scan.import(&import.tree),
                _ => {
                    scan.items.extend(name_of(item));
                    scan.visit_item(item);
                }
            }
        }
        scan
    }

    /// A `use` of the module itself: its names are the module's.
    fn import(&mut self, tree: &syn::UseTree) {
        for import in flattened(tree) {
            self.paths.insert(import.path.clone());
            match import.name {
                Some(name) => drop(self.imports.insert(name, import.path)),
                None => self.globs.push(import.path),
            }
        }
    }

    /// Paths among the tokens of a macro's call: runs of names with `::` between them.
    fn scan_tokens(&mut self, tokens: TokenStream) {
        let mut run = Segments::new();
        let mut colons = 0;
        for token in tokens {
            match &token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) if colons == 2 && !run.is_empty() => {
                    run.push(name.to_string());
                }
                TokenTree::Ident(name) => {
                    self.end_run(&mut run);
                    run.push(name.to_string());
                }
                TokenTree::Group(group) => {
                    self.end_run(&mut run);
                    self.scan_tokens(group.stream());
                }
                _ => self.end_run(&mut run),
            }
            colons = 0;
        }
        self.end_run(&mut run);
    }

    fn end_run(&mut self, run: &mut Segments) {
        let path = std::mem::take(run);
        if !path.is_empty() {
            self.paths.insert(path);
        }
    }
}

impl<'ast> Visit<'ast> for Scan<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    /// In a function's body: names there are not the module's.
    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        self.paths.extend(flattened(&import.tree).into_iter().map(|import| import.path));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.paths.insert(path.segments.iter().map(|part| part.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.scan_tokens(call.tokens.clone());
    }

    /// Documentation and the like import nothing.
    fn visit_attribute(&mut self, _attribute: &'ast syn::Attribute) {}

    /// Nor does `pub(crate)`.
    fn visit_visibility(&mut self, _visibility: &'ast syn::Visibility) {}
}

/// One name of a `use`; a glob has no name.
struct Import {
    path: Segments,
    name: Option<String>,
}

fn flattened(tree: &syn::UseTree) -> Vec<Import> {
    let mut imports = Vec::new();
    flatten(tree, &mut Vec::new(), &mut imports);
    imports
}

fn flatten(tree: &syn::UseTree, before: &mut Segments, imports: &mut Vec<Import>) {
    let mut add = |last: Option<&syn::Ident>, name: Option<String>| {
        let last = last.map(ToString::to_string).filter(|last| last != "self");
        let path: Segments = before.iter().cloned().chain(last).collect();
        let name = name
            .map(|name| if name == "self" { path.last().cloned().unwrap_or(name) } else { name });
        imports.push(Import { path, name });
    };
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, imports);
            before.pop();
        }
        syn::UseTree::Name(name) => add(Some(&name.ident), Some(name.ident.to_string())),
        syn::UseTree::Rename(name) => add(Some(&name.ident), Some(name.rename.to_string())),
        syn::UseTree::Glob(_) => add(None, None),
        syn::UseTree::Group(group) => {
            group.items.iter().for_each(|tree| flatten(tree, before, imports));
        }
    }
}

/// True where an attribute says `cfg(test)`, alone or with more that must hold.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        attribute.path().is_ident("cfg") && needs_test(list.tokens.clone())
    })
}

/// Does the predicate hold in tests only? `test`, and `all(…)` with such a part.
fn needs_test(predicate: TokenStream) -> bool {
    let mut tokens = predicate.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let TokenTree::Ident(name) = token else { continue };
        match tokens.peek() {
            Some(TokenTree::Group(group)) if name == "all" && needs_test(group.stream()) => {
                return true;
            }
            Some(TokenTree::Group(_)) => {}
            _ if name == "test" => return true,
            _ => {}
        }
    }
    false
}

/// The value of `#[path = "…"]`.
pub fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) => Some(path.value()),
            _ => None,
        },
        _ => None,
    })
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::ForeignMod(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::TraitAlias(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Union(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &syn::Item) -> Option<String> {
    let name = match item {
        syn::Item::Const(item) => &item.ident,
        syn::Item::Enum(item) => &item.ident,
        syn::Item::Fn(item) => &item.sig.ident,
        syn::Item::Macro(item) => item.ident.as_ref()?,
        syn::Item::Static(item) => &item.ident,
        syn::Item::Struct(item) => &item.ident,
        syn::Item::Trait(item) => &item.ident,
        syn::Item::TraitAlias(item) => &item.ident,
        syn::Item::Type(item) => &item.ident,
        syn::Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
