//! The section `stages`: one kind each, its options in their own type, and the keys that every stage may
//! have. Who reads whom is settled in [`super::settle`].

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::fingerprint::fingerprint;
use super::misplaced::misplaced;
use super::read::{EXAMPLE, Reader, schema_of};
use super::schema::stage_schemas;
use super::{Dataset, Kind, StageEntry};
use crate::diagnostic::{CautionCode, Code, Diagnostic, listed, nearest};
use crate::document::{Entry, Node, OneOrMany, Spanned, Value, conform};
use crate::stages::STAGES;

/// The keys that a stage may have beside its kind.
const STAGE_KEYS: [&str; 4] = ["owner", "description", "publish", "accept"];

/// What a stage may have beside its kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct StageForm {
    /// The team this stage belongs to. An edge where the owner changes is a hand-off.
    #[serde(default)]
    pub owner: Option<Spanned<String>>,
    /// What the stage is for. Reports call its table by these words.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether the table is written to the run's folder. `false` keeps a stage that only reshapes rows
    /// inside the plan of the stages after it.
    #[serde(default = "yes")]
    pub publish: bool,
    /// Cautions that are expected of this stage, such as `no-rows` of a list that is empty on a good
    /// day. They are told all the same and do not stop a run under `--deny-cautions`.
    #[serde(default)]
    pub accept: OneOrMany<CautionCode>,
}

fn yes() -> bool {
    true
}

impl Default for StageForm {
    fn default() -> Self {
        Self { owner: None, description: None, publish: true, accept: OneOrMany::default() }
    }
}

impl Reader {
    /// The stages in file order; a stage that could not be read keeps its place without options, so
    /// that those who read it are not told of an unknown input as well.
    pub(super) fn stages(
        &mut self,
        root: &Node,
        datasets: &[Dataset],
    ) -> Vec<Result<StageEntry, Spanned<String>>> {
        let schema = stage_schemas();
        let around = schema_of::<StageForm>();
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
        let section = self.section(root, "stages");
        for (at, Entry { key, value }) in section.iter().enumerate() {
            self.id(key, "stage");
            self.alike(key, section[..at].iter().map(|earlier| &earlier.key));
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
            all.push(self.stage(key, value, &schema, &around).ok_or_else(|| key.clone()));
        }
        all
    }

    fn stage(
        &mut self,
        id: &Spanned<String>,
        node: &Node,
        schema: &Json,
        around: &Json,
    ) -> Option<StageEntry> {
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
        let beside: Vec<Entry> =
            entries.iter().filter(|entry| STAGE_KEYS.contains(&entry.key.value.as_str())).cloned().collect();
        let beside = Node { span: node.span, value: Value::Map(beside) };
        let StageForm { owner, description, publish, accept } =
            self.typed(&beside, id.span, around, &what).value.unwrap_or_default();
        let form = schema.pointer(&format!("/properties/{}", kind.spec().kind)).unwrap_or(&Json::Null);
        let before = self.found.len();
        let conformed = conform(&entry.value, entry.key.span, form, schema, &what, &mut self.found);
        let body = conformed.node?;
        match kind.read(&body) {
            Ok(options) => Some(StageEntry {
                id: id.clone(),
                owner,
                description,
                publish,
                accept: accept.0,
                kind: entry.key.clone(),
                options,
                fingerprint: fingerprint(kind.spec().kind, &body),
                guessed: conformed.guessed,
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_stage_are_those_of_its_form() {
        let schema = schema_of::<StageForm>();
        let mut keys: Vec<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut listed = STAGE_KEYS;
        keys.sort_unstable();
        listed.sort_unstable();
        assert_eq!(keys, listed);
    }
}
