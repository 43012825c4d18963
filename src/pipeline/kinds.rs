//! The face that all kinds of stage share: a body in, a typed stage out. Written once; no author of a
//! stage sees it.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};

use super::Input;
use crate::document::{Node, ReadError, from_node};
use crate::stages::{Check, Known, Ready, Spec, Stage};

/// A kind of stage, without its type.
pub trait Kind: Sync {
    /// What it is called and where its page is.
    fn spec(&self) -> Spec;
    /// The JSON Schema of its options.
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema;
    /// The options of one stage.
    fn read(&self, body: &Node) -> Result<Box<dyn Written>, ReadError>;
}

/// The options of one stage, without their type.
pub trait Written: Send + Sync {
    /// The tables it reads.
    fn inputs(&self) -> Vec<Input>;
    /// The side tables of those that it reads too, of all tables that are known.
    fn beside(&self, known: &BTreeMap<String, Known>) -> Vec<Input>;
    /// Checks a copy of the options: a pipeline is checked once per variant.
    fn check(&self, cx: &mut Check<'_>) -> Option<Arc<dyn Ready>>;
}

/// The kind of a stage type, for the list of all stages.
pub const fn kind<S: Stage>() -> impl Kind {
    KindOf::<S>(PhantomData)
}

struct KindOf<S>(PhantomData<fn() -> S>);

impl<S: Stage> Kind for KindOf<S> {
    fn spec(&self) -> Spec {
        S::SPEC
    }
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<S>()
    }
    fn read(&self, body: &Node) -> Result<Box<dyn Written>, ReadError> {
        from_node::<S>(body).map(|stage| Box::new(WrittenAs(stage)) as Box<dyn Written>)
    }
}

struct WrittenAs<S>(S);

impl<S: Stage> Written for WrittenAs<S> {
    fn inputs(&self) -> Vec<Input> {
        self.0.inputs().into_iter().cloned().collect()
    }
    fn beside(&self, known: &BTreeMap<String, Known>) -> Vec<Input> {
        self.0.beside(known)
    }
    fn check(&self, cx: &mut Check<'_>) -> Option<Arc<dyn Ready>> {
        let ready = self.0.clone().check(cx)?;
        Some(Arc::new(ready))
    }
}
