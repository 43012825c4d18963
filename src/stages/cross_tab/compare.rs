//! Which figures are tested against which, in families, and what the cells show of it. The tests
//! themselves are in `stats`.

use std::collections::BTreeMap;

use super::figures::{Figures, Side};
use super::options::{Against, Means, Statistic, Variance};
use super::suppress::Hidden;
use super::tables::{Crossed, Header, Kind, NESTED, TOTAL};
use super::{Checked, CheckedTests};
use crate::number;
use crate::stats::comparisons::{Correction, Level, Mark, letter, letters};
use crate::stats::means::{self, Moments};
use crate::stats::proportions::{self, Admission};
use crate::stats::significance::{Test, Untested};

/// One comparison of a cell: a line of the side table `tests`.
pub(super) struct Comparison {
    pub item: usize,
    /// The column, the total being 0.
    pub column: usize,
    pub against: Against,
    /// The column it is compared with, as the table calls it.
    pub against_value: String,
    pub outcome: Result<Tested, &'static str>,
}

/// A test that was made.
pub(super) struct Tested {
    pub test: Test,
    pub p_adjusted: f64,
    /// The strictest confidence at which it is significant.
    pub level: Option<f64>,
    /// Whether it is corrected for people who are on both sides.
    pub overlap: bool,
}

/// What the cells of one row show of the tests.
#[derive(Default)]
pub(super) struct Shown {
    pub letters: BTreeMap<(usize, usize), String>,
    pub marks: BTreeMap<(usize, usize, Against), &'static str>,
}

/// One comparison before it is made: the columns, the total being 0.
struct Pair {
    column: usize,
    other: usize,
    against: Against,
}

/// All comparisons of a table, row by row, and what the cells show of them.
pub(super) fn compare(figures: &Figures<'_>, hidden: &Hidden) -> (Vec<Comparison>, Shown) {
    let crossed = figures.crossed;
    let mut shown = Shown::default();
    let mut all = Vec::new();
    let Some(tests) = &crossed.checked.tests else { return (all, shown) };
    for at in 0..crossed.items.len() {
        if !crossed.items[at].shown || !is_tested(crossed.items[at].kind) {
            continue;
        }
        for family in families(crossed, tests) {
            family_of(figures, tests, hidden, at, &family, &mut all, &mut shown);
        }
    }
    (all, shown)
}

fn is_tested(kind: Kind) -> bool {
    matches!(kind, Kind::Answer | Kind::Net | Kind::Statistic(Statistic::Mean | Statistic::Nps))
}

/// The families of comparisons in a row: by what is compared, within each group of columns.
fn families(crossed: &Crossed<'_>, tests: &CheckedTests) -> Vec<Vec<Pair>> {
    let groups = crossed.headers.last().map_or(0, |last| last.group + 1);
    let mut families = Vec::new();
    for against in &tests.compare {
        let mut by_group: Vec<Vec<Pair>> = (0..groups).map(|_| Vec::new()).collect();
        for (at, header) in crossed.headers.iter().enumerate() {
            let pair = |other| Pair { column: at + 1, other, against: *against };
            let pairs = &mut by_group[header.group];
            match against {
                Against::Columns => {
                    // A net and its own answer differ where the answer and the others of the net do.
                    let later = (at + 1..crossed.headers.len()).filter(|other| {
                        let other = &crossed.headers[*other];
                        other.group == header.group && !header.holds_or_is_in(other)
                    });
                    pairs.extend(later.map(|other| pair(other + 1)));
                }
                Against::Total | Against::Rest => pairs.push(pair(0)),
                Against::Previous => pairs.extend(previous(crossed, tests, at).map(|other| pair(other + 1))),
            }
        }
        families.extend(by_group.into_iter().filter(|pairs| !pairs.is_empty()));
    }
    families
}

/// The last wave before this column that has answers, everything else being equal.
fn previous(crossed: &Crossed<'_>, tests: &CheckedTests, at: usize) -> Option<usize> {
    let questions = &crossed.checked.questions;
    let parts = &questions.columns[crossed.plan.column];
    let wave = parts.iter().position(|part| tests.waves.contains(&questions.asked[*part].name))?;
    let this = &crossed.headers[at];
    // Waves put together are no wave.
    if this.parts[wave].is_net {
        return None;
    }
    let same = |other: usize| {
        let parts = &crossed.headers[other].parts;
        !parts[wave].is_net
            && parts[wave].place < this.parts[wave].place
            && (0..parts.len()).all(|part| part == wave || parts[part] == this.parts[part])
            && crossed.bases[other + 1].n > 0
    };
    let earlier = (0..crossed.headers.len()).filter(|other| same(*other));
    earlier.max_by_key(|other| crossed.headers[*other].parts[wave].place)
}

