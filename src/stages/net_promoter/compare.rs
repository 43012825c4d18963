//! Which groups are compared, and with what: a wave with an earlier one, a group with the rest, the
//! segments of two waves. The arithmetic is in `stats`.

use std::collections::{BTreeMap, BTreeSet};

use super::design::Errors;
use super::estimate::{Counted, Group, answer_at, key};
use super::lower::Part as Counting;
use super::{Baseline, Checked, Wave};
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::engine::tabulate::{Cells, Levels, NULL};
use crate::stats::net_promoter::{Class, Classes, Difference, Moved, Pairs, Part, Score, difference, split};

/// What is needed to compare groups.
pub(super) struct Comparisons<'a> {
    pub(super) checked: &'a Checked,
    pub(super) groups: &'a [Group],
    pub(super) levels: &'a [Levels],
    pub(super) scores: &'a [Option<Score>],
    pub(super) errors: &'a Errors,
}

/// A comparison, as far as there is one.
pub(super) struct Compared {
    pub(super) difference: Option<Difference>,
    /// Of the two sides that with fewer answers; of pairs their number.
    pub(super) smaller_base: u64,
}

/// A group's wave against an earlier one.
pub(super) struct Change {
    /// The earlier wave.
    pub(super) with: String,
    /// The group in the earlier wave, by its place.
    earlier: usize,
    /// People who answered in both waves, where they are compared.
    pub(super) pairs: Option<u64>,
    pub(super) compared: Compared,
}

/// A group against all others of its wave.
pub(super) struct Rest {
    pub(super) estimate: Option<f64>,
    pub(super) n: u64,
    pub(super) compared: Compared,
}

/// A line of the change: a segment, or the whole.
pub(super) struct Parted<'a> {
    /// The group, in the later wave.
    pub(super) places: &'a [u32],
    /// The earlier wave.
    pub(super) with: &'a str,
    /// The place of the segment's value; none for the whole.
    pub(super) segment: Option<u32>,
    /// Answers before and after.
    pub(super) n: (u64, u64),
    pub(super) part: Part,
    pub(super) moved: Moved,
}

