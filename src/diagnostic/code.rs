//! The closed list of diagnostic codes: a word, an exit code, a page.

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident $word:literal $class:ident;)*) => {
        /// What kind of mistake a diagnostic tells of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub enum Code {
            $($(#[doc = $doc])* #[serde(rename = $word)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the manual.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The word people see.
            pub fn word(self) -> &'static str {
                match self { $(Code::$variant => $word),* }
            }

            /// The page that `growthring explain` prints.
            pub fn page(self) -> &'static str {
                match self { $(Code::$variant => include_str!(concat!("codes/", $word, ".md"))),* }
            }

            /// The exit code of a command that ends with this diagnostic.
            pub fn exit(self) -> u8 {
                match self { $(Code::$variant => Class::$class as u8),* }
            }
        }
    };
}

enum Class {
    /// The file or the usage is wrong.
    File = 2,
    /// The data contradicts the file.
    Data = 3,
    /// An input is missing or cannot be read.
    Input = 6,
}

codes! {
    /// The text is not YAML, or is not one document.
    YamlSyntax "yaml-syntax" File;
    /// The file, or a part of it, is not a mapping where it must be one.
    NotAMapping "not-a-mapping" File;
    /// A key, stage or dataset is written twice.
    DuplicateKey "duplicate-key" File;
    /// The file's `version` is not one this program reads.
    UnsupportedVersion "unsupported-version" File;
    /// An option that does not exist.
    UnknownOption "unknown-option" File;
    /// An option that must be written is not.
    MissingOption "missing-option" File;
    /// A value of the wrong type.
    WrongType "wrong-type" File;
    /// A word that is not one of those allowed.
    UnknownValue "unknown-value" File;
    /// A number outside its bounds.
    OutOfRange "out-of-range" File;
    /// Options that do not go together, or a value that makes no sense.
    InvalidOption "invalid-option" File;
    /// An id that is not a plain word, or is taken.
    InvalidId "invalid-id" File;
    /// A stage of a kind that does not exist.
    UnknownKind "unknown-kind" File;
    /// A stage without exactly one kind.
    OneKind "one-kind" File;
    /// An input that is neither a dataset, a stage nor a side table.
    UnknownInput "unknown-input" File;
    /// Stages that wait for each other.
    Cycle "cycle" File;
    /// A dataset that no stage reads.
    UnusedDataset "unused-dataset" File;
    /// A variable that is not declared.
    UnknownVariable "unknown-variable" File;
    /// A value that a variable cannot take.
    InvalidVariable "invalid-variable" File;
    /// A variant that is not declared.
    UnknownVariant "unknown-variant" File;
    /// A column that the input does not have.
    UnknownColumn "unknown-column" File;
    /// A column of a type that the option cannot use.
    ColumnType "column-type" File;
    /// A column that is named, or would be made, twice.
    DuplicateColumn "duplicate-column" File;
    /// An expression that cannot be parsed.
    ExpressionSyntax "expression-syntax" File;
    /// A function that expressions do not have.
    UnknownFunction "unknown-function" File;
    /// An expression whose types do not go together.
    ExpressionType "expression-type" File;
    /// Text with a `{…}` or `{{ … }}` that cannot be filled in.
    Template "template" File;
    /// SQL that the engine refuses.
    Sql "sql" File;
    /// A plan that the engine refuses.
    PlanRefused "plan-refused" File;
    /// A path that names a file which is not there.
    MissingFile "missing-file" Input;
    /// A glob that matches no file.
    EmptyGlob "empty-glob" Input;
    /// A file without content.
    EmptyFile "empty-file" Input;
    /// A file that cannot be read as what it should be.
    CorruptFile "corrupt-file" Input;
    /// A header line that cannot be used.
    BadHeader "bad-header" Input;
    /// Files of one dataset that have different columns.
    SchemaDiffers "schema-differs" Input;
    /// Records that could not be read.
    BadRows "bad-rows" Data;
    /// A lookup that has a key more than once.
    DuplicateLookupKey "duplicate-lookup-key" Data;
    /// A key that occurs more than once where it must not.
    DuplicateRecord "duplicate-record" Data;
    /// Data that an option cannot be computed on.
    UnusableData "unusable-data" Data;
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
