//! The command line: words only; `command` does what they say.

mod backup;
mod bundle;
mod correction;
mod key;
mod ledger;
mod link;
mod operate;
mod receipt;
mod register;
mod review;
mod sandbox;
mod serve;
mod store;
mod worker;

use clap::{Args, Parser, Subcommand};
use jiff::civil::Date;
use std::path::PathBuf;

pub use backup::{BackupArgs, RestoreArgs};
pub use bundle::{BundleCommand, BundleDecisionArgs, OpenArgs, TrustArgs, VerifyArgs};
pub use correction::{CorrectionCommand, CorrectionListArgs, CorrectionOpenArgs};
pub use key::{KeyCommand, KeyKind};
pub use ledger::{LedgerCommand, ProveArgs, ShowArgs, WholeArgs};
pub use link::LinkArgs;
pub use operate::{DoctorArgs, HistoryArgs};
pub use receipt::{ReceiptCommand, ReceiptListArgs};
pub use register::{
    AddCommand, AuthorityArgs, ConsentArgs, DesignatedArgs, EndArgs, ListArgs, NomineeArgs, PartnerCommand,
    RegisterCommand, RestrictionArgs, ReviewArgs, Signed, UseArgs,
};
pub use review::{
    Looker, ReviewCommand, ReviewDecideArgs, ReviewListArgs, ReviewModelArgs, ReviewNextArgs, ReviewShowArgs,
    ReviewUndoArgs, Reviewer,
};
pub use sandbox::SandboxArgs;
pub use serve::ServeArgs;
pub use store::{StoreCommand, StoreCopyArgs};
pub use worker::WorkerArgs;

