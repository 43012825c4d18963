//! What a channel manager reads: sentences with the numbers behind them. Decides nothing.

use super::Checked;
use super::decide::{Decided, Judged, Reason, gain, is_rate};
use super::evidence::Evidence;
use super::place::Placed;
use crate::number;
use crate::stages::bases;
use crate::stats::credibility::Lift;

/// Why a partner is recommended for a segment or not.
pub(super) fn reason(
    ready: &Checked,
    found: &Evidence,
    made: &Decided,
    partner: usize,
    segment: usize,
) -> String {
    let name = quoted(&found.segments[segment].name);
    let judged = &made.segments[segment];
    let verdict = &made.cells[partner][segment];
    let seen = || evidence(ready, found, judged, partner, segment);
    let lift = || verdict.lift.map(|lift| format!(" {}", times(lift, judged))).unwrap_or_default();
    match verdict.reason {
        Reason::NoCustomers => format!("It has no customers in {name} yet, so nothing can be said."),
        Reason::NotDesired => format!("{name} is not a desired segment. {}", seen()),
        Reason::FewCustomers => {
            format!("{} A recommendation takes at least {}.", seen(), number::count(ready.min_n as f64))
        }
        Reason::NoRate if is_rate(ready) => format!("{} There is nothing to compare it with.", seen()),
        Reason::NoRate => format!("{} {NOT_ABOVE_ZERO}", seen()),
        Reason::NoComparison => {
            format!("{} No other partner has customers in it, so there is nobody to compare it with.", seen())
        }
        Reason::NoDifference => format!(
            "{} Partners differ no more in this segment than chance would have it, so none is preferred.",
            seen()
        ),
        Reason::NotBetter => format!(
            "{}{} Too little to steer by: it takes {} times.",
            seen(),
            lift(),
            number::plain(ready.min_lift)
        ),
        Reason::Worse => format!("{}{} Others do better: steer {name} elsewhere.", seen(), lift()),
        Reason::Recommended => format!("{}{} Steer {name} here.", seen(), lift()),
        Reason::Leaning => {
            format!("{}{} Steer {name} here, and keep an eye on it: chance could explain it.", seen(), lift())
        }
    }
}

/// What to do with a partner.
pub(super) fn recommendation(
    ready: &Checked,
    found: &Evidence,
    made: &Decided,
    partner: usize,
    placed: Option<&Placed>,
) -> String {
    let mut said = Vec::new();
    let best = ranked(found, made, partner);
    let verdicts = &made.cells[partner];
    let factor = |segment: &usize| {
        let judged = &made.segments[*segment];
        let factor = verdicts[*segment].lift.map(|lift| factor(lift, judged)).unwrap_or_default();
        format!("{} ({factor})", quoted(&found.segments[*segment].name))
    };
    match best.split_first() {
        Some((first, others)) => {
            let name = quoted(&found.segments[*first].name);
            said.push(format!(
                "Steer {name} here. {}",
                evidence(ready, found, &made.segments[*first], partner, *first)
            ));
            said.extend(verdicts[*first].lift.map(|lift| times(lift, &made.segments[*first])));
            if verdicts[*first].reason == Reason::Leaning {
                said.push("Keep an eye on it: chance could explain it.".to_owned());
            }
            if !others.is_empty() {
                said.push(format!("Also {}.", listed(others.iter().map(factor))));
            }
            let shrunk = |at: usize| verdicts[at].lift.map_or(0.0, |lift| lift.shrunk);
            if others.iter().any(|other| shrunk(*other) > shrunk(*first)) {
                let name = quoted(&found.segments[*first].name);
                said.push(format!("A customer of {name} is worth more, so more is gained there."));
            }
        }
        None => said.push(no_recommendation(ready, found, made, partner)),
    }
    // The one that was told of already is left out.
    let nearest = if best.is_empty() { nearest(made, partner) } else { None };
    let is_worse = |at: &usize| verdicts[*at].reason == Reason::Worse && nearest != Some(*at);
    let worse: Vec<usize> = (0..verdicts.len()).filter(is_worse).collect();
    if !worse.is_empty() {
        said.push(format!("Others do better with {}.", listed(worse.iter().map(factor))));
    }
    said.extend(at_home(ready, found, made, partner));
    if let Some(placed) = placed {
        said.push(leads(found, &placed.assigned[partner], partner));
        said.extend(best.first().and_then(|first| elsewhere(ready, found, placed, partner, *first)));
    }
    said.join(" ")
}

