//! Who reads whom: the order of the stages, and the circle where there is none.

use crate::diagnostic::{Code, Diagnostic};
use crate::document::Span;

/// A reference from one stage to another: the index of the stage, and where it is written.
pub(super) type Edge = (usize, Span);

/// Each stage after those it reads, otherwise in the order of writing. `ids` are the stages' ids,
/// `reads` their edges. Stages on a circle have no place in the order; each circle is told once, with
/// every reference on it.
pub(super) fn order(ids: &[String], reads: &[Vec<Edge>]) -> (Vec<usize>, Vec<Diagnostic>) {
    let mut walk = Walk {
        ids,
        reads,
        state: vec![State::New; ids.len()],
        path: Vec::new(),
        order: Vec::new(),
        circles: Vec::new(),
    };
    for stage in 0..ids.len() {
        walk.visit(stage);
    }
    (walk.order, walk.circles)
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    /// Still open, and known to be on a circle.
    Circular,
    Done,
}

struct Walk<'a> {
    ids: &'a [String],
    reads: &'a [Vec<Edge>],
    state: Vec<State>,
    /// The stages on the way here, each with the reference that leads on.
    path: Vec<(usize, Span)>,
    order: Vec<usize>,
    circles: Vec<Diagnostic>,
}

impl Walk<'_> {
    fn visit(&mut self, stage: usize) {
        if self.state[stage] != State::New {
            return;
        }
        self.state[stage] = State::Open;
        for &(next, span) in &self.reads[stage] {
            self.path.push((stage, span));
            match self.state[next] {
                State::Open => self.close(next),
                // A second circle through the same stage is found when the first is mended.
                State::Circular if self.path.iter().any(|(open, _)| *open == next) => {
                    self.state[stage] = State::Circular;
                }
                _ => self.visit(next),
            }
            self.path.pop();
        }
        if self.state[stage] == State::Open {
            self.order.push(stage);
        }
        self.state[stage] = State::Done;
    }

    /// The path has come back to a stage that is still open.
    fn close(&mut self, back_to: usize) {
        let told = self.circle(back_to);
        self.circles.push(told);
        let start = self.path.iter().position(|(stage, _)| *stage == back_to).unwrap_or(0);
        for (stage, _) in &self.path[start..] {
            self.state[*stage] = State::Circular;
        }
    }

    fn circle(&self, back_to: usize) -> Diagnostic {
        let start = self.path.iter().position(|(stage, _)| *stage == back_to).unwrap_or(0);
        let circle = &self.path[start..];
        let names: Vec<&str> = circle.iter().map(|(stage, _)| self.ids[*stage].as_str()).collect();
        let mut told = Diagnostic::error(
            Code::Cycle,
            format!("stages wait for each other: {} → {}", names.join(" → "), self.ids[back_to]),
        );
        for (at, (stage, span)) in circle.iter().enumerate() {
            let next = circle.get(at + 1).map_or(back_to, |(stage, _)| *stage);
            let text = format!("`{}` reads `{}`", self.ids[*stage], self.ids[next]);
            told = if at == 0 { told.primary(*span, text) } else { told.context(*span, text) };
        }
        told.help("a stage cannot read, even by way of others, what it makes itself")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &str) -> Vec<String> {
        names.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn readers_come_after_what_they_read() {
        let s = Span::default();
        let (order, circles) = order(&ids("c a b"), &[vec![(1, s), (2, s)], vec![], vec![(1, s)]]);
        assert_eq!(order, [1, 2, 0]);
        assert!(circles.is_empty());
    }

    #[test]
    fn a_circle_is_told_whole() {
        let s = Span::default();
        let (order, circles) = order(&ids("a b c d"), &[vec![(1, s)], vec![(2, s)], vec![(1, s)], vec![]]);
        assert_eq!(order, [0, 3], "the others keep their places");
        let told = &circles[0];
        assert!(told.message.contains("b → c → b"), "{}", told.message);
        assert_eq!(told.labels.len(), 2);
    }
}