/// Shares what the partnership's agreement allows, and nothing else.
#[derive(Debug, Parser)]
#[command(name = "lockgate", version, about, long_about = None, propagate_version = true)]
#[command(
    after_help = "Examples:\n  lockgate run --as-of 2008-11-17\n  lockgate agreement who-sees prison_release.release_address\n\n\
    Exit codes: 0 done, 1 internal fault, 2 usage, 3 check found problems, 4 items wait for a person,\n  \
    5 delivered in part, 6 feed late, 7 integrity failure, 8 refused by the agreement,\n  75 temporary, 78 configuration unusable"
)]
pub struct Cli {
    /// The deployment's folder (the one with `lockgate.toml`)
    #[arg(long, global = true, default_value = ".", value_name = "DIR")]
    pub config: PathBuf,
    /// Print one documented JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Plain lines instead of drawings, for screen readers and logs
    #[arg(long, global = true)]
    pub plain: bool,
    /// Print nothing but problems
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a night: collect, map, link, disclose, write the bundles
    #[command(
        after_help = "Examples:\n  lockgate run --as-of 2008-11-17\n  lockgate run --feed hmps-releases --dry-run"
    )]
    Run(RunArgs),
    /// Serve the pull API: recipients fetch their bundles and hand in their forms over HTTPS
    #[command(after_help = "Examples:\n  lockgate serve\n  lockgate serve --json 2> access.log\n\n\
        Settings: [serve], and api under [recipient.X]. Ends when it gets SIGTERM; requests that go on are finished.")]
    Serve(ServeArgs),
    /// Share the work of the process that runs the night; needs a store on a database server
    #[command(after_help = "Examples:\n  lockgate worker\n  lockgate worker --once --threads 2\n\n\
        It shares the configuration and the state folder with the night. Ends when it gets SIGTERM, or with --once\n\
        with what is under way.")]
    Worker(WorkerArgs),
    /// A gateway to practise on, with invented people alone: for a recipient's IT staff
    #[command(
        after_help = "Examples:\n  lockgate sandbox wyp\n  lockgate sandbox wyp --drill gap --out gap --no-serve\n\n\
        Needs no deployment. Serves without TLS on a loopback address, until it gets SIGTERM."
    )]
    Sandbox(SandboxArgs),
    /// Show the last run and what waits for a person
    #[command(after_help = "Examples:\n  lockgate status\n  lockgate status --json")]
    Status,
    /// List the runs, or write one as a page
    #[command(
        after_help = "Examples:\n  lockgate history\n  lockgate history --last 3\n  lockgate history --html night.html\n  \
                      lockgate history --html night.html --run 12"
    )]
    History(HistoryArgs),
    /// Check the whole deployment: settings, schema, agreement, mappings and their examples
    #[command(
        after_help = "Examples:\n  lockgate check\n  lockgate check --config deployments/leeds --plain\n\nEnds 3 when something is wrong; reminders alone change nothing."
    )]
    Check {
        /// The day for reminders (default: today in the deployment's zone)
        #[arg(long, value_name = "DATE")]
        as_of: Option<Date>,
    },
    /// Lay the TOML configuration files out: blanks, blank lines, indents; comments and values stay
    #[command(
        after_help = "Examples:\n  lockgate fmt\n  lockgate fmt --check\n  lockgate fmt mappings/hmps/releases.toml\n\n\
        Ends 3 when a file does not parse, or with --check when a file would change."
    )]
    Fmt(FmtArgs),
    /// Print the JSON Schemas of the configuration files, for editors
    #[command(
        after_help = "Examples:\n  lockgate schema\n  lockgate schema mapping\n  lockgate schema --out schemas"
    )]
    Schema {
        /// Which; without it the kinds are listed
        #[arg(conflicts_with = "out")]
        kind: Option<String>,
        /// Write all of them into this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Look whether the next night could do its work: store, clock, room, keys, agreement, and every place
    #[command(
        after_help = "Examples:\n  lockgate doctor\n  lockgate doctor --json\n  lockgate doctor --support support.zip\n\nAsks every place; changes nothing. Ends 3 when something would stop or narrow the night."
    )]
    Doctor(DoctorArgs),
    /// Copy the state into a new folder, while recipients go on fetching; or read such a copy through
    #[command(
        after_help = "Examples:\n  lockgate backup /mnt/backup/2026-11-29\n  lockgate backup --check /mnt/backup/2026-11-29\n\n\
        The secret is not in it: keep it elsewhere. Ends 75 while a night runs."
    )]
    Backup(BackupArgs),
    /// Put a backup in the place of a state that is gone
    #[command(
        after_help = "Examples:\n  lockgate restore /mnt/backup/2026-11-29 --reason \"disk failed, ticket 8\"\n\n\
        Overwrites nothing. The next night sends every recipient a snapshot."
    )]
    Restore(RestoreArgs),
    /// The store: bring it to a database server, or back
    #[command(subcommand)]
    Store(StoreCommand),
    /// Explain a message code
    #[command(after_help = "Examples:\n  lockgate explain LG1301\n  lockgate explain LG0102")]
    Explain {
        /// The code, `LGnnnn`
        code: String,
    },
    /// The feeds: list them, test them, draft a new one
    #[command(subcommand)]
    Feed(FeedCommand),
    /// Bundles: those made, and for recipients checking and opening one
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Keys: make one, list the deployment's, print the gateway's for its recipients
    #[command(subcommand)]
    Key(KeyCommand),
    /// What recipients answer to their bundles, and what is still open
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// What is said to be wrong (6.1): whose task it is, who was told the wrong value, who has confirmed
    #[command(subcommand)]
    Correction(CorrectionCommand),
    /// Ask the agreement
    #[command(subcommand)]
    Agreement(AgreementCommand),
    /// Which rows of a CSV file are one person: links any file of people, on this machine, without a deployment
    #[command(after_help = "Examples:\n  lockgate link people.csv --out clusters.csv\n  \
        lockgate link people.csv --map dob=date_of_birth --map id.nhs=nhs_number --pairs pairs.csv --report report.html\n  \
        lockgate link people.csv --explain R17,R204\n\n\
        Fields: record_id, agency, forename, middle_name, surname, sex, dob, address, postcode, pnc, noms, crn, cro, nino,\n\
        sentence_date, key (the source's own number of a person). All but record_id may be missing; several values in a cell\n\
        stand apart by `;`. Ends 3 when the file cannot be linked.")]
    Link(LinkArgs),
    /// The ledger of everything disclosed
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Recorded decisions of people: restrictions, authorities, reviews, consents, nominees, designated persons
    #[command(subcommand)]
    Register(RegisterCommand),
    /// The partners: list them, let one receive nothing for now, let it receive again
    #[command(subcommand)]
    Partner(PartnerCommand),
    /// Rows that wait for a person
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Pairs that may be one person or two: look at them, decide, take a wrong link apart
    #[command(subcommand)]
    Review(ReviewCommand),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Options of a run.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The run's logical day; files dated up to it are taken (default: today in the deployment's zone)
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    /// Only this feed (may be given several times)
    #[arg(long = "feed", value_name = "NAME")]
    pub feeds: Vec<String>,
    /// Say the effect in rows, people and recipients; write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Options of `lockgate fmt`.
