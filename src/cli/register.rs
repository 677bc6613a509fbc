//! The words of `lockgate register …` and `lockgate partner …`.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::path::PathBuf;

/// `lockgate register …`
#[derive(Debug, Subcommand)]
pub enum RegisterCommand {
    /// Record a decision; it takes effect with the next run
    #[command(subcommand)]
    Add(AddCommand),
    /// List entries: those that hold or are to come
    #[command(
        after_help = "Examples:\n  lockgate register list\n  lockgate register list authority --json\n  lockgate register list nominee --all"
    )]
    List(ListArgs),
    /// End an entry; it stays in the register
    #[command(
        after_help = "Examples:\n  lockgate register end 12 --for PARTNER --by nominee-3 --reference \"letter 40\"\n\n\
        Ends 8 when the agreement refuses it: only the partner whose entry it is ends it, through a current nominee."
    )]
    End(EndArgs),
}

/// `lockgate register add …`
#[derive(Debug, Subcommand)]
pub enum AddCommand {
    /// Hold a record, or all about a person, back: in silence, or reduced
    Restriction(RestrictionArgs),
    /// Open named fields of one record to named recipients, inside the ceiling of their grants
    Authority(AuthorityArgs),
    /// Release a text that was read: as it was read, or in other words
    TextReview(ReviewArgs),
    /// A provider's written consent to a secondary use, or to handing its information on
    Consent(ConsentArgs),
    /// A use beside the purpose for which something was given, or its handing on: refused without every provider's consent
    Use(UseArgs),
    /// A person nominated for handling the data, by a token
    Nominee(NomineeArgs),
    /// The person responsible for data protection, by a token
    Designated(DesignatedArgs),
}

/// Who decides.
#[derive(Debug, Clone, Args)]
pub struct Signed {
    /// The partner that decides
    #[arg(id = "for", long = "for", value_name = "PARTNER")]
    pub partner: String,
    /// Who decides for it: a nominee's token that the ledger keeps, not a name
    #[arg(long, value_name = "TOKEN")]
    pub by: String,
    /// The written reference; no name of a person
    #[arg(long, value_name = "TEXT")]
    pub reference: String,
}

/// Options of `register add restriction`.
#[derive(Debug, Args)]
pub struct RestrictionArgs {
    /// The record: 32 hexadecimal digits as `agreement why` shows them, or `PARTNER:record_id` as its bundle shows it
    #[arg(long, value_name = "RECORD", required_unless_present = "person")]
    pub record: Option<String>,
    /// The person: `feed:key`, 32 hexadecimal digits, or `PARTNER:person_ref` as its bundle shows it
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Only from this recipient (may be given several times; default: all)
    #[arg(long = "recipient", value_name = "PARTNER")]
    pub recipients: Vec<String>,
    /// Not in silence: `category.field=reduction` (may be given several times)
    #[arg(long = "reduce", value_name = "FIELD=HOW")]
    pub reduce: Vec<String>,
    /// The last day (default: until it is ended)
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// Who decides
    #[command(flatten)]
    pub signed: Signed,
}

/// Options of `register add authority`.
#[derive(Debug, Args)]
pub struct AuthorityArgs {
    /// The kind: `dv_risk`, `child_risk`, `covert_release`, `harm`, `subject_consent`, `nim` or `provider_consent`
    #[arg(long, value_name = "KIND")]
    pub kind: String,
    /// The record, as for a restriction
    #[arg(long, value_name = "RECORD")]
    pub record: String,
    /// The person, so that the record is found at once
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// To whom (may be given several times)
    #[arg(long = "recipient", value_name = "PARTNER", required = true)]
    pub recipients: Vec<String>,
    /// Which field of the record (may be given several times)
    #[arg(long = "field", value_name = "FIELD", required = true)]
    pub fields: Vec<String>,
    /// Why; for `harm`: self, others or `public_interest`
    #[arg(long, value_name = "TEXT")]
    pub ground: String,
    /// For `nim`: what the recipient must observe; it travels with the row
    #[arg(long, value_name = "TEXT")]
    pub conditions: Option<String>,
    /// The first day (default: the last run's)
    #[arg(long, value_name = "DATE")]
    pub since: Option<Date>,
    /// The last day; needed
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// Who decides
    #[command(flatten)]
    pub signed: Signed,
}

/// Options of `register add text-review`.
#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// The record, as for a restriction
    #[arg(long, value_name = "RECORD")]
    pub record: String,
    /// The person, so that the record is found at once
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Which field was read (several only with --as-read)
    #[arg(long = "field", value_name = "FIELD", required = true)]
    pub fields: Vec<String>,
    /// The text that leaves instead, in a file; it is kept encrypted
    #[arg(long, value_name = "FILE", conflicts_with = "as_read")]
    pub value_file: Option<PathBuf>,
    /// The text leaves as it was read
    #[arg(long, required_unless_present = "value_file")]
    pub as_read: bool,
    /// To whom (may be given several times)
    #[arg(long = "recipient", value_name = "PARTNER", required = true)]
    pub recipients: Vec<String>,
    /// The last day; needed
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// Who has read it
    #[command(flatten)]
    pub signed: Signed,
}

