//! Reads a struct, and collects every mistake in it.

use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Expr, Fields, FieldsNamed, Ident, LitStr, Path, Token, Type};

/// One field as it was declared.
pub struct Field {
    pub ident: Ident,
    pub name: String,
    pub ty: Type,
    pub description: String,
    pub rules: Rules,
}

/// What `#[attr(…)]` says of a field.
#[expect(clippy::struct_excessive_bools, reason = "each is a word that is there or not")]
#[derive(Default)]
pub struct Rules {
    pub replace: bool,
    pub write_only: bool,
    pub sensitive: bool,
    pub optional: bool,
    pub keep: bool,
    pub flatten: bool,
    pub default: Option<Expr>,
    pub checks: Vec<Expr>,
    pub equal: Option<Path>,
    pub deprecated: Option<LitStr>,
}

impl Rules {
    /// Whether anything but `flatten` is said.
    fn says_more(&self) -> bool {
        let is_marked = self.replace || self.write_only || self.sensitive || self.optional || self.keep;
        is_marked
            || self.default.is_some()
            || !self.checks.is_empty()
            || self.equal.is_some()
            || self.deprecated.is_some()
    }
}

/// Where the framework is: what `#[model(crate = PATH)]` says, or `::tfplugin`.
pub fn framework(input: &DeriveInput) -> Result<Path, Error> {
    let mut framework = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("model")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                return once(&mut framework, &meta);
            }
            Err(meta.error("unknown word; there is `crate = PATH`"))
        })?;
    }
    Ok(framework.unwrap_or_else(|| syn::parse_quote!(::tfplugin)))
}

/// The fields of a struct with named fields, or all that is wrong with them.
pub fn struct_fields(input: &DeriveInput) -> Result<Vec<Field>, Error> {
    let kind = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(named) => return all_fields(input, named),
            Fields::Unnamed(_) => "a tuple struct",
            Fields::Unit => "a struct without fields",
        },
        Data::Enum(_) => "an enum",
        Data::Union(_) => "a union",
    };
    let message = format!("a `Model` is a struct with a named field for each attribute; `{}` is {kind}", input.ident);
    Err(Error::new(input.ident.span(), message))
}

