//! From the document to the pipeline: every mistake of form, in file order.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use super::graph::{self, Edge};
use super::misplaced::misplaced;
use super::{Dataset, Kind, Pipeline, StageEntry, Var, VarType, Variant, vars};
use crate::dataset::DatasetOptions;
use crate::diagnostic::{Code, Diagnostic, listed, nearest};
use crate::document::{Document, Entry, Node, Span, Spanned, Value, conform, from_node};
use crate::stages::STAGES;

/// The version of the file format this program reads.
pub const VERSION: i64 = 1;

const SECTIONS: [&str; 6] = ["version", "name", "vars", "variants", "datasets", "stages"];
const EXAMPLE: &str = "`growthring example net_promoter` prints a file that runs";
const STAGE_KEYS: [&str; 3] = ["owner", "description", "publish"];

/// Reads a pipeline out of its document. The pipeline is there where enough was understood to go on
/// checking; the diagnostics are all mistakes found so far.
pub fn read(document: Document) -> (Option<Pipeline>, Vec<Diagnostic>) {
    let mut reader = Reader { found: Vec::new() };
    let pipeline = reader.pipeline(document);
    (pipeline, reader.found)
}

struct Reader {
    found: Vec<Diagnostic>,
}

impl Reader {
    fn pipeline(&mut self, document: Document) -> Option<Pipeline> {
        let Value::Map(sections) = &document.root.value else {
            self.found.push(
                Diagnostic::error(Code::NotAMapping, "a pipeline file is a mapping")
                    .primary(document.root.span, format!("this is {}", document.root.kind()))
                    .help("start with `version: 1`, `name: …` and `stages:`; `growthring example net_promoter` prints a file that runs"),
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
        let stages = self.stages(&document.root, &datasets);
        let stages = self.settle(stages, &datasets);
        Some(Pipeline { name, vars, variants, datasets, stages, document })
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

    fn missing(&mut self, root: &Node, key: &str, help: &str) {
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

    fn section<'n>(&mut self, root: &'n Node, name: &str) -> &'n [Entry] {
        match root.get(name).map(|node| (node, &node.value)) {
            None | Some((_, Value::Null)) => &[],
            Some((_, Value::Map(entries))) => entries,
            Some((node, _)) => {
                self.found.push(
                    Diagnostic::error(Code::NotAMapping, format!("`{name}` is a mapping of names"))
                        .primary(node.span, format!("this is {}", node.kind())),
                );
                &[]
            }
        }
    }

    fn vars(&mut self, root: &Node) -> Vec<Var> {
        let schema = schema_of::<vars_form::VarForm>();
        let mut all = Vec::new();
        for Entry { key, value } in self.section(root, "vars") {
            let what = format!("variable `{}`", key.value);
            self.id(key, "variable");
            let Some(form) = self.typed::<vars_form::VarForm>(value, key.span, &schema, &what) else {
                continue;
            };
            let mut values = |key: &str| -> Vec<(crate::expression::Value, Span)> {
                let nodes = match value.get(key) {
                    Some(Node { value: Value::List(items), .. }) => items.iter().collect(),
                    Some(node) => vec![node],
                    None => Vec::new(),
                };
                nodes
                    .into_iter()
                    .filter_map(|node| {
                        Some((form.kind.value(&key_of(&what), node, &mut self.found)?, node.span))
                    })
                    .collect()
            };
            let allowed = values("enum");
            let default = values("default").into_iter().next();
            let mut var = Var {
                name: key.clone(),
                kind: form.kind,
                description: form.description,
                allowed: allowed.into_iter().map(|(value, _)| value).collect(),
                default: default.as_ref().map(|(value, _)| value.clone()),
                refused: default.is_none() && value.get("default").is_some(),
            };
            if let Some((value, span)) = &default {
                var.refused = !var.admits(value, *span, &mut self.found);
            }
            if var.refused {
                // Checking goes on with a value that the file would have taken.
                var.default = var.allowed.first().cloned();
            }
            all.push(var);
        }
        all
    }

    fn variants(&mut self, root: &Node, vars: &[Var]) -> Vec<Variant> {
        let mut all = Vec::new();
        for Entry { key, value } in self.section(root, "variants") {
            self.id(key, "variant");
            // The folder of a variant lies beside those of the run.
            if key.value == "runs" {
                self.found.push(
                    Diagnostic::error(Code::InvalidId, "`runs` cannot name a variant")
                        .primary(key.span, "the folder of that name keeps the records of runs")
                        .help("another name, such as `all_runs`"),
                );
            }
            let Some(entries) = value.entries() else {
                self.found.push(
                    Diagnostic::error(Code::NotAMapping, format!("variant `{}` sets variables", key.value))
                        .primary(value.span, format!("this is {}, wanted is a mapping", value.kind())),
                );
                continue;
            };
            let mut settings = Vec::new();
            for entry in entries {
                let name = &entry.key.value;
                let Some(var) = vars.iter().find(|var| var.name.value == *name) else {
                    let known = vars.iter().map(|var| var.name.value.as_str());
                    self.found.push(vars::unknown_variable(name, Some(entry.key.span), known));
                    continue;
                };
                if let Some(value) = var.kind.value(name, &entry.value, &mut self.found)
                    && var.admits(&value, entry.value.span, &mut self.found)
                {
                    settings.push((name.clone(), value));
                }
            }
            all.push(Variant { name: key.clone(), settings });
        }
        all
    }

    fn datasets(&mut self, root: &Node) -> Vec<Dataset> {
        let schema = schema_of::<DatasetOptions>();
        let mut all = Vec::new();
        for Entry { key, value } in self.section(root, "datasets") {
            self.id(key, "dataset");
            let what = format!("dataset `{}`", key.value);
            if let Some(options) = self.typed(value, key.span, &schema, &what) {
                all.push(Dataset { id: key.clone(), options });
            }
        }
        all
    }

    /// The stages in file order; a stage that could not be read keeps its place without options, so
    /// that those who read it are not told of an unknown input as well.
    fn stages(&mut self, root: &Node, datasets: &[Dataset]) -> Vec<Result<StageEntry, Spanned<String>>> {
        let schema = super::schema::stage_schemas();
        let mut all = Vec::new();
        if root.get("stages").is_none() {
            self.missing(root, "stages", EXAMPLE);
        }
        if let Some(section) =
            root.entries().into_iter().flatten().find(|section| section.key.value == "stages")
            && (matches!(section.value.value, Value::Null)
                || section.value.entries().is_some_and(<[Entry]>::is_empty))
        {
            self.found.push(
                Diagnostic::error(Code::MissingOption, "the pipeline file has no stage")
                    .primary(section.key.span, "a pipeline has at least one stage")
                    .help(EXAMPLE),
            );
        }
        for Entry { key, value } in self.section(root, "stages") {
            self.id(key, "stage");
            if let Some(dataset) = datasets.iter().find(|dataset| dataset.id.value == key.value) {
                self.found.push(
                    Diagnostic::error(
                        Code::DuplicateKey,
                        format!("`{}` names a dataset and a stage", key.value),
                    )
                    .primary(key.span, "a stage of this name")
                    .context(dataset.id.span, "a dataset of this name")
                    .help("rename one of them: inputs are found by their name"),
                );
            }
            all.push(self.stage(key, value, &schema).ok_or_else(|| key.clone()));
        }
        all
    }

    fn stage(&mut self, id: &Spanned<String>, node: &Node, schema: &Json) -> Option<StageEntry> {
        let what = format!("stage `{}`", id.value);
        let Some(entries) = node.entries() else {
            self.found.push(
                Diagnostic::error(Code::OneKind, format!("{what} says nothing of what it does"))
                    .primary(id.span, format!("its value is {}", node.kind()))
                    .help("write its kind and options, such as `net_promoter: { from: answers, score: recommend }`"),
            );
            return None;
        };
        if let Some(told) = misplaced(id, entries, &STAGE_KEYS, schema) {
            self.found.push(told);
            return None;
        }
        let mut kinds: Vec<(&Entry, &dyn Kind)> = Vec::new();
        let mut unknown = false;
        for entry in entries {
            let word = entry.key.value.as_str();
            match STAGES.iter().find(|kind| kind.spec().kind == word) {
                Some(kind) => kinds.push((entry, *kind)),
                None if STAGE_KEYS.contains(&word) => {}
                None => {
                    unknown = true;
                    self.unknown_kind(&what, &entry.key);
                }
            }
        }
        let (entry, kind) = match kinds.as_slice() {
            [one] => *one,
            [] if unknown => return None,
            [] => {
                self.found.push(
                    Diagnostic::error(Code::OneKind, format!("{what} has no kind"))
                        .primary(id.span, "none of its keys is a kind of stage")
                        .help("`growthring stages` lists the kinds"),
                );
                return None;
            }
            [first, second, ..] => {
                self.found.push(
                    Diagnostic::error(Code::OneKind, format!("{what} has more than one kind"))
                        .primary(second.0.key.span, "a second kind")
                        .context(first.0.key.span, "the first kind")
                        .help("a stage does one thing: make two stages of it"),
                );
                return None;
            }
        };
        let owner = self.plain_text(entries, "owner", &what);
        let description = self.plain_text(entries, "description", &what).map(|text| text.value);
        let publish = match entries.iter().find(|entry| entry.key.value == "publish") {
            None => true,
            Some(Entry { value: Node { value: Value::Bool(publish), .. }, .. }) => *publish,
            Some(entry) => {
                self.found.push(
                    Diagnostic::error(
                        Code::WrongType,
                        format!("{what}: `publish` has a value of the wrong type"),
                    )
                    .primary(
                        entry.value.span,
                        format!("this is {}, wanted is true or false", entry.value.kind()),
                    ),
                );
                true
            }
        };
        let form = schema.pointer(&format!("/properties/{}", kind.spec().kind)).unwrap_or(&Json::Null);
        let before = self.found.len();
        let body = conform(&entry.value, entry.key.span, form, schema, &what, &mut self.found);
        match kind.read(&body) {
            Ok(options) => Some(StageEntry {
                id: id.clone(),
                owner,
                description,
                publish,
                kind: entry.key.clone(),
                options,
                fingerprint: fingerprint(kind.spec().kind, &body),
            }),
            Err(error) => {
                self.unread(&what, error, entry.value.span, before);
                None
            }
        }
    }

    fn unknown_kind(&mut self, what: &str, key: &Spanned<String>) {
        let known: Vec<&str> = STAGES.iter().map(|kind| kind.spec().kind).collect();
        let unknown =
            Diagnostic::error(Code::UnknownKind, format!("{what} is of a kind that does not exist"))
                .primary(key.span, format!("`{}` is not a kind of stage", key.value));
        let near = nearest(&key.value, known.iter().copied().chain(STAGE_KEYS));
        self.found.push(match near {
            Some(near) => unknown.help(format!("did you mean `{near}`?")),
            None => unknown.help(format!("the kinds are {}", listed(known))),
        });
    }

    fn plain_text(&mut self, entries: &[Entry], key: &str, what: &str) -> Option<Spanned<String>> {
        let entry = entries.iter().find(|entry| entry.key.value == key)?;
        match &entry.value.value {
            Value::Text(text) => Some(Spanned::new(text.clone(), entry.value.span)),
            _ => {
                self.found.push(
                    Diagnostic::error(
                        Code::WrongType,
                        format!("{what}: `{key}` has a value of the wrong type"),
                    )
                    .primary(entry.value.span, format!("this is {}, wanted is text", entry.value.kind())),
                );
                None
            }
        }
    }

    /// Reads a typed value whose form was checked; the little that only the type itself can refuse is
    /// told where it stands.
    fn typed<T: serde::de::DeserializeOwned>(
        &mut self,
        node: &Node,
        key: Span,
        schema: &Json,
        what: &str,
    ) -> Option<T> {
        let before = self.found.len();
        let body = conform(node, key, schema, schema, what, &mut self.found);
        match from_node(&body) {
            Ok(value) => Some(value),
            Err(error) => {
                self.unread(what, error, node.span, before);
                None
            }
        }
    }

    /// Tells why a value could not be read, unless mistakes of form were told since there were `before`.
    fn unread(&mut self, what: &str, error: crate::document::ReadError, span: Span, before: usize) {
        if self.found.len() == before {
            self.found.push(
                Diagnostic::error(Code::WrongType, format!("{what} cannot be read"))
                    .primary(error.span.unwrap_or(span), error.message),
            );
        }
    }

    fn id(&mut self, key: &Spanned<String>, noun: &str) {
        if !is_id(&key.value) {
            self.found.push(invalid_id(
                format!("`{}` cannot name a {noun}", key.value),
                key.span,
                &key.value,
            ));
        }
    }

    /// Finds every input, tells unknown ones and circles, and puts the stages in order.
    fn settle(
        &mut self,
        stages: Vec<Result<StageEntry, Spanned<String>>>,
        datasets: &[Dataset],
    ) -> Vec<StageEntry> {
        let ids: Vec<String> = stages
            .iter()
            .map(|stage| match stage {
                Ok(entry) => entry.id.value.clone(),
                Err(id) => id.value.clone(),
            })
            .collect();
        let places: BTreeMap<&str, usize> =
            ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
        let mut used = vec![false; datasets.len()];
        let mut reads: Vec<Vec<Edge>> = Vec::new();
        for stage in &stages {
            let mut edges = Vec::new();
            if let Ok(entry) = stage {
                for input in entry.options.inputs() {
                    let id = input.id();
                    if let Some(at) = datasets.iter().position(|dataset| dataset.id.value == id) {
                        used[at] = true;
                    } else if let Some(at) = places.get(id) {
                        edges.push((*at, input.span()));
                    } else {
                        let known = datasets.iter().map(|dataset| dataset.id.value.as_str());
                        let others = ids.iter().map(String::as_str).filter(|other| *other != entry.id.value);
                        self.unknown_input(&entry.id.value, &input, known.chain(others));
                    }
                }
            }
            reads.push(edges);
        }
        let broken = stages.iter().any(Result::is_err);
        for (dataset, used) in datasets.iter().zip(used) {
            // While a stage could not be read, nobody knows what it would have used.
            if !used && !broken {
                self.found.push(
                    Diagnostic::warning(
                        Code::UnusedDataset,
                        format!("no stage reads the dataset `{}`", dataset.id.value),
                    )
                    .primary(dataset.id.span, "declared here, used nowhere")
                    .help("remove it, or name it as an input"),
                );
            }
        }
        let (order, circles) = graph::order(&ids, &reads);
        self.found.extend(circles);
        let mut slots: Vec<Option<StageEntry>> = stages.into_iter().map(Result::ok).collect();
        order.into_iter().filter_map(|at| slots[at].take()).collect()
    }

    fn unknown_input<'n>(&mut self, stage: &str, input: &super::Input, known: impl Iterator<Item = &'n str>) {
        let known: Vec<&str> = known.collect();
        let unknown = Diagnostic::error(
            Code::UnknownInput,
            format!("stage `{stage}` reads `{}`, which does not exist", input.text()),
        )
        .primary(input.span(), "neither a dataset nor a stage");
        self.found.push(match nearest(input.id(), known.iter().copied()) {
            Some(near) => unknown.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => unknown.help("declare it under `datasets`"),
            None => unknown.help(format!("there are {}", listed(known))),
        });
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

fn key_of(what: &str) -> String {
    what.trim_start_matches("variable `").trim_end_matches('`').to_owned()
}

/// The schema of one type, with its definitions inside.
fn schema_of<T: schemars::JsonSchema>() -> Json {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// The same for the same meaning: places, comments and quotes do not count. The order of keys does:
/// the columns of `derive` come out in it.
fn fingerprint(kind: &str, body: &Node) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes());
    hash(body, &mut hasher);
    hasher.finalize().to_hex()[..16].to_owned()
}

fn hash(node: &Node, into: &mut blake3::Hasher) {
    match &node.value {
        Value::Null => into.update(b"n"),
        Value::Bool(value) => into.update(if *value { b"t" } else { b"f" }),
        Value::Integer(value) => into.update(b"i").update(&value.to_le_bytes()),
        Value::Float(value) => into.update(b"d").update(&value.to_le_bytes()),
        Value::Text(text) => {
            into.update(b"s").update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes())
        }
        Value::List(items) => {
            into.update(b"l").update(&(items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| hash(item, into));
            into
        }
        Value::Map(entries) => {
            into.update(b"m").update(&(entries.len() as u64).to_le_bytes());
            for entry in entries {
                into.update(&(entry.key.value.len() as u64).to_le_bytes()).update(entry.key.value.as_bytes());
                hash(&entry.value, into);
            }
            into
        }
    };
}

/// How a variable is written.
pub(super) mod vars_form {
    use super::VarType;

    /// A variable of the pipeline.
    #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[schemars(rename = "Variable")]
    #[allow(dead_code, reason = "`enum` and `default` take the variable's type and are read from the tree")]
    pub struct VarForm {
        /// The type of its values.
        #[serde(rename = "type")]
        pub kind: VarType,
        /// What it is for.
        pub description: Option<String>,
        /// The only values it may take.
        #[serde(rename = "enum", default)]
        pub allowed: Option<Vec<Anything>>,
        /// Its value where neither a variant nor the command line says otherwise.
        #[serde(default)]
        pub default: Option<Anything>,
    }

    /// Any scalar; its type is checked against the variable's.
    #[derive(Debug)]
    pub struct Anything;

    impl<'de> serde::Deserialize<'de> for Anything {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            serde::de::IgnoredAny::deserialize(deserializer).map(|_| Anything)
        }
    }

    impl schemars::JsonSchema for Anything {
        fn inline_schema() -> bool {
            true
        }
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Scalar".into()
        }
        fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({ "type": ["string", "number", "boolean"] })
        }
    }
}
