//! Rewrites a source file so that each of its mutants can be switched on while the program runs.
//!
//! Everything is said by insertions around what stands there, so that mutants may lie within each other:
//! `a < b` becomes `(match (&(a), &(b)) { (l, r) => if on(7) { l > r } else { l < r } })`. An operator is replaced in the
//! syntax tree: its operands stay what they were, also where the new one would bind otherwise.

use crate::list::{Genre, Mutant};
use proc_macro2::{LineColumn, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Arm, BinOp, Expr, ExprBinary, ExprMatch, ExprStruct, ExprUnary, Pat};

/// A rewritten file.
pub struct Switched {
    /// Its text.
    pub text: String,
    /// Which bytes of the text belong to which mutants.
    pub marks: Vec<Mark>,
    /// Mutants that have no place in the text, and why.
    pub left_out: Vec<(usize, Why)>,
}

/// Why a mutant has no place.
#[derive(Clone, Copy)]
pub enum Why {
    /// The compiler would refuse it.
    Refused,
    /// It says what stands there already.
    Same,
    /// There is nothing of its kind where it is said to be.
    Lost,
}

/// Some bytes of a rewritten file.
pub struct Mark {
    /// Which.
    pub at: Range<usize>,
    /// The mutants.
    pub mutants: Vec<usize>,
    /// Whether an error here says that the mutants themselves do not compile, and not only their switch.
    pub own: bool,
}

/// Switches for the mutants, given with their numbers.
///
/// # Errors
/// The file cannot be parsed.
pub fn switch(source: &str, mutants: &[(usize, &Mutant)]) -> Result<Switched, String> {
    let tree = syn::parse_file(source).map_err(|error| error.to_string())?;
    let mut by_place: BTreeMap<(usize, usize), Vec<(usize, &Mutant)>> = BTreeMap::new();
    for (number, mutant) in mutants {
        by_place.entry(mutant.span[0]).or_default().push((*number, mutant));
    }
    let mut switcher = Switcher {
        source,
        lines: line_starts(source),
        by_place,
        done: BTreeSet::new(),
        edits: Vec::new(),
        left_out: Vec::new(),
    };
    switcher.functions();
    switcher.visit_file(&tree);
    let Switcher { done, edits, mut left_out, .. } = switcher;
    let gone: BTreeSet<usize> = left_out.iter().map(|(number, _)| *number).collect();
    let lost = mutants
        .iter()
        .map(|(number, _)| *number)
        .filter(|number| !done.contains(number) && !gone.contains(number));
    left_out.extend(lost.map(|number| (number, Why::Lost)).collect::<Vec<_>>());
    let (text, marks) = apply(source, &edits);
    Ok(Switched { text, marks, left_out })
}

/// Something that goes around a range of the source.
struct Edit {
    around: Range<usize>,
    before: Vec<Part>,
    /// What comes in place of a range inside.
    instead: Option<(Range<usize>, String)>,
    after: Vec<Part>,
    mutants: Vec<usize>,
}

/// Text that is inserted, and the mutant it is.
type Part = (String, Option<usize>);

struct Switcher<'a> {
    source: &'a str,
    lines: Vec<usize>,
    by_place: BTreeMap<(usize, usize), Vec<(usize, &'a Mutant)>>,
    done: BTreeSet<usize>,
    edits: Vec<Edit>,
    left_out: Vec<(usize, Why)>,
}

impl<'a> Switcher<'a> {
    fn offset(&self, (line, column): (usize, usize)) -> usize {
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let rest = self.source.get(start..).unwrap_or_default();
        start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
    }

    fn range(&self, span: Span) -> Range<usize> {
        let at = |place: LineColumn| self.offset((place.line, place.column + 1));
        at(span.start())..at(span.end())
    }

    /// The mutants of a kind that begin where `span` does.
    fn at(&mut self, span: Span, genre: Genre) -> Vec<(usize, &'a Mutant)> {
        let place = (span.start().line, span.start().column + 1);
        let found = self.by_place.get(&place).into_iter().flatten();
        let found: Vec<_> = found
            .filter(|(number, mutant)| mutant.genre == genre && !self.done.contains(number))
            .copied()
            .collect();
        self.done.extend(found.iter().map(|(number, _)| *number));
        found
    }