fn all_fields(input: &DeriveInput, named: &FieldsNamed) -> Result<Vec<Field>, Error> {
    let mut fields = Vec::new();
    let mut mistakes = Vec::new();
    if !input.generics.params.is_empty() {
        mistakes.push(Error::new(input.generics.span(), "a `Model` has no parameters: its schema is one"));
    }
    for field in &named.named {
        match one_field(field) {
            Ok(field) => fields.push(field),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    joined(mistakes).map_or(Ok(fields), Err)
}

/// All mistakes as one error, which the compiler shows one by one.
fn joined(mistakes: Vec<Error>) -> Option<Error> {
    mistakes.into_iter().reduce(|mut all, mistake| {
        all.combine(mistake);
        all
    })
}

fn one_field(field: &syn::Field) -> Result<Field, Error> {
    let Some(ident) = field.ident.clone() else { return Err(Error::new(field.span(), "a field needs a name")) };
    let name = ident.to_string().trim_start_matches("r#").to_owned();
    let description = doc_comment(&field.attrs);
    let (mut mistakes, mut in_rules) = (Vec::new(), Vec::new());
    let rules = read_rules(&field.attrs, &mut in_rules);
    if description.is_empty() && !rules.flatten {
        mistakes.push(Error::new(
            ident.span(),
            format!("the attribute `{name}` has no documentation: write a doc comment on the field"),
        ));
    }
    mistakes.append(&mut in_rules);
    contradictions(&ident, &field.ty, &rules, &mut mistakes);
    joined(mistakes).map_or(Ok(Field { ident, name, ty: field.ty.clone(), description, rules }), Err)
}

/// The paragraphs of a doc comment, without the leading blank of each line.
fn doc_comment(attributes: &[syn::Attribute]) -> String {
    let lines = attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
        let Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return None };
        let text = text.value();
        Some(text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned())
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn read_rules(attributes: &[syn::Attribute], mistakes: &mut Vec<Error>) -> Rules {
    let mut rules = Rules::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("attr")) {
        let read = attribute.parse_nested_meta(|meta| one_rule(&mut rules, &meta, mistakes));
        if let Err(mistake) = read {
            mistakes.push(mistake);
        }
    }
    rules
}

/// Reads one rule. What is wrong with it goes to `mistakes`; an error means that the rest cannot be read either.
fn one_rule(rules: &mut Rules, meta: &ParseNestedMeta<'_>, mistakes: &mut Vec<Error>) -> Result<(), Error> {
    let read = match word(meta).as_str() {
        "replace" => flag(&mut rules.replace, meta),
        "write_only" => flag(&mut rules.write_only, meta),
        "sensitive" => flag(&mut rules.sensitive, meta),
        "optional" => flag(&mut rules.optional, meta),
        "keep" => flag(&mut rules.keep, meta),
        "flatten" => flag(&mut rules.flatten, meta),
        "default" => once(&mut rules.default, meta),
        "check" => value(meta).map(|check| rules.checks.push(check)),
        "equal" => once(&mut rules.equal, meta),
        "deprecated" => once(&mut rules.deprecated, meta),
        _ => Err(meta.error(
            "unknown rule; there are `replace`, `write_only`, `sensitive`, `optional`, `keep`, `flatten`, `default = …`, \
             `check = …`, `equal = …` and `deprecated = \"…\"`",
        )),
    };
    if let Err(mistake) = read {
        mistakes.push(mistake);
    }
    skip_value(meta)
}

fn word(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

/// A rule that is there or not.
fn flag(rule: &mut bool, meta: &ParseNestedMeta<'_>) -> Result<(), Error> {
    if !meta.input.is_empty() && !meta.input.peek(Token![,]) {
        return Err(meta.error(format!("`{}` is a word alone and takes no value", word(meta))));
    }
    if *rule {
        return Err(meta.error(format!("`{}` is said twice", word(meta))));
    }
    *rule = true;
    Ok(())
}

/// A rule with a value, said at most once.
fn once<T: Parse>(rule: &mut Option<T>, meta: &ParseNestedMeta<'_>) -> Result<(), Error> {
    let value = value(meta)?;
    if rule.is_some() {
        return Err(meta.error(format!("`{}` is said twice", word(meta))));
    }
    *rule = Some(value);
    Ok(())
}

fn value<T: Parse>(meta: &ParseNestedMeta<'_>) -> Result<T, Error> {
    if !meta.input.peek(Token![=]) {
        return Err(meta.error(format!("`{0}` needs a value: `{0} = …`", word(meta))));
    }
    meta.value()?.parse()
}

/// Goes on behind the value of a rule that could not take it.
fn skip_value(meta: &ParseNestedMeta<'_>) -> Result<(), Error> {
    while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
        meta.input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}

fn contradictions(ident: &Ident, ty: &Type, rules: &Rules, mistakes: &mut Vec<Error>) {
    let computed = outer_type(ty).is_some_and(|outer| outer == "Computed");
    let optional = outer_type(ty).is_some_and(|outer| outer == "Option");
    let mut say = |wrong: bool, message: &str| {
        if wrong {
            mistakes.push(Error::new(ident.span(), message));
        }
    };
    say(rules.optional && !computed, "`optional` is for `Computed` fields; an optional field is an `Option`");
    say(rules.keep && !computed, "`keep` is for `Computed` fields");
    say(rules.default.is_some() && computed, "a `Computed` field has no default: the provider finds its value");
    say(rules.default.is_some() && optional, "a field with a default is never absent: drop the `Option`");
    say(rules.write_only && computed, "the provider cannot compute a write-only value");
    say(rules.write_only && rules.default.is_some(), "a write-only value has no default");
    say(rules.write_only && !optional, "a write-only field is an `Option`: it is absent wherever a state is read");
    say(
        rules.flatten && rules.says_more(),
        "`flatten` takes another model's attributes in; nothing else is said of them",
    );
    let name = ident.to_string();
    say(rules.write_only && !name.ends_with("_wo"), "the name of a write-only attribute ends in `_wo`");
}

/// The name of a type before its generic arguments.
fn outer_type(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    path.path.segments.last().map(|segment| segment.ident.to_string())
}