/// The segments a partner is recommended for, best first: by what a lead gains where there are leads, as
/// they are assigned, and by lift otherwise.
pub(super) fn ranked(found: &Evidence, made: &Decided, partner: usize) -> Vec<usize> {
    let verdicts = &made.cells[partner];
    let mut best: Vec<usize> = (0..verdicts.len()).filter(|at| verdicts[*at].reason.recommends()).collect();
    let shrunk = |at: &usize| verdicts[*at].lift.map_or(0.0, |lift| lift.shrunk);
    let gained = |at: &usize| match found.demand {
        Some(_) => gain(&made.segments[*at], &verdicts[*at]).unwrap_or(0.0).max(0.0),
        None => 0.0,
    };
    // The sort is stable: equal ones stay in the order of their names.
    best.sort_by(|a, b| gained(b).total_cmp(&gained(a)).then(shrunk(b).total_cmp(&shrunk(a))));
    best
}

fn no_recommendation(ready: &Checked, found: &Evidence, made: &Decided, partner: usize) -> String {
    if made.n[partner] == 0 {
        return "Nothing can be recommended yet: it has no customers to go by.".to_owned();
    }
    let desired: Vec<usize> = (0..made.segments.len()).filter(|at| made.segments[*at].desired).collect();
    let n = |at: &usize| found.cells[partner][*at].group.n;
    if desired.is_empty() {
        return "Nothing is recommended: no segment is desired.".to_owned();
    }
    match desired.iter().max_by_key(|at| (n(at), std::cmp::Reverse(**at))) {
        Some(most) if n(most) < ready.min_n => {
            let held = match n(most) {
                0 => "it has no customers in a desired segment".to_owned(),
                some => {
                    let name = quoted(&found.segments[*most].name);
                    format!("its largest desired segment is {name} with {}", customers(some))
                }
            };
            format!(
                "Nothing can be recommended yet: {held}, and {} are needed.",
                number::count(ready.min_n as f64)
            )
        }
        _ => distance(ready, found, made, partner),
    }
}

/// The desired segment in which a partner with customers enough is nearest to being recommended.
fn nearest(made: &Decided, partner: usize) -> Option<usize> {
    let verdicts = &made.cells[partner];
    let shrunk = |at: usize| verdicts[at].lift.map_or(0.0, |lift| lift.shrunk);
    (0..verdicts.len())
        .filter(|at| [Reason::NotBetter, Reason::Worse].contains(&verdicts[*at].reason))
        .reduce(|best, at| if shrunk(at) > shrunk(best) { at } else { best })
}

