//! What a text refers to and what is wrong with it, read off its syntax tree; its words are not kept.

use std::ops::Range;

use minijinja::machinery::ast::{BinOpKind, Call, CallArg, Expr, Stmt};
use minijinja::machinery::{Span, parse};
use minijinja::syntax::SyntaxConfig;

use crate::diagnostic::nearest;

/// What a text refers to, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Outline {
    /// Calls of `value` and `rows`.
    pub lookups: Vec<Lookup>,
    /// Names that the text does not set itself.
    pub names: Vec<(String, Range<usize>)>,
    /// Where it computes: each `{{ … }}` and each condition.
    pub places: Vec<Range<usize>>,
    /// What texts do not have.
    pub mistakes: Vec<Mistake>,
}

/// A call of `value` or `rows`.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    /// The whole call.
    pub range: Range<usize>,
    /// The table, and where it is named.
    pub table: (String, Range<usize>),
    /// The column of `value`.
    pub column: Option<(String, Range<usize>)>,
    /// The columns that pick the rows, and where their values are.
    pub keys: Vec<(String, Range<usize>)>,
    /// Whether a filter for numbers follows.
    pub number: bool,
}

/// Something that texts do not have.
#[derive(Debug, Clone)]
pub(super) struct Mistake {
    /// Where.
    pub range: Range<usize>,
    /// What.
    pub label: String,
    /// A way out; may be empty.
    pub help: &'static str,
}

/// Filters and how many arguments they take at least and at most.
const FILTERS: [(&str, usize, usize); 5] =
    [("score", 0, 0), ("percent", 0, 1), ("count", 0, 0), ("fixed", 1, 1), ("abs", 0, 0)];
const LANGUAGE: &str = "a text may use value(…), rows(…), variables, arithmetic, comparisons, `is none`, `if`, \
     `set` and the filters score, percent, count, fixed, abs";

impl Outline {
    /// Reads a text.
    pub fn read(text: &str) -> Self {
        let mut outline = Self::default();
        match parse(text, "text", syntax()) {
            Ok(tree) => Walk { outline: &mut outline, local: Vec::new() }.statement(&tree),
            Err(error) => {
                let range = error.range().unwrap_or(0..text.len());
                let label = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                outline.mistakes.push(Mistake { range, label, help: "" });
            }
        }
        outline
    }
}

struct Walk<'o> {
    outline: &'o mut Outline,
    /// Names that the text itself sets.
    local: Vec<String>,
}

