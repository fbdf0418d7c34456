//! A whole provider in one file: notes, each a file of a folder. `tests/hosts.rs` runs it under Terraform and OpenTofu.

use std::{fs, io, path::PathBuf, process::ExitCode};

use tfplugin::{
    About, Arguments, Catalogue, Check, Computed, Cx, Data, Env, Explanation, Function, FunctionError, Import, Meta,
    Model, Parameter, Provider, Resource, Result, Settings, Signature, Type, Value, check,
};

const ABOUT: About = About { name: "tiny", version: "0.1.0", source: "example/tiny", codes: "TINY" };

#[derive(Clone, Debug, Model)]
struct Config {
    /// The folder that the notes are in; it must exist. Default: where the host runs.
    folder: Option<String>,
}

struct Tiny(PathBuf);

impl Provider for Tiny {
    type Config = Config;
    const DESCRIPTION: &'static str = "Keeps notes in a folder.";

    fn configure(settings: Settings<Config>, _env: &Env) -> Result<Self> {
        Ok(Self(settings.model.folder.unwrap_or_else(|| ".".to_owned()).into()))
    }
}

impl Tiny {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.txt"))
    }

    fn text(&self, name: &str) -> Result<Option<String>> {
        let path = self.path(name);
        let found = path.exists().then(|| fs::read_to_string(path)).transpose();
        found.map_err(|error| failed("read", name, &error))
    }

    fn write(&self, note: &mut Note) -> Result<()> {
        let path = self.path(&note.name);
        fs::write(&path, &note.text).map_err(|error| failed("write", &note.name, &error))?;
        note.path.set(path.display().to_string());
        Ok(())
    }
}

fn failed(what: &str, name: &str, error: &io::Error) -> Explanation {
    Explanation::new("TINY-001", format!("Cannot {what} the note `{name}`"))
        .said("the system", error.to_string())
        .next("check the provider's `folder` and its rights")
}

fn plain_name() -> Check {
    let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let wrong = || "has other characters".to_owned();
    check::text("must be letters, digits and `-`", move |name| is_plain(name).then_some(()).ok_or_else(wrong))
}

/// A note, as a configuration declares it and as the state holds it.
#[derive(Clone, Debug, Model)]
struct Note {
    /// The name of its file, without `.txt`. Another one makes a new note.
    #[attr(replace, check = plain_name(), check = check::length(1, 60))]
    name: String,
    /// What it says.
    text: String,
    /// Where it is.
    #[attr(keep)]
    path: Computed<String>,
}

struct Notes;

impl Resource<Tiny> for Notes {
    type Model = Note;
    const NAME: &'static str = "tiny_note";
    const META: Meta = Meta { import_id: "NAME", ..Meta::new("Notes", "A note.") };

    async fn create(&self, cx: &Cx<Tiny>, note: &mut Note) -> Result<()> {
        if cx.provider().text(&note.name)?.is_some() {
            let told = Explanation::new("TINY-002", format!("There is a note `{}` already", note.name));
            return Err(told.next("import it, or choose another name").at("name"));
        }
        cx.provider().write(note)
    }

    async fn read(&self, cx: &Cx<Tiny>, note: Note) -> Result<Option<Note>> {
        Ok(cx.provider().text(&note.name)?.map(|text| Note { text, ..note }))
    }

    async fn update(&self, cx: &Cx<Tiny>, _prior: &Note, note: &mut Note) -> Result<()> {
        cx.provider().write(note)
    }

    async fn delete(&self, cx: &Cx<Tiny>, note: Note) -> Result<()> {
        let path = cx.provider().path(&note.name);
        let removed = if path.exists() { fs::remove_file(path) } else { Ok(()) };
        removed.map_err(|error| failed("remove", &note.name, &error))
    }

    async fn import(&self, cx: &Cx<Tiny>, id: &str) -> Result<Import<Note>> {
        let none = || Explanation::new("TINY-003", format!("There is no note `{id}`"));
        let text = cx.provider().text(id)?.ok_or_else(none)?;
        Ok(Import(Note { name: id.to_owned(), text, path: cx.provider().path(id).display().to_string().into() }))
    }
}

#[derive(Clone, Debug, Model)]
struct Found {
    /// The name of its file, without `.txt`.
    #[attr(check = plain_name())]
    name: String,
    /// What it says; null if there is no such note.
    text: Computed<String>,
}

impl Data<Tiny> for Notes {
    type Model = Found;
    const NAME: &'static str = "tiny_note";
    const META: Meta = Meta::new("Notes", "What a note says that is kept elsewhere.");

    async fn read(&self, cx: &Cx<Tiny>, found: &mut Found) -> Result<()> {
        found.text.set(cx.provider().text(&found.name)?);
        Ok(())
    }
}

struct Shout;

impl Function for Shout {
    fn name(&self) -> &'static str {
        "shout"
    }

    fn signature(&self) -> Signature {
        let text = Parameter::new("text", Type::String, "What is said.");
        let description = "Gives the text in capitals, with an exclamation mark.";
        Signature::new("Says it louder", description, vec![text], Type::String)
    }

    fn call(&self, arguments: &Arguments<'_>) -> std::result::Result<Value, FunctionError> {
        Ok(format!("{}!", arguments.text(0)?.to_uppercase()).into())
    }
}

fn main() -> ExitCode {
    tfplugin::serve(ABOUT, || Catalogue::default().resource(Notes).data(Notes).function(Shout))
}
