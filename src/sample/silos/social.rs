//! What is said about the company in public: messages with their topic and who answered whom. On
//! each topic a few voices are heard more than the rest.

use std::io;

use serde::Serialize;

use crate::sample::calendar::{DAYS, START};
use crate::sample::chance::Chance;
use crate::sample::names::COUNTRIES;
use crate::sample::world::World;
use crate::sample::write::{Folder, Ndjson, Written};

/// Topics, and for each class of message what it says.
pub const TOPICS: [&str; 5] = ["calibration", "service", "prices", "sustainability", "software"];

const CLASSES: [(&str, f64, &str); 6] = [
    ("question", 0.28, "Anyone know how {} works with the new logger?"),
    ("complaint", 0.20, "Third week without an answer about {}. Not good."),
    ("praise", 0.20, "Credit where due: {} was handled in a day."),
    ("advice", 0.14, "Tip on {}: warm the probe up first, then \"zero\" it."),
    ("idea", 0.10, "Wish: {} for the phone, please!"),
    ("news", 0.08, "Read this on {} – https://news.example/{}"),
];

/// Voices that are heard on a topic.
pub const INFLUENTIAL: usize = 3;

#[derive(Serialize)]
struct Message<'a> {
    id: &'a str,
    at: &'a str,
    author: &'a str,
    lang: &'a str,
    topic: &'a str,
    text: &'a str,
    in_reply_to: Option<&'a str>,
    likes: u32,
}

/// The name of a voice; the first [`INFLUENTIAL`] of each topic are the influential ones.
pub fn voice(number: usize) -> String {
    format!("@{}{}", ["gauge", "lab", "probe", "torque", "meter"][number % 5], number)
}

/// How many voices there are, and which are influential on a topic.
pub fn influential(topic: usize) -> std::ops::Range<usize> {
    topic * INFLUENTIAL..(topic + 1) * INFLUENTIAL
}

/// Writes the messages in the order of their days.
pub fn messages(world: &World, folder: &Folder<'_>, seed: u64) -> io::Result<Written> {
    let mut chance = Chance::new(seed, 18);
    let mut file = Ndjson::create(folder, "social/messages.ndjson")?;
    let n = world.scaled(700.0);
    let voices = TOPICS.len() * INFLUENTIAL + world.scaled(150.0);
    // The latest message of an influential voice, by topic.
    let mut heard: [Option<String>; TOPICS.len()] = Default::default();
    for at in 0..n {
        let day = START.plus(((at as f64 + chance.unit()) / n as f64 * f64::from(DAYS)) as i32);
        let topic = chance.below(TOPICS.len());
        let leads = chance.happens(0.18);
        let author = if leads {
            influential(topic).start + chance.below(INFLUENTIAL)
        } else {
            TOPICS.len() * INFLUENTIAL + chance.below(voices - TOPICS.len() * INFLUENTIAL)
        };
        let (_, _, text) = CLASSES[chance.weighted(&CLASSES.map(|class| class.1))];
        let answers = if !leads && chance.happens(0.45) { heard[topic].as_deref() } else { None };
        let id = format!("M{:06}", at + 1);
        let likes = if leads { 20.0 * chance.exponential() } else { 2.0 * chance.exponential() };
        let time = format!("{}T{:02}:{:02}:00", day.iso(), 7 + chance.below(15), chance.below(60));
        file.row(&Message {
            id: &id,
            at: &time,
            author: &voice(author),
            lang: &COUNTRIES[chance.below(COUNTRIES.len())].code.to_lowercase(),
            topic: TOPICS[topic],
            text: &text.replace("{}", TOPICS[topic]),
            in_reply_to: answers,
            likes: likes as u32,
        })?;
        if leads {
            heard[topic] = Some(id);
        }
    }
    file.finish()
}
