//! `setup`: the system packages this workspace needs, installed when they are missing.
//!
//! Quick and silent about what is there; never asks a question; on a system without dpkg it says what is
//! needed and lets the build go on.

use crate::process::{self, Failure, capture, is_on_path};
use std::collections::BTreeSet;
use std::process::Command;

/// Debian packages, each with what asks for it.
const PACKAGES: &[(&str, &str)] = &[
    ("chromium-driver", "the pages are tested in Chromium, which it brings along"),
    ("fontconfig", "Slint finds its fonts through it"),
    ("fonts-noto-cjk", "the pages are tested with the Chinese letters a phone has"),
    ("gcc", "compiles the SQLite that is built in"),
    ("libasound2-dev", "sound: rodio through ALSA"),
    ("libc6-dev", "linking"),
    ("libclang-dev", "bindings to Video4Linux are generated at build time"),
    ("libdrm-dev", "screen output without a desktop"),
    ("libfontconfig-dev", "Slint"),
    ("libgbm-dev", "screen output without a desktop"),
    ("libinput-dev", "touch without a desktop"),
    ("libseat-dev", "screen output without a desktop"),
    ("libudev-dev", "touch without a desktop"),
    ("libx11-xcb1", "the simulator's window, loaded at run time"),
    ("libxcursor1", "the simulator's window, loaded at run time"),
    ("libxi6", "the simulator's window, loaded at run time"),
    ("libxkbcommon-dev", "keyboards"),
    ("libxkbcommon-x11-0", "the simulator's window, loaded at run time"),
    ("libxrandr2", "the simulator's window, loaded at run time"),
    ("pkg-config", "finds the libraries above"),
];

/// How this process may install packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Privilege {
    Root,
    Sudo,
    Neither,
}

/// Installs what is missing of this workspace's packages; an error names the exact command when this process
/// may not install.
pub fn run() -> Result<(), Failure> {
    ensure(PACKAGES)
}

/// Whether the package of this name is among those the workspace needs.
pub fn installs(package: &str) -> bool {
    PACKAGES.iter().any(|(name, _)| *name == package)
}

fn ensure(packages: &[(&str, &str)]) -> Result<(), Failure> {
    if !is_on_path("dpkg-query") || !is_on_path("apt-get") {
        println!("setup: this is not a Debian system, so nothing was installed. Needed (Debian names):");
        for (package, why) in packages {
            println!("  {package:<20} {why}");
        }
        return Ok(());
    }
    let missing = missing_packages(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing, privilege())?;
    let still_missing = missing_packages(packages)?;
    if still_missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!("still missing after apt-get: {}", still_missing.join(" "))))
}

fn missing_packages(packages: &[(&str, &str)]) -> Result<Vec<String>, Failure> {
    // dpkg-query exits with 1 when it does not know a name; what it does know still stands in its output.
    let output = capture(
        Command::new("dpkg-query")
            .args(["-W", "-f", "${Package} ${db:Status-Status}\\n"])
            .args(packages.iter().map(|(package, _)| package)),
    )?;
    Ok(not_installed(packages, &String::from_utf8_lossy(&output.stdout)))
}

fn not_installed(packages: &[(&str, &str)], report: &str) -> Vec<String> {
    let installed: BTreeSet<&str> =
        report.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    packages
        .iter()
        .map(|(package, _)| *package)
        .filter(|package| !installed.contains(package))
        .map(str::to_owned)
        .collect()
}

fn privilege() -> Privilege {
    let is_root =
        capture(Command::new("id").arg("-u")).is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if is_root {
        return Privilege::Root;
    }
    let may_sudo = is_on_path("sudo")
        && capture(Command::new("sudo").args(["-n", "true"])).is_ok_and(|output| output.status.success());
    if may_sudo { Privilege::Sudo } else { Privilege::Neither }
}

fn install(missing: &[String], privilege: Privilege) -> Result<(), Failure> {
    println!("setup: missing system packages: {}", missing.join(" "));
    let Some(commands) = apt_commands(missing, privilege) else {
        return Err(Failure::Refused(format!(
            "system packages are missing and this user may not install them; run this, then try again:\n  \
             sudo apt-get update && sudo apt-get install -y --no-install-recommends {}",
            missing.join(" ")
        )));
    };
    for words in commands {
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        process::run(command.args(words))?;
    }
    Ok(())
}

/// The commands that install `missing`, or `None` when this user may not run them.
fn apt_commands(missing: &[String], privilege: Privilege) -> Option<[Vec<String>; 2]> {
    let prefix: &[&str] = match privilege {
        Privilege::Root => &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"],
        Privilege::Sudo => &["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"],
        Privilege::Neither => return None,
    };
    // Another apt may hold the lock for a while, on a machine that has just booted for example.
    let options = ["-q", "-o", "DPkg::Lock::Timeout=300"];
    let words = |rest: &[&str]| -> Vec<String> {
        prefix.iter().chain(&options).chain(rest).map(|word| (*word).to_owned()).collect()
    };
    let mut install = words(&["install", "-y", "--no-install-recommends"]);
    install.extend(missing.iter().cloned());
    Some([words(&["update"]), install])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[(&str, &str)] = &[("gcc", ""), ("libdrm-dev", "")];

    #[test]
    fn a_package_counts_only_when_dpkg_calls_it_installed() {
        assert_eq!(not_installed(TWO, "gcc installed\nlibdrm-dev config-files\n"), ["libdrm-dev"]);
        assert_eq!(not_installed(TWO, "libdrm-dev installed\n"), ["gcc"]);
        assert!(not_installed(TWO, "gcc installed\nlibdrm-dev installed\n").is_empty());
    }

    #[test]
    fn sudo_never_asks_for_a_password() {
        let Some(commands) = apt_commands(&["gcc".to_owned()], Privilege::Sudo) else {
            panic!("sudo may install");
        };
        for command in commands {
            assert_eq!(command[..2], ["sudo", "-n"]);
        }
    }

    #[test]
    fn only_what_is_missing_is_installed() {
        let Some([_, install]) = apt_commands(&["gcc".to_owned()], Privilege::Root) else {
            panic!("root may install");
        };
        assert_eq!(install.last().map(String::as_str), Some("gcc"));
        assert!(!install.iter().any(|word| word == "libdrm-dev"));
    }

    #[test]
    fn without_root_and_sudo_the_exact_command_is_named() {
        let Err(failure) = install(&["gcc".to_owned(), "pkg-config".to_owned()], Privilege::Neither) else {
            panic!("nobody but root installs");
        };
        assert!(failure.to_string().contains("apt-get install -y --no-install-recommends gcc pkg-config"));
    }

    #[test]
    fn packages_are_sorted_and_named_once() {
        let names: Vec<&str> = PACKAGES.iter().map(|(package, _)| *package).collect();
        assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
    }
}
