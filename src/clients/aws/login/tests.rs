//! Whose credentials count, and what is told where there are none.

use aws_credential_types::provider::ProvideCredentials as _;

use super::*;
use crate::clients::aws::call::call;
use crate::clients::aws::config::{self, Configured};
use crate::clients::aws::scripted::Script;
use crate::clients::aws::{AwsError, Endpoints, Keys, bucket::Bucket, sts};
use crate::clients::http::servers::{ForwardProxy, OK, tls_server};
use crate::retry::Budget;
use crate::secret::Secret;

/// An environment whose shared files hold this.
struct World {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl World {
    fn of(config: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config"), config).unwrap();
        std::fs::write(folder.path().join("credentials"), "").unwrap();
        let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let mut all = vec![
            ("AWS_CONFIG_FILE".to_owned(), place("config")),
            ("AWS_SHARED_CREDENTIALS_FILE".to_owned(), place("credentials")),
        ];
        all.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self { folder, variables: all }
    }

    fn env(&self) -> Env {
        self.variables.iter().cloned().collect()
    }

    async fn key(&self, settings: &Settings) -> Result<String, Lack> {
        let Configured { sdk, .. } = config::load(settings, &self.env()).await;
        let found = sdk.credentials_provider().unwrap().provide_credentials().await;
        found.map(|found| found.access_key_id().to_owned()).map_err(|error| {
            let lack = crate::clients::http::causes(&error).find_map(|cause| cause.downcast_ref::<Lack>()).cloned();
            lack.unwrap_or_else(|| panic!("no lack: {error:?}"))
        })
    }