/// How far a partner is from being recommended, with customers enough to say so.
fn distance(ready: &Checked, found: &Evidence, made: &Decided, partner: usize) -> String {
    let verdicts = &made.cells[partner];
    let name = |at: usize| quoted(&found.segments[at].name);
    let Some(best) = nearest(made, partner) else {
        let of = |reason: Reason| {
            let here = (0..verdicts.len()).filter(|at| verdicts[*at].reason == reason).map(name);
            Some(listed(here)).filter(|names| !names.is_empty())
        };
        let why = [
            of(Reason::NoDifference).map(|names| format!("nothing shows that partners differ in {names}")),
            of(Reason::NoComparison).map(|names| format!("no other partner has customers in {names}")),
            of(Reason::NoRate)
                .filter(|_| !is_rate(ready))
                .map(|names| format!("everybody's mean in {names} is not above zero")),
        ];
        let why: Vec<String> = why.into_iter().flatten().collect();
        if why.is_empty() {
            return "Nothing is recommended: there is nothing to compare it with.".to_owned();
        }
        return format!("Nothing is recommended: {}.", listed(why.into_iter()));
    };
    let told = match verdicts[best].reason {
        Reason::Worse => format!("Nothing is recommended: even with {} others do better.", name(best)),
        _ => format!("Nothing is recommended; it comes nearest in {}.", name(best)),
    };
    let seen = evidence(ready, found, &made.segments[best], partner, best);
    let lift = verdicts[best].lift.map(|lift| times(lift, &made.segments[best])).unwrap_or_default();
    format!("{told} {seen} {lift}")
}

/// How many times everybody's share of a segment is worth a sentence.
const MORE: f64 = 1.25;

/// The segment that a partner wins more of than others do; none where it hardly does.
fn at_home(ready: &Checked, found: &Evidence, made: &Decided, partner: usize) -> Option<String> {
    let share = |at: usize| found.cells[partner][at].group.n as f64 / made.n[partner].max(1) as f64;
    let all = |at: usize| found.segments[at].all.group.n as f64 / made.all.max(1) as f64;
    let index = |at: usize| share(at) / all(at);
    let best = (0..found.segments.len())
        .filter(|at| found.cells[partner][*at].group.n >= ready.min_n && index(*at) >= MORE)
        .reduce(|best, at| if index(at) > index(best) { at } else { best })?;
    Some(format!(
        "It wins more than its part of {}: {} of its customers, against {} of all.",
        quoted(&found.segments[best].name),
        number::percent(share(best), 0),
        number::percent(all(best), 0)
    ))
}

fn leads(found: &Evidence, assigned: &[u64], partner: usize) -> String {
    let room = found.partners[partner].capacity.unwrap_or(0);
    let all: u64 = assigned.iter().sum();
    let left = room - all.min(room);
    let left = match left {
        0 if room == 0 => "it has no room".to_owned(),
        0 => "it is full".to_owned(),
        left => format!("it has room for {} more", number::count(left as f64)),
    };
    if all == 0 {
        return format!("No lead is assigned to it; {left}.");
    }
    let parts: Vec<(u64, String)> = (assigned.iter().zip(&found.segments))
        .filter(|(n, _)| **n > 0)
        .map(|(n, segment)| (*n, quoted(&segment.name)))
        .collect();
    let whole = bases::count(all, "lead");
    let are = if all == 1 { "is" } else { "are" };
    if let [(_, segment)] = parts.as_slice() {
        return format!("{whole} of {segment} {are} assigned to it; {left}.");
    }
    let parts = parts.iter().map(|(n, segment)| format!("{} of {segment}", number::count(*n as f64)));
    format!("{whole} {are} assigned to it, {}; {left}.", listed(parts))
}

/// Why the segment that a partner is recommended for first brings it no lead although it has room for some.
fn elsewhere(
    ready: &Checked,
    found: &Evidence,
    placed: &Placed,
    partner: usize,
    first: usize,
) -> Option<String> {
    let about = &found.partners[partner];
    if placed.assigned[partner][first] > 0 || about.capacity.unwrap_or(0) == 0 {
        return None;
    }
    let anywhere = ready.demand.as_ref().is_none_or(|demand| demand.within.is_none());
    let within = if anywhere { "" } else { about.within.as_deref()? };
    let wanted = found.demand.as_ref()?.groups.get(&(within.to_owned(), first));
    Some(match wanted {
        Some(n) if *n > 0 => "Leads go where all partners together gain the most.".to_owned(),
        _ => {
            let place = if anywhere { "" } else { " where it is" };
            format!("There are no leads of {} now{place}.", quoted(&found.segments[first].name))
        }
    })
}

