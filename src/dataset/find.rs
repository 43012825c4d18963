//! From a path with wildcards to files, in the order of their names, and what identifies their content.

use std::fs::File;
use std::path::{Path, PathBuf};

use glob::Pattern;
use rayon::prelude::*;

use super::error::{DatasetError, Trouble};

/// A file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its path relative to the pipeline file, with `/`: what `_source` says.
    pub name: String,
}

/// The files that `written` (a path whose variables are filled in) names, relative to `base`, in the
/// order of their names. Never empty: a missing file and a pattern without a match are errors.
pub fn files(written: &str, base: &Path) -> Result<Vec<SourceFile>, DatasetError> {
    let literal = base.join(written);
    if literal.is_file() {
        return Ok(vec![SourceFile { path: literal, name: written.replace('\\', "/") }]);
    }
    if literal.is_dir() {
        return Err(DatasetError::new(Trouble::Missing, format!("`{written}` is a folder"), "not a file")
            .help(format!("name the files in it: `{}/*.csv`", written.trim_end_matches('/'))));
    }
    if !written.contains(['*', '?', '[']) {
        let error =
            DatasetError::new(Trouble::Missing, format!("there is no file `{written}`"), "no such file");
        return Err(error.help(nearest(&literal)));
    }
    let pattern = if Path::new(written).is_absolute() || base.as_os_str().is_empty() {
        written.to_owned()
    } else {
        format!("{}/{written}", Pattern::escape(&base.to_string_lossy()))
    };
    let paths = glob::glob(&pattern).map_err(|error| {
        let message = format!("`{written}` is not a pattern of file names: {}", error.msg);
        DatasetError::new(Trouble::Option, message, "not a pattern")
    })?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            let folder = name_of(error.path(), base);
            DatasetError::unreadable(&format!("the folder `{folder}`"), error.error())
        })?;
        if path.is_file() {
            files.push(SourceFile { name: name_of(&path, base), path });
        }
    }
    if files.is_empty() {
        let message = format!("no file matches `{written}`");
        return Err(DatasetError::new(Trouble::EmptyGlob, message, "matches nothing")
            .help("an input that is not there is never taken for zero rows"));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// A digest of names and contents (BLAKE3, hexadecimal): equal for equal inputs, whatever the times of
/// the files and the place of the folder.
pub fn fingerprint(files: &[SourceFile]) -> Result<String, DatasetError> {
    let digests: Vec<blake3::Hash> = files
        .par_iter()
        .map(|file| {
            let mut hasher = blake3::Hasher::new();
            let read = File::open(&file.path).and_then(|open| hasher.update_reader(open).map(|_| ()));
            read.map_err(|error| DatasetError::unreadable(&file.name, error))?;
            Ok(hasher.finalize())
        })
        .collect::<Result<_, DatasetError>>()?;
    let mut all = blake3::Hasher::new();
    for (file, digest) in files.iter().zip(digests) {
        all.update(file.name.as_bytes()).update(&[0]).update(digest.as_bytes());
    }
    Ok(all.finalize().to_hex().to_string())
}

fn name_of(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// What to say about a file that is not there: its folder is missing too, or a file has a similar name.
fn nearest(missing: &Path) -> String {
    let (Some(folder), Some(name)) = (missing.parent(), missing.file_name()) else {
        return "paths are relative to the pipeline file".to_owned();
    };
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(here) else {
        return "its folder does not exist either; paths are relative to the pipeline file".to_owned();
    };
    let name = name.to_string_lossy();
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let similarity = |other: &String| strsim::jaro_winkler(&name, other);
    let best = names.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    match best.filter(|best| similarity(best) > 0.8) {
        Some(best) => format!("a file with a similar name exists: `{best}`"),
        None => "paths are relative to the pipeline file".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        folder
    }

    #[test]
    fn files_come_in_the_order_of_their_names() {
        let folder = folder(&["b.csv", "a.csv", "c.txt"]);
        let files = files("*.csv", folder.path()).unwrap();
        assert_eq!(files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["a.csv", "b.csv"]);
    }

    #[test]
    fn a_path_may_climb() {
        let folder = folder(&["a.csv"]);
        std::fs::create_dir(folder.path().join("pipelines")).unwrap();
        let files = files("../*.csv", &folder.path().join("pipelines")).unwrap();
        assert_eq!(files[0].name, "../a.csv");
    }

    #[test]
    fn a_name_with_brackets_is_a_name_first() {
        let folder = folder(&["sales [eu].csv"]);
        assert_eq!(files("sales [eu].csv", folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn nothing_there_is_said_in_three_ways() {
        let folder = folder(&["accounts.csv"]);
        let missing = files("acounts.csv", folder.path()).unwrap_err();
        assert_eq!(missing.kind, Trouble::Missing);
        assert_eq!(missing.help.as_deref(), Some("a file with a similar name exists: `accounts.csv`"));
        assert_eq!(files("*.parquet", folder.path()).unwrap_err().kind, Trouble::EmptyGlob);
        assert_eq!(files(".", folder.path()).unwrap_err().kind, Trouble::Missing);
    }

    #[test]
    fn the_fingerprint_follows_content_and_not_time() {
        let (one, two) = (folder(&["a.csv"]), folder(&["a.csv"]));
        let of = |folder: &Path| fingerprint(&files("a.csv", folder).unwrap()).unwrap();
        assert_eq!(of(one.path()), of(two.path()));
        std::fs::write(two.path().join("a.csv"), "other").unwrap();
        assert_ne!(of(one.path()), of(two.path()));
    }
}