    /// Asks who we are.
    async fn ask(&self, settings: &Settings) -> AwsError {
        let Configured { sdk, endpoints, .. } = config::load(settings, &self.env()).await;
        let budget = Budget::uninterrupted(Duration::from_mins(1));
        sts::caller(&sdk, endpoints.sts.as_deref(), &budget).await.unwrap_err()
    }
}

const PROFILES: &str = "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = s\n\
                        [profile x]\naws_access_key_id = X\naws_secret_access_key = s\n\
                        [profile bare]\nregion = eu-central-1\n";
const PAIR: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", " ENV\n"), ("AWS_SECRET_ACCESS_KEY", "s\n")];

fn by_profile(name: &str) -> Settings {
    Settings { profile: Some(name.to_owned()), ..Settings::default() }
}

#[tokio::test]
async fn what_the_provider_block_names_wins_over_the_environment() {
    let world = World::of(PROFILES, &PAIR);
    assert_eq!(world.key(&by_profile("x")).await, Ok("X".to_owned()));
    let lack = world.key(&by_profile("nosuch")).await.unwrap_err();
    assert!(lack.cause.contains("`nosuch` is in neither") && lack.cause.contains("by `aws.profile`"), "{lack}");
    assert!(lack.cause.contains("`bare`, `default`, `x`"), "{lack}");
    assert_eq!(world.key(&Settings::default()).await, Ok("ENV".to_owned()), "without what is around it");
    let keys = Keys { access_key: "BLOCK".into(), secret_key: Secret::new("s"), session_token: None };
    assert_eq!(world.key(&Settings { keys: Some(keys), ..by_profile("x") }).await, Ok("BLOCK".to_owned()));
    let chosen = World::of(PROFILES, &[("AWS_PROFILE", "x"), ("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")]);
    assert_eq!(chosen.key(&Settings::default()).await, Ok("X".to_owned()), "empty variables are not set");
    assert_eq!(World::of(PROFILES, &[("AWS_PROFILE", "")]).key(&Settings::default()).await, Ok("DEFAULT".to_owned()));
}

#[tokio::test]
async fn a_profile_that_is_not_there_and_half_a_pair_are_told_first() {
    let lack = World::of(PROFILES, &[("AWS_PROFILE", "nosuch")]).key(&Settings::default()).await.unwrap_err();
    assert!(lack.cause.starts_with("the profile `nosuch` is in neither"), "{lack}");
    assert!(lack.cause.contains("chosen by the environment variable AWS_PROFILE"), "{lack}");
    let lone = World::of(PROFILES, &[("AWS_ACCESS_KEY_ID", "ENV")]);
    assert_eq!(lone.key(&Settings::default()).await, Ok("DEFAULT".to_owned()), "a profile takes its place");
    let mfa = "[profile m]\nrole_arn = r\nsource_profile = m\nmfa_serial = s\n";
    let lack = World::of(mfa, &[]).key(&by_profile("m")).await.unwrap_err();
    assert!(lack.cause.contains("mfa_serial") && lack.next.contains("aws sts get-session-token"), "{lack:?}");
    let broken = World::of("[profile x\n", &[("AWS_PROFILE", "x")]).key(&Settings::default()).await.unwrap_err();
    assert!(broken.cause.contains("cannot be read"), "{broken}");
}

fn session(key: &str) -> String {
    format!(
        "<R><RESULT><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t\
         </SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></RESULT></R>"
    )
}

fn assumed(operation: &str, key: &str) -> (u16, String) {
    let text = session(key).replace("RESULT", &format!("{operation}Result"));
    (200, text.replace("<R>", &format!("<{operation}Response>")).replace("</R>", &format!("</{operation}Response>")))
}

#[tokio::test]
async fn every_role_on_the_way_is_assumed_where_sts_is_set() {
    let script = Script::of(vec![assumed("AssumeRole", "ONE"), assumed("AssumeRole", "TWO")]).await;
    let profiles = "[profile base]\naws_access_key_id = B\naws_secret_access_key = s\n\
                    [profile role]\nrole_arn = arn:aws:iam::1:role/one\nsource_profile = base\nexternal_id = ext\n";
    let settings = Settings {
        endpoints: Endpoints { sts: Some(script.url().to_owned()), ..Endpoints::default() },
        assume_role: Some(AssumeRole { role_arn: "arn:aws:iam::2:role/two".into(), ..AssumeRole::default() }),
        ..by_profile("role")
    };
    assert_eq!(World::of(profiles, &PAIR).key(&settings).await, Ok("TWO".to_owned()));
    let asked = script.requests();
    assert!(asked[0].contains("Credential=B/") && asked[0].contains("role%2Fone&") && asked[0].contains("ext"));
    assert!(asked[1].contains("Credential=ONE/") && asked[1].contains("role%2Ftwo"), "{}", asked[1]);
}

#[tokio::test]
async fn a_token_file_is_read_and_named_when_it_is_missing() {
    let script = Script::of(vec![assumed("AssumeRoleWithWebIdentity", "POD")]).await;
    let mut world = World::of("", &[("AWS_ROLE_ARN", "arn:aws:iam::1:role/pod")]);
    let file = world.folder.path().join("token").to_str().unwrap().to_owned();
    world.variables.push(("AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(), file.clone()));
    world.variables.push(("AWS_ENDPOINT_URL_STS".to_owned(), script.url().to_owned()));
    let lack = world.key(&Settings::default()).await.unwrap_err();
    assert!(lack.cause.contains(&file) && lack.cause.contains("No such file"), "{lack}");
    std::fs::write(&file, "token-of-a-pod\n").unwrap();
    assert_eq!(world.key(&Settings::default()).await, Ok("POD".to_owned()));
    let asked = script.requests().remove(0);
    assert!(asked.contains("WebIdentityToken=token-of-a-pod") && !asked.contains("%0A"), "without the line break");
}

#[tokio::test]
async fn a_server_of_another_ca_is_trusted_by_the_bundle_and_else_asked_once() {
    let server = tls_server("sts.test", OK).await;
    let proxy = ForwardProxy::start(None, None).await;
    let at = format!("https://sts.test:{}", server.port);
    let through = format!("127.0.0.1:{}", proxy.port);
    let variables = [("AWS_ENDPOINT_URL_STS", at.as_str()), ("HTTPS_PROXY", through.as_str()), PAIR[0], PAIR[1]];
    let mut world = World::of(PROFILES, &variables);
    let told = world.ask(&Settings::default()).await.explain("Cannot", "x").to_string();
    for words in
        ["UnknownIssuer", "from the environment variable AWS_ENDPOINT_URL_STS", "AWS_CA_BUNDLE", "SSL_CERT_FILE"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(told.contains(&at) && told.contains("through the proxy http://127.0.0.1"), "{told}");
    assert_eq!(proxy.seen().len(), 1, "what cannot heal is not tried again");

    let file = world.folder.path().join("ca.pem").to_str().unwrap().to_owned();
    std::fs::write(&file, &server.ca_pem).unwrap();
    let of_profile = World::of(&format!("[default]\nca_bundle = {file}\n"), &variables);
    world.variables.push(("AWS_CA_BUNDLE".to_owned(), file));
    for world in [&world, &of_profile] {
        let told = world.ask(&Settings::default()).await.explain("Cannot", "x").to_string();
        assert!(!told.contains("UnknownIssuer"), "the server's answer is nonsense, but it came: {told}");
    }
    world.variables.push(("AWS_CA_BUNDLE".to_owned(), "/nonexistent.pem".to_owned()));
    let told = world.ask(&Settings::default()).await.explain("Cannot", "x").to_string();
    assert!(told.contains("\"/nonexistent.pem\", from the environment variable AWS_CA_BUNDLE"), "{told}");
}

#[tokio::test]
async fn a_page_in_place_of_the_answer_is_told_as_one() {
    let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: 43\r\nconnection: \
                close\r\n\r\n<html><title> Please log in </title></html>";
    let server = tls_server("localhost", page).await;
    let at = format!("https://localhost:{}", server.port);
    let mut world = World::of("", &[("AWS_ENDPOINT_URL", at.as_str()), PAIR[0], PAIR[1]]);
    let file = world.folder.path().join("ca.pem").to_str().unwrap().to_owned();
    std::fs::write(&file, &server.ca_pem).unwrap();
    world.variables.push(("AWS_CA_BUNDLE".to_owned(), file));
    let told = world.ask(&Settings::default()).await.explain("Cannot", "x").to_string();
    assert!(told.contains("status 200, titled \"Please log in\"") && told.contains(&at), "{told}");
    assert!(told.contains("BERTH-AWS-004") && told.contains("AWS_ENDPOINT_URL"), "{told}");
}

#[tokio::test]
async fn failures_to_find_credentials_are_not_asked_for_again_at_once() {
    let mut asked = 0;
    let world = World::of(PROFILES, &[("AWS_PROFILE", "nosuch")]);
    let Configured { sdk, .. } = config::load(&Settings::default(), &world.env()).await;
    let client = aws_sdk_sts::Client::new(&sdk);
    let result = call(&Budget::uninterrupted(Duration::from_mins(1)), None::<&Bucket>, || {
        asked += 1;
        let client = client.clone();
        async move {
            let answer = client.get_caller_identity().send().await;
            answer.map_err(|error| crate::clients::aws::error::failure("sts", "GetCallerIdentity", &error))
        }
    })
    .await;
    let told = result.unwrap_err().explain("Cannot", "x").to_string();
    assert!(asked == 1 && told.contains("BERTH-AWS-001") && told.contains("`nosuch`"), "{asked} {told}");
}

#[tokio::test]
async fn what_lacks_is_known_before_anybody_is_asked() {
    for (variables, lacks) in [
        (vec![("AWS_PROFILE", "nosuch")], true),
        (vec![("AWS_PROFILE", "x")], false),
        (PAIR.to_vec(), false),
        (vec![("AWS_ROLE_ARN", "r"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent"), ("AWS_PROFILE", "bare")], false),
    ] {
        let env = World::of(PROFILES, &variables);
        let found = config::load(&Settings::default(), &env.env()).await.lack().await;
        assert_eq!(found.is_some(), lacks, "{variables:?} {found:?}");
    }
}
