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
    read_folder(root, "", &mut sources)?;
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(sources)
}

fn read_folder(root: &Path, folder: &str, into: &mut Vec<Source>) -> Result<(), Failure> {
    let in_folder = |source| Failure::File {
        path: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(root.join(folder)).map_err(in_folder)? {
        let entry = entry.map_err(in_folder)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        let path = if folder.is_empty() {
            name
        } else {
            format!("{folder}/{name}")
        };
        if entry.file_type().map_err(in_folder)?.is_dir() {
            read_folder(root, &path, into)?;
        } else if path.ends_with(".rs") || path.ends_with(".slint") {
            let text = fs::read_to_string(entry.path()).map_err(|source| Failure::File {
                path: path.clone(),
                source,
            })?;
            into.push(Source { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
pub fn fixture(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}