    fn add(
        &mut self,
        around: Range<usize>,
        before: Vec<Part>,
        instead: Option<(Range<usize>, String)>,
        after: Vec<Part>,
        mutants: Vec<usize>,
    ) {
        self.edits.push(Edit { around, before, instead, after, mutants });
    }

    /// Functions that return at once.
    fn functions(&mut self) {
        let places: Vec<_> = self.by_place.values().cloned().collect();
        for place in places {
            let mut values: Vec<_> =
                place.into_iter().filter(|(_, mutant)| mutant.genre == Genre::FnValue).collect();
            let Some((_, first)) = values.first().copied() else { continue };
            let around = self.offset(first.span[0])..self.offset(first.span[1]);
            let body = self.source.get(around.clone()).unwrap_or_default();
            if body.lines().last().is_some_and(|line| line.trim() == "Vec::new()") {
                let same = values.extract_if(.., |(_, mutant)| mutant.replacement == "vec![]");
                self.left_out.extend(same.map(|(number, _)| (number, Why::Same)));
            }
            let numbers: Vec<usize> = values.iter().map(|(number, _)| *number).collect();
            self.done.extend(&numbers);
            let (mut before, mut after) = (Vec::new(), Vec::new());
            if first.returns.contains("impl ") {
                // "Some iterator" is one type: the function's own and each mutant's get a common one.
                for (depth, (number, mutant)) in values.iter().enumerate() {
                    let own = |inner: &str| {
                        format!("{}{inner}{}", "crate::mutant::Either::Own(".repeat(depth), ")".repeat(depth))
                    };
                    let value = own(&format!("crate::mutant::Either::Mutant({})", mutant.replacement));
                    before.push((
                        format!("if crate::mutant::on({number}) {{ return {value}; }} "),
                        Some(*number),
                    ));
                }
                before.push((format!("{}{{", "crate::mutant::Either::Own(".repeat(values.len())), None));
                after.push((format!("}}{}", ")".repeat(values.len())), None));
            } else {
                for (number, mutant) in &values {
                    let text =
                        format!("if crate::mutant::on({number}) {{ return {}; }} ", mutant.replacement);
                    before.push((text, Some(*number)));
                }
            }
            self.add(around, before, None, after, numbers);
        }
    }

