//! Figures of this crate: one JSON line each on standard output, for `cargo xtask bench`.

#![allow(clippy::unwrap_used, reason = "a benchmark may stop at the first surprise")]

#[path = "figures/feed.rs"]
mod feed;
#[path = "figures/push.rs"]
mod push;

fn main() {
    push::become_platform();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let is_wanted = |id: &str| wanted.is_empty() || wanted.iter().any(|name| name == id);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    feed::run(is_wanted, &runtime);
    push::run(is_wanted, &runtime);
}