/// `14 of its 22 customers in “champions” are good ones (64%), against 41% of everybody's.`
fn evidence(ready: &Checked, found: &Evidence, judged: &Judged, partner: usize, segment: usize) -> String {
    let name = quoted(&found.segments[segment].name);
    let cell = &found.cells[partner][segment];
    let n = cell.group.n;
    let everybody = judged.estimate.unwrap_or(0.0);
    if !is_rate(ready) {
        let mean = cell.group.sum / n.max(1) as f64;
        let whose = match n {
            1 => format!("Its only customer in {name} stands at"),
            n => format!("Its {} in {name} stand at", customers(n)),
        };
        let average = if n == 1 { "" } else { " on average" };
        return format!("{whose} {}{average}, everybody's at {}.", figure(mean), figure(everybody));
    }
    let decimals = usize::from(everybody < 0.1);
    let all = number::percent(everybody, decimals);
    let share = number::percent(cell.good as f64 / n.max(1) as f64, decimals);
    let those = customers(n);
    match (cell.good, n) {
        (0, 1) => format!("Its only customer in {name} is not a good one; of everybody's {all} are."),
        (1, 1) => format!("Its only customer in {name} is a good one; of everybody's {all} are."),
        (0, _) => format!("None of its {those} in {name} is a good one, against {all} of everybody's."),
        (good, n) if good == n => {
            format!("All of its {those} in {name} are good ones, against {all} of everybody's.")
        }
        (1, _) => {
            format!("1 of its {those} in {name} is a good one ({share}), against {all} of everybody's.")
        }
        (good, _) => {
            let good = number::count(good as f64);
            format!("{good} of its {those} in {name} are good ones ({share}), against {all} of everybody's.")
        }
    }
}

/// Where a lift says nothing.
const NOT_ABOVE_ZERO: &str = "Everybody's mean is not above zero, so “times as much” says nothing here.";

/// Whether a lift, or what chance leaves of it, is below zero: so many times as much makes no sense then,
/// and values are told in its place.
fn is_below_zero(lift: Lift) -> bool {
    [lift.measured, lift.shrunk, lift.interval.map_or(0.0, |(low, _)| low)].iter().any(|times| *times < 0.0)
}

/// `That is 1.55 times as much, or 1.38 times once chance is allowed for (1.08 to 1.66).`
fn times(lift: Lift, judged: &Judged) -> String {
    let everybody = judged.estimate.unwrap_or(0.0);
    let below = is_below_zero(lift);
    let shown = |times: f64| if below { figure(times * everybody) } else { number::fixed(times, 2) };
    let interval = match lift.interval {
        Some((low, high)) => format!(" ({} to {})", shown(low), shown(high)),
        None => String::new(),
    };
    if below {
        return format!("Once chance is allowed for, that is {}{interval}.", shown(lift.shrunk));
    }
    format!(
        "That is {} times as much, or {} times once chance is allowed for{interval}.",
        shown(lift.measured),
        shown(lift.shrunk)
    )
}

/// `1.38 times`, or the value where that makes no sense.
fn factor(lift: Lift, judged: &Judged) -> String {
    if is_below_zero(lift) {
        let everybody = judged.estimate.unwrap_or(0.0);
        return format!("{}, everybody's {}", figure(lift.shrunk * everybody), figure(everybody));
    }
    format!("{} times", number::fixed(lift.shrunk, 2))
}

/// A mean in its own unit, with three figures at least, and with the sign that charts have.
fn figure(mean: f64) -> String {
    let decimals = match mean.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    number::fixed(mean, decimals).replace('-', "−")
}

fn customers(n: u64) -> String {
    bases::count(n, "customer")
}

/// A segment's name in a sentence.
fn quoted(name: &str) -> String {
    format!("“{name}”")
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    match parts.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}
