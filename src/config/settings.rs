//! `lockgate.toml`: this deployment's store, places, keys and bundle options.

use super::doors::{ApiSettings, ServeSettings};
use super::places::PlaceSettings;
use crate::deliver::push_settings::PushSettings;
use crate::operate::OperateSettings;
use crate::schedule::{AlarmSettings, FeedSettings, ScheduleSettings};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

/// The settings of one deployment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The store and its secret.
    pub store: StoreSettings,
    /// Time zone of the partners' civil times (IANA name).
    #[serde(default = "london")]
    pub time_zone: String,
    /// Named ends of the wire: feeds come from them, bundles go to them.
    #[serde(default)]
    pub place: BTreeMap<Spanned<String>, PlaceSettings>,
    /// How bundles are made.
    #[serde(default)]
    pub bundles: BundleSettings,
    /// Whom a recipient calls.
    pub contact: Contact,
    /// Where the deployment's data lies.
    #[serde(default)]
    pub folders: Folders,
    /// A proposed agreement beside the one in force.
    pub shadow: Option<Shadow>,
    /// Which days are working days; without it every day but Saturday and Sunday.
    pub calendar: Option<CalendarSettings>,
    /// How the registers are kept.
    #[serde(default)]
    pub registers: RegisterSettings,
    /// How people decide about pairs.
    #[serde(default)]
    pub review: ReviewSettings,
    /// By which model pairs are weighed that no rule joins.
    #[serde(default)]
    pub link: LinkSettings,
    /// Who signs what leaves.
    pub gateway: Option<GatewaySettings>,
    /// The pull API.
    pub serve: Option<ServeSettings>,
    /// What `serve` does at which times.
    pub schedule: Option<ScheduleSettings>,
    /// When the files of feeds are due, by the feed's name.
    #[serde(default)]
    pub feed: BTreeMap<Spanned<String>, FeedSettings>,
    /// Where the gateway is watched.
    pub operate: Option<OperateSettings>,
    /// Who is told of alarms.
    pub alarms: Option<AlarmSettings>,
    /// The recipients' ends of the wire, by the partner's key in the agreement.
    #[serde(default)]
    pub recipient: BTreeMap<Spanned<String>, RecipientSettings>,
}

/// The gateway as its recipients know it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// Its name in the recipients' lists of signers.
    pub identity: Spanned<String>,
    /// Its signing keys: the one of today, and while it is replaced the next.
    #[serde(default)]
    pub signing: Vec<SigningSettings>,
}

/// A signing key: only pointed to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningSettings {
    /// An OpenSSH private key, Ed25519, without a passphrase.
    pub key: Spanned<SecretRef>,
    /// The first day on which it signs.
    pub from: Option<Spanned<String>>,
    /// The last day on which its signatures count.
    pub until: Option<Spanned<String>>,
}

/// A recipient.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientSettings {
    /// Its public keys: the one of today, and while it is replaced the next.
    pub keys: Vec<RecipientKeySettings>,
    /// The place to which its bundles are brought; without it, its folder below that of the bundles.
    pub door: Option<Spanned<String>>,
    /// At such a place: the ending of an empty file that is put behind each bundle, last.
    pub marker: Option<Spanned<String>>,
    /// The place at which its return forms lie, beside `in/ack` of its folder and the pull API.
    pub forms: Option<Spanned<String>>,
    /// Its public OpenSSH keys by which it signs its return forms: the one of today, and while it is replaced the next.
    #[serde(default)]
    pub answers: Vec<Spanned<String>>,
    /// Where it is told by HTTPS push.
    pub push: Option<PushSettings>,
    /// By what the pull API knows it.
    pub api: Option<ApiSettings>,
}

/// A recipient's public key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientKeySettings {
    /// The line `age1…`.
    pub age: Spanned<String>,
    /// The first day on which bundles are sealed to it.
    pub from: Option<Spanned<String>>,
    /// The last one.
    pub until: Option<Spanned<String>>,
}