    fn binary(&mut self, node: &ExprBinary) {
        let mutants = self.at(node.op.span(), Genre::BinaryOperator);
        let Some((first, _)) = mutants.first() else { return };
        let numbers: Vec<usize> = mutants.iter().map(|(number, _)| *number).collect();
        let around = self.range(node.span());
        let operator_at = self.range(node.op.span());
        let operator = self.source.get(operator_at.clone()).unwrap_or_default();
        let one_of = |left: &str, right: &str| {
            let mut parts = vec![(String::from(" => "), None)];
            for (number, mutant) in &mutants {
                let text = format!(
                    "if crate::mutant::on({number}) {{ {left} {} {right} }} else ",
                    mutant.replacement
                );
                parts.push((text, Some(*number)));
            }
            parts.push((format!("{{ {left} {operator} {right} }} }})"), None));
            parts
        };
        let plain = |text: &str| vec![(text.to_owned(), None)];
        match node.op {
            BinOp::And(_) | BinOp::Or(_) => {
                if has_let(&node.left) || has_let(&node.right) {
                    self.left_out.extend(numbers.iter().map(|number| (*number, Why::Refused)));
                    return;
                }
                let left = format!("__left{first}");
                let same = if matches!(node.op, BinOp::And(_)) { "!=" } else { "==" };
                let middle = format!("; if {left} {same} crate::mutant::on({first}) {{");
                let end = format!("}} else {{ {left} }} }})");
                self.add(
                    around,
                    plain(&format!("({{ let {left}: bool = ")),
                    Some((operator_at, middle)),
                    plain(&end),
                    numbers,
                );
            }
            BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => {
                let mut after = plain(")) { (__l, __r)");
                after.extend(one_of("__l", "__r"));
                self.add(
                    around,
                    plain("(match (&("),
                    Some((operator_at, "), &(".to_owned())),
                    after,
                    numbers,
                );
            }
            BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_) => {
                let mut after = plain(") { (__l, __r)");
                after.extend(one_of("*__l", "__r"));
                self.add(
                    around,
                    plain("(match (&mut ("),
                    Some((operator_at, "), ".to_owned())),
                    after,
                    numbers,
                );
            }
            _ => {
                let mut after = plain(")) { (__l, __r)");
                after.extend(one_of("__l", "__r"));
                self.add(around, plain("(match (("), Some((operator_at, "), (".to_owned())), after, numbers);
            }
        }
    }

    fn unary(&mut self, node: &ExprUnary) {
        let mutants = self.at(node.op.span(), Genre::UnaryOperator);
        let Some((number, _)) = mutants.first() else { return };
        let (around, operator_at) = (self.range(node.span()), self.range(node.op.span()));
        let operator = self.source.get(operator_at.clone()).unwrap_or_default();
        let after = vec![
            (") { __v => ".to_owned(), None),
            (format!("if crate::mutant::on({number}) {{ __v }} else "), Some(*number)),
            (format!("{{ {operator}__v }} }})"), None),
        ];
        self.add(
            around,
            vec![("(match (".to_owned(), None)],
            Some((operator_at, String::new())),
            after,
            vec![*number],
        );
    }

    fn arm(&mut self, arm: &Arm) {
        let deleted = self.at(arm.span(), Genre::MatchArm);
        let switch = deleted.first().map(|(number, _)| format!("!crate::mutant::on({number})"));
        let mut numbers: Vec<usize> = deleted.iter().map(|(number, _)| *number).collect();
        let Some((_, guard)) = &arm.guard else {
            if let Some(switch) = switch {
                let end = self.range(arm.pat.span()).end;
                self.add(end..end, vec![(format!(" if {switch}"), None)], None, Vec::new(), numbers);
            }
            return;
        };
        let mut guards = self.at(guard.span(), Genre::MatchArmGuard);
        // Written one after the other, "always" has to come first.
        guards.sort_by_key(|(_, mutant)| mutant.replacement != "true");
        if numbers.is_empty() && guards.is_empty() {
            return;
        }
        numbers.extend(guards.iter().map(|(number, _)| *number));
        let mut before = switch.map_or(String::new(), |switch| format!("{switch} && "));
        before.push('(');
        for (number, mutant) in &guards {
            match mutant.replacement.as_str() {
                "true" => before.push_str(&format!("crate::mutant::on({number}) || ")),
                _ => before.push_str(&format!("!crate::mutant::on({number}) && ")),
            }
        }
        before.push('(');
        let around = self.range(guard.span());
        self.add(around, vec![(before, None)], None, vec![("))".to_owned(), None)], numbers);
    }

    fn fields(&mut self, node: &ExprStruct) {
        let Some(base) = &node.rest else { return };
        let text = |span: Span| self.source.get(self.range(span)).unwrap_or_default().to_owned();
        let (path, base) = (text(node.path.span()), text(base.span()));
        for field in &node.fields {
            let mutants = self.at(field.span(), Genre::StructField);
            let Some((number, _)) = mutants.first() else { continue };
            let name = text_of(&field.member);
            let start =
                format!("if crate::mutant::on({number}) {{ ({path} {{ ..{base} }}).{name} }} else {{ ");
            let around = self.range(field.expr.span());
            if field.colon_token.is_some() {
                self.add(
                    around,
                    vec![(start, Some(*number))],
                    None,
                    vec![(" }".to_owned(), None)],
                    vec![*number],
                );
            } else {
                let whole = format!(": {start}{name} }}");
                self.add(around, Vec::new(), None, vec![(whole, Some(*number))], vec![*number]);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Switcher<'_> {
    fn visit_expr_binary(&mut self, node: &'ast ExprBinary) {
        self.binary(node);
        visit::visit_expr_binary(self, node);
    }

    fn visit_expr_unary(&mut self, node: &'ast ExprUnary) {
        self.unary(node);
        visit::visit_expr_unary(self, node);
    }

    fn visit_expr_match(&mut self, node: &'ast ExprMatch) {
        let takes_rest = |arm: &&Arm| arm.guard.is_none() && takes_all(&arm.pat);
        for arm in node.arms.iter().filter(|arm| arm.guard.is_none()) {
            // Without another arm that takes the rest, this one is needed.
            let rest = node.arms.iter().filter(takes_rest).any(|other| !std::ptr::eq(other, arm));
            if !rest {
                let deleted = self.at(arm.span(), Genre::MatchArm);
                self.left_out.extend(deleted.iter().map(|(number, _)| (*number, Why::Refused)));
            }
        }
        visit::visit_expr_match(self, node);
    }

    fn visit_arm(&mut self, node: &'ast Arm) {
        self.arm(node);
        visit::visit_arm(self, node);
    }

    fn visit_expr_struct(&mut self, node: &'ast ExprStruct) {
        self.fields(node);
        visit::visit_expr_struct(self, node);
    }
}

/// Whether a pattern holds whatever comes: `_` or a name; what begins with a capital is a variant.
fn takes_all(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Ident(name) => !name.ident.to_string().starts_with(char::is_uppercase),
        _ => false,
    }
}

fn text_of(member: &syn::Member) -> String {
    match member {
        syn::Member::Named(name) => name.to_string(),
        syn::Member::Unnamed(index) => index.index.to_string(),
    }
}

/// Whether a condition holds a `let` of its own chain.
fn has_let(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(node) => {
            matches!(node.op, BinOp::And(_)) && (has_let(&node.left) || has_let(&node.right))
        }
        _ => false,
    }
}