/// Options of `register add consent`.
#[derive(Debug, Args)]
pub struct ConsentArgs {
    /// Who may use it
    #[arg(long, value_name = "PARTNER")]
    pub recipient: String,
    /// What for
    #[arg(long, value_name = "TEXT")]
    pub purpose: String,
    /// What it covers: a category or `category.field` (may be given several times)
    #[arg(long = "scope", value_name = "FIELD", required = true)]
    pub scope: Vec<String>,
    /// To whom it may be handed on (default: to nobody)
    #[arg(long, value_name = "TEXT")]
    pub third_party: Option<String>,
    /// The last day; needed
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// Who decides
    #[command(flatten)]
    pub signed: Signed,
}

/// Options of `register add use`.
#[derive(Debug, Args)]
pub struct UseArgs {
    /// What for, in the words of the consents
    #[arg(long, value_name = "TEXT")]
    pub purpose: String,
    /// What is used: a category or `category.field` (may be given several times)
    #[arg(long = "scope", value_name = "FIELD", required = true)]
    pub scope: Vec<String>,
    /// Only what this partner provided (may be given several times; default: everybody who shares it)
    #[arg(long = "from", value_name = "PARTNER")]
    pub from: Vec<String>,
    /// To whom it is handed on, in the words of the consents
    #[arg(long, value_name = "TEXT")]
    pub third_party: Option<String>,
    /// The last day; needed
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// Who uses it
    #[command(flatten)]
    pub signed: Signed,
}

/// Options of `register add nominee`.
#[derive(Debug, Args)]
pub struct NomineeArgs {
    /// What stands for the person: letters, digits, `.`, `_` and `-`; no name
    #[arg(long, value_name = "TOKEN")]
    pub token: String,
    /// Whose nominee (default: that of --for; another only for the agreement's holder)
    #[arg(long, value_name = "PARTNER")]
    pub partner: Option<String>,
    /// The day of the change (default: the last run's)
    #[arg(long, value_name = "DATE")]
    pub since: Option<Date>,
    /// The day on which the change was notified in writing (default: the last run's)
    #[arg(long, value_name = "DATE")]
    pub notified: Option<Date>,
    /// The last day (default: until it is ended)
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// Who decides
    #[command(flatten)]
    pub signed: Signed,
}

/// Options of `register add designated`.
#[derive(Debug, Args)]
pub struct DesignatedArgs {
    /// What stands for the person: letters, digits, `.`, `_` and `-`; no name
    #[arg(long, value_name = "TOKEN")]
    pub token: String,
    /// Whose designated person (default: that of --for; another only for the agreement's holder)
    #[arg(long, value_name = "PARTNER")]
    pub partner: Option<String>,
    /// The data protection registration
    #[arg(long, value_name = "NUMBER")]
    pub registration: String,
    /// The day on which the registration expires; needed
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// Who decides
    #[command(flatten)]
    pub signed: Signed,
}

/// Options of `register list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only this register
    #[arg(value_parser = crate::store::Body::REGISTERS)]
    pub register: Option<String>,
    /// Also what holds no more
    #[arg(long)]
    pub all: bool,
    /// As it stands on this day (default: the last run's)
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
}

/// Options of `register end`.
#[derive(Debug, Args)]
pub struct EndArgs {
    /// The entry's number in the list
    pub id: i64,
    /// The first day without it (default: the last run's)
    #[arg(long, value_name = "DATE")]
    pub on: Option<Date>,
    /// For a nominee: the day on which the change was notified in writing (default: the last run's)
    #[arg(long, value_name = "DATE")]
    pub notified: Option<Date>,
    /// Who decides
    #[command(flatten)]
    pub signed: Signed,
}

/// `lockgate partner …`
#[derive(Debug, Subcommand)]
pub enum PartnerCommand {
    /// List the partners: whether each receives, its nominees and why not
    #[command(after_help = "Examples:\n  lockgate partner list\n  lockgate partner list --json")]
    List,
    /// Let a partner receive nothing for now; what it holds stays as it is
    Suspend {
        /// Which partner
        partner: String,
        /// Why, in a word or two
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who decides: the partner itself, or the agreement's holder
        #[command(flatten)]
        signed: Signed,
    },
    /// Let a suspended partner receive again: its next bundle catches up
    Resume {
        /// Which partner
        partner: String,
        /// Who decides: who suspended it, or the agreement's holder
        #[command(flatten)]
        signed: Signed,
    },
}
