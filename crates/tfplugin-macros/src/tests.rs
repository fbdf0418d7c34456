//! What the derive says of a struct that is wrong: every mistake at once, in words that lead on.

use proc_macro2::TokenStream;
use quote::quote;

use super::parse;

/// The messages in their order, one line each.
fn messages(input: TokenStream) -> String {
    let input = syn::parse2(input).unwrap();
    let Err(mistakes) = parse::struct_fields(&input) else { return String::new() };
    mistakes.into_iter().map(|mistake| mistake.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn accepts_what_is_right() {
    let wrong = messages(quote! {
        struct Registry {
            /// Its name.
            #[attr(replace, check = check::length(1, 63), check = check::dns_label())]
            name: String,
            /// The password.
            #[attr(write_only, sensitive)]
            password_wo: Option<Secret>,
            /// How many.
            #[attr(default = 1)]
            #[attr(deprecated = "there is one")]
            replicas: i64,
            /// Where.
            #[attr(optional, keep, equal = same_url)]
            url: Computed<String>,
            #[attr(flatten)]
            placement: Placement,
        }
    });
    assert_eq!(wrong, "");
}

#[test]
fn reports_every_mistake_of_a_struct_in_one_compile() {
    let wrong = messages(quote! {
        struct Registry<T> {
            name: String,
            #[attr(replace = true, colour = "red", sensitive(), keep)]
            size: T,
            /// Right.
            url: Computed<String>,
            ///
            #[attr(default = 1, default = 2, check, shiny)]
            replicas: i64,
        }
    });
    assert_eq!(
        wrong,
        "a `Model` has no parameters: its schema is one\n\
         the attribute `name` has no documentation: write a doc comment on the field\n\
         the attribute `size` has no documentation: write a doc comment on the field\n\
         `replace` is a word alone and takes no value\n\
         unknown rule; there are `replace`, `write_only`, `sensitive`, `optional`, `keep`, `flatten`, `default = …`, \
         `check = …`, `equal = …` and `deprecated = \"…\"`\n\
         `sensitive` is a word alone and takes no value\n\
         `keep` is for `Computed` fields\n\
         the attribute `replicas` has no documentation: write a doc comment on the field\n\
         `default` is said twice\n\
         `check` needs a value: `check = …`\n\
         unknown rule; there are `replace`, `write_only`, `sensitive`, `optional`, `keep`, `flatten`, `default = …`, \
         `check = …`, `equal = …` and `deprecated = \"…\"`"
    );
}

#[test]
fn the_framework_is_where_the_struct_says() {
    let framework = |input: TokenStream| match parse::framework(&syn::parse2(input).unwrap()) {
        Ok(path) => quote!(#path).to_string().replace(' ', ""),
        Err(mistake) => mistake.to_string(),
    };
    assert_eq!(
        framework(quote!(
            struct Thing {}
        )),
        "::tfplugin"
    );
    assert_eq!(
        framework(quote!(
            #[model(crate = crate::framework)]
            struct Thing {}
        )),
        "crate::framework"
    );
    assert_eq!(
        framework(quote!(
            #[model(crate)]
            struct Thing {}
        )),
        "`crate` needs a value: `crate = …`"
    );
    assert_eq!(
        framework(quote!(
            #[model(crate = a, crate = b)]
            struct Thing {}
        )),
        "`crate` is said twice"
    );
    assert_eq!(
        framework(quote!(
            #[model(path = a)]
            struct Thing {}
        )),
        "unknown word; there is `crate = PATH`"
    );
}

#[test]
fn names_what_is_no_struct_with_named_fields() {
    for (input, kind) in [
        (
            quote!(
                struct Thing(String);
            ),
            "a tuple struct",
        ),
        (
            quote!(
                struct Thing;
            ),
            "a struct without fields",
        ),
        (
            quote!(
                enum Thing {
                    One,
                }
            ),
            "an enum",
        ),
        (quote!(union Thing { one: u8 }), "a union"),
    ] {
        let message = format!("a `Model` is a struct with a named field for each attribute; `Thing` is {kind}");
        assert_eq!(messages(input), message);
    }
}

#[test]
fn explains_each_contradiction() {
    for (field, message) in [
        (quote!(#[attr(optional)] a: String), "`optional` is for `Computed` fields; an optional field is an `Option`"),
        (quote!(#[attr(keep)] a: Option<String>), "`keep` is for `Computed` fields"),
        (
            quote!(#[attr(default = 1)] a: Computed<i64>),
            "a `Computed` field has no default: the provider finds its value",
        ),
        (quote!(#[attr(default = 1)] a: Option<i64>), "a field with a default is never absent: drop the `Option`"),
        (
            quote!(#[attr(write_only)] a_wo: Secret),
            "a write-only field is an `Option`: it is absent wherever a state is read",
        ),
        (quote!(#[attr(write_only)] a: Option<Secret>), "the name of a write-only attribute ends in `_wo`"),
        (
            quote!(#[attr(write_only, default = "x")] a_wo: Option<Secret>),
            "a field with a default is never absent: drop the `Option`\na write-only value has no default",
        ),
        (
            quote!(#[attr(write_only)] a_wo: Computed<Secret>),
            "the provider cannot compute a write-only value\n\
             a write-only field is an `Option`: it is absent wherever a state is read",
        ),
        (
            quote!(#[attr(flatten, replace)] a: Thing),
            "`flatten` takes another model's attributes in; nothing else is said of them",
        ),
        (quote!(#[attr] a: String), "expected attribute arguments in parentheses: #[attr(...)]"),
    ] {
        let wrong = messages(quote! {
            struct Thing {
                /// Documented.
                #field
            }
        });
        assert_eq!(wrong, message, "{field}");
    }
}
