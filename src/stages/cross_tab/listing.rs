//! Which rows and columns a table has: answers, nets, boxes and statistics, and the columns with their
//! groups. Knows categories, not how many people are in them.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::Known;
use super::categories::{
    At, Category, Choice, answers, answers_and_nets, choice_of, combinations, members, nested_label, parts,
};
use super::keys::Entry;
use super::layout::Ask;
use super::lower::{FILTERED, OUTSIDE};
use super::options::Statistic;
use super::questions::Asked;
use super::tables::{Crossed, Header, HeaderPart, Item, Kind, NESTED};
use crate::engine::tabulate::NULL;

/// The columns of a table.
pub(super) fn headers(
    crossed: &Crossed<'_>,
    known: &[Known],
    variable: &[usize],
    everyone: &[Entry],
) -> Vec<Header> {
    let ask = Ask { row: None, columns: Vec::new() };
    let shape = crossed.checked.shape(crossed.plan, &ask);
    let first = usize::from(shape.has_state) + shape.row_values;
    let inside = |entry: &Entry| entry.key.state != OUTSIDE;
    let parts =
        parts(crossed, known, variable, everyone, first, |entry| inside(entry).then_some(&entry.key.column));
    let questions = &crossed.checked.questions;
    let nested = variable.len() > 1;
    let choices: Vec<Vec<Choice>> = (parts.iter().zip(variable))
        .map(|((categories, known), part)| {
            answers_and_nets(&questions.asked[*part], known, categories, nested)
        })
        .collect();
    let occur: BTreeSet<&[u32]> = everyone
        .iter()
        .filter(|entry| inside(entry) && !entry.key.column.contains(&NULL))
        .map(|entry| entry.key.column.as_slice())
        .collect();
    let mut headers: Vec<Header> = Vec::new();
    for combination in combinations(&choices, &occur, !nested) {
        let chosen: Vec<&Choice> =
            combination.choices.iter().zip(&choices).map(|(at, of)| &of[*at]).collect();
        let labels: Vec<&str> = chosen.iter().map(|choice| choice.label.as_str()).collect();
        let header_parts: Vec<HeaderPart> = chosen
            .iter()
            .map(|choice| HeaderPart {
                place: choice.place,
                is_net: choice.is_net,
                answers: choice.answers().clone(),
            })
            .collect();
        let outer = header_parts.len().saturating_sub(1);
        let before = headers.last().filter(|last| last.parts[..outer] == header_parts[..outer]);
        let (group, place) = match (before, headers.last()) {
            (Some(last), _) => (last.group, last.place + 1),
            (None, Some(last)) => (last.group + 1, 0),
            (None, None) => (0, 0),
        };
        headers.push(Header {
            label: labels.join(NESTED),
            choice: choice_of(&choices, variable, &combination, &crossed.plan.column_choices),
            keys: combination.keys,
            group,
            place,
            parts: header_parts,
        });
    }
    headers
}

