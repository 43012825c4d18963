//! What a reader of the match should know.

use super::Checked;
use super::decide::{Decided, Judged, Reason, is_rate};
use super::evidence::Evidence;
use super::place::Placed;
use super::words::listed;
use crate::diagnostic::{Caution, CautionCode};
use crate::number;
use crate::stages::bases;

pub(super) fn of(ready: &Checked, found: &Evidence, made: &Decided, placed: Option<&Placed>) -> Vec<Caution> {
    let mut cautions = Vec::new();
    if found.partners.is_empty() {
        cautions.push(told(CautionCode::NoRows, 0, "there is no partner to match".to_owned()));
    }
    if made.all == 0 {
        let message = format!("`{}` has no customer that counts", ready.customers.from);
        cautions.push(told(CautionCode::NoRows, 0, message));
    }
    cautions.extend(left_out(ready, found));
    cautions.extend(segments(ready, found, made));
    cautions.extend(few(ready, made));
    cautions.extend(unassigned(ready, found, placed));
    cautions
}

fn told(code: CautionCode, n: u64, message: String) -> Caution {
    Caution::new(code, "", Some(n as f64), message)
}

/// Rows that do not count, or not fully.
fn left_out(ready: &Checked, found: &Evidence) -> Vec<Caution> {
    let left = &found.left_out;
    let (partners, customers) = (ready.from.value.as_str(), ready.customers.from.as_str());
    let leads = ready.demand.as_ref().map(|demand| demand.from.value.as_str()).unwrap_or_default();
    let missing = CautionCode::MissingValues;
    let lines = [
        (left.partners_without_key, missing, "row", partners, "left out: no partner is named"),
        (left.without_segment, missing, "row", customers, "left out: the customer has no segment"),
        (left.without_outcome, missing, "row", customers, "left out: the outcome is not known"),
        (
            left.of_strangers,
            CautionCode::UnmatchedRows,
            "row",
            customers,
            "counted among everybody only: the partner is not in the list",
        ),
        (
            left.without_capacity,
            missing,
            "partner",
            partners,
            "taken for full: no capacity from 0 up is known",
        ),
        (left.leads_without_key, missing, "row", leads, "left out: no lead is named"),
        (left.leads_without_segment, missing, "row", leads, "not assigned: the lead has no segment"),
        (left.leads_without_place, missing, "row", leads, "not assigned: it is not known where the lead is"),
    ];
    lines
        .into_iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, code, what, table, why)| {
            told(code, n, format!("{} of `{table}` {why}", bases::count(n, what)))
        })
        .collect()
}

/// Desired segments that nothing can be said of.
fn segments(ready: &Checked, found: &Evidence, made: &Decided) -> Vec<Caution> {
    let desired: Vec<usize> = (0..made.segments.len()).filter(|at| made.segments[*at].desired).collect();
    let name = |at: &usize| format!("`{}`", found.segments[*at].name);
    let mut cautions = Vec::new();
    if desired.is_empty() && made.all > 0 {
        let asked = match (&ready.customers.value, &ready.customers.loyalty) {
            (Some(_), Some(_)) => "in value and in loyalty",
            (Some(_), None) => "in value",
            _ => "in loyalty",
        };
        let message = format!("no segment is above the threshold {asked}: none is desired");
        cautions.push(told(CautionCode::EmptyBase, 0, message));
    }
    for at in &desired {
        if found.segments[*at].all.group.n == 0 && made.all > 0 {
            let message = format!("nobody is in the desired segment {}", name(at));
            let key = format!("segment={}", found.segments[*at].name);
            cautions.push(Caution::new(CautionCode::EmptyBase, key, Some(0.0), message));
        }
    }
    // Whoever has no partner at all was told so.
    let known = desired.into_iter().filter(|at| found.segments[*at].all.group.n > 0);
    let known: Vec<usize> = known.filter(|_| !found.partners.is_empty()).collect();
    for (code, before, after) in [
        (
            CautionCode::DoubtfulModel,
            "the mean of everybody is not above zero in",
            "“times as much” says nothing, and nobody is recommended there",
        ),
        (
            CautionCode::EmptyBase,
            "no partner of the list has customers in",
            "there is nobody to compare, and nobody is recommended there",
        ),
        (
            CautionCode::SmallBase,
            "only one partner of the list has customers in",
            "there is nobody to compare it with, and it is not recommended there",
        ),
        (
            CautionCode::ConstantIndicator,
            "partners differ no more than chance would have it in",
            "none is preferred there",
        ),
    ] {
        let here: Vec<usize> =
            known.iter().copied().filter(|at| mute(ready, &made.segments[*at]) == Some(code)).collect();
        if !here.is_empty() {
            let message = format!("{before} {}: {after}", listed(here.iter().map(name)));
            cautions.push(told(code, here.len() as u64, message));
        }
    }
    cautions
}

/// What keeps a segment, in which there are customers, from telling partners apart.
fn mute(ready: &Checked, segment: &Judged) -> Option<CautionCode> {
    let differs = segment.spread.differs;
    match segment.compared {
        _ if !is_rate(ready) && segment.estimate.is_some_and(|all| all <= 0.0) => {
            Some(CautionCode::DoubtfulModel)
        }
        0 => Some(CautionCode::EmptyBase),
        1 if !differs => Some(CautionCode::SmallBase),
        _ => (!differs).then_some(CautionCode::ConstantIndicator),
    }
}

/// Partners who are not known well enough.
fn few(ready: &Checked, made: &Decided) -> Option<Caution> {
    let verdicts = || made.cells.iter().flatten().zip(made.segments.iter().cycle());
    let desired = verdicts().filter(|(_, segment)| segment.desired).count() as u64;
    let few = [Reason::FewCustomers, Reason::NoCustomers];
    let thin = verdicts().filter(|(verdict, segment)| segment.desired && few.contains(&verdict.reason));
    let thin = thin.count() as u64;
    let message = format!(
        "{} of {} of a partner and a desired segment {} on fewer than {}: no recommendation is made there",
        number::count(thin as f64),
        bases::count(desired, "pair"),
        if thin == 1 { "rests" } else { "rest" },
        bases::count(ready.min_n, "customer")
    );
    (thin > 0).then(|| told(CautionCode::SmallBase, thin, message))
}

fn unassigned(ready: &Checked, found: &Evidence, placed: Option<&Placed>) -> Option<Caution> {
    let demand = found.demand.as_ref()?;
    let all: u64 = demand.groups.values().sum();
    let left_out = &placed?.left;
    let anywhere = ready.demand.as_ref().is_none_or(|demand| demand.within.is_none());
    let reasons = [
        (left_out.not_desired, "whose segment is not desired"),
        (left_out.not_recommended, "for whose segment no partner is recommended"),
        (left_out.without_gain, "with which nothing would be gained"),
        (left_out.without_room, "for whom recommended partners have no room"),
    ];
    let left: u64 = reasons.iter().map(|(n, _)| n).sum();
    let place = |at: usize| if at == 1 && !anywhere { " where they are" } else { "" };
    let parts = reasons.iter().enumerate().filter(|(_, (n, _))| *n > 0);
    let parts = parts.map(|(at, (n, why))| format!("{} {why}{}", number::count(*n as f64), place(at)));
    let message = format!(
        "{} of {} {} not assigned: {}",
        number::count(left as f64),
        bases::count(all, "lead"),
        if left == 1 { "is" } else { "are" },
        listed(parts)
    );
    (left > 0).then(|| told(CautionCode::UnmatchedRows, left, message))
}