/// Which days are working days.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarSettings {
    /// A CSV file `date,name` of the bank holidays, relative to the deployment.
    pub bank_holidays: String,
}

/// By which model pairs are weighed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkSettings {
    /// A file that `lockgate link --train` has written, relative to the deployment; without it, the model that is shipped.
    pub model: Option<PathBuf>,
    /// From this weight on, in bits, a pair waits for a person.
    pub ask_from_bits: u8,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self { model: None, ask_from_bits: 3 }
    }
}

/// How the registers are kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegisterSettings {
    /// Working days for which a partner still receives after its last nominee has gone (7.3).
    pub nominee_grace_working_days: u32,
    /// Minutes by which this machine's clock may lie behind what was recorded already.
    pub clock_tolerance_minutes: u32,
}

impl Default for RegisterSettings {
    fn default() -> Self {
        Self { nominee_grace_working_days: 0, clock_tolerance_minutes: 5 }
    }
}

/// How people decide whether two identities are one person.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReviewSettings {
    /// Whether two people have to say `same` before anything is joined. Against identifiers that conflict two always do.
    pub two_people: bool,
}

/// A proposed agreement that every night decides under as well; nothing is written out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shadow {
    /// Its folder, relative to the deployment.
    pub agreement: String,
}

/// Folders of data, relative to the deployment; several deployments may share a schema.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Folders {
    /// Categories and code lists.
    pub schema: String,
    /// Parties, purposes, entitlements.
    pub agreement: String,
    /// One file per feed.
    pub mappings: String,
}

impl Default for Folders {
    fn default() -> Self {
        Self { schema: "schema".into(), agreement: "agreement".into(), mappings: "mappings".into() }
    }
}

fn london() -> String {
    "Europe/London".into()
}

/// Where the gateway keeps what it knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Folder of the store, relative to the deployment.
    pub path: PathBuf,
    /// 32 bytes, as 64 hexadecimal digits: everything at rest is under keys derived from it.
    pub secret: Spanned<SecretRef>,
    /// A database of a `PostgreSQL` server in which the store is kept, `postgresql://user@host/database`; without it, it is a
    /// file in the folder.
    pub url: Option<Spanned<String>>,
    /// The password of that user, where the server asks for one.
    pub password: Option<Spanned<SecretRef>>,
    /// Where several processes share a night's work: how long a piece of it stays with one that is not heard of.
    #[serde(default = "lease")]
    pub lease_seconds: NonZeroU16,
}

fn lease() -> NonZeroU16 {
    NonZeroU16::MIN.saturating_add(29)
}

impl StoreSettings {
    /// How long a piece of shared work stays with a process that is not heard of.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds.get().into())
    }
}

/// A reference to a secret; a secret itself never stands in a configuration file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// A file, relative to the deployment.
    pub file: Option<PathBuf>,
    /// An environment variable.
    pub env: Option<String>,
}

/// Options of all bundles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BundleSettings {
    /// Folder for the recipients' folders, relative to the deployment.
    pub folder: PathBuf,
    /// Whether CSV files start with a byte-order mark (Excel needs it to see UTF-8).
    pub csv_bom: bool,
    /// A table with more rows than this leaves `staff.xlsx` out of the bundle.
    pub staff_rows: u64,
    /// Working days within which a recipient acknowledges.
    pub acknowledge_days: u32,
    /// Days for which the sealed bytes of a bundle are kept after its day, once its recipient has confirmed every line.
    pub keep_days: u32,
    /// Leaves plain folders, neither signed nor encrypted: for trying things out, never for real people.
    pub plain: bool,
}

impl Default for BundleSettings {
    fn default() -> Self {
        Self {
            folder: "state/bundles".into(),
            csv_bom: true,
            staff_rows: 50_000,
            acknowledge_days: 5,
            keep_days: 35,
            plain: false,
        }
    }
}

/// Whom a recipient calls.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// A role, not a person.
    pub name: String,
    /// A telephone number or address.
    pub reach: String,
}