fn family_of(
    figures: &Figures<'_>,
    tests: &CheckedTests,
    hidden: &Hidden,
    at: usize,
    family: &[Pair],
    all: &mut Vec<Comparison>,
    shown: &mut Shown,
) {
    let crossed = figures.crossed;
    let outcomes: Vec<Result<Made, &'static str>> = family
        .iter()
        .map(|pair| {
            let with = if pair.against == Against::Columns || pair.against == Against::Previous {
                pair.other
            } else {
                0
            };
            if hidden.cell(at, pair.column) || hidden.cell(at, with) {
                return Err("suppressed");
            }
            test(figures, tests, at, pair).map_err(Untested::note)
        })
        .collect();
    let p_values: Vec<f64> = outcomes.iter().flatten().map(|(test, _)| test.p_value).collect();
    let mut adjusted = tests.correction.adjust(&p_values).into_iter();
    let mut compared: BTreeMap<usize, Vec<(usize, Mark)>> = BTreeMap::new();
    for (pair, outcome) in family.iter().zip(outcomes) {
        let outcome = outcome.map(|(test, overlap)| {
            let p_adjusted = adjusted.next().unwrap_or(test.p_value);
            let level = tests.levels.of(p_adjusted).map(|level| tests.levels.confidence(level));
            let mark = Mark::of(test.difference, p_adjusted, &tests.levels);
            if pair.against == Against::Columns {
                let place = |column: usize| crossed.headers[column - 1].place;
                compared.entry(pair.column).or_default().push((place(pair.other), mark));
                compared.entry(pair.other).or_default().push((place(pair.column), mark.reversed()));
            } else {
                shown.marks.insert((at, pair.column, pair.against), mark.word());
            }
            Tested { test, p_adjusted, level, overlap }
        });
        let against_value = match pair.against {
            Against::Columns | Against::Previous => crossed.headers[pair.other - 1].label.clone(),
            Against::Total => TOTAL.to_owned(),
            Against::Rest => format!("not {}", crossed.headers[pair.column - 1].label),
        };
        let line =
            Comparison { item: at, column: pair.column, against: pair.against, against_value, outcome };
        all.push(line);
    }
    for (column, compared) in compared {
        shown.letters.insert((at, column), letters(&compared));
    }
}

/// A test, and whether it is corrected for people on both sides.
type Made = (Test, bool);

fn test(figures: &Figures<'_>, tests: &CheckedTests, at: usize, pair: &Pair) -> Result<Made, Untested> {
    let crossed = figures.crossed;
    let first = Side::of(crossed, pair.column);
    let second = match pair.against {
        Against::Columns | Against::Previous | Against::Total => Side::of(crossed, pair.other),
        Against::Rest => Side::Rest(pair.column, &crossed.headers[pair.column - 1]),
    };
    match crossed.items[at].kind {
        Kind::Statistic(_) => test_means(figures, tests, at, first, second),
        Kind::Answer | Kind::Net => test_shares(figures, tests, at, first, second),
    }
}

fn test_shares(
    figures: &Figures<'_>,
    tests: &CheckedTests,
    at: usize,
    first: Side<'_>,
    second: Side<'_>,
) -> Result<Made, Untested> {
    let checked = figures.crossed.checked;
    let admission = admission(checked, tests);
    let (a, b) = (figures.share(at, first), figures.share(at, second));
    // Both are looked at, so that the note does not depend on which column comes first.
    let reasons = [admission.admit(&a), admission.admit(&b)].into_iter().filter_map(Result::err);
    if let Some(reason) = reasons.min() {
        return Err(reason);
    }
    if checked.is_taylor() {
        return test_designed(figures, at, first, second);
    }
    let both = figures.both(at, first, second);
    let test = match checked.variance {
        Variance::Frequency => proportions::frequency_test(&a, &b, &both),
        Variance::EffectiveBase | Variance::Taylor => proportions::effective_base_test(&a, &b, &both),
    };
    Ok((test?, both.n > 0))
}