/// The rows of a table, unsorted.
pub(super) fn items(
    crossed: &Crossed<'_>,
    known: &[Known],
    variable: &[usize],
    everyone: &[Entry],
) -> Vec<Item> {
    let ask = Ask { row: None, columns: Vec::new() };
    let shape = crossed.checked.shape(crossed.plan, &ask);
    let first = usize::from(shape.has_state);
    let inside = |entry: &Entry| entry.key.state < FILTERED;
    let parts =
        parts(crossed, known, variable, everyone, first, |entry| inside(entry).then_some(&entry.key.row));
    let categories: Vec<&[Category]> = parts.iter().map(|(categories, _)| categories.as_slice()).collect();
    let occur: BTreeSet<&[u32]> = everyone
        .iter()
        .filter(|entry| inside(entry) && !entry.key.row.contains(&NULL))
        .map(|entry| entry.key.row.as_slice())
        .collect();
    let (Some((own, outer)), Some((_, last_known))) = (categories.split_last(), parts.last()) else {
        return Vec::new();
    };
    let (question, outer_questions) = variable.split_last().unwrap_or((&0, &[]));
    let outer: Vec<Vec<Choice>> = outer.iter().map(|categories| answers(categories)).collect();
    let mut items = Vec::new();
    for (place, combination) in combinations(&outer, &occur, variable.len() == 1).into_iter().enumerate() {
        let chosen: Vec<&Choice> = combination.choices.iter().zip(&outer).map(|(at, of)| &of[*at]).collect();
        let inner = Inner {
            asked: crossed.asked,
            known: last_known,
            categories: own,
            prefix: chosen.iter().map(|choice| format!("{}{NESTED}", choice.label)).collect(),
            // One value of each: in the rows outside there are no nets.
            key: combination.keys.into_iter().next().unwrap_or_default(),
            flags: (chosen.iter().zip(outer_questions))
                .filter_map(|(choice, question)| Some((*question, choice.flag.as_ref()?.0)))
                .collect(),
            question: *question,
            choices: &crossed.plan.row_choices,
            outer: place,
            occur: (variable.len() > 1).then_some(&occur),
            suppresses: crossed.checked.suppress.is_some() && crossed.asked.has_parts(),
        };
        inner.items(&mut items);
    }
    items
}

/// What a box of so many answers at an end of the scale is called.
pub(super) fn box_name(end: &str, many: usize) -> String {
    if many == 1 { format!("{end} box") } else { format!("{end} {many} box") }
}

/// The rows of the innermost question within one combination of those outside it.
struct Inner<'c> {
    asked: &'c Asked,
    known: &'c Known,
    categories: &'c [Category],
    prefix: String,
    key: Vec<u32>,
    flags: Vec<(usize, usize)>,
    question: usize,
    choices: &'c [Vec<(usize, usize)>],
    outer: usize,
    occur: Option<&'c BTreeSet<&'c [u32]>>,
    /// Whether sums over hidden answers matter.
    suppresses: bool,
}

