//! Text with variables: `{region}` is filled in after the file was parsed, never before.

use std::ops::Range;

use super::Vars;

/// Where a text could not be filled in, in bytes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The place in the text.
    pub range: Range<usize>,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a brace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A name that is not a variable.
    Unknown(String),
    /// A name in two pairs of braces, as texts with figures have it.
    Doubled(String),
    /// A brace without its partner.
    Alone,
}

/// Fills in the variables of a text. `{{` and `}}` stand for braces.
///
/// # Errors
///
/// Every place that cannot be filled in.
pub fn fill(text: &str, vars: &Vars) -> Result<String, Vec<Gap>> {
    split(text, vars, None).map(|pieces| pieces.concat())
}

/// Fills in the variables of a text, all but the one called `own`, whose value comes later: what
/// stands between its places. To join the pieces by the value fills in the rest.
///
/// # Errors
///
/// As for [`fill`].
pub fn split(text: &str, vars: &Vars, own: Option<&str>) -> Result<Vec<String>, Vec<Gap>> {
    let mut pieces = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut gaps = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(['{', '}']) {
        let brace = at + found;
        out.push_str(&text[at..brace]);
        let rest = &text[brace..];
        if let Some((name, length)) = doubled(rest, |name| own == Some(name) || vars.contains_key(name)) {
            gaps.push(Gap { range: brace..brace + length, fault: Fault::Doubled(name.to_owned()) });
            at = brace + length;
            continue;
        }
        if rest.starts_with("{{") || rest.starts_with("}}") {
            out.push_str(&rest[..1]);
            at = brace + 2;
            continue;
        }
        let close = rest.find('}').filter(|_| rest.starts_with('{'));
        let Some(close) = close else {
            gaps.push(Gap { range: brace..brace + 1, fault: Fault::Alone });
            at = brace + 1;
            continue;
        };
        let name = rest[1..close].trim();
        match vars.get(name) {
            _ if own == Some(name) => pieces.push(std::mem::take(&mut out)),
            Some(value) => out.push_str(&value.to_string()),
            None => {
                gaps.push(Gap { range: brace..brace + close + 1, fault: Fault::Unknown(name.to_owned()) })
            }
        }
        at = brace + close + 1;
    }
    out.push_str(&text[at..]);
    pieces.push(out);
    if gaps.is_empty() { Ok(pieces) } else { Err(gaps) }
}

/// The name in `{{ name }}` and the bytes of all of it. Without spaces it may be a text in braces, and
/// is one unless the name stands for something.
fn doubled(text: &str, known: impl Fn(&str) -> bool) -> Option<(&str, usize)> {
    let inner = text.strip_prefix("{{")?;
    let inner = &inner[..inner.find("}}")?];
    let name = inner.trim();
    let word = name.chars().all(|sign| sign.is_alphanumeric() || sign == '_') && !name.is_empty();
    let meant = inner.starts_with(' ') || known(name);
    (word && meant).then_some((name, inner.len() + 4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Value;

    fn vars() -> Vars {
        [("region".to_owned(), Value::Text("EMEA".into()))].into()
    }

    fn gap(range: Range<usize>, fault: Fault) -> Gap {
        Gap { range, fault }
    }

    #[test]
    fn names_are_filled_in_and_gaps_are_placed() {
        assert_eq!(fill("Health of {region}: {{x}}", &vars()).unwrap(), "Health of EMEA: {x}");
        assert_eq!(
            fill("ä {nope} {", &vars()).unwrap_err(),
            [gap(3..9, Fault::Unknown("nope".into())), gap(10..11, Fault::Alone)]
        );
        assert_eq!(fill("a } b", &vars()).unwrap_err(), [gap(2..3, Fault::Alone)]);
    }

    #[test]
    fn a_name_in_two_pairs_of_braces_is_a_mistake() {
        let told = |name: &str| Fault::Doubled(name.to_owned());
        assert_eq!(fill("of {{ region }}", &vars()).unwrap_err(), [gap(3..15, told("region"))]);
        assert_eq!(
            fill("{{region}} {{ nope }}", &vars()).unwrap_err(),
            [gap(0..10, told("region")), gap(11..21, told("nope")),]
        );
        assert_eq!(fill("{{ a, b }} {{}}", &vars()).unwrap(), "{ a, b } {}");
    }

    #[test]
    fn a_name_whose_value_comes_later_leaves_its_place() {
        let pieces = split("{partner} in {region}, {partner}", &vars(), Some("partner")).unwrap();
        assert_eq!(pieces, ["", " in EMEA, ", ""]);
        assert_eq!(split("{region}", &vars(), Some("region")).unwrap(), ["", ""], "the later value wins");
        assert_eq!(split("words", &vars(), None).unwrap(), ["words"]);
    }
}
