//! From the document to the pipeline: the sections of a file, each with every mistake of its form. What
//! is in `vars` and `variants` is read in [`super::declared`], what is in `stages` in [`super::stage`].

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::{Dataset, Pipeline};
use crate::dataset::DatasetOptions;
use crate::diagnostic::{Code, Diagnostic, listed, nearest};
use crate::document::{
    Conformed, Document, Entry, Node, ReadError, Span, Spanned, Value, conform, from_node,
};

/// The version of the file format this program reads.
pub const VERSION: i64 = 1;

const SECTIONS: [&str; 6] = ["version", "name", "vars", "variants", "datasets", "stages"];
pub(super) const EXAMPLE: &str = "`growthring example net_promoter` prints a file that runs";

/// Reads a pipeline out of its document. The pipeline is there where enough was understood to go on
/// checking; the diagnostics are all mistakes found so far.
pub fn read(document: Document) -> (Option<Pipeline>, Vec<Diagnostic>) {
    let mut reader = Reader { found: Vec::new() };
    let pipeline = reader.pipeline(document);
    (pipeline, reader.found)
}

/// The walk over the sections, and every mistake so far.
pub(super) struct Reader {
    pub found: Vec<Diagnostic>,
}

/// The sources that are declared.
#[derive(Default)]
pub(super) struct Datasets {
    pub read: Vec<Dataset>,
    /// The ids of those that could not be read.
    pub unread: Vec<String>,
}

/// What was read of a value.
pub(super) struct Typed<T> {
    pub value: Option<T>,
    /// Whether parts of it were left out or guessed.
    pub guessed: bool,
}

impl Reader {
    fn pipeline(&mut self, document: Document) -> Option<Pipeline> {
        let Value::Map(sections) = &document.root.value else {
            self.found.push(
                Diagnostic::error(Code::NotAMapping, "a pipeline file is a mapping")
                    .primary(document.root.span, format!("this is {}", document.root.kind()))
                    .help(format!("start with `version: 1`, `name: …` and `stages:`; {EXAMPLE}")),
            );
            return None;
        };
        for section in sections {
            if !SECTIONS.contains(&section.key.value.as_str()) {
                self.unknown(&section.key, "the pipeline file", "section", &SECTIONS);
            }
        }
        self.version(&document.root);
        let name = self.name(&document.root);
        let vars = self.vars(&document.root);
        let variants = self.variants(&document.root, &vars);
        let datasets = self.datasets(&document.root);
        let stages = self.stages(&document.root, &datasets.read);
        let stages = self.settle(stages, &datasets);
        Some(Pipeline { name, vars, variants, datasets: datasets.read, stages, document })
    }

    fn version(&mut self, root: &Node) {
        match root.get("version") {
            None => self.missing(root, "version", "write `version: 1`"),
            Some(node) if matches!(node.value, Value::Integer(VERSION)) => {}
            Some(node) => self.found.push(
                Diagnostic::error(Code::UnsupportedVersion, "this version of the file format is not known")
                    .primary(node.span, "not a version that this program reads")
                    .help(format!("write `version: {VERSION}`, or use a newer growthring")),
            ),
        }
    }

    fn name(&mut self, root: &Node) -> Spanned<String> {
        match root.get("name") {
            None => self.missing(root, "name", "write `name: …`; it names the folder of the output"),
            Some(node) => match &node.value {
                Value::Text(name) if is_id(name) => return Spanned::new(name.clone(), node.span),
                _ => self.found.push(invalid_id(
                    "the name of a pipeline names a folder".into(),
                    node.span,
                    match &node.value {
                        Value::Text(name) => name,
                        _ => "",
                    },
                )),
            },
        }
        "pipeline".into()
    }

    /// Tells of a section that every file has.
    pub(super) fn missing(&mut self, root: &Node, key: &str, help: &str) {
        let start =
            root.entries().and_then(|entries| entries.first()).map_or(root.span, |entry| entry.key.span);
        self.found.push(
            Diagnostic::error(Code::MissingOption, format!("the pipeline file lacks `{key}`"))
                .primary(start, format!("`{key}` is missing in this file"))
                .help(help),
        );
    }