#[derive(Debug, Args)]
pub struct FmtArgs {
    /// The files (default: all configuration files of the deployment)
    pub files: Vec<PathBuf>,
    /// Only say which files would change; write nothing
    #[arg(long)]
    pub check: bool,
}

/// `lockgate feed …`
#[derive(Debug, Subcommand)]
pub enum FeedCommand {
    /// List the feeds: partner, kind, format, file pattern, and the last file received
    #[command(after_help = "Examples:\n  lockgate feed list\n  lockgate feed list --json")]
    List,
    /// Run the examples inside mappings; say what no example touches
    #[command(
        after_help = "Examples:\n  lockgate feed test\n  lockgate feed test hmps-releases --json\n\nEnds 3 when an example gives something else."
    )]
    Test {
        /// The feed's name (default: all feeds)
        name: Option<String>,
    },
    /// Draft a mapping from a sample file; no value of a person is copied from it
    #[command(
        after_help = "Examples:\n  lockgate feed new hostel-residents --from RESIDENTS_20081117.csv --partner probation\n  lockgate feed new courses --from courses.xlsx --json"
    )]
    New(NewFeedArgs),
    /// Show rows of a file, the records they become, and what each recipient would get; write nothing
    #[command(
        after_help = "Examples:\n  lockgate feed preview hmps-releases --rows 2\n  lockgate feed preview hmps-releases --row 16 --html preview.html"
    )]
    Preview(PreviewArgs),
    /// Say what the mapping, as it is now, would change of the last file taken: in records, people and recipients
    #[command(
        after_help = "Examples:\n  lockgate feed diff hmps-releases\n  lockgate feed diff hmps-releases --json"
    )]
    Diff {
        /// The feed's name
        name: String,
    },
    /// Let the held files of a feed in, after a person looked at why they were held
    #[command(
        after_help = "Examples:\n  lockgate feed release wyp-cohort --reason \"the list was cleaned, letter 9\"\n\nThe next run takes them; the reasons stay as warnings."
    )]
    Release {
        /// The feed's name
        name: String,
        /// Who decides: a token that the ledger keeps, not a name
        #[arg(long, value_name = "WHO", default_value = "operator")]
        by: String,
        /// Why, or a written reference
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Options of `lockgate feed preview`.
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// The feed's name
    pub name: String,
    /// A file as the partner sends it (default: the newest at the feed's place)
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How many rows, from the first
    #[arg(long, default_value_t = 3)]
    pub rows: usize,
    /// Only the row of this number
    #[arg(long, value_name = "NUMBER", conflicts_with = "rows")]
    pub row: Option<u64>,
    /// The day to decide for (default: the last run's, or the file's when that is later)
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    /// Write one HTML page here; it holds personal values
    #[arg(long, value_name = "PAGE")]
    pub html: Option<PathBuf>,
}

