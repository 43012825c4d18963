//! Names of files for values that come from data.

use std::collections::BTreeMap;

/// A file name for any text: letters and digits of any script, `_`, `-`, and single blanks and dots
/// between them stay; anything else becomes `-`, and then a fingerprint keeps two texts from sharing one
/// name. Never empty, never a path, never a name that an operating system reserves.
pub fn file_name(value: &str) -> String {
    const LONGEST: usize = 60;
    let signs: Vec<char> = value.chars().take(LONGEST).collect();
    let is_inner = |at: usize| {
        let is_word = |at: usize| signs.get(at).is_some_and(|c| c.is_alphanumeric());
        at > 0 && is_word(at - 1) && is_word(at + 1)
    };
    let plain: String = signs
        .iter()
        .enumerate()
        .map(|(at, &c)| match c {
            '_' | '-' => c,
            ' ' | '.' if is_inner(at) => c,
            _ if c.is_alphanumeric() => c,
            _ => '-',
        })
        .collect();
    let plain = plain.trim_matches('-');
    if plain == value && !plain.is_empty() && !is_reserved(plain) {
        return plain.to_owned();
    }
    let mark = &blake3::hash(value.as_bytes()).to_hex()[..8];
    if plain.is_empty() { format!("value-{mark}") } else { format!("{plain}-{mark}") }
}

/// File names for several values, no two alike even where the file system does not tell `a` from `A`.
pub fn file_names<S: AsRef<str>>(values: &[S]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let names: Vec<String> = values.iter().map(|value| file_name(value.as_ref())).collect();
    for name in &names {
        *seen.entry(name.to_lowercase()).or_default() += 1;
    }
    names
        .into_iter()
        .zip(values)
        .map(|(name, value)| match seen.get(&name.to_lowercase()) {
            Some(1) => name,
            _ => format!("{name}-{}", &blake3::hash(value.as_ref().as_bytes()).to_hex()[..8]),
        })
        .collect()
}

fn is_reserved(name: &str) -> bool {
    let upper = name.split('.').next().unwrap_or(name).trim_end().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        upper
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "INDEX") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_from_data_are_harmless_names() {
        assert_eq!(file_name("EMEA"), "EMEA");
        assert_eq!(file_name("Zürich Süd"), "Zürich Süd");
        assert_eq!(file_name("Übersicht 2.1"), "Übersicht 2.1");
        for value in [
            "../x", "a/b", "", "..", ".a", "a.", "<script>", "con", "NUL.txt", "a\nb", "index", "a:b", "a\\b",
        ] {
            let name = file_name(value);
            assert!(name.chars().all(|c| c.is_alphanumeric() || "-_ .".contains(c)), "{name}");
            assert!(!name.starts_with('.') && !name.ends_with(['.', ' ']), "{name}");
            assert_ne!(name, value);
            assert!(!name.is_empty());
        }
        assert_ne!(file_name("a/b"), file_name("a b"));
        assert!(file_name(&"ä".repeat(500)).chars().count() < 80);
    }

    #[test]
    fn no_two_values_share_a_name() {
        let names = file_names(&["EMEA", "emea", "APAC", "A/PAC"]);
        let mut lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        lower.sort();
        lower.dedup();
        assert_eq!(lower.len(), 4, "{names:?}");
        assert_eq!(names[2], "APAC");
    }
}
