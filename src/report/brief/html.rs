//! Briefs in the terms of their template. Decides looks, never content.

use minijinja::{Value, context};

use super::super::grid::BaseMark;

use super::{Bar, Brief, Briefs, Indicator, Loyalty, Of, Profile, Scorecard, Segment, Steering, Whisker};
use crate::number;

/// Partners from which on there is a list of them.
const LIST_FROM: usize = 2;
/// Segments that a page shows; further ones are counted.
const MOST_SEGMENTS: usize = 8;

/// The template's name and text.
pub(in super::super) const TEMPLATE: (&str, &str) = ("brief.html", include_str!("brief.html"));
/// The style of briefs, beside that of reports.
pub(in super::super) const STYLE: &str = include_str!("brief.css");

/// Briefs under headings of a level; `anchor` is where they are on the page.
pub(in super::super) fn briefs(briefs: &Briefs, level: usize, anchor: &str) -> Value {
    let list: Vec<Value> = (briefs.list.iter().enumerate())
        .map(|(at, each)| brief(each, format!("{anchor}-{}", at + 1)))
        .collect();
    let any = |has: fn(&Brief) -> bool| briefs.list.iter().any(has);
    context! {
        kind => "briefs",
        level, sub => level + 1, list,
        // Nobody is left out without a word.
        contents => briefs.list.len() >= LIST_FROM || (briefs.more > 0 && !briefs.list.is_empty()),
        ranks => any(|brief| !brief.rank.is_empty()),
        tiers => any(|brief| !brief.tier.is_empty()),
        leaning => any(|brief| brief.steering.segments.iter().any(|segment| segment.leaning)),
        more => match briefs.more {
            0 => String::new(),
            1 => "And 1 more partner.".to_owned(),
            more => format!("And {} more partners.", number::count(more as f64)),
        },
    }
}

fn brief(brief: &Brief, anchor: String) -> Value {
    let figures = brief.figures.iter().map(|figure| {
        context! { label => &figure.label, value => &figure.value, detail => &figure.detail }
    });
    let facts = brief.facts.iter().map(|(label, value)| context! { label, value });
    let best = brief.steering.segments.iter().filter(|segment| segment.recommended);
    let best = best.map(|segment| match segment.leaning {
        true => format!("({})", segment.name),
        false => segment.name.clone(),
    });
    context! {
        anchor,
        name => &brief.name,
        facts => facts.collect::<Vec<Value>>(),
        figures => figures.collect::<Vec<Value>>(),
        rank => &brief.rank,
        tier => &brief.tier,
        best => best.collect::<Vec<String>>().join(", "),
        advice => &brief.advice,
        scorecard => brief.scorecard.as_ref().map(scorecard),
        loyalty => brief.loyalty.as_ref().map(loyalty),
        profile => brief.profile.as_ref().map(profile),
        steering => steering(&brief.steering),
        footnotes => &brief.footnotes,
    }
}

fn scorecard(card: &Scorecard) -> Value {
    let indicator = |each: &Indicator| {
        context! {
            name => &each.name,
            value => &each.value,
            error => &each.error,
            median => &each.median,
            bar => each.bar.map(bar),
            weight => &each.weight,
            contribution => &each.contribution,
        }
    };
    context! {
        rows => card.indicators.iter().map(indicator).collect::<Vec<Value>>(),
        peers => &card.peers,
        adds_up => card.adds_up,
        ranges => card.ranges,
    }
}

fn loyalty(loyalty: &Loyalty) -> Value {
    let answers = loyalty.answers.iter().map(|kind| {
        context! { label => kind.label, class => kind.label.to_lowercase(), share => &kind.share, width => place(kind.width) }
    });
    context! {
        score => &loyalty.score,
        interval => &loyalty.interval,
        whisker => loyalty.whisker.map(whisker),
        n => &loyalty.n,
        mark => loyalty.mark.map(BaseMark::sign),
        meaning => loyalty.mark.map(BaseMark::meaning),
        answers => answers.collect::<Vec<Value>>(),
    }
}

fn profile(profile: &Profile) -> Value {
    let traits = profile.traits.iter().map(|each| {
        context! {
            attribute => &each.attribute,
            value => &each.value,
            bar => each.bar.map(bar),
            share => &each.share,
            share_all => &each.share_all,
            index => &each.index,
        }
    });
    context! {
        rows => traits.collect::<Vec<Value>>(),
        described => profile.of != Of::Nobody,
        peers => profile.of == Of::Peers,
        base => &profile.base,
        values => profile.values,
    }
}

fn steering(steering: &Steering) -> Value {
    let segment = |each: &Segment| {
        context! {
            name => &each.name,
            desired => each.desired,
            recommended => each.recommended,
            leaning => each.leaning,
            reason => &each.reason,
            n => &each.n,
            mark => each.mark.map(BaseMark::sign),
            lift => &each.lift,
            interval => &each.interval,
            whisker => each.whisker.map(whisker),
            assigned => &each.assigned,
        }
    };
    let segments = &steering.segments;
    let marked =
        |mark: BaseMark| segments.iter().take(MOST_SEGMENTS).any(|segment| segment.mark == Some(mark));
    let more = segments.len().saturating_sub(MOST_SEGMENTS);
    context! {
        rows => segments.iter().take(MOST_SEGMENTS).map(segment).collect::<Vec<Value>>(),
        assigned => steering.assigned,
        few => marked(BaseMark::Small),
        too_few => marked(BaseMark::VerySmall),
        more => (more > 0).then(|| {
            let segments = if more == 1 { "segment" } else { "segments" };
            format!("And {} more {segments}.", number::count(more as f64))
        }),
    }
}

fn bar(bar: Bar) -> Value {
    context! { from => place(bar.from), width => place(bar.width), tick => bar.tick.map(place) }
}

fn whisker(whisker: Whisker) -> Value {
    context! {
        at => place(whisker.at),
        from => place(whisker.from),
        width => place(whisker.width),
        zero => place(whisker.zero),
    }
}

/// A place on a line, in percent, finer than can be seen.
fn place(percent: f64) -> String {
    number::plain(number::round_half_away(percent, 2))
}
