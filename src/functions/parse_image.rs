//! `parse_image`: the name of an image, taken apart.

use std::collections::BTreeMap;

use crate::domain::image::ImageReference;
use crate::sdk::{Arguments, Function, FunctionError, Parameter, Signature, Type, Value};

/// The function.
pub struct ParseImage;

/// What is told of a name.
const PARTS: [&str; 6] = ["registry", "repository", "tag", "digest", "name", "reference"];

impl Function for ParseImage {
    fn name(&self) -> &'static str {
        "parse_image"
    }

    fn signature(&self) -> Signature {
        let parts: BTreeMap<_, _> = PARTS.iter().map(|name| ((*name).to_owned(), Type::String)).collect();
        Signature {
            summary: "The parts of an image's name",
            description: "Reads `[HOST[:PORT]/]PATH[:TAG][@DIGEST]` as Docker does and gives an object with `registry` (the host, in \
                small letters, with its port), `repository`, `tag` and `digest` (each null if it is not given), `name` \
                (`HOST/PATH`) and `reference` (the whole name in full). A name without a host is Docker Hub's: \
                `busybox:1.35` is `docker.io/library/busybox:1.35`. A scheme such as `oci://` does not belong to it.",
            parameters: vec![Parameter::new(
                "image",
                Type::String,
                "The image, such as `registry.example.com/team/app:1.2.3`.",
            )],
            variadic: None,
            result: Type::Object(parts),
        }
    }

    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError> {
        let parsed = arguments.text(0)?.parse::<ImageReference>();
        let image = parsed.map_err(|fault| FunctionError::at(0, fault.to_string()))?;
        let maybe = |text: &Option<String>| text.as_ref().map_or(Value::Null, Value::string);
        Ok(Value::object([
            ("registry", Value::string(&image.registry)),
            ("repository", Value::string(&image.repository)),
            ("tag", maybe(&image.tag)),
            ("digest", maybe(&image.digest)),
            ("name", Value::from(format!("{}/{}", image.registry, image.repository))),
            ("reference", Value::from(image.to_string())),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_each_part_or_blames_the_argument() {
        let call = |text: &str| ParseImage.call(&Arguments(&[Value::from(text)]));
        let image = call("Hub.test:5000/team/app:1.2").unwrap();
        let text = |name: &str| image.member(name).as_str().map(str::to_owned);
        assert_eq!(text("registry").unwrap(), "hub.test:5000");
        assert_eq!((text("repository").unwrap(), text("tag").unwrap()), ("team/app".to_owned(), "1.2".to_owned()));
        assert_eq!((text("digest"), text("name").unwrap()), (None, "hub.test:5000/team/app".to_owned()));
        let short = call("busybox").unwrap();
        assert_eq!(short.member("reference").as_str(), Some("docker.io/library/busybox"));
        let error = call("hub.test/App").unwrap_err();
        assert_eq!((error.argument, error.text.contains("no repository name")), (Some(0), true));
        let scheme = call("oci://hub.test/app:1").unwrap_err();
        assert!(scheme.text.contains("\"oci://\" does not belong"), "{}", scheme.text);
        assert!(image.members().unwrap().keys().eq(PARTS.iter().copied().collect::<std::collections::BTreeSet<_>>()));
    }
}
