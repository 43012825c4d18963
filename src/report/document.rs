//! A report before it is a page: sections of words, figures, tables and pictures, with notes at the
//! foot and the origin of everything. It knows nothing of HTML, and no stage.

use super::brief::{Brief, Briefs};
use super::grid::{Grid, Role};
use super::prose::Prose;

/// A report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The line above the title: whose report it is, or for whom.
    pub kicker: String,
    /// The title.
    pub title: String,
    /// The line under the title.
    pub subtitle: String,
    /// The paragraph a hurried reader reads.
    pub lead: Prose,
    /// The sections.
    pub sections: Vec<Section>,
    /// The notes at the foot, in the order of their numbers. Add them with [`Document::note`].
    pub notes: Vec<String>,
    /// What to know about the data behind the page as a whole. Add to it with [`Document::about`].
    pub about: Vec<String>,
    /// Where it all came from.
    pub provenance: Provenance,
}

/// A titled part of a report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Words.
    Text(Prose),
    /// A row of headline figures.
    Figures(Vec<KeyFigure>),
    /// A table.
    Table(Table),
    /// A picture.
    Picture(Picture),
    /// A page for each partner.
    Briefs(Briefs),
}

/// A headline figure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFigure {
    /// What is measured.
    pub label: String,
    /// The figure, as it is shown.
    pub value: String,
    /// What a reader needs beside it: interval, base, change.
    pub detail: String,
}

/// A table with its title and notes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// The title, without a number: tables are numbered where they are shown.
    pub title: String,
    /// Who is described: `Base: customers who answered`.
    pub base: String,
    /// The table.
    pub grid: Grid,
    /// The tables it was made from, in words.
    pub source: String,
    /// Its notes.
    pub notes: Vec<Note>,
}

/// A picture with its title, its description and the figures behind it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// The title, without a number.
    pub title: String,
    /// Measure, unit, period, who was asked.
    pub base: String,
    /// The drawing; empty when there is nothing to draw.
    pub svg: String,
    /// What the drawing shows, for those who do not see it.
    pub alt: String,
    /// The figures behind it.
    pub data: Grid,
    /// The tables it was drawn from, in words.
    pub source: String,
    /// Its notes.
    pub notes: Vec<Note>,
}

/// A note of a document, by its place in [`Document::notes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note(pub usize);

/// Where a report came from. The same for the same inputs: no time, no host, no run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The pipeline, and the variant of it.
    pub pipeline: String,
    /// The stage that made the report.
    pub stage: String,
    /// The program and its version.
    pub program: String,
    /// The tables used and what they were made from, each after its inputs.
    pub sources: Vec<Source>,
}

/// A table and where it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Its id in the pipeline.
    pub id: String,
    /// What made it: the kind of stage, or `dataset`.
    pub kind: String,
    /// What it was made from: ids of tables, or files.
    pub from: Vec<String>,
    /// Rows read, where known.
    pub rows_in: Option<u64>,
    /// Rows in the table, where known.
    pub rows_out: Option<u64>,
    /// Fingerprint of the options, or of the files.
    pub fingerprint: String,
}

/// Tables and pictures with the numbers they carry on the page, counted apart.
pub struct Numbered<'a> {
    /// The block.
    pub block: &'a Block,
    /// The number of a table or a picture; 0 for others.
    pub number: usize,
}

impl Document {
    /// Adds a note to the foot, or finds the one that says the same.
    pub fn note(&mut self, text: &str) -> Note {
        let at = self.notes.iter().position(|note| note == text).unwrap_or_else(|| {
            self.notes.push(text.to_owned());
            self.notes.len() - 1
        });
        Note(at)
    }

    /// Adds what is to be known about the data behind the page, once.
    pub fn about(&mut self, text: &str) {
        if !self.about.iter().any(|known| known == text) {
            self.about.push(text.to_owned());
        }
    }

    /// The blocks of each section with their numbers.
    pub fn numbered(&self) -> Vec<Vec<Numbered<'_>>> {
        let (mut tables, mut pictures) = (0, 0);
        let mut number = |block: &Block| {
            let counter = match block {
                Block::Table(_) => &mut tables,
                Block::Picture(_) => &mut pictures,
                Block::Text(_) | Block::Figures(_) | Block::Briefs(_) => return 0,
            };
            *counter += 1;
            *counter
        };
        let mut section =
            |section: &'_ Section| section.blocks.iter().map(&mut number).collect::<Vec<usize>>();
        let numbers: Vec<Vec<usize>> = self.sections.iter().map(&mut section).collect();
        (self.sections.iter().zip(numbers))
            .map(|(section, numbers)| {
                let blocks = section.blocks.iter().zip(numbers);
                blocks.map(|(block, number)| Numbered { block, number }).collect()
            })
            .collect()
    }

    /// Whether there are pages for partners.
    pub fn has_briefs(&self) -> bool {
        let mut blocks = self.sections.iter().flat_map(|section| &section.blocks);
        blocks.any(|block| matches!(block, Block::Briefs(_)))
    }

    /// Whether the report speaks of the net promoter score, which is a trademark.
    pub fn names_net_promoter(&self) -> bool {
        let named = |text: &str| text.contains("NPS") || text.to_lowercase().contains("net promoter");
        let in_grid = |grid: &Grid| {
            grid.columns.iter().any(|column| named(&column.label))
                || grid.spanners.iter().flatten().any(|spanner| named(&spanner.label))
                || grid.blocks.iter().any(|block| named(&block.title))
                || (grid.blocks.iter().flat_map(|block| &block.rows)).any(|row| {
                    row.role == Role::Statistic && row.cells.iter().any(|cell| named(&cell.text()))
                })
        };
        let in_block = |block: &Block| match block {
            Block::Text(prose) => named(&prose.words()),
            Block::Figures(figures) => figures.iter().any(|f| named(&f.label) || named(&f.detail)),
            Block::Table(table) => named(&table.title) || named(&table.base) || in_grid(&table.grid),
            Block::Picture(picture) => {
                [&picture.title, &picture.base, &picture.alt].into_iter().any(|text| named(text))
                    || in_grid(&picture.data)
            }
            Block::Briefs(briefs) => briefs.list.iter().any(Brief::names_net_promoter),
        };
        [&self.kicker, &self.title, &self.subtitle].into_iter().any(|text| named(text))
            || named(&self.lead.words())
            || self
                .sections
                .iter()
                .any(|section| named(&section.title) || section.blocks.iter().any(in_block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_pictures_are_counted_apart_across_sections() {
        let table = || Block::Table(Table::default());
        let picture = || Block::Picture(Picture::default());
        let sections = vec![
            Section { title: "A".into(), blocks: vec![picture(), table(), Block::Figures(vec![])] },
            Section { title: "B".into(), blocks: vec![table(), picture()] },
        ];
        let document = Document { sections, ..Document::default() };
        let numbers: Vec<Vec<usize>> =
            document.numbered().iter().map(|blocks| blocks.iter().map(|b| b.number).collect()).collect();
        assert_eq!(numbers, [vec![1, 1, 0], vec![2, 2]]);
    }

    #[test]
    fn a_note_said_twice_is_one_note() {
        let mut document = Document::default();
        assert_eq!(document.note("a"), Note(0));
        assert_eq!(document.note("b"), Note(1));
        assert_eq!(document.note("a"), Note(0));
        assert_eq!(document.notes, ["a", "b"]);
    }
}
