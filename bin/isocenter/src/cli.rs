//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use configuration::Sources;

/// A DICOM archive and Query/Retrieve server.
#[derive(Debug, Parser)]
#[command(name = "isocenter", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: STORAGE-SCP, QUERY-RETRIEVE-SCP and STORAGE-SCU
    Serve(Configured),
    /// Take files into the holdings: DICOM files, or folders of them
    Import(Import),
    /// Ask a peer whether it is there (C-ECHO)
    Echo(Echo),
    /// Ask a peer what it has (C-FIND)
    Find(Find),
    /// Send files to a peer (C-STORE)
    Send(Send),
    /// Correct values of patients, studies and series: answers and exports have them from then on
    Correct(Correct),
    /// Build the catalog anew from the files of the vault
    Reindex(Configured),
    /// Compare every file with its checksum and the vault with the catalog; exit status 1 if something is wrong
    Verify(Verify),
    /// Make what a [[user]] of the configuration needs
    User(User),
    /// Check the audit trail
    Audit(Audit),
    /// Show the settings: every one with its value and where that comes from, or one in full
    Settings(Settings),
    /// Print the DICOM Conformance Statement of the configuration
    Statement(Statement),
    /// Make certificates to try TLS with: an authority, a server and a client
    Certificates(Certificates),
    /// Forks a process for each association: started by `serve`
    #[command(hide = true)]
    Nursery,
    /// Checkpoints and tidying: started by `serve`
    #[command(hide = true)]
    Housekeeper,
    /// Storage commitment notifications over new associations: started by `serve`
    #[command(hide = true)]
    Notifier,
    /// Connections to peers, for associations that may open none: started by `serve`
    #[command(hide = true)]
    Connector,
}

/// Where the settings come from.
#[derive(Debug, Clone, Args)]
pub(crate) struct Configured {
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The directory of the holdings [default: ./isocenter-data]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// The set of defaults: standard or annex-f
    #[arg(long, value_name = "PRESET")]
    preset: Option<String>,
    /// One setting, as often as needed: storage-scp.associations=20
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Configured {
    /// The sources of the settings, in the order in which the later wins: file, environment, command line.
    pub(crate) fn sources(&self) -> Sources {
        let mut sources = Sources::default().environment(std::env::vars_os());
        if let Some(config) = &self.config {
            sources = sources.file(config);
        }
        for set in &self.set {
            sources = sources.set(set);
        }
        if let Some(data) = &self.data {
            sources = sources.flag("--data", "data", data);
        }
        if let Some(preset) = &self.preset {
            sources = sources.flag("--preset", "preset", preset);
        }
        sources
    }
}

/// `import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Files and folders; folders are gone through to their depths
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Files taken in at the same time [default: four for each core]
    #[arg(short, long, value_name = "COUNT")]
    pub jobs: Option<NonZeroUsize>,
    /// Where to.
    #[command(flatten)]
    pub configured: Configured,
}

/// A command that talks to a peer.
#[derive(Debug, Args)]
pub(crate) struct ToPeer {
    /// The AE title of a [[peer]] of the configuration, or TITLE@HOST:PORT
    pub peer: String,
    /// Call it over TLS, as tls = true in its [[peer]] has it
    #[arg(long)]
    pub tls: bool,
    /// As whom.
    #[command(flatten)]
    pub configured: Configured,
}

/// `certificates`
#[derive(Debug, Args)]
pub(crate) struct Certificates {
    /// Where to write them; nothing is written over
    #[arg(long, value_name = "DIR", default_value = "isocenter-certificates")]
    pub directory: PathBuf,
    /// A name or an address that peers reach the server by, beside localhost; as often as needed
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
}

/// `echo`
#[derive(Debug, Args)]
pub(crate) struct Echo {
    /// Whom to ask.
    #[command(flatten)]
    pub to: ToPeer,
    /// Ask as STORAGE-SCP, to see whether storage commitment notifications would reach the peer
    #[arg(long)]
    pub storage_scp: bool,
}

/// `find`
#[derive(Debug, Args)]
pub(crate) struct Find {
    /// Whom to ask.
    #[command(flatten)]
    pub to: ToPeer,
    /// What to look for, as often as needed: PatientName=SMITH*, StudyDate=20260101-, or a keyword alone to
    /// have it shown
    #[arg(short, long = "key", value_name = "KEYWORD[=VALUE]")]
    pub keys: Vec<String>,
    /// PATIENT, STUDY, SERIES or IMAGE
    #[arg(short, long, default_value = "STUDY")]
    pub level: String,
    /// Stop after so many matches
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<u64>,
}