fn test_means(
    figures: &Figures<'_>,
    tests: &CheckedTests,
    at: usize,
    first: Side<'_>,
    second: Side<'_>,
) -> Result<Made, Untested> {
    let crossed = figures.crossed;
    let admission = admission(crossed.checked, tests);
    let moments = |side| figures.moments(at, side).ok_or(Untested::NoBase);
    let (a, b) = (moments(first)?, moments(second)?);
    for of in [&a, &b] {
        if of.base.n < admission.min_base {
            return Err(Untested::SmallBase);
        }
    }
    if crossed.checked.is_taylor() {
        return test_designed(figures, at, first, second);
    }
    let both = figures.both(at, first, second);
    let test = match crossed.checked.variance {
        Variance::EffectiveBase | Variance::Taylor => means::effective_base_test(&a, &b, &both),
        // Welch's test knows no people in both.
        Variance::Frequency if both.n > 0 => means::pooled_test(&a, &b, &both),
        Variance::Frequency => match tests.means {
            Means::Welch => means::welch_test(&a, &b),
            Means::PooledPair => means::pooled_test(&a, &b, &both),
            // The spread of columns with people in common would count those people more than once.
            Means::PooledAll if crossed.has_several_columns() => means::pooled_test(&a, &b, &both),
            Means::PooledAll => means::pooled_over_all_test(&a, &b, &pooled(figures, at, [first, second])),
        },
    };
    Ok((test?, both.n > 0))
}

/// The moments of the columns whose spread is pooled: all of the groups that the two compared columns are
/// in. The rest of a column is in all groups. Nets have no people of their own.
fn pooled(figures: &Figures<'_>, at: usize, sides: [Side<'_>; 2]) -> Vec<Moments> {
    let crossed = figures.crossed;
    let is_in = |header: &Header| {
        sides.iter().any(|side| match side {
            Side::Column(_, own) => {
                own.group == header.group && header.parts.last().is_none_or(|part| !part.is_net)
            }
            Side::Rest(..) | Side::Total => !header.is_net(),
        })
    };
    let columns = crossed.headers.iter().enumerate().filter(|(_, header)| is_in(header));
    columns.filter_map(|(column, _)| figures.moments(at, Side::of(crossed, column + 1))).collect()
}

fn test_designed(
    figures: &Figures<'_>,
    at: usize,
    first: Side<'_>,
    second: Side<'_>,
) -> Result<Made, Untested> {
    let (design, of) = figures.designed(at, &[first, second]).ok_or(Untested::NoBase)?;
    match of.as_slice() {
        // The covariance of the two sides is in the error, whoever they have in common.
        [Some(a), Some(b)] => Ok((design.test(a, b)?, figures.crossed.may_overlap(first, second))),
        _ => Err(Untested::NoBase),
    }
}

/// A column of one person has no spread to test with.
fn admission(checked: &Checked, tests: &CheckedTests) -> Admission {
    Admission { min_base: checked.min_base.max(2), skip_zero_or_one: tests.skip_zero_or_one }
}

/// What the reader of a table must know of its tests, in whole sentences.
pub(super) fn note(crossed: &Crossed<'_>, comparisons: &[Comparison]) -> Option<String> {
    let tests = crossed.checked.tests.as_ref()?;
    let percent =
        |confidence: f64| format!("{} %", number::plain(number::significant(100.0 * confidence, 6)));
    let (strict, loose) = (tests.levels.confidence(Level::Strict), tests.levels.confidence(Level::Loose));
    let levels = if strict == loose {
        percent(strict)
    } else {
        format!(
            "{} (capital letters, higher or lower) and {} (small letters, slightly)",
            percent(strict),
            percent(loose)
        )
    };
    let correction = match tests.correction {
        Correction::None => "p-values not corrected",
        Correction::Bonferroni => "p-values corrected by Bonferroni within a row and group of columns",
        Correction::BenjaminiHochberg => {
            "p-values corrected by Benjamini and Hochberg within a row and group of columns"
        }
    };
    let test = names(crossed, tests, comparisons);
    let zero = if tests.skip_zero_or_one { " and shares of 0 or 1" } else { "" };
    let against: Vec<String> = tests
        .compare
        .iter()
        .filter_map(|against| match against {
            Against::Columns => Some(letters_of(crossed)).filter(|text| !text.is_empty()),
            Against::Total => Some("each column with the total".into()),
            Against::Rest => Some("each column with everyone else".into()),
            Against::Previous => {
                waves(crossed, tests).then(|| "each wave with the last one before it that has answers".into())
            }
        })
        .collect();
    let compared = if against.is_empty() { "nothing in this table".to_owned() } else { against.join("; ") };
    let least = crossed.checked.min_base.max(2);
    Some(format!(
        "Two-sided tests at {levels}: {test}; {correction}. Compared: {compared}; columns with fewer than {least} people{zero} are not tested."
    ))
}