/// Options of `lockgate feed new`.
#[derive(Debug, Args)]
pub struct NewFeedArgs {
    /// The new feed's name: small letters, digits and hyphens
    pub name: String,
    /// A sample file as the partner sends it
    #[arg(long, value_name = "SAMPLE")]
    pub from: PathBuf,
    /// The partner's key (default: the first word of the name, where it is a partner)
    #[arg(long, value_name = "PARTNER")]
    pub partner: Option<String>,
}

/// `lockgate agreement …`
#[derive(Debug, Subcommand)]
pub enum AgreementCommand {
    /// Print who may have which field, under which clause; as a document, the annex that the partners sign
    #[command(
        after_help = "Examples:\n  lockgate agreement matrix\n  lockgate agreement matrix --out annex.html\n  lockgate agreement matrix --format csv > annex.csv"
    )]
    Matrix(MatrixArgs),
    /// Say of every clause what the software does about it, and which tests show it
    #[command(after_help = "Examples:\n  lockgate agreement clauses\n  lockgate agreement clauses --json")]
    Clauses,
    /// Who can ever see a field
    #[command(
        after_help = "Examples:\n  lockgate agreement who-sees prison_release.release_address\n  lockgate agreement who-sees person.pnc_id"
    )]
    WhoSees {
        /// `category.field`
        field: String,
    },
    /// What a recipient can ever see
    #[command(
        after_help = "Examples:\n  lockgate agreement what-sees disc\n  lockgate agreement what-sees lcc --json"
    )]
    WhatSees {
        /// The recipient's key
        recipient: String,
    },
    /// Make the text that the holders sign, or take a signature in; no night runs before all have signed
    #[command(
        after_help = "Examples:\n  lockgate agreement approve\n  ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n lockgate-agreement statement.txt\n  \
        lockgate agreement approve --signature statement.txt.sig\n\nEnds 4 while signatures are missing, 8 when a signature is refused."
    )]
    Approve(ApproveArgs),
    /// Show the agreement's digest and dates, who has signed it, and who is missing
    #[command(
        after_help = "Examples:\n  lockgate agreement status\n  lockgate agreement status --json\n\nEnds 4 while it is not approved."
    )]
    Status,
    /// Say what another agreement would give to whom: widened fields first, on request in people
    #[command(
        after_help = "Examples:\n  lockgate agreement diff --people\n  lockgate agreement diff agreement proposals/version-2 --json"
    )]
    Diff(AgreementDiffArgs),
    /// Say what a proposed agreement would have changed, night by night and together: of the nights that ran beside it
    /// (`[shadow]` in lockgate.toml), or of the last nights at once
    #[command(
        after_help = "Examples:\n  lockgate agreement shadow\n  lockgate agreement shadow proposals/version-2 --nights 3 --json\n  \
        lockgate agreement shadow proposals/version-2 --past 30\n\nEnds 4 while fewer nights than asked for can be told."
    )]
    Shadow(ShadowArgs),
    /// Why a recipient gets or does not get a field of a person
    #[command(
        after_help = "Examples:\n  lockgate agreement why --person wyp-cohort:2004/0031877J --recipient g4s --field prison_release.release_address"
    )]
    Why {
        /// `feed:key`, the person's key in one of the feeds, or a person's internal id (32 hex digits)
        #[arg(long)]
        person: String,
        /// The recipient's key
        #[arg(long)]
        recipient: String,
        /// `category.field`
        #[arg(long)]
        field: String,
        /// The day to decide for (default: the last run's)
        #[arg(long, value_name = "DATE")]
        as_of: Option<Date>,
        /// Who asks: a token that the ledger keeps, not a name
        #[arg(long, value_name = "WHO", default_value = "operator")]
        by: String,
        /// Why it is asked, or a written reference
        #[arg(long, value_name = "TEXT", default_value = "asked for an explanation")]
        reason: String,
    },
}