impl Comparisons<'_> {
    /// Each group against its earlier wave, none where there is none, and the gaps between them.
    pub(super) fn with_earlier_waves(
        &self,
        counted: &Counted,
        stage: &str,
    ) -> Result<(Vec<Option<Change>>, Vec<Caution>), RunError> {
        let mut changes: Vec<Option<Change>> = self.groups.iter().map(|_| None).collect();
        let Some(wave) = &self.checked.wave else { return Ok((changes, Vec::new())) };
        let named = self.named(wave)?;
        let pairs = counted.of(Counting::Swings).map(|cells| self.pairs(cells));
        let answered = |at: &usize| self.wave_of(*at) != NULL && self.groups[*at].base().n > 0;
        let all: BTreeSet<u32> = (0..self.groups.len()).filter(answered).map(|at| self.wave_of(at)).collect();
        let mut gaps = Vec::new();
        for waves in self.runs() {
            let waves: Vec<usize> = waves.filter(answered).collect();
            for (place, later) in waves.iter().enumerate() {
                let earlier = match &wave.against {
                    Baseline::Previous => place.checked_sub(1).map(|place| waves[place]),
                    Baseline::First => waves.first().copied().filter(|first| first != later),
                    Baseline::Named(_) => {
                        waves[..place].iter().copied().find(|at| Some(self.wave_of(*at)) == named)
                    }
                };
                let Some(earlier) = earlier else { continue };
                changes[*later] = Some(self.change(earlier, *later, pairs.as_deref()));
            }
            gaps.extend(self.gaps(wave, &waves, &all, named, stage));
        }
        Ok((changes, gaps))
    }

    fn change(&self, earlier: usize, later: usize, pairs: Option<&[Pairs]>) -> Change {
        let Checked { method, confidence, .. } = *self.checked;
        let with = self.levels[self.checked.by.len()].text(self.wave_of(earlier));
        if let Some(pairs) = pairs {
            let pairs = &pairs[later];
            let compared = Compared {
                difference: self.errors.swing(self.checked, pairs, later),
                smaller_base: pairs.base().n,
            };
            return Change { with, earlier, pairs: Some(pairs.base().n), compared };
        }
        let told = self.scores[later].zip(self.scores[earlier]).map(|(score, before)| {
            let (correlation, df) = self.errors.between(|at| at == later, |at| at == earlier);
            difference(&score, &before, correlation, df, method, confidence)
        });
        let smaller_base = self.groups[later].base().n.min(self.groups[earlier].base().n);
        Change { with, earlier, pairs: None, compared: Compared { difference: told, smaller_base } }
    }

    /// Each group against all others of its wave; without waves, against all others.
    pub(super) fn with_the_rest(&self) -> Vec<Rest> {
        let mut waves: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for at in 0..self.groups.len() {
            waves.entry(self.wave_of(at)).or_default().push(at);
        }
        let mut rests: Vec<(usize, Rest)> = Vec::with_capacity(self.groups.len());
        for members in waves.values() {
            // All after a group, added up from the end; all before it are added on the way.
            let mut after = vec![Classes::default(); members.len() + 1];
            for (place, at) in members.iter().enumerate().rev() {
                after[place] = after[place + 1] + self.groups[*at].classes;
            }
            let mut before = Classes::default();
            for (place, at) in members.iter().enumerate() {
                rests.push((*at, self.rest(*at, before + after[place + 1])));
                before = before + self.groups[*at].classes;
            }
        }
        rests.sort_by_key(|(at, _)| *at);
        rests.into_iter().map(|(_, rest)| rest).collect()
    }

    fn rest(&self, at: usize, others: Classes) -> Rest {
        let Checked { method, confidence, .. } = *self.checked;
        let among = |other: usize| other != at && self.wave_of(other) == self.wave_of(at);
        let rest = self.errors.score_of(self.checked, others, among);
        let told = self.scores[at].zip(rest).map(|(score, rest)| {
            let (correlation, df) = self.errors.between(|other| other == at, among);
            difference(&score, &rest, correlation, df, method, confidence)
        });
        let n = others.base().n;
        let compared = Compared { difference: told, smaller_base: n.min(self.groups[at].base().n) };
        Rest { estimate: rest.map(|rest| rest.estimate), n, compared }
    }

    /// The place of a group's wave; of groups without waves always the same.
    fn wave_of(&self, at: usize) -> u32 {
        self.groups[at].places.get(self.checked.by.len()).copied().unwrap_or(NULL)
    }

    /// The waves of each combination of values of `by`: ranges of groups.
    fn runs(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let by = self.checked.by.len();
        let mut from = 0;
        std::iter::from_fn(move || {
            let first = self.groups.get(from)?;
            let same = self.groups[from..]
                .iter()
                .take_while(|group| group.places[..by] == first.places[..by])
                .count();
            let run = from..from + same;
            from = run.end;
            Some(run)
        })
    }

    /// The place of the named wave. It must be one of the waves, if there are any.
    fn named(&self, wave: &Wave) -> Result<Option<u32>, RunError> {
        let Baseline::Named(named) = &wave.against else { return Ok(None) };
        let levels = &self.levels[self.checked.by.len()];
        let places: BTreeSet<u32> =
            (0..self.groups.len()).map(|at| self.wave_of(at)).filter(|place| *place != NULL).collect();
        let found = places.iter().copied().find(|place| levels.text(*place) == named.text.value);
        if found.is_some() || places.is_empty() {
            return Ok(found);
        }
        const MOST: usize = 12;
        let mut known: Vec<String> = places.iter().take(MOST).map(|place| levels.text(*place)).collect();
        if places.len() > MOST {
            known.push("…".to_owned());
        }
        let message = "no answer belongs to the wave that the others are compared with";
        let told = Diagnostic::error(Code::UnusableData, message)
            .primary(named.text.span, format!("`{}` has no `{}`", wave.column.name, named.text.value))
            .note(format!("the waves are {}", known.join(", ")));
        Err(RunError::data(told))
    }

    /// Tells of waves in which others answered and this group did not, where that decides what it is
    /// compared with. `waves` are the group's own, with answers; `all` those of anybody.
    fn gaps(
        &self,
        wave: &Wave,
        waves: &[usize],
        all: &BTreeSet<u32>,
        named: Option<u32>,
        stage: &str,
    ) -> Vec<Caution> {
        let levels = &self.levels[self.checked.by.len()];
        let text = |place: u32| levels.text(place);
        let told = |at: usize, message: String| {
            let key = key(self.checked, &self.groups[at].places, self.levels);
            Caution::new(CautionCode::WaveGap, key.clone(), None, format!("`{stage}`, {key}: {message}"))
        };
        let missed = |after: Option<u32>, until: u32| -> Vec<String> {
            let between = |place: &&u32| after.is_none_or(|after| **place > after) && **place < until;
            all.iter().filter(between).map(|place| text(*place)).collect()
        };
        let has_no = |missed: &[String]| format!("there is no usable answer in {}", missed.join(", "));
        match &wave.against {
            Baseline::Previous => waves
                .windows(2)
                .filter_map(|pair| {
                    let (earlier, later) = (self.wave_of(pair[0]), self.wave_of(pair[1]));
                    let missed = missed(Some(earlier), later);
                    let message = || format!("compared with {}, since {}", text(earlier), has_no(&missed));
                    (!missed.is_empty()).then(|| told(pair[1], message()))
                })
                .collect(),
            Baseline::First => {
                let [first, second, ..] = waves else { return Vec::new() };
                let missed = missed(None, self.wave_of(*first));
                let message =
                    || format!("compared with {}, since {}", text(self.wave_of(*first)), has_no(&missed));
                if missed.is_empty() { Vec::new() } else { vec![told(*second, message())] }
            }
            Baseline::Named(_) => {
                let Some(named) = named else { return Vec::new() };
                let lacks = !waves.iter().any(|at| self.wave_of(*at) == named);
                let later = waves.iter().find(|at| self.wave_of(**at) > named);
                match later {
                    Some(later) if lacks => {
                        let message = format!("not compared, since {}", has_no(&[text(named)]));
                        vec![told(*later, message)]
                    }
                    _ => Vec::new(),
                }
            }
        }
    }

    /// The swings of each group. Before them a key has the units of the sample and the group.
    fn pairs(&self, cells: &Cells) -> Vec<Pairs> {
        let mut pairs = vec![Pairs::default(); self.groups.len()];
        let place: BTreeMap<&[u32], usize> =
            self.groups.iter().enumerate().map(|(at, group)| (group.places.as_slice(), at)).collect();
        let width = self.checked.group_columns().count();
        for (key, cell) in cells.iter() {
            let Some((swing, key)) = key.split_last() else { continue };
            let group = place.get(&key[key.len() - width..]);
            if let (Some(at), Some(swing)) = (group, answer_at(cells, *swing))
                && let Some(base) = pairs[*at].of_mut(swing)
            {
                *base += cell.base;
            }
        }
        pairs
    }
}

