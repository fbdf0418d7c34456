//! Reads a struct, and collects every mistake in it.

use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Expr, Fields, Ident, LitStr, Path, Type};

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
    pub default: Option<Expr>,
    pub checks: Vec<Expr>,
    pub equal: Option<Path>,
    pub deprecated: Option<LitStr>,
}

/// The fields of a struct with named fields, or all that is wrong with them.
pub fn struct_fields(input: &DeriveInput) -> Result<Vec<Field>, Error> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.ident.span(), "Model can only be derived for a struct"));
    };
    let Fields::Named(named) = &data.fields else {
        return Err(Error::new(input.ident.span(), "Model can only be derived for a struct with named fields"));
    };
    let mut fields = Vec::new();
    let mut mistakes: Option<Error> = None;
    for field in &named.named {
        match one_field(field) {
            Ok(field) => fields.push(field),
            Err(mistake) => match &mut mistakes {
                Some(all) => all.combine(mistake),
                None => mistakes = Some(mistake),
            },
        }
    }
    mistakes.map_or(Ok(fields), Err)
}

fn one_field(field: &syn::Field) -> Result<Field, Error> {
    let Some(ident) = field.ident.clone() else { return Err(Error::new(field.span(), "a field needs a name")) };
    let name = ident.to_string().trim_start_matches("r#").to_owned();
    let description = doc_comment(&field.attrs);
    let mut mistakes = Vec::new();
    if description.is_empty() {
        mistakes.push(Error::new(
            ident.span(),
            format!("the attribute `{name}` has no documentation: write a doc comment on the field"),
        ));
    }
    let rules = read_rules(&field.attrs, &mut mistakes);
    contradictions(&ident, &field.ty, &rules, &mut mistakes);
    let all = mistakes.into_iter().reduce(|mut all, mistake| {
        all.combine(mistake);
        all
    });
    all.map_or(Ok(Field { ident, name, ty: field.ty.clone(), description, rules }), Err)
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
        let read = attribute.parse_nested_meta(|meta| one_rule(&mut rules, &meta));
        if let Err(mistake) = read {
            mistakes.push(mistake);
        }
    }
    rules
}

fn one_rule(rules: &mut Rules, meta: &syn::meta::ParseNestedMeta<'_>) -> Result<(), Error> {
    let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
    match word.as_str() {
        "replace" => rules.replace = true,
        "write_only" => rules.write_only = true,
        "sensitive" => rules.sensitive = true,
        "optional" => rules.optional = true,
        "keep" => rules.keep = true,
        "default" => rules.default = Some(meta.value()?.parse()?),
        "check" => rules.checks.push(meta.value()?.parse()?),
        "equal" => rules.equal = Some(meta.value()?.parse()?),
        "deprecated" => rules.deprecated = Some(meta.value()?.parse()?),
        _ => {
            return Err(meta.error(
                "unknown rule; there are `replace`, `write_only`, `sensitive`, `optional`, `keep`, `default = …`, \
                 `check = …`, `equal = …` and `deprecated = \"…\"`",
            ));
        }
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
    let name = ident.to_string();
    say(rules.write_only && !name.ends_with("_wo"), "the name of a write-only attribute ends in `_wo`");
}

/// The name of a type before its generic arguments.
fn outer_type(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    path.path.segments.last().map(|segment| segment.ident.to_string())
}
