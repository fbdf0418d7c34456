//! AWS's shared configuration files.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_runtime::env_config::file::EnvConfigFiles;
use aws_runtime::env_config::property::PropertiesKey;
use aws_runtime::env_config::section::EnvConfigSections;
use aws_types::os_shim_internal::{Env as SdkEnv, Fs};

use crate::domain::aws_endpoint::Files;
use crate::domain::aws_login::{KEYS, Profiles};
use crate::env::Env;
use crate::explain::chain;

/// The profile without a name.
const DEFAULT_PROFILE: &str = "default";

/// What the files hold, and the profile in use.
#[derive(Debug)]
pub(super) struct SharedFiles {
    sections: EnvConfigSections,
    profile: String,
    /// Whether somebody chose the profile, and who.
    pub(super) chosen_by: Option<&'static str>,
    /// What is wrong with the files, if they cannot be read.
    pub(super) fault: Option<String>,
}

impl SharedFiles {
    /// Reads the files. The profile is the setting's, or else the environment's.
    pub(super) async fn read(setting: Option<&str>, env: &Env) -> Self {
        let (profile, chosen_by) = match (setting, env.first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])) {
            (Some(name), _) => (name, Some("`aws.profile`")),
            (None, Some(("AWS_PROFILE", name))) => (name, Some("the environment variable AWS_PROFILE")),
            (None, Some((_, name))) => (name, Some("the environment variable AWS_DEFAULT_PROFILE")),
            (None, None) => (DEFAULT_PROFILE, None),
        };
        let variables: HashMap<String, String> = env.pairs().map(|(name, value)| (name.into(), value.into())).collect();
        let (files, selected) = (EnvConfigFiles::default(), Some(Cow::Owned(profile.to_owned())));
        let read = aws_config::profile::load(&Fs::real(), &SdkEnv::from(variables), &files, selected).await;
        let fault = read.as_ref().err().map(|error| chain(error));
        Self { sections: read.unwrap_or_default(), profile: profile.to_owned(), chosen_by, fault }
    }

    /// What of the profiles says where credentials come from.
    pub(super) fn profiles(&self) -> Profiles {
        let settings = |name: &str| {
            let profile = self.sections.get_profile(name);
            let given = KEYS.into_iter().filter_map(|key| Some((key.to_owned(), profile?.get(key)?.to_owned())));
            (name.to_owned(), given.collect())
        };
        Profiles(self.sections.profiles().map(settings).collect())
    }

    /// A setting of any profile.
    pub(super) fn setting_of(&self, profile: &str, key: &str) -> Option<&str> {
        self.sections.get_profile(profile)?.get(key).filter(|value| !value.is_empty())
    }
}

impl Files for SharedFiles {
    fn setting(&self, key: &str) -> Option<String> {
        self.setting_of(&self.profile, key).map(str::to_owned)
    }

    fn of_service(&self, section: &str, service: &str) -> Option<String> {
        let key = PropertiesKey::builder().section_key("services").section_name(section).property_name(service);
        let key = key.sub_property_name("endpoint_url").build().ok()?;
        self.sections.other_sections().get(&key).cloned().filter(|url| !url.is_empty())
    }

    fn profile(&self) -> &str {
        &self.profile
    }
}