/// Options of `lockgate agreement shadow`.
#[derive(Debug, Args)]
pub struct ShadowArgs {
    /// The proposed agreement, as it reads now (default: whichever ran beside the nights)
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// How many nights that ran beside it
    #[arg(long, default_value_t = 7)]
    pub nights: u32,
    /// Ask the last so many nights now, each with the records and registers of its day and the agreement then in force
    #[arg(long, value_name = "NIGHTS", conflicts_with = "nights", value_parser = clap::value_parser!(u32).range(1..))]
    pub past: Option<u32>,
}

/// Options of `lockgate agreement matrix`.
#[derive(Debug, Args)]
pub struct MatrixArgs {
    /// How it is written (default: by the ending of --out, else text)
    #[arg(long, value_enum)]
    pub format: Option<MatrixFormat>,
    /// Write it into this file (needed for xlsx)
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// How the matrix is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum MatrixFormat {
    /// One line per recipient and field, as in agreement/matrix.txt
    Text,
    /// The annex as a page to read, print and sign
    Html,
    /// The annex as a table, a line per recipient and field
    Csv,
    /// The annex as a workbook
    Xlsx,
    /// A picture: categories by recipients
    Svg,
}

/// Options of `lockgate agreement approve`.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// A signature that `ssh-keygen -Y sign` made of the text
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    /// Whose it must be (default: whose it is)
    #[arg(long, value_name = "PARTNER", requires = "signature")]
    pub holder: Option<String>,
}

/// Options of `lockgate agreement diff`.
#[derive(Debug, Args)]
pub struct AgreementDiffArgs {
    /// The agreement's folder before (default: the agreement that nights ran under last)
    #[arg(value_name = "A")]
    pub before: Option<PathBuf>,
    /// The agreement's folder after (default: the deployment's)
    #[arg(value_name = "B")]
    pub after: Option<PathBuf>,
    /// Count the people of the store for whom something would change; nobody is named
    #[arg(long)]
    pub people: bool,
    /// The day to count for (default: the last run's)
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
}

/// `lockgate quarantine …`
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List refused rows and held files: feed, row, column and reason, never a value
    #[command(
        after_help = "Examples:\n  lockgate quarantine list\n  lockgate quarantine list --feed hmps-releases --json"
    )]
    List {
        /// Only this feed's
        #[arg(long)]
        feed: Option<String>,
        /// Also what waits no more
        #[arg(long)]
        all: bool,
    },
    /// Try refused rows under the mapping now in force; the next run takes those that map
    #[command(
        after_help = "Examples:\n  lockgate quarantine retry 3 4 --reason \"code QQ is a conditional release, said the prison\"\n  \
        lockgate quarantine retry --feed hmps-releases"
    )]
    Retry(RetryArgs),
    /// Let refused rows go, with a reason
    #[command(
        after_help = "Examples:\n  lockgate quarantine discard 7 --reason \"a test row, said the contractor\""
    )]
    Discard(DecideArgs),
    /// Show one item with the explanation of its code
    #[command(after_help = "Examples:\n  lockgate quarantine show 3\n  lockgate quarantine show 3 --json")]
    Show {
        /// The item's number in the list
        id: i64,
    },
}

/// Options of `quarantine retry`.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// The items' numbers in the list
    pub ids: Vec<i64>,
    /// All that wait of this feed
    #[arg(long, value_name = "NAME", conflicts_with = "ids")]
    pub feed: Option<String>,
    /// Who asks: a token that the ledger keeps, not a name
    #[arg(long, value_name = "WHO", default_value = "operator")]
    pub by: String,
    /// Why, or a written reference
    #[arg(long, value_name = "TEXT", default_value = "the mapping was changed")]
    pub reason: String,
}

/// Options of `quarantine discard`.
#[derive(Debug, Args)]
pub struct DecideArgs {
    /// The items' numbers in the list
    #[arg(required = true)]
    pub ids: Vec<i64>,
    /// Who decides: a token that the ledger keeps, not a name
    #[arg(long, value_name = "WHO", default_value = "operator")]
    pub by: String,
    /// Why, or a written reference
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}