const BOTH: &str = "a correction for people in both";

/// How shares and means are tested, as far as the table shows any.
fn names(crossed: &Crossed<'_>, tests: &CheckedTests, comparisons: &[Comparison]) -> String {
    let shows = |statistic: bool| {
        crossed
            .items
            .iter()
            .any(|item| item.shown && is_tested(item.kind) && item.kind.is_statistic() == statistic)
    };
    // Of the tests that were made: whether any is corrected for people in both, and any is not.
    let made = |statistic: bool| {
        let of = |line: &&Comparison| crossed.items[line.item].kind.is_statistic() == statistic;
        let overlaps =
            || comparisons.iter().filter(of).filter_map(|line| Some(line.outcome.as_ref().ok()?.overlap));
        (overlaps().any(|overlap| overlap), overlaps().any(|overlap| !overlap))
    };
    let corrected = |name: &str, overlap: bool| match overlap {
        true => format!("{name} with {BOTH}"),
        false => name.to_owned(),
    };
    let (shares, means) = (made(false), made(true));
    let same = match crossed.checked.variance {
        Variance::Frequency => None,
        Variance::EffectiveBase => Some("Survey Reporter t test on effective bases"),
        Variance::Taylor => Some("t test with linearised errors of the design"),
    };
    if let Some(name) = same {
        let of = match (shows(false), shows(true)) {
            (true, true) => "shares, means and NPS",
            (false, true) => "means and NPS",
            _ => "shares",
        };
        return format!("{of} by {}", corrected(name, shares.0 || means.0));
    }
    let shares = format!("shares by {}", corrected("pooled z test", shares.0));
    let means = format!("means and NPS by {}", means_by(crossed, tests, means));
    match (shows(false), shows(true)) {
        (true, true) => format!("{shares}, {means}"),
        (false, true) => means,
        _ => shares,
    }
}

/// How means are tested where weights are frequencies: people in both leave only the pooled test.
fn means_by(crossed: &Crossed<'_>, tests: &CheckedTests, (overlap, apart): (bool, bool)) -> String {
    const PAIR: &str = "t test with the spread of the two columns";
    let one_group = crossed.headers.last().is_none_or(|last| last.group == 0);
    let own = match tests.means {
        Means::Welch => "Welch's t test",
        Means::PooledPair => PAIR,
        Means::PooledAll if crossed.has_several_columns() => PAIR,
        Means::PooledAll if one_group || tests.compare == [Against::Columns] => {
            "t test with the spread of all columns of the group"
        }
        Means::PooledAll => "t test with the spread of all columns of the groups compared",
    };
    match (overlap, apart) {
        (false, _) => own.to_owned(),
        (true, true) if own != PAIR => format!("{own} or, where people are in both, by {PAIR} and {BOTH}"),
        (true, _) => format!("{PAIR} and {BOTH}"),
    }
}

fn waves(crossed: &Crossed<'_>, tests: &CheckedTests) -> bool {
    let questions = &crossed.checked.questions;
    questions.columns[crossed.plan.column]
        .iter()
        .any(|part| tests.waves.contains(&questions.asked[*part].name))
}

/// `A/B/C`, or for nested columns each group with its name: `East A/B, West A/B`.
fn letters_of(crossed: &Crossed<'_>) -> String {
    let groups = crossed.headers.last().map_or(0, |last| last.group + 1);
    let group = |group: usize| {
        let members: Vec<_> = crossed.headers.iter().filter(|header| header.group == group).collect();
        let letters: Vec<String> = members.iter().map(|header| letter(header.place)).collect();
        let outer = members
            .first()
            .and_then(|header| header.label.rsplit_once(NESTED))
            .map(|(outer, _)| format!("{outer} "));
        (members.len() > 1).then(|| format!("{}{}", outer.unwrap_or_default(), letters.join("/")))
    };
    (0..groups).filter_map(group).collect::<Vec<_>>().join(", ")
}
