//! A whole provider in one file, with a type of every kind: notes, each a file of a folder. `tests/hosts.rs` runs it.

use std::{fs, io, path::PathBuf, process::ExitCode};

use tfplugin::{
    About, Action, Arguments, Catalogue, Computed, Cx, Data, Env, Ephemeral, Explanation, Function, FunctionError,
    Identified, Import, Lease, Listed, Listing, Meta, Model, Parameter, Progress, Provider, Resource, Result, Settings,
    Signature, Type, Value, check,
};

const ABOUT: About = About { name: "tiny", version: "0.1.0", source: "example/tiny", codes: "TINY", commands: &[] };

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
        if_there(fs::read_to_string(self.path(name)))
    }
}

fn if_there<T>(done: io::Result<T>) -> Result<Option<T>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        done => done.map(Some).map_err(|error| {
            let told = Explanation::new("TINY-001", "Cannot work in the folder").said("the system", error.to_string());
            told.next("check `folder` and its rights")
        }),
    }
}

/// A note, as a configuration declares it and as the state holds it.
#[derive(Clone, Debug, Model)]
struct Note {
    /// The name of its file, without `.txt`. Another one makes a new note.
    #[attr(replace, check = check::length(1, 60))]
    name: String,
    /// What it says.
    text: String,
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
        self.update(cx, &note.clone(), note).await
    }
    async fn read(&self, cx: &Cx<Tiny>, note: Note) -> Result<Option<Note>> {
        Ok(cx.provider().text(&note.name)?.map(|text| Note { text, ..note }))
    }
    async fn update(&self, cx: &Cx<Tiny>, _prior: &Note, note: &mut Note) -> Result<()> {
        if_there(fs::write(cx.provider().path(&note.name), &note.text)).map(drop)
    }
    async fn delete(&self, cx: &Cx<Tiny>, note: Note) -> Result<()> {
        if_there(fs::remove_file(cx.provider().path(&note.name))).map(drop)
    }
    async fn import(&self, cx: &Cx<Tiny>, id: &str) -> Result<Import<Note>> {
        let none = || Explanation::new("TINY-003", format!("There is no note `{id}`"));
        Ok(Import(Note { name: id.to_owned(), text: cx.provider().text(id)?.ok_or_else(none)? }))
    }
}

/// What tells notes apart, and what is asked of a listing, a data source and an action.
#[derive(Clone, Debug, Model)]
struct Named {
    /// The name of a note.
    name: String,
}

impl Identified<Tiny> for Notes {
    type Identity = Named;
    fn identity(note: &Note) -> Option<Named> {
        Some(Named { name: note.name.clone() })
    }
    fn import_id(identity: &Named) -> String {
        identity.name.clone()
    }
}

impl Listed<Tiny> for Notes {
    type Query = Named;
    const LIST: Meta = Meta::new("Notes", "The notes whose name begins so.");

    async fn list(&self, cx: &Cx<Tiny>, query: Named, listing: &Listing<Named>) -> Result<()> {
        for entry in if_there(fs::read_dir(&cx.provider().0))?.into_iter().flatten().flatten() {
            let file = entry.file_name().into_string().unwrap_or_default();
            let name = file.strip_suffix(".txt").filter(|name| name.starts_with(&query.name)).map(str::to_owned);
            if let Some(name) = name
                && !listing.give(name.clone(), &Named { name }).await
            {
                break;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Debug, Model)]
struct Found {
    /// The name of its file, without `.txt`.
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

impl Ephemeral<Tiny> for Notes {
    type Model = Found;
    const NAME: &'static str = "tiny_note";
    const META: Meta = Meta::new("Notes", "What a note says, stored nowhere.");

    async fn open(&self, cx: &Cx<Tiny>, found: &mut Found) -> Result<Lease> {
        Data::read(self, cx, found).await.map(|()| Lease::default())
    }
}

impl Action<Tiny> for Notes {
    type Model = Named;
    const NAME: &'static str = "tiny_burn";
    const META: Meta = Meta::new("Notes", "Burns a note.");

    async fn invoke(&self, cx: &Cx<Tiny>, named: Named, progress: &Progress) -> Result<()> {
        progress.tell(format!("burning {}", named.name));
        if_there(fs::remove_file(cx.provider().path(&named.name))).map(drop)
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
    tfplugin::serve(ABOUT, || {
        let notes = Catalogue::default().identified(Notes).list(Notes).data(Notes).ephemeral(Notes).action(Notes);
        notes.function(Shout)
    })
}