    fn unknown(&mut self, key: &Spanned<String>, what: &str, noun: &str, known: &[&str]) {
        let unknown = Diagnostic::error(Code::UnknownOption, format!("{what} has no {noun} `{}`", key.value))
            .primary(key.span, format!("not a {noun} here"));
        self.found.push(match nearest(&key.value, known.iter().copied()) {
            Some(near) => unknown.help(format!("a {noun} with a similar name exists: `{near}`")),
            None => unknown.help(format!("known are {}", listed(known.iter().copied()))),
        });
    }

    /// The entries of a section; none where it is left out or is no mapping, which is told.
    pub(super) fn section<'n>(&mut self, root: &'n Node, name: &str) -> &'n [Entry] {
        match root.get(name).map(|node| (node, &node.value)) {
            None | Some((_, Value::Null)) => &[],
            Some((_, Value::Map(entries))) => entries,
            Some((node, _)) => {
                self.found.push(
                    Diagnostic::error(Code::NotAMapping, format!("`{name}` is a mapping of names"))
                        .primary(node.span, format!("this is {}", node.kind()))
                        .help(format!("write `{name}:`, and under it, indented, `NAME: …` for each")),
                );
                &[]
            }
        }
    }

    fn datasets(&mut self, root: &Node) -> Datasets {
        let schema = schema_of::<DatasetOptions>();
        let mut all = Datasets::default();
        for Entry { key, value } in self.section(root, "datasets") {
            self.id(key, "dataset");
            let what = format!("dataset `{}`", key.value);
            let Typed { value, guessed } = self.typed(value, key.span, &schema, &what);
            match value {
                Some(options) => all.read.push(Dataset { id: key.clone(), options, guessed }),
                None => all.unread.push(key.value.clone()),
            }
        }
        all
    }

    /// Reads a typed value, telling what is wrong with its form.
    pub(super) fn typed<T: DeserializeOwned>(
        &mut self,
        node: &Node,
        key: Span,
        schema: &Json,
        what: &str,
    ) -> Typed<T> {
        let before = self.found.len();
        let Conformed { node: body, guessed } = conform(node, key, schema, schema, what, &mut self.found);
        let value = body.and_then(|body| match from_node(&body) {
            Ok(value) => Some(value),
            Err(error) => {
                self.unread(what, error, node.span, before);
                None
            }
        });
        Typed { value, guessed }
    }

    /// Tells of the little that only a type itself can refuse, unless mistakes of form were told since
    /// there were `before`.
    pub(super) fn unread(&mut self, what: &str, error: ReadError, span: Span, before: usize) {
        if self.found.len() == before {
            self.found.push(
                Diagnostic::error(Code::WrongType, format!("{what} cannot be read"))
                    .primary(error.span.unwrap_or(span), error.message),
            );
        }
    }

    /// Tells of an id that differs from an earlier one in case alone: both name files.
    pub(super) fn alike<'n>(
        &mut self,
        key: &Spanned<String>,
        mut earlier: impl Iterator<Item = &'n Spanned<String>>,
    ) {
        let Some(first) = earlier.find(|first| first.value.eq_ignore_ascii_case(&key.value)) else { return };
        self.found.push(
            Diagnostic::error(
                Code::InvalidId,
                format!("`{}` and `{}` name one file", first.value, key.value),
            )
            .primary(key.span, "not every file system tells them apart")
            .context(first.span, "the first of them")
            .help("rename one of them"),
        );
    }

    /// Tells of a name that cannot be that of a file.
    pub(super) fn id(&mut self, key: &Spanned<String>, noun: &str) {
        if !is_id(&key.value) {
            self.found.push(invalid_id(
                format!("`{}` cannot name a {noun}", key.value),
                key.span,
                &key.value,
            ));
        }
    }
}

/// Names of stages, datasets and pipelines become names of files and of SQL tables.
fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && text.len() <= 80
}

fn invalid_id(message: String, span: Span, written: &str) -> Diagnostic {
    let told = Diagnostic::error(Code::InvalidId, message)
        .primary(span, "wanted is a letter, then letters, digits, `_` or `-`, at most 80");
    let mut near: String = written
        .trim_start_matches(|c: char| !c.is_ascii_alphabetic())
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .take(80)
        .collect();
    near.truncate(near.trim_end_matches('_').len());
    if is_id(&near) { told.help(format!("`{near}` would do")) } else { told }
}

/// The schema of one type, with its definitions inside.
pub(super) fn schema_of<T: JsonSchema>() -> Json {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}
