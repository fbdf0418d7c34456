//! `#[derive(Model)]`: the schema, the decoder and the encoder of a struct, from one declaration.
//!
//! The type of a field says who sets it: `T` the user must, `Option<T>` the user may, `Computed<T>` the
//! provider does. `#[attr(…)]` adds what a type cannot say; the doc comment is the user's documentation
//! and must be there. Every mistake of a struct is reported in one compile.

mod emit;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Derives `tfplugin::Model` and `tfplugin::Attr` for a struct with named fields.
///
/// What `#[attr(…)]` may say of a field:
///
/// | word | meaning |
/// |---|---|
/// | `replace` | a change destroys the object and makes a new one |
/// | `write_only` | given to the provider, never stored; the field is an `Option` or a `Secret` |
/// | `sensitive` | hidden in Terraform's output |
/// | `optional` | a `Computed` field that the user may set as well |
/// | `keep` | a `Computed` field that an update does not change |
/// | `flatten` | the field is another `Model`, whose attributes stand among those of this one; no doc comment is needed |
/// | `default = EXPR` | the value that an absent one stands for; anything `Into<Value>` |
/// | `check = EXPR` | a `Check`; may be said several times |
/// | `equal = PATH` | a `fn(&Value, &Value) -> bool` that tells when two values mean the same |
/// | `deprecated = "…"` | why not to use it any more |
/// `#[model(crate = PATH)]` on the struct says where the framework is, if a provider knows it by another name than `::tfplugin`:
/// renamed in its `Cargo.toml`, or as a part of another crate.
#[proc_macro_derive(Model, attributes(attr, model))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    match parse::framework(&input).and_then(|framework| Ok((framework, parse::struct_fields(&input)?))) {
        Ok((framework, fields)) => emit::implementation(&input.ident, &framework, &fields).into(),
        Err(mistakes) => mistakes.to_compile_error().into(),
    }
}