impl Inner<'_> {
    fn items(&self, items: &mut Vec<Item>) {
        let asked = self.asked;
        let answers: Vec<usize> = (0..self.categories.len()).filter(|at| self.occurs(*at)).collect();
        let named = |written: &[String]| members(self.known, self.categories, written);
        let nets: Vec<Vec<usize>> = (asked.nets.iter())
            .map(|(_, of)| named(of).into_iter().filter(|at| self.occurs(*at)).collect())
            .collect();
        // An answer goes with the first net that has it.
        let mut net_of: BTreeMap<usize, usize> = BTreeMap::new();
        for (net, of) in nets.iter().enumerate() {
            of.iter().for_each(|at| _ = net_of.entry(*at).or_insert(net));
        }
        let net = |at: usize| net_of.get(&at).copied();
        let unit = |at: usize| net(at).and_then(|net| nets[net].first().copied()).unwrap_or(at);
        let name = |at: usize| net(at).map(|net| self.label(&asked.nets[net].0));
        // Of thousands of hidden values none is counted on its own, unless what is suppressed could be
        // computed with it.
        let counted = !asked.hide_answers || self.suppresses;
        let last: BTreeSet<usize> = named(&asked.last).into_iter().collect();
        let nones = named(asked.none_of_these.as_slice());
        for at in answers.iter().filter(|_| counted) {
            let category = &self.categories[*at];
            let is_last = last.contains(at);
            let none = nones.contains(at);
            items.push(Item {
                shown: !asked.hide_answers,
                is_mention: !none,
                rank: u8::from(is_last),
                // One that is kept for the end stands under no net.
                net: if is_last { None } else { name(*at) },
                unit: unit(*at),
                ..self.item(Kind::Answer, &category.label, std::slice::from_ref(at), self.flag(*at))
            });
        }
        for (place, (name, _)) in asked.nets.iter().enumerate() {
            let flag = asked.source.is_multiple().then(|| self.known.answers.len() + place);
            let unit = nets[place].first().copied().unwrap_or(usize::MAX);
            items.push(Item { unit, ..self.item(Kind::Net, name, &nets[place], flag) });
        }
        let off: BTreeSet<usize> = named(&asked.off_scale).into_iter().collect();
        let scale: Vec<usize> = answers.into_iter().filter(|at| !off.contains(at)).collect();
        self.boxes(&scale, items);
        self.statistics(&scale, items);
    }

    fn occurs(&self, at: usize) -> bool {
        let Some(occur) = self.occur else { return true };
        match self.categories[at].at {
            At::Flag(_) => true,
            At::Value(_) => self.value(at).is_some_and(|key| occur.contains(key.as_slice())),
        }
    }

    fn flag(&self, at: usize) -> Option<usize> {
        match self.categories[at].at {
            At::Flag(flag) => Some(flag),
            At::Value(_) => None,
        }
    }

    /// A row of these answers, or of one flag.
    fn item(&self, kind: Kind, label: &str, answers: &[usize], flag: Option<usize>) -> Item {
        let wanted: Vec<(usize, usize)> =
            self.flags.iter().copied().chain(flag.map(|flag| (self.question, flag))).collect();
        let keys: Vec<(Vec<u32>, f64)> = match flag {
            Some(_) => vec![(self.key.clone(), 0.0)],
            None => answers.iter().filter_map(|at| self.value(*at)).map(|key| (key, 0.0)).collect(),
        };
        Item {
            kind,
            label: self.label(label),
            net: None,
            wanted: None,
            choice: self.choices.iter().position(|choice| *choice == wanted),
            places: places(&keys),
            keys,
            shown: true,
            is_mention: false,
            outer: self.outer,
            rank: 0,
            unit: usize::MAX,
        }
    }

    fn label(&self, own: &str) -> String {
        if self.prefix.is_empty() { own.to_owned() } else { format!("{}{}", self.prefix, nested_label(own)) }
    }

    fn value(&self, at: usize) -> Option<Vec<u32>> {
        match self.categories[at].at {
            At::Value(place) => Some(self.key.iter().copied().chain([place]).collect()),
            At::Flag(_) => None,
        }
    }

    fn boxes(&self, answers: &[usize], items: &mut Vec<Item>) {
        let mut scale: Vec<(usize, f64)> =
            answers.iter().filter_map(|at| Some((*at, self.categories[*at].score?))).collect();
        scale.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut add = |name: &str, many: Option<usize>, scale: &[(usize, f64)]| {
            let Some(many) = many else { return };
            let of: Vec<usize> = scale.iter().take(many).map(|(at, _)| *at).collect();
            let label = box_name(name, many);
            items.push(Item { rank: 2, wanted: Some(many), ..self.item(Kind::Net, &label, &of, None) });
        };
        add("Top", self.asked.top_box, &scale);
        scale.reverse();
        add("Bottom", self.asked.bottom_box, &scale);
    }

    fn statistics(&self, answers: &[usize], items: &mut Vec<Item>) {
        for statistic in &self.asked.statistics {
            let (label, by_number) = match statistic {
                Statistic::Mean => ("Mean", false),
                Statistic::StdDev => ("Std. deviation", false),
                Statistic::StdError => ("Std. error", false),
                Statistic::Median => ("Median", false),
                Statistic::Nps => ("NPS", true),
            };
            let score = |at: &usize| {
                let category = &self.categories[*at];
                let score = if by_number { category.number.or(category.score) } else { category.score };
                Some((self.value(*at)?, score?))
            };
            let keys: Vec<(Vec<u32>, f64)> = answers.iter().filter_map(score).collect();
            let places = places(&keys);
            items.push(Item {
                rank: 3,
                keys,
                places,
                ..self.item(Kind::Statistic(*statistic), label, &[], None)
            });
        }
    }
}

fn places(keys: &[(Vec<u32>, f64)]) -> BTreeMap<Vec<u32>, usize> {
    keys.iter().enumerate().map(|(place, (key, _))| (key.clone(), place)).collect()
}
