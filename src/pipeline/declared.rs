//! The sections `vars` and `variants`: what is declared, each value held to its variable's type. Which
//! values a run takes is decided in [`super::vars`].

use super::read::{Reader, Typed, schema_of};
use super::vars::unknown_variable;
use super::{Var, VarType, Variant};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Entry, Node, Span, Value, from_node};

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

impl Reader {
    pub(super) fn vars(&mut self, root: &Node) -> Vec<Var> {
        let schema = schema_of::<VarForm>();
        let mut all = Vec::new();
        for Entry { key, value } in self.section(root, "vars") {
            let what = format!("variable `{}`", key.value);
            self.id(key, "variable");
            let Typed { value: form, guessed } = self.typed::<VarForm>(value, key.span, &schema, &what);
            // An option that does not exist leaves the type as it is written.
            let is_typed = value.get("type").is_some_and(|word| from_node::<VarType>(word).is_ok());
            let Some(form) = form.filter(|_| is_typed || !guessed) else {
                all.push(Var::unsettled(key.clone()));
                continue;
            };
            let mut values = |option: &str| -> Vec<(crate::expression::Value, Span)> {
                let nodes = match value.get(option) {
                    Some(Node { value: Value::List(items), .. }) => items.iter().collect(),
                    Some(node) => vec![node],
                    None => Vec::new(),
                };
                nodes
                    .into_iter()
                    .filter_map(|node| Some((form.kind.value(&key.value, node, &mut self.found)?, node.span)))
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
                refused: default.is_none() && (guessed || value.get("default").is_some()),
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

    pub(super) fn variants(&mut self, root: &Node, vars: &[Var]) -> Vec<Variant> {
        let mut all = Vec::new();
        for Entry { key, value } in self.section(root, "variants") {
            self.id(key, "variant");
            self.alike(key, all.iter().map(|variant: &Variant| &variant.name));
            // The folder of a variant lies beside those of the run.
            if key.value.eq_ignore_ascii_case("runs") {
                self.found.push(
                    Diagnostic::error(Code::InvalidId, format!("`{}` cannot name a variant", key.value))
                        .primary(key.span, "the folder of that name keeps the records of runs")
                        .help("another name, such as `all_runs`"),
                );
            }
            let Some(entries) = value.entries() else {
                self.found.push(
                    Diagnostic::error(Code::NotAMapping, format!("variant `{}` sets variables", key.value))
                        .primary(value.span, format!("this is {}, wanted is a mapping", value.kind()))
                        .help(format!("write `{}: {{ VARIABLE: value }}`", key.value)),
                );
                continue;
            };
            let mut settings = Vec::new();
            for entry in entries {
                let name = &entry.key.value;
                let Some(var) = vars.iter().find(|var| var.name.value == *name) else {
                    let known = vars.iter().map(|var| var.name.value.as_str());
                    self.found.push(unknown_variable(name, Some(entry.key.span), known));
                    continue;
                };
                // What fits a variable whose own declaration was refused is not known.
                if var.refused && var.default.is_none() {
                    continue;
                }
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
}