/// `send`
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Whom to send to.
    #[command(flatten)]
    pub to: ToPeer,
    /// Files and folders; folders are gone through to their depths
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
}

/// `correct`
#[derive(Debug, Args)]
pub(crate) struct Correct {
    /// What is done.
    #[command(subcommand)]
    pub command: CorrectCommand,
}

/// What can be done about corrections.
#[derive(Debug, Subcommand)]
pub(crate) enum CorrectCommand {
    /// Correct patients, by Patient ID
    Patient(CorrectPatient),
    /// Correct studies, by Study Instance UID; with a PatientID they are given to another patient
    Study(CorrectValues),
    /// Correct series, by Series Instance UID
    Series(CorrectValues),
    /// Show every correction: what it changed from what to what, when, and who did it
    List(CorrectList),
    /// Take a correction back, by its number
    Undo(CorrectUndo),
}

/// `audit`
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// What is done.
    #[command(subcommand)]
    pub command: AuditCommand,
}

/// What can be done about the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Look whether records were changed, removed, put elsewhere or cut off; exit status 1 if so
    Verify(AuditVerify),
}

/// `audit verify`
#[derive(Debug, Args)]
pub(crate) struct AuditVerify {
    /// A record that was the last at some time, as this command printed it then
    #[arg(long, value_name = "NUMBER:HASH")]
    pub noted: Option<String>,
    /// Where.
    #[command(flatten)]
    pub located: Located,
}

/// Where the holdings are.
#[derive(Debug, Clone, Args)]
pub(crate) struct Located {
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The directory of the holdings [default: ./isocenter-data]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
}

impl Located {
    /// The sources of the settings, see [`Configured::sources`].
    pub(crate) fn sources(&self) -> Sources {
        let Self { config, data } = self.clone();
        Configured { config, data, preset: None, set: Vec::new() }.sources()
    }
}

/// `correct patient`
#[derive(Debug, Args)]
pub(crate) struct CorrectPatient {
    /// The issuer of the Patient ID, where several patients have the same ID
    #[arg(long)]
    pub issuer: Option<String>,
    /// What and how.
    #[command(flatten)]
    pub values: CorrectValues,
}

/// `correct patient`, `correct study`, `correct series`
#[derive(Debug, Args)]
pub(crate) struct CorrectValues {
    /// Which
    #[arg(required = true, value_name = "KEY")]
    pub keys: Vec<String>,
    /// An attribute and its value, as often as needed: PatientName=Doe^Jane; without a value it is emptied
    #[arg(short, long = "set", value_name = "KEYWORD=VALUE", required = true)]
    pub set: Vec<String>,
    /// Let a Patient ID be one that another patient has: the two become one, with the values of that one
    #[arg(long)]
    pub merge: bool,
    /// Why, for the list of corrections
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub because: String,
    /// Where.
    #[command(flatten)]
    pub located: Located,
}

/// `correct list`
#[derive(Debug, Args)]
pub(crate) struct CorrectList {
    /// Only those that hold
    #[arg(long)]
    pub in_force: bool,
    /// Where.
    #[command(flatten)]
    pub located: Located,
}

/// `correct undo`
#[derive(Debug, Args)]
pub(crate) struct CorrectUndo {
    /// The number that the list gives it
    pub id: u64,
    /// Where.
    #[command(flatten)]
    pub located: Located,
}

/// `verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Look at presence and lengths only
    #[arg(long)]
    pub quick: bool,
    /// Where.
    #[command(flatten)]
    pub located: Located,
}

/// `user`
#[derive(Debug, Args)]
pub(crate) struct User {
    /// What is done.
    #[command(subcommand)]
    pub command: UserCommand,
}

/// What can be done about users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Ask for a passcode, or read it from standard input, and print its hash for user.passcode-hash
    Hash,
}

/// `settings`
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// One setting, to be explained in full, or one section
    pub key: Option<String>,
    /// Print the reference of all settings (Markdown)
    #[arg(long, conflicts_with = "key")]
    pub reference: bool,
    /// Whose.
    #[command(flatten)]
    pub configured: Configured,
}

/// `statement`
#[derive(Debug, Args)]
pub(crate) struct Statement {
    /// How it is printed: html is one page that needs nothing else
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    pub format: Format,
    /// The order of its chapters, as PS3.2 has it: annex N, which holds today, or annex A, which came before
    #[arg(long, value_enum, default_value_t = Template::N)]
    pub template: Template,
    /// Whose.
    #[command(flatten)]
    pub configured: Configured,
}

/// How the statement is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Markdown
    Markdown,
    /// HTML
    Html,
}

/// The order of the statement's chapters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// PS3.2 annex N
    N,
    /// PS3.2 annex A
    A,
}
