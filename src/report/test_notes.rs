//! How the figures of a cross-tab were tested, in as few sentences as it takes: what is true of several
//! groups of columns is said once. The words are those of the table; this puts them together.

use super::records::Records;
use crate::crossing::quoted;

/// How figures were tested, from what a cross-tab tells of each of its tables. `of` chooses tables by
/// the variables of their rows and columns, `heading` names a group of columns.
pub fn of_tables(
    tables: &Records,
    of: impl Fn(&str, &str) -> bool,
    heading: impl Fn(&str) -> String,
) -> Vec<String> {
    let text = |line: usize, column: &str| tables.get(line, column).text().unwrap_or_default();
    // By the variable of the columns; of its tables the fullest, which also tells how means were tested.
    let mut said: Vec<(String, String)> = Vec::new();
    for line in 0..tables.len() {
        let (rows, columns) = (text(line, "row_variable"), text(line, "column_variable"));
        let note = text(line, "test_note");
        if note.is_empty() || !of(&rows, &columns) {
            continue;
        }
        match said.iter_mut().find(|(known, _)| *known == columns) {
            Some((_, known)) if known.chars().count() >= note.chars().count() => {}
            Some((_, known)) => *known = note,
            None => said.push((columns, note)),
        }
    }
    let named: Vec<(String, String)> =
        said.into_iter().map(|(variable, note)| (heading(&variable), note)).collect();
    joined(&named)
}

/// The notes of groups of columns, each with its heading, without repetition.
pub(super) fn joined(notes: &[(String, String)]) -> Vec<String> {
    let mut ways: Vec<Way<'_>> = Vec::new();
    for (heading, note) in notes {
        let way = Way::of(heading, note);
        match ways.iter_mut().find(|known| known.method == way.method && known.rest == way.rest) {
            Some(known) => known.groups.extend(way.groups),
            None => ways.push(way),
        }
    }
    let alone = ways.len() == 1;
    ways.iter().map(|way| way.sentence(alone)).collect()
}

/// A way of testing, and the groups of columns that were tested so.
struct Way<'a> {
    /// The test, its levels and its correction.
    method: &'a str,
    /// Each group with its heading and what was compared in it.
    groups: Vec<(&'a str, Vec<&'a str>)>,
    /// What was not tested.
    rest: &'a str,
}

impl<'a> Way<'a> {
    fn of(heading: &'a str, note: &'a str) -> Self {
        let parted = || {
            let (method, after) = note.split_once(COMPARED)?;
            let (compared, rest) = after.rsplit_once("; ")?;
            Some((method, compared.split("; ").collect(), rest))
        };
        let (method, compared, rest) = parted().unwrap_or((note, Vec::new(), ""));
        Self { method, groups: vec![(heading, compared)], rest }
    }

    /// All that is said of it; `alone` where everything was tested so.
    fn sentence(&self, alone: bool) -> String {
        let everywhere = |clause: &&str| self.groups.iter().all(|(_, compared)| compared.contains(clause));
        let own = self.groups.iter().flat_map(|(heading, compared)| {
            compared.iter().filter(|clause| !everywhere(clause)).map(|clause| of_group(heading, clause))
        });
        let mut own: Vec<String> = own.collect();
        let all_alike = own.is_empty();
        let common = self.groups.first().map_or(&[][..], |(_, compared)| compared);
        own.extend(common.iter().filter(|clause| everywhere(clause)).map(|clause| (*clause).to_owned()));
        let compared = if self.rest.is_empty() {
            String::new()
        } else {
            format!("{COMPARED}{}; {}", own.join("; "), self.rest)
        };
        let sentence = format!("{}{compared}", self.method);
        if alone || !all_alike {
            return sentence;
        }
        let headings: Vec<String> = self.groups.iter().map(|(heading, _)| quoted(heading)).collect();
        format!("{}: {sentence}", headings.join(", "))
    }
}

const COMPARED: &str = "Compared: ";

/// What was compared in one group of columns.
fn of_group(heading: &str, clause: &str) -> String {
    let heading = quoted(heading);
    match clause {
        clause if clause.starts_with("each ") => format!("in {heading} {clause}"),
        letters if !letters.contains(' ') => format!("{heading} {letters}"),
        nested => format!("{heading}: {nested}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(notes: &[(&str, &str)]) -> Vec<String> {
        joined(&notes.iter().map(|(heading, note)| ((*heading).into(), (*note).into())).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_true_of_several_groups_is_said_once() {
        let note =
            |compared: &str| format!("z tests at 95 %. Compared: {compared}; small columns are not tested.");
        let (two, three) = (note("A/B; each with the total"), note("A/B/C; each with the total"));
        assert_eq!(told(&[("Sex", &two), ("Age", &two)]), std::slice::from_ref(&two));
        let nested = note("North A/B, South A/B; each with the total");
        let waves = note("A/B; each with the total; each wave with the one before");
        assert_eq!(
            told(&[("Sex", &two), ("How old are you?", &three), ("Land by Sex", &nested), ("Wave", &waves)]),
            [
                "z tests at 95 %. Compared: Sex A/B; “How old are you?” A/B/C; Land by Sex: North A/B, South A/B; \
              Wave A/B; in Wave each wave with the one before; each with the total; small columns are not \
              tested."
            ]
        );
    }

    #[test]
    fn different_tests_are_told_apart() {
        let (z, t) = ("z tests. Compared: A/B; all were tested.", "t tests. Compared: A/B; all were tested.");
        let none = "Nothing was tested.";
        assert_eq!(
            told(&[("Sex", z), ("Age", t), ("Land", z), ("Wave", none)]),
            [format!("Sex, Land: {z}"), format!("Age: {t}"), format!("Wave: {none}")]
        );
        assert_eq!(told(&[("Sex", none), ("Age", none)]), [none]);
        assert!(told(&[]).is_empty());
    }
}