impl Walk<'_> {
    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(_) => {}
            Stmt::EmitExpr(emit) => self.place(&emit.expr),
            Stmt::IfCond(branch) => {
                self.place(&branch.expr);
                self.statements(&branch.true_body);
                self.statements(&branch.false_body);
            }
            Stmt::Set(set) => {
                self.place(&set.expr);
                match &set.target {
                    Expr::Var(name) => self.local.push(name.id.to_owned()),
                    other => self.refuse(range(other.span()), "only a plain name can be set"),
                }
            }
            Stmt::ForLoop(node) => self.refuse(range(node.span()), "there are no loops in a text"),
            Stmt::WithBlock(node) => self.refuse(range(node.span()), "there is no `with` in a text"),
            Stmt::SetBlock(node) => self.refuse(range(node.span()), "there are no blocks in a text"),
            Stmt::FilterBlock(node) => self.refuse(range(node.span()), "there are no blocks in a text"),
            // Including, importing, macros and what a later version of the language may bring.
            _ => self.refuse(0..0, "a statement that texts do not have"),
        }
    }

    fn place(&mut self, expression: &Expr<'_>) {
        self.outline.places.push(range(expression.span()));
        self.expression(expression, false);
    }

    fn statements(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    /// `number`: a filter for numbers is applied to the result.
    fn expression(&mut self, expression: &Expr<'_>, number: bool) {
        match expression {
            Expr::Const(_) => {}
            Expr::Var(name) => {
                if !self.local.iter().any(|local| local == name.id) {
                    self.outline.names.push((name.id.to_owned(), range(name.span())));
                }
            }
            Expr::UnaryOp(node) => self.expression(&node.expr, false),
            Expr::BinOp(node) => {
                if matches!(node.op, BinOpKind::In | BinOpKind::FloorDiv | BinOpKind::Rem | BinOpKind::Pow) {
                    self.refuse(range(node.span()), "texts compute with + - * / only");
                }
                self.expression(&node.left, false);
                self.expression(&node.right, false);
            }
            Expr::Compare(node) => {
                self.expression(&node.expr, false);
                for operand in &node.ops {
                    self.expression(&operand.expr, false);
                }
            }
            Expr::IfExpr(node) => {
                self.expression(&node.test_expr, false);
                self.expression(&node.true_expr, number);
                if let Some(other) = &node.false_expr {
                    self.expression(other, number);
                }
            }
            Expr::Filter(node) => {
                match FILTERS.iter().find(|(name, ..)| *name == node.name) {
                    None => {
                        let near = nearest(node.name, FILTERS.iter().map(|(name, ..)| *name));
                        let label = match near {
                            Some(near) => {
                                format!("there is no filter `{}`; did you mean `{near}`?", node.name)
                            }
                            None => format!("there is no filter `{}`", node.name),
                        };
                        self.refuse(range(node.span()), label);
                    }
                    Some((name, least, most)) if !(*least..=*most).contains(&node.args.len()) => {
                        let label = match (least, most) {
                            (0, 0) => format!("`{name}` takes no argument"),
                            (0, _) => format!("`{name}` takes at most one argument: the number of decimals"),
                            _ => format!("`{name}` takes one argument: the number of decimals"),
                        };
                        self.refuse(range(node.span()), label);
                    }
                    Some(_) => self.decimals(&node.args),
                }
                if let Some(inner) = &node.expr {
                    if let Expr::Filter(first) = inner
                        && first.name != "abs"
                        && FILTERS.iter().any(|(name, ..)| *name == first.name)
                    {
                        let label = format!("`{}` has made text of the number already", first.name);
                        self.refuse(range(node.span()), label);
                    }
                    self.expression(inner, true);
                }
            }
            Expr::Test(node) => {
                if node.name != "none" {
                    self.refuse(
                        range(node.span()),
                        format!("there is no test `{}`; texts have `is none`", node.name),
                    );
                }
                self.expression(&node.expr, false);
            }
            Expr::Call(call) => self.call(call, range(call.span()), number),
            other => self.refuse(range(other.span()), format!("a text has no {}", other.description())),
        }
    }

    fn decimals(&mut self, args: &[CallArg<'_>]) {
        for arg in args {
            let good = matches!(arg, CallArg::Pos(Expr::Const(value)) if u8::try_from(value.value.clone()).is_ok_and(|n| n <= 9));
            if !good {
                self.refuse(argument(arg), "the number of decimals is a whole number from 0 to 9");
            }
        }
    }

    fn call(&mut self, call: &Call<'_>, whole: Range<usize>, number: bool) {
        let name = match &call.expr {
            Expr::Var(name) => name.id,
            other => return self.refuse(range(other.span()), "only `value` and `rows` can be called"),
        };
        let wanted = match name {
            "value" => 2,
            "rows" => 1,
            _ => {
                return self
                    .refuse(whole, format!("there is no function `{name}`; texts have `value` and `rows`"));
            }
        };
        let mut words = Vec::new();
        let mut keys = Vec::new();
        for arg in &call.args {
            match arg {
                CallArg::Pos(Expr::Const(word)) if word.value.as_str().is_some() => {
                    words.push((word.value.as_str().unwrap_or_default().to_owned(), range(word.span())));
                }
                CallArg::Kwarg(key, value) => {
                    self.expression(value, false);
                    keys.push(((*key).to_owned(), range(value.span())));
                }
                other => self.refuse(argument(other), "a table or a column is named by a text in quotes"),
            }
        }
        if words.len() != wanted {
            let form = if wanted == 2 {
                "value(\"table\", \"column\", key=…)"
            } else {
                "rows(\"table\", key=…)"
            };
            return self.refuse(whole, format!("write {form}"));
        }
        let mut words = words.into_iter();
        if let Some(table) = words.next() {
            self.outline.lookups.push(Lookup { range: whole, table, column: words.next(), keys, number });
        }
    }

    fn refuse(&mut self, range: Range<usize>, label: impl Into<String>) {
        self.outline.mistakes.push(Mistake { range, label: label.into(), help: LANGUAGE });
    }
}

/// How texts are written: a line that holds nothing but `{% … %}` leaves no empty line behind, which
/// would end a paragraph.
pub(super) fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().unwrap_or_default()
}

/// The bytes of the text that a node covers.
pub(super) fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

fn argument(arg: &CallArg<'_>) -> Range<usize> {
    match arg {
        CallArg::Pos(expr)
        | CallArg::Kwarg(_, expr)
        | CallArg::PosSplat(expr)
        | CallArg::KwargSplat(expr) => range(expr.span()),
    }
}
