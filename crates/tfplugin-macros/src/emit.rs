//! Writes the implementation.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Path};

use super::parse::Field;

/// `impl Model` and `impl Attr` for the struct. `framework` is the path of the framework's crate.
pub fn implementation(name: &Ident, framework: &Path, fields: &[Field]) -> TokenStream {
    let attributes = fields.iter().map(|field| attribute(field, framework));
    let decoders = fields.iter().map(|field| decoder(field, framework));
    let (flat, own): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.rules.flatten);
    let encoders = own.into_iter().map(|field| encoder(field, framework));
    let flat_encoders = flat.into_iter().map(|field| flat_encoder(field, framework));
    quote! {
        #[automatically_derived]
        impl #framework::sdk::Model for #name {
            fn attributes() -> ::std::vec::Vec<#framework::sdk::Attribute> {
                let mut attributes = ::std::vec::Vec::new();
                #(#attributes)*
                attributes
            }

            fn decode(
                value: &#framework::sdk::Value,
                at: &#framework::sdk::Path,
            ) -> ::std::result::Result<Self, #framework::sdk::DecodeError> {
                if value.members().is_none() {
                    return ::std::result::Result::Err(#framework::sdk::DecodeError::new(at, "an object", value));
                }
                ::std::result::Result::Ok(Self { #(#decoders),* })
            }

            fn encode(&self) -> #framework::sdk::Value {
                let members: ::std::vec::Vec<(&str, #framework::sdk::Value)> = ::std::vec![#(#encoders),*];
                let object = #framework::sdk::Value::object(members);
                #(let object = #flat_encoders;)*
                object
            }
        }

        #[automatically_derived]
        impl #framework::sdk::Attr for #name {
            fn shape() -> #framework::sdk::Shape {
                #framework::sdk::Shape::Nested(
                    #framework::sdk::Nesting::Single,
                    <Self as #framework::sdk::Model>::attributes(),
                )
            }

            fn decode(
                value: &#framework::sdk::Value,
                at: &#framework::sdk::Path,
            ) -> ::std::result::Result<Self, #framework::sdk::DecodeError> {
                <Self as #framework::sdk::Model>::decode(value, at)
            }

            fn encode(&self) -> #framework::sdk::Value {
                <Self as #framework::sdk::Model>::encode(self)
            }
        }
    }
}

fn attribute(field: &Field, framework: &Path) -> TokenStream {
    let Field { name, ty, description, rules, .. } = field;
    if rules.flatten {
        return quote!(attributes.extend(<#ty as #framework::sdk::Model>::attributes()););
    }
    let mode = if rules.optional || rules.default.is_some() {
        quote!(#framework::sdk::Mode::OptionalComputed)
    } else {
        quote!(<#ty as #framework::sdk::Attr>::mode())
    };
    let (replace, write_only, keep) = (rules.replace, rules.write_only, rules.keep);
    let sensitive = rules.sensitive;
    let default = option(rules.default.as_ref().map(|default| quote!(#framework::sdk::Value::from(#default))));
    let equality = option(rules.equal.as_ref().map(|equal| quote!(#equal as #framework::sdk::Equality)));
    let deprecated = option(rules.deprecated.as_ref().map(|why| quote!(::std::string::String::from(#why))));
    let checks = &rules.checks;
    quote! {
        attributes.push(#framework::sdk::Attribute {
            sensitive: #sensitive || <#ty as #framework::sdk::Attr>::sensitive(),
            write_only: #write_only,
            deprecated: #deprecated,
            replace: #replace,
            keep: #keep,
            default: #default,
            checks: ::std::vec![#(#checks),*],
            equality: #equality,
            ..#framework::sdk::Attribute::new(#name, <#ty as #framework::sdk::Attr>::shape(), #mode, #description)
        });
    }
}

fn option(tokens: Option<TokenStream>) -> TokenStream {
    tokens.map_or_else(|| quote!(::std::option::Option::None), |tokens| quote!(::std::option::Option::Some(#tokens)))
}

fn decoder(field: &Field, framework: &Path) -> TokenStream {
    let Field { ident, name, ty, rules, .. } = field;
    if rules.flatten {
        return quote!(#ident: <#ty as #framework::sdk::Model>::decode(value, at)?);
    }
    let read = quote!(<#ty as #framework::sdk::Attr>::decode(value.member(#name), &at.attribute(#name))?);
    let Some(default) = &rules.default else { return quote!(#ident: #read) };
    // A state that was written before the attribute existed holds null there.
    quote! {
        #ident: if value.member(#name).is_null() {
            <#ty as #framework::sdk::Attr>::decode(&#framework::sdk::Value::from(#default), &at.attribute(#name))?
        } else {
            #read
        }
    }
}

fn encoder(field: &Field, framework: &Path) -> TokenStream {
    let Field { ident, name, ty, rules, .. } = field;
    let value = if rules.write_only {
        quote!(#framework::sdk::Value::Null)
    } else {
        quote!(<#ty as #framework::sdk::Attr>::encode(&self.#ident))
    };
    quote!((#name, #value))
}

/// The object with the members of a flattened model.
fn flat_encoder(field: &Field, framework: &Path) -> TokenStream {
    let Field { ident, ty, .. } = field;
    quote!(object.joined(<#ty as #framework::sdk::Model>::encode(&self.#ident)))
}
