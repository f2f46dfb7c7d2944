//! What the checks need to know of a Rust file: its functions, paths, strings, and what belongs to tests.

use super::sources::Source;
use super::{Finding, Rule};
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The facts of one file.
#[derive(Debug, Default)]
pub struct Facts {
    /// Every function with a body.
    pub functions: Vec<Function>,
    /// Every path, from `use` and from code, outside tests.
    pub paths: Vec<NamedPath>,
    /// Every string, also inside macro calls, outside tests and attributes.
    pub strings: Vec<(usize, String)>,
    /// Lines that name `f32`, `f64` or a number with a fraction, outside tests.
    pub floats: Vec<usize>,
    /// `mod name;` that others may name, with its line.
    pub open_modules: Vec<(usize, String)>,
    /// First and last line of each `#[cfg(test)]` module.
    pub test_spans: Vec<(usize, usize)>,
    depth_in_tests: usize,
}

/// A function and the lines it stands on.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of `fn`.
    pub first: usize,
    /// The line of its closing brace.
    pub last: usize,
}

/// A path as it is written: `crate::modules::coupons::claim`.
#[derive(Debug)]
pub struct NamedPath {
    /// The line it starts on.
    pub line: usize,
    /// Its words; `*` for a glob.
    pub words: Vec<String>,
}

/// Reads the facts, or says where the file stops being Rust.
pub fn facts(source: &Source) -> Result<Facts, Finding> {
    let file = syn::parse_file(&source.text).map_err(|error| {
        let line = error.span().start().line;
        Finding::fault(Rule::Syntax, &source.path, line, format!("not read as Rust: {error}"))
    })?;
    let mut facts = Facts::default();
    if is_test_file(&source.path) {
        facts.depth_in_tests = 1;
    }
    facts.visit_file(&file);
    Ok(facts)
}

fn is_test_file(path: &str) -> bool {
    path.split('/').any(|folder| folder == "tests" || folder == "benches")
}

fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::NameValue(_) => false,
    })
}

fn line(span: Span) -> usize {
    span.start().line
}

impl Facts {
    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        self.functions.push(Function {
            name: signature.ident.to_string(),
            first: line(signature.fn_token.span),
            last: block.brace_token.span.close().end().line,
        });
    }

    fn path(&mut self, line: usize, words: Vec<String>) {
        if self.depth_in_tests == 0 {
            self.paths.push(NamedPath { line, words });
        }
    }

    fn use_tree(&mut self, tree: &syn::UseTree, mut words: Vec<String>) {
        match tree {
            syn::UseTree::Path(part) => {
                words.push(part.ident.to_string());
                self.use_tree(&part.tree, words);
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.use_tree(item, words.clone()));
            }
            syn::UseTree::Name(part) => self.use_leaf(&part.ident, words),
            syn::UseTree::Rename(part) => self.use_leaf(&part.ident, words),
            syn::UseTree::Glob(glob) => {
                words.push("*".to_owned());
                self.path(line(glob.star_token.spans[0]), words);
            }
        }
    }

    fn use_leaf(&mut self, ident: &syn::Ident, mut words: Vec<String>) {
        words.push(ident.to_string());
        self.path(line(ident.span()), words);
    }

    /// Macro calls are not parsed by `syn`; their literals are found token by token.
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    let lit = syn::Lit::new(literal);
                    self.visit_lit(&lit);
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    fn inside_tests(&mut self, is_test: bool, visit: impl FnOnce(&mut Self)) {
        self.depth_in_tests += usize::from(is_test);
        visit(self);
        self.depth_in_tests -= usize::from(is_test);
    }
}

impl<'ast> Visit<'ast> for Facts {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        self.inside_tests(is_test_only(&item.attrs), |facts| visit::visit_item_fn(facts, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        self.inside_tests(is_test_only(&item.attrs), |facts| visit::visit_impl_item_fn(facts, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let is_test = is_test_only(&item.attrs);
        if let (true, Some((brace, _))) = (is_test, &item.content) {
            self.test_spans.push((line(item.mod_token.span), brace.span.close().end().line));
        }
        if item.content.is_none() && !matches!(item.vis, syn::Visibility::Inherited) {
            self.open_modules.push((line(item.mod_token.span), item.ident.to_string()));
        }
        self.inside_tests(is_test, |facts| visit::visit_item_mod(facts, item));
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&item.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            let words = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.path(line(first.ident.span()), words);
        }
        visit::visit_path(self, path);
    }

    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        if self.depth_in_tests == 0 && (segment.ident == "f32" || segment.ident == "f64") {
            self.floats.push(line(segment.ident.span()));
        }
        visit::visit_path_segment(self, segment);
    }

    fn visit_lit(&mut self, literal: &'ast syn::Lit) {
        if self.depth_in_tests > 0 {
            return;
        }
        if let syn::Lit::Str(text) = literal {
            self.strings.push((line(text.span()), text.value()));
        }
        if let syn::Lit::Float(number) = literal {
            self.floats.push(line(number.span()));
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }
}

#[cfg(test)]
pub fn fixture(path: &str, text: &str) -> Facts {
    match facts(&super::sources::fixture(path, text)) {
        Ok(facts) => facts,
        Err(finding) => panic!("{finding}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_branch_of_a_use_tree_is_a_path_of_its_own() {
        let facts = fixture("a.rs", "use crate::modules::{coupons::{self, claim}, leases as l, ledger::*};");
        let paths: Vec<String> = facts.paths.iter().map(|path| path.words.join("::")).collect();
        assert_eq!(
            paths,
            [
                "crate::modules::coupons::self",
                "crate::modules::coupons::claim",
                "crate::modules::leases",
                "crate::modules::ledger::*"
            ]
        );
    }

    #[test]
    fn strings_inside_macros_are_seen_and_those_of_comments_and_tests_are_not() {
        let text = "/// \"doc\"\nfn a() { println!(\"in {}\", f(\"deep\")); }\n\
                    #[cfg(test)]\nmod tests { fn b() { let _c = \"test\"; } }";
        let strings: Vec<String> = fixture("a.rs", text).strings.into_iter().map(|(_, text)| text).collect();
        assert_eq!(strings, ["in {}", "deep"]);
    }

    #[test]
    fn a_function_is_measured_from_fn_to_its_closing_brace() {
        let facts =
            fixture("a.rs", "struct S;\nimpl S {\n    /// Doc.\n    fn a() {\n        b();\n    }\n}\n");
        let function = &facts.functions[0];
        assert_eq!((function.name.as_str(), function.first, function.last), ("a", 4, 6));
    }

    #[test]
    fn a_file_that_is_no_rust_is_a_finding_with_its_line() {
        let finding = facts(&crate::tidy::sources::fixture("a.rs", "fn a() {}\nfn {")).expect_err("no Rust");
        assert_eq!((finding.rule, finding.line), (Rule::Syntax, 2));
    }
}
