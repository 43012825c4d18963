//! The words over a cross-tab: what its questions and groups of columns are called, and the parts of nested
//! ones, the same in pages, workbooks and pictures. Knows how names are written, and no table.

/// Between the columns, and the values, of a nested variable.
pub const NESTED: &str = " / ";
/// What the column of everyone is called.
pub const TOTAL: &str = "Total";

/// What a variable is called: as `given` for it or for one of the columns it nests, else in the words
/// of its question, else by its name. `title` has those words as the side table `tables` tells them.
pub fn heading(variable: &str, title: Option<&str>, given: impl Fn(&str) -> Option<String>) -> String {
    if let Some(words) = given(variable) {
        return words;
    }
    let names: Vec<&str> = variable.split(NESTED).collect();
    let titles = match (title, names.len()) {
        (None, _) => Vec::new(),
        (Some(title), 1) => vec![title],
        // Words that hold the separator themselves cannot be told apart.
        (Some(title), several) => {
            let titles: Vec<&str> = title.split(NESTED).collect();
            if titles.len() == several { titles } else { Vec::new() }
        }
    };
    let asked = |at: usize| titles.get(at).filter(|title| !title.is_empty() && **title != names[at]);
    let one = |(at, name): (usize, &&str)| {
        given(name).or_else(|| asked(at).map(|title| (*title).to_owned())).unwrap_or_else(|| words(name))
    };
    let all: Vec<String> = names.iter().enumerate().map(one).collect();
    // A sentence has no `by` after it.
    let between = if all.iter().any(|words| words.ends_with(['?', '.', '!', ':'])) { " · " } else { " by " };
    all.join(between)
}

/// A heading inside a sentence: in quotes where it has signs that divide sentences.
pub fn quoted(heading: &str) -> String {
    if heading.contains(['?', '.', '!', ':', ';', ',']) {
        format!("“{heading}”")
    } else {
        heading.to_owned()
    }
}

/// The parts of a value of a nested variable, the outermost first; the whole value where its parts
/// cannot be told apart.
pub fn parts<'v>(variable: &str, value: &'v str) -> Vec<&'v str> {
    let parts: Vec<&str> = value.split(NESTED).collect();
    if parts.len() == variable.split(NESTED).count() { parts } else { vec![value] }
}

/// The name of a column as words: without underscores, a capital first.
fn words(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut signs = words.trim().chars();
    match signs.next() {
        Some(first) => first.to_uppercase().chain(signs).collect(),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_columns_goes_by_the_words_of_its_question() {
        let none = |_: &str| None;
        assert_eq!(heading("buying_phase", None, none), "Buying phase");
        assert_eq!(heading("buying_phase", Some("buying_phase"), none), "Buying phase");
        assert_eq!(heading("land", Some("Where are you?"), none), "Where are you?");
        assert_eq!(heading("land", Some("North / South?"), none), "North / South?");
        let given = |name: &str| (name == "land").then(|| "State".to_owned());
        assert_eq!(heading("land", Some("Where are you?"), given), "State");
        assert_eq!(heading("land / role", Some("Where are you? / role"), given), "State by Role");
        assert_eq!(heading("land / role", Some("Where are you? / role"), none), "Where are you? · Role");
        assert_eq!(heading("land / role", Some("North / South? / role"), none), "Land by Role");
        let whole = |name: &str| (name == "land / role").then(|| "Who".to_owned());
        assert_eq!(heading("land / role", Some("Where are you? / role"), whole), "Who");
    }

    #[test]
    fn values_are_parted_where_they_can_be() {
        assert_eq!(parts("land / role", "North / buyer"), ["North", "buyer"]);
        assert_eq!(parts("land", "North / South"), ["North / South"]);
        assert_eq!(parts("land / role", "North / South / buyer"), ["North / South / buyer"]);
    }

    #[test]
    fn questions_are_quoted_inside_sentences() {
        assert_eq!(quoted("Region by Role"), "Region by Role");
        assert_eq!(quoted("Where are you?"), "“Where are you?”");
    }
}
