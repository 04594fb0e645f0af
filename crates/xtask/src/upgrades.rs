//! The scripts in sql/, by the versions in their names.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// A script that upgrades to the version at hand.
#[derive(Debug)]
pub struct Upgrade {
    /// Where it is.
    pub file: PathBuf,
    /// The version that it starts from.
    pub old: String,
}

/// The scripts that upgrade to the version at hand, the oldest version first.
///
/// # Errors
/// A folder that cannot be read.
pub fn to_this_version(root: &Path) -> Result<Vec<Upgrade>, Box<dyn Error>> {
    let mut upgrades = Vec::new();
    for entry in fs::read_dir(root.join("sql"))? {
        let file = entry?.path();
        if let Some((old, new)) = versions(&file)
            && new == env!("CARGO_PKG_VERSION")
        {
            upgrades.push(Upgrade { file, old });
        }
    }
    upgrades.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(upgrades)
}

/// The versions between which a script upgrades.
pub fn versions(file: &Path) -> Option<(String, String)> {
    let name = file.file_name()?.to_str()?;
    let versions = name.strip_prefix("irt_calibration--")?.strip_suffix(".sql")?;
    let (old, new) = versions.split_once("--")?;
    Some((old.to_owned(), new.to_owned()))
}

/// The install script of a version.
pub fn install_script(root: &Path, version: &str) -> PathBuf {
    root.join(format!("sql/irt_calibration--{version}.sql"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;

    #[test]
    fn scripts_are_known_by_their_names() {
        let old = |name: &str| versions(Path::new(name)).map(|(old, _)| old);
        assert_eq!(old("sql/irt_calibration--0.1.0--0.2.0.sql").as_deref(), Some("0.1.0"));
        assert_eq!(old("sql/irt_calibration--0.1.0.sql"), None);
        assert!(install_script(root(), env!("CARGO_PKG_VERSION")).exists());
    }
}
