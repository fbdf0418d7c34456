//! `dockerconfigjson(logins)`: logins to registries as the file that Docker and the kubelet read.

use std::collections::BTreeMap;

use crate::domain::dockerconfig::{DockerConfig, Login};
use crate::sdk::{Arguments, Function, FunctionError, Parameter, Secret, Signature, Type, Value};

/// `dockerconfigjson(logins)`.
pub struct DockerConfigJson;

impl Function for DockerConfigJson {
    fn name(&self) -> &'static str {
        "dockerconfigjson"
    }

    fn signature(&self) -> Signature {
        let login = BTreeMap::from([("username".to_owned(), Type::String), ("password".to_owned(), Type::String)]);
        Signature {
            summary: "Logins to registries as a `.dockerconfigjson`",
            description: "Writes logins to registries as the JSON that Docker, the kubelet and a Secret of the type \
                `kubernetes.io/dockerconfigjson` hold: `{\"auths\": {HOST: {\"username\", \"password\", \"auth\"}}}`. The \
                same logins give the same text. Docker Hub may be called `docker.io`; it gets the key under which clients \
                look for it. Scheme, `/v2/` and a last slash are left out, and a host with the port 443 stands \
                there without it as well, since the kubelet compares the texts.\n\nThe result holds the passwords: give it to write-only arguments or ephemeral values only.",
            parameters: vec![Parameter::new(
                "logins",
                Type::map(Type::Object(login)),
                "The logins by registry host (`registry.example.com`, `registry.example.com:5000`), each an object with \
                 `username` and `password`.",
            )],
            variadic: None,
            result: Type::String,
        }
    }

    fn call(&self, arguments: &Arguments<'_>) -> Result<Value, FunctionError> {
        let given = arguments.get(0).members().ok_or_else(|| FunctionError::at(0, "must be a map of logins"))?;
        let logins: Result<Vec<(String, Login)>, FunctionError> =
            given.iter().map(|(host, login)| Ok((host.clone(), read(host, login)?))).collect();
        let config = DockerConfig::new(logins?).map_err(|fault| FunctionError::at(0, fault.to_string()))?;
        Ok(Value::string(config.json().expose()))
    }
}

fn read(host: &str, login: &Value) -> Result<Login, FunctionError> {
    let text = |name: &str| {
        let value = login.member(name).as_str();
        value.ok_or_else(|| FunctionError::at(0, format!("the login to `{host}` has no {name}")))
    };
    Ok(Login { username: text("username")?.to_owned(), password: Secret::new(text("password")?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(host: &str, username: Value) -> Result<Value, FunctionError> {
        let login = Value::object([("username", username), ("password", Value::from("p"))]);
        DockerConfigJson.call(&Arguments(&[Value::object([(host, login)])]))
    }

    #[test]
    fn writes_what_docker_reads() {
        assert_eq!(
            call("a.test", Value::from("u")).unwrap().as_str(),
            Some(r#"{"auths":{"a.test":{"auth":"dTpw","password":"p","username":"u"}}}"#)
        );
    }

    #[test]
    fn blames_the_login_that_is_incomplete() {
        let error = call("a.test", Value::Null).unwrap_err();
        assert_eq!((error.text.as_str(), error.argument), ("the login to `a.test` has no username", Some(0)));
        assert!(call("a b", Value::from("u")).is_err());
    }
}