/// What each segment adds to each change. Keys of the cells are those of the groups, then the
/// segment, then the answer.
pub(super) fn parted<'a>(
    cells: &Cells,
    groups: &'a [Group],
    changes: &'a [Option<Change>],
) -> Vec<Parted<'a>> {
    let mut segments: BTreeMap<&[u32], BTreeMap<u32, Classes>> = BTreeMap::new();
    for (key, cell) in cells.iter() {
        let [group @ .., segment, answer] = key else { continue };
        if let Some(class) = answer_at(cells, *answer).and_then(Class::of)
            && cell.base.n > 0
        {
            *segments.entry(group).or_default().entry(*segment).or_default().of_mut(class) += cell.base;
        }
    }
    let nobody = BTreeMap::new();
    let of = |group: &Group| segments.get(group.places.as_slice()).unwrap_or(&nobody);
    let mut lines = Vec::new();
    for (after, change) in groups.iter().zip(changes) {
        let Some(change) = change else { continue };
        let before = &groups[change.earlier];
        let places: BTreeSet<u32> = of(before).keys().chain(of(after).keys()).copied().collect();
        let both = |place: &u32| {
            let classes = |group: &Group| of(group).get(place).copied().unwrap_or_default();
            (classes(before), classes(after))
        };
        let segments: Vec<(u32, Classes, Classes)> =
            places.iter().map(|place| (*place, both(place).0, both(place).1)).collect();
        let parts: Vec<Part> = segments
            .iter()
            .map(|(_, earlier, later)| Part {
                share_before: earlier.base().weighted / before.base().weighted,
                share_after: later.base().weighted / after.base().weighted,
                score_before: earlier.estimate(),
                score_after: later.estimate(),
            })
            .collect();
        let moved = split(&parts);
        let line = |segment, n, part, moved| Parted {
            places: &after.places,
            with: &change.with,
            segment,
            n,
            part,
            moved,
        };
        lines.extend(segments.iter().zip(parts).zip(&moved).map(
            |(((place, earlier, later), part), moved)| {
                line(Some(*place), (earlier.base().n, later.base().n), part, *moved)
            },
        ));
        let whole = Part {
            share_before: 1.0,
            share_after: 1.0,
            score_before: before.classes.estimate(),
            score_after: after.classes.estimate(),
        };
        let sum = Moved {
            mix: moved.iter().map(|moved| moved.mix).sum(),
            rate: moved.iter().map(|moved| moved.rate).sum(),
        };
        lines.push(line(None, (before.base().n, after.base().n), whole, sum));
    }
    lines
}
