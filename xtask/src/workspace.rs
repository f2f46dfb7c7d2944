//! What cargo knows about this workspace: its packages, their targets, and who depends on whom.
//!
//! Only the fields the tasks read are kept.

use crate::process::{Failure, capture, cargo, in_words};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

/// The answer of `cargo metadata`.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    /// All packages: ours, and, when resolved, every dependency.
    pub packages: Vec<Package>,
    /// Ids of our own packages.
    pub workspace_members: BTreeSet<String>,
    /// Where cargo builds to.
    pub target_directory: PathBuf,
    /// Who depends on whom; absent when it was not asked for.
    pub resolve: Option<Resolve>,
}

/// One package.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Cargo's id, unique in this answer.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its SPDX licence expression.
    pub license: Option<String>,
    /// Where it comes from; `None` for a folder on this machine.
    pub source: Option<String>,
    /// Its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// What it asks for, in all kinds (normal, build, dev).
    pub dependencies: Vec<Dependency>,
    /// What it builds.
    pub targets: Vec<Target>,
}

/// One line under `[dependencies]`.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The package it names.
    pub name: String,
}

/// One thing a package builds.
#[derive(Debug, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// `lib`, `bin`, `bench`, `test` ...
    pub kind: Vec<String>,
}

/// The resolved graph.
#[derive(Debug, Deserialize)]
pub struct Resolve {
    /// One node a package.
    pub nodes: Vec<Node>,
}

/// One package in the graph.
#[derive(Debug, Deserialize)]
pub struct Node {
    /// The package.
    pub id: String,
    /// Ids it depends on.
    pub dependencies: Vec<String>,
}

impl Workspace {
    /// Our own packages and their targets; reads nothing but this workspace, so it is quick.
    pub fn own() -> Result<Self, Failure> {
        Self::load(&["--no-deps"])
    }

    /// Every package that can be part of a build for this machine, with all features on.
    pub fn resolved() -> Result<Self, Failure> {
        let host = host_triple()?;
        Self::load(&["--all-features", "--filter-platform", &host])
    }

    fn load(options: &[&str]) -> Result<Self, Failure> {
        let mut command = cargo(["metadata", "--format-version", "1", "--locked"]);
        command.args(options);
        let output = capture(&mut command)?;
        if !output.status.success() {
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
            return Err(Failure::Ended { command: in_words(&command), status: output.status });
        }
        serde_json::from_slice(&output.stdout).map_err(|error| Failure::Format {
            what: "the answer of cargo metadata".into(),
            source: error.into(),
        })
    }

    /// Our own packages.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Every package `from` depends on, directly or not, in any kind; `from` itself is not among them.
    pub fn reachable(&self, from: &Package) -> Vec<&Package> {
        let nodes = self.resolve.as_ref().map_or(&[][..], |resolve| &resolve.nodes);
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![from.id.as_str()];
        while let Some(id) = open.pop() {
            let below = nodes.iter().filter(|node| node.id == id).flat_map(|node| &node.dependencies);
            open.extend(below.map(String::as_str).filter(|id| seen.insert(id)));
        }
        self.packages
            .iter()
            .filter(|package| package.id != from.id && seen.contains(package.id.as_str()))
            .collect()
    }
}

fn host_triple() -> Result<String, Failure> {
    let output = capture(Command::new("rustc").arg("-vV"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| Failure::Refused("rustc -vV names no host".into()))
}

#[cfg(test)]
pub mod fixture {
    //! Small workspaces for tests.

    use super::{Dependency, Node, Package, Resolve, Workspace};

    /// A workspace of `members` (name, direct dependencies); names that are no member are foreign packages.
    pub fn workspace(members: &[(&str, &[&str])], foreign: &[(&str, &[&str])]) -> Workspace {
        let all = members.iter().chain(foreign);
        Workspace {
            packages: all.clone().map(|(name, below)| package(name, below)).collect(),
            workspace_members: members.iter().map(|(name, _)| (*name).to_owned()).collect(),
            target_directory: "target".into(),
            resolve: Some(Resolve {
                nodes: all
                    .map(|(name, below)| Node {
                        id: (*name).to_owned(),
                        dependencies: below.iter().map(|name| (*name).to_owned()).collect(),
                    })
                    .collect(),
            }),
        }
    }

    fn package(name: &str, below: &[&str]) -> Package {
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            license: Some("MIT".to_owned()),
            source: None,
            manifest_path: format!("{name}/Cargo.toml").into(),
            dependencies: below.iter().map(|name| Dependency { name: (*name).to_owned() }).collect(),
            targets: Vec::new(),
        }
    }
}