fn line_starts(source: &str) -> Vec<usize> {
    std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// What is inserted at one place: what ends there comes first, then what stands instead of an operator, then what
/// begins; the inner one ends first and begins last.
fn apply(source: &str, edits: &[Edit]) -> (String, Vec<Mark>) {
    enum Kind {
        End,
        Operator,
        Start,
    }
    type Place = (usize, u8, usize, usize);
    let mut insertions: Vec<(Place, Kind, usize)> = Vec::new();
    for (number, edit) in edits.iter().enumerate() {
        let Range { start, end } = edit.around;
        insertions.push(((start, 2, usize::MAX - end, number), Kind::Start, number));
        // What is empty ends where it starts.
        let ends = if start == end { 3 } else { 0 };
        insertions.push(((end, ends, usize::MAX - start, usize::MAX - number), Kind::End, number));
        if let Some((range, _)) = &edit.instead {
            insertions.push(((range.start, 1, 0, number), Kind::Operator, number));
        }
    }
    insertions.sort_by_key(|(key, ..)| *key);
    let (mut text, mut from, mut marks) = (String::new(), 0, Vec::new());
    let mut starts = vec![0; edits.len()];
    let insert = |text: &mut String, marks: &mut Vec<Mark>, parts: &[Part]| {
        for (part, mutant) in parts {
            let begin = text.len();
            text.push_str(part);
            if let Some(mutant) = mutant {
                marks.push(Mark { at: begin..text.len(), mutants: vec![*mutant], own: true });
            }
        }
    };
    for ((at, ..), kind, number) in insertions {
        text.push_str(source.get(from..at).unwrap_or_default());
        from = from.max(at);
        let edit = &edits[number];
        match kind {
            Kind::Start => {
                starts[number] = text.len();
                insert(&mut text, &mut marks, &edit.before);
            }
            Kind::Operator => {
                if let Some((range, instead)) = &edit.instead {
                    text.push_str(instead);
                    from = range.end;
                }
            }
            Kind::End => {
                insert(&mut text, &mut marks, &edit.after);
                if !edit.after.is_empty() {
                    let at = starts[number]..text.len();
                    marks.push(Mark { at, mutants: edit.mutants.clone(), own: false });
                }
            }
        }
    }
    text.push_str(source.get(from..).unwrap_or_default());
    (text, marks)
}
