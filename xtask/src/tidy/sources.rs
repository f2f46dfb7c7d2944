//! Reading the workspace's own files, once.

use crate::process::Failure;
use std::fs;
use std::path::Path;

/// One of our files.
#[derive(Debug)]
pub struct Source {
    /// From the root of the workspace, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl Source {
    /// Rust, and not markup.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The name without folders.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// Every `.rs` and `.slint` file below `root`, sorted; build output and hidden folders are left out.
pub fn read(root: &Path) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for path in paths(root)?.into_iter().filter(|path| path.ends_with(".rs") || path.ends_with(".slint")) {
        let text = fs::read_to_string(root.join(&path))
            .map_err(|source| Failure::File { path: path.clone(), source })?;
        sources.push(Source { path, text });
    }
    Ok(sources)
}

/// The path of every document.
pub fn documents(root: &Path) -> Result<Vec<String>, Failure> {
    Ok(paths(root)?.into_iter().filter(|path| path.ends_with(".md")).collect())
}

/// Every file of ours, from the root of the workspace, sorted.
fn paths(root: &Path) -> Result<Vec<String>, Failure> {
    let mut paths = Vec::new();
    let mut open = vec![String::new()];
    while let Some(folder) = open.pop() {
        let in_folder = |source| Failure::File { path: folder.clone(), source };
        for entry in fs::read_dir(root.join(&folder)).map_err(in_folder)? {
            let entry = entry.map_err(in_folder)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name == "target" {
                continue;
            }
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let is_folder = entry.file_type().map_err(in_folder)?.is_dir();
            if is_folder { open.push(path) } else { paths.push(path) }
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
pub fn fixture(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_files_are_found_and_build_output_is_not() {
        let paths = paths(&crate::process::root()).expect("this workspace");
        assert!(paths.iter().any(|path| path == "xtask/src/tidy/sources.rs"));
        assert!(paths.is_sorted());
        assert!(!paths.iter().any(|path| path.starts_with("target/") || path.starts_with(".git/")));
    }
}
