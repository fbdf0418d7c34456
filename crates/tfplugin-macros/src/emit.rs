//! Writes the implementation.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use super::parse::Field;

/// `impl Model` and `impl Attr` for the struct.
pub fn implementation(name: &Ident, fields: &[Field]) -> TokenStream {
    let attributes = fields.iter().map(attribute);
    let decoders = fields.iter().map(decoder);
    let (flat, own): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.rules.flatten);
    let encoders = own.into_iter().map(encoder);
    let flat_encoders = flat.into_iter().map(flat_encoder);
    quote! {
        #[automatically_derived]
        impl ::tfplugin::sdk::Model for #name {
            fn attributes() -> ::std::vec::Vec<::tfplugin::sdk::Attribute> {
                let mut attributes = ::std::vec::Vec::new();
                #(#attributes)*
                attributes
            }

            fn decode(
                value: &::tfplugin::sdk::Value,
                at: &::tfplugin::sdk::Path,
            ) -> ::std::result::Result<Self, ::tfplugin::sdk::DecodeError> {
                if value.members().is_none() {
                    return ::std::result::Result::Err(::tfplugin::sdk::DecodeError::new(at, "an object", value));
                }
                ::std::result::Result::Ok(Self { #(#decoders),* })
            }

            fn encode(&self) -> ::tfplugin::sdk::Value {
                let members: ::std::vec::Vec<(&str, ::tfplugin::sdk::Value)> = ::std::vec![#(#encoders),*];
                let object = ::tfplugin::sdk::Value::object(members);
                #(let object = #flat_encoders;)*
                object
            }
        }

        #[automatically_derived]
        impl ::tfplugin::sdk::Attr for #name {
            fn shape() -> ::tfplugin::sdk::Shape {
                ::tfplugin::sdk::Shape::Nested(
                    ::tfplugin::sdk::Nesting::Single,
                    <Self as ::tfplugin::sdk::Model>::attributes(),
                )
            }

            fn decode(
                value: &::tfplugin::sdk::Value,
                at: &::tfplugin::sdk::Path,
            ) -> ::std::result::Result<Self, ::tfplugin::sdk::DecodeError> {
                <Self as ::tfplugin::sdk::Model>::decode(value, at)
            }

            fn encode(&self) -> ::tfplugin::sdk::Value {
                <Self as ::tfplugin::sdk::Model>::encode(self)
            }
        }
    }
}

fn attribute(field: &Field) -> TokenStream {
    let Field { name, ty, description, rules, .. } = field;
    if rules.flatten {
        return quote!(attributes.extend(<#ty as ::tfplugin::sdk::Model>::attributes()););
    }
    let mode = if rules.optional || rules.default.is_some() {
        quote!(::tfplugin::sdk::Mode::OptionalComputed)
    } else {
        quote!(<#ty as ::tfplugin::sdk::Attr>::mode())
    };
    let (replace, write_only, keep) = (rules.replace, rules.write_only, rules.keep);
    let sensitive = rules.sensitive;
    let default = option(rules.default.as_ref().map(|default| quote!(::tfplugin::sdk::Value::from(#default))));
    let equality = option(rules.equal.as_ref().map(|equal| quote!(#equal as ::tfplugin::sdk::Equality)));
    let deprecated = option(rules.deprecated.as_ref().map(|why| quote!(::std::string::String::from(#why))));
    let checks = &rules.checks;
    quote! {
        attributes.push(::tfplugin::sdk::Attribute {
            sensitive: #sensitive || <#ty as ::tfplugin::sdk::Attr>::sensitive(),
            write_only: #write_only,
            deprecated: #deprecated,
            replace: #replace,
            keep: #keep,
            default: #default,
            checks: ::std::vec![#(#checks),*],
            equality: #equality,
            ..::tfplugin::sdk::Attribute::new(#name, <#ty as ::tfplugin::sdk::Attr>::shape(), #mode, #description)
        });
    }
}

fn option(tokens: Option<TokenStream>) -> TokenStream {
    tokens.map_or_else(|| quote!(::std::option::Option::None), |tokens| quote!(::std::option::Option::Some(#tokens)))
}

fn decoder(field: &Field) -> TokenStream {
    let Field { ident, name, ty, rules, .. } = field;
    if rules.flatten {
        return quote!(#ident: <#ty as ::tfplugin::sdk::Model>::decode(value, at)?);
    }
    let read = quote!(<#ty as ::tfplugin::sdk::Attr>::decode(value.member(#name), &at.attribute(#name))?);
    let Some(default) = &rules.default else { return quote!(#ident: #read) };
    // A state that was written before the attribute existed holds null there.
    quote! {
        #ident: if value.member(#name).is_null() {
            <#ty as ::tfplugin::sdk::Attr>::decode(&::tfplugin::sdk::Value::from(#default), &at.attribute(#name))?
        } else {
            #read
        }
    }
}

fn encoder(field: &Field) -> TokenStream {
    let Field { ident, name, ty, rules, .. } = field;
    let value = if rules.write_only {
        quote!(::tfplugin::sdk::Value::Null)
    } else {
        quote!(<#ty as ::tfplugin::sdk::Attr>::encode(&self.#ident))
    };
    quote!((#name, #value))
}

/// The object with the members of a flattened model.
fn flat_encoder(field: &Field) -> TokenStream {
    let Field { ident, ty, .. } = field;
    quote!(object.joined(<#ty as ::tfplugin::sdk::Model>::encode(&self.#ident)))
}
