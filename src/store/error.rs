//! What can go wrong with the store, with its stable codes.

use crate::exit::Exit;
use crate::fault::{DRIVE, of_the_drive};
use lockgate_core::problem::{Code, CodeDoc};
use std::io;
use std::path::PathBuf;

/// Codes of this room (`LG200n`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2001",
        title: "another process writes to this store",
        explanation: "One process at a time may write. A run is going on, or another program holds `store.lock`. Wait until it has \
                      ended; the lock goes with its process, so there is nothing to delete.",
    },
    CodeDoc {
        code: "LG2002",
        title: "the store's folder cannot be used",
        explanation: "The state folder or a file in it cannot be made, opened or locked: wrong owner, read-only or failing drive.",
    },
    CodeDoc {
        code: "LG2003",
        title: "there is no store yet",
        explanation: "Nothing has run in this deployment, or the state folder named in lockgate.toml is another one.",
    },
    CodeDoc {
        code: "LG2004",
        title: "the store has another form than this program",
        explanation: "It was written by a newer lockgate, or a migration was changed after it ran. Use the newer program; the store \
                      is not touched.",
    },
    CodeDoc {
        code: "LG2005",
        title: "the store was made under another secret",
        explanation: "The secret in use is not the one that this store was made with, so nothing in it could be found or opened. \
                      Put the right secret back.",
    },
    CodeDoc {
        code: "LG2006",
        title: "the store is busy",
        explanation: "The database did not answer in time, or its server is full. Nothing was half-written: what was under way was \
                      rolled back. Run again.",
    },
    CodeDoc {
        code: "LG2007",
        title: "the store is damaged",
        explanation: "A stored row does not read as it was written, or the database reports corruption. Restore the last backup and \
                      run the nights since; the archive still holds their files.",
    },
    CodeDoc {
        code: "LG2008",
        title: "the database refused a statement",
        explanation: "A rule of the database was broken (a sequence number twice, a row without its parent). This is a fault of the \
                      program; the transaction was rolled back.",
    },
    CodeDoc {
        code: "LG2009",
        title: "a category or partner is not in the store",
        explanation: "The configuration that is open does not match the names given to the store. This is a fault of the program.",
    },
    CodeDoc {
        code: "LG2010",
        title: "ledger entries out of order",
        explanation: "The entries offered do not follow the ledger's last one, so they were not written: the ledger has no gaps.",
    },
    CodeDoc {
        code: "LG2011",
        title: "nothing of this number in the store",
        explanation: "The number or name given on the command line matches no row: it is mistyped, or was destroyed.",
    },
    CodeDoc {
        code: "LG2012",
        title: "a drive is full, read-only or failing",
        explanation: "The system would not write, or not read, what lies in the state folder or beside it. Nothing was half-done: what \
                      was under way was rolled back, and what was recorded goes on with the next run. Make room or mend the drive, and \
                      run again; the store is not damaged by it.",
    },
    CodeDoc {
        code: "LG2013",
        title: "the store is of an earlier version of the program",
        explanation: "The program was exchanged for a newer one, and nothing was written since. The next run, or `serve` when it starts, brings the \
                      store up to date; until then it is not read. Make a backup before you exchange the program: the earlier one does \
                      not read the store any more.",
    },
    CodeDoc {
        code: "LG2950",
        title: "the store's database server does not answer",
        explanation: "The PostgreSQL server of `[store] url` could not be reached, is starting or stopping, or has no connection left. \
                      Nothing was written; run again when it answers.",
    },
    CodeDoc {
        code: "LG2951",
        title: "the store's database server does not serve",
        explanation: "The PostgreSQL server of `[store] url` was reached and does not let the gateway in, has no such database, does not \
                      prove who it is, or is one that the program does not know: older than 15, or a database that is not in UTF8. \
                      docs/store.md says how the database and its user are made.",
    },
    CodeDoc {
        code: "LG2952",
        title: "a store lies in the folder, and the server's database is empty",
        explanation: "`[store] url` names a PostgreSQL database in which there is nothing yet, while the state folder has a store. To go \
                      on would be to forget all that was ever disclosed. Copy the store with `lockgate store copy`, or take \
                      `store.sqlite` out of the folder when it is not this deployment's.",
    },
    CodeDoc {
        code: "LG2953",
        title: "the address of the store's database server does not read",
        explanation: "`[store] url` is `postgresql://user@host:port/database`, and after a `?` it may say `sslmode`, `sslrootcert`, \
                      `sslcert`, `sslkey`, `host` and `port`. A password does not stand in it: `password = { file = … }` beside it \
                      says where one is.",
    },
    CodeDoc {
        code: "LG2954",
        title: "the store was copied, and goes on elsewhere",
        explanation: "`lockgate store copy` copied this store to another place, so that what is in this one is old: to go on here \
                      would send again what was sent, and forget what was withdrawn. Let `[store]` name the place to which it was \
                      copied.",
    },
    CodeDoc {
        code: "LG2955",
        title: "there is a store already where one is to be copied",
        explanation: "A store is copied only to where there is none: to an empty database, or a folder without `store.sqlite`. Nothing \
                      was copied.",
    },
    CodeDoc {
        code: "LG2956",
        title: "a copy of the store is not what was copied",
        explanation: "What was read back from the copy is not what stands in the store, so the copy was undone and the store goes on \
                      as before. Report it.",
    },
    CodeDoc {
        code: "LG2957",
        title: "another process has written to the store meanwhile",
        explanation: "This process lost its connection to the database server, and before it came back another process opened the store \
                      and wrote. What this one still had to do it leaves: nothing more of it is written or delivered. Run again, or \
                      look at what the other did.",
    },
    CodeDoc {
        code: "LG2958",
        title: "a piece of work went to another process",
        explanation: "This process had claimed a piece of a night's work and was paused, or cut off from the database, for longer than \
                      its lease (`[store] lease_seconds`), so that another has it now; or the round it belonged to is over. It neither \
                      delivers nor records anything of it. Nothing is to be done.",
    },
    CodeDoc {
        code: "LG2959",
        title: "several processes need a store on a server",
        explanation: "`lockgate worker` shares the work of the process that runs the night. In a store that is a file one process does \
                      everything. Bring the store to a PostgreSQL server first (docs/store.md).",
    },
];

/// A fault of the store. Texts name places and states, never a stored value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process holds the write lock.
    #[error("another process writes to the store in `{}`", .0.display())]
    InUse(PathBuf),
    /// A folder or file cannot be used.
    #[error("the store in `{}` cannot be used", folder.display())]
    Folder {
        /// The state folder.
        folder: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// Opened for reading where nothing was ever written.
    #[error("there is no store in `{}`", .0.display())]
    Absent(PathBuf),
    /// A form that this program does not know.
    #[error("the store has another form than this program: {0}")]
    Form(String),
    /// A form that this program will bring up to date.
    #[error("the store is of an earlier version: {0}; the next run brings it up to date")]
    Older(String),
    /// Another secret.
    #[error("the store was made under another secret")]
    OtherSecret,
    /// Busy, or a server that is full: may be tried again.
    #[error("the store is busy: {0}")]
    Temporary(String),
    /// The drive is full or fails, or nothing may be written on it.
    #[error("the store's drive cannot be used: {0}")]
    Drive(String),
    /// Rows that do not read, or a corrupt file.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// A statement was refused.
    #[error("the database refused a statement: {0}")]
    Refused(String),
    /// An index outside the names given at opening.
    #[error("a {0} has no name in the store")]
    NoName(&'static str),
    /// Not the ledger's next entry.
    #[error("ledger entry {offered} offered where {expected} follows")]
    LedgerOrder {
        /// The next free sequence number.
        expected: u64,
        /// The number offered.
        offered: u64,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes")]
    Random,
    /// A database server does not answer.
    #[error("the store's server at {server} does not answer: {why}")]
    Server {
        /// Its address, without a password.
        server: String,
        /// What is known of why.
        why: String,
    },
    /// A database server cannot be used.
    #[error("the store's server at {server} cannot be used: {why}")]
    Unfit {
        /// Its address, without a password.
        server: String,
        /// Why.
        why: String,
    },
    /// An empty database on a server, beside a store in the folder.
    #[error("`{}` has a store, and the database on the server is empty", .0.display())]
    NotCopied(PathBuf),
    /// It was copied, and goes on elsewhere.
    #[error("this store was copied and goes on elsewhere")]
    Moved,
    /// There is a store where one is to be copied.
    #[error("there is a store already at the place to which one is to be copied")]
    Occupied,
    /// What was copied does not read back as it was.
    #[error("the copy differs from the store in `{0}`")]
    CopyDiffers(String),
    /// Another process has written since this one opened the store.
    #[error("another process has written to the store meanwhile")]
    Overtaken,
    /// Another process has the piece of work by now, or nobody is to do it any more.
    #[error("another process has this piece of work by now")]
    Lost,
    /// A store in a folder has one process.
    #[error("the store in `{}` is a file: several processes need one on a PostgreSQL server", .0.display())]
    Alone(PathBuf),
    /// A row asked for by number or name is not there.
    #[error("no such {0} in the store")]
    NotFound(&'static str),
}

impl StoreError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::InUse(_) => "LG2001",
            Self::Folder { .. } => "LG2002",
            Self::Absent(_) => "LG2003",
            Self::Form(_) => "LG2004",
            Self::OtherSecret => "LG2005",
            Self::Temporary(_) => "LG2006",
            Self::Damaged(_) => "LG2007",
            Self::Drive(_) => DRIVE,
            Self::Older(_) => "LG2013",
            Self::Refused(_) => "LG2008",
            Self::NoName(_) => "LG2009",
            Self::LedgerOrder { .. } => "LG2010",
            Self::NotFound(_) => "LG2011",
            Self::Random => "LG2053",
            Self::Server { .. } => "LG2950",
            Self::Unfit { .. } => "LG2951",
            Self::NotCopied(_) => "LG2952",
            Self::Moved => "LG2954",
            Self::Occupied => "LG2955",
            Self::CopyDiffers(_) => "LG2956",
            Self::Overtaken => "LG2957",
            Self::Lost => "LG2958",
            Self::Alone(_) => "LG2959",
        }
    }

    /// How a command ends that it stops.
    pub fn exit(&self) -> Exit {
        match self {
            Self::InUse(_)
            | Self::Temporary(_)
            | Self::Drive(_)
            | Self::Older(_)
            | Self::Server { .. }
            | Self::Overtaken
            | Self::Lost => Exit::Temporary,
            Self::Folder { source, .. } if of_the_drive(source) => Exit::Temporary,
            Self::Folder { .. }
            | Self::Form(_)
            | Self::OtherSecret
            | Self::Unfit { .. }
            | Self::Alone(_)
            | Self::NotCopied(_)
            | Self::Moved => Exit::Configuration,
            Self::Damaged(_) | Self::CopyDiffers(_) => Exit::Integrity,
            Self::Occupied => Exit::Refused,
            Self::Absent(_) | Self::NotFound(_) => Exit::Usage,
            Self::Refused(_) | Self::NoName(_) | Self::LedgerOrder { .. } | Self::Random => Exit::Fault,
        }
    }

    /// Why a first connection to a server could not be made. The server's own text is not passed on: it may quote what it was
    /// given.
    pub(super) fn unreached(server: &str, fault: &sqlx::Error) -> Self {
        let server = server.to_owned();
        let unfit = |why: &str| Self::Unfit { server: server.clone(), why: why.into() };
        match fault {
            // A handshake that fails comes as bytes that make no sense.
            sqlx::Error::Io(fault) if fault.kind() != io::ErrorKind::InvalidData => {
                Self::Server { server, why: fault.kind().to_string() }
            }
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) => {
                unfit("it does not prove by its certificate who it is, or speaks no TLS")
            }
            sqlx::Error::Configuration(_) => unfit("its certificates or its address do not read"),
            sqlx::Error::Database(fault) => match fault.code().as_deref().unwrap_or_default() {
                "28P01" => unfit("it refuses the password"),
                "3D000" => unfit("it has no such database"),
                state if state.starts_with("28") => unfit("it does not let this user in"),
                state if state.starts_with("42") => unfit("the user may not connect to the database"),
                state => Self::Server { server, why: format!("it says SQLSTATE {state}") },
            },
            _ => Self::Server { server, why: "it does not speak as a PostgreSQL server does".into() },
        }
    }

    /// Sorts what `PostgreSQL` says of a statement. Only its five letters and the name of a table or a constraint are passed
    /// on: its messages can quote data.
    fn of_postgres(fault: &sqlx::postgres::PgDatabaseError) -> Self {
        let state = fault.code();
        let about = fault.constraint().or_else(|| fault.table()).map(|name| format!(" ({name})"));
        let text = format!("SQLSTATE {state}{}", about.unwrap_or_default());
        match state {
            "40001" | "40P01" | "55P03" | "57014" => Self::Temporary(text),
            _ if ["53", "57P", "58", "08"].iter().any(|class| state.starts_with(class)) => {
                Self::Temporary(text)
            }
            "XX001" | "XX002" => Self::Damaged(text),
            _ => Self::Refused(text),
        }
    }

    /// Sorts what `SQLite` says by its extended code. An error of reading or writing is the drive's, and no damage, unless what was
    /// read is not what had been written.
    fn of_sqlite(code: i32, text: String) -> Self {
        /// `SQLITE_IOERR_DATA` and `SQLITE_IOERR_CORRUPTFS`.
        const BROKEN: [i32; 2] = [8202, 8458];
        /// `SQLITE_READONLY` alone is our own writing where we only read; with more to it, it is the drive's.
        const READ_ONLY: i32 = 8;
        match code & 0xff {
            5 | 6 => Self::Temporary(text),
            11 | 26 => Self::Damaged(text),
            10 if BROKEN.contains(&code) => Self::Damaged(text),
            10 | 13 | 14 => Self::Drive(text),
            8 if code != READ_ONLY => Self::Drive(text),
            _ => Self::Refused(text),
        }
    }

    /// A row whose column does not have its form.
    pub(super) fn row(table: &str) -> Self {
        Self::Damaged(format!("a row of `{table}` does not read"))
    }
}

impl From<sqlx::Error> for StoreError {
    /// Sorts the driver's errors. `SQLite`'s messages name tables and columns and no data, as every value is
    /// bound; the driver's own decode messages can quote data and are not passed on.
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(fault) => {
                if let Some(fault) = fault.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
                    return Self::of_postgres(fault);
                }
                let code = fault.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
                Self::of_sqlite(code, fault.message().to_owned())
            }
            sqlx::Error::PoolTimedOut => Self::Temporary("no connection came free".into()),
            sqlx::Error::Io(fault) => Self::Temporary(fault.kind().to_string()),
            sqlx::Error::ColumnDecode { index, .. } => Self::Damaged(format!("column {index} does not read")),
            sqlx::Error::Decode(_) => Self::Damaged("a column does not read".into()),
            sqlx::Error::RowNotFound => Self::NotFound("row"),
            // `SQLite` has undone a transaction by itself, because its drive took nothing, and the driver counts it still: on this
            // connection none begins any more.
            sqlx::Error::InvalidSavePointStatement | sqlx::Error::BeginFailed => {
                Self::Drive("what was written before was not taken".into())
            }
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Refused("the connection is closed".into())
            }
            _ => Self::Refused("the driver failed".into()),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError as Fault;
        match error {
            Fault::Execute(fault) | Fault::ExecuteMigration(fault, _) => fault.into(),
            Fault::VersionMissing(version) => Self::Form(format!("migration {version} is not known here")),
            Fault::VersionMismatch(version) => Self::Form(format!("migration {version} was changed")),
            Fault::Dirty(version) => Self::Form(format!("migration {version} did not end")),
            _ => Self::Form("its migrations do not apply".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_documented_code_of_its_own() {
        let errors = [
            StoreError::InUse(PathBuf::new()),
            StoreError::Folder { folder: PathBuf::new(), source: io::ErrorKind::NotFound.into() },
            StoreError::Absent(PathBuf::new()),
            StoreError::Form(String::new()),
            StoreError::OtherSecret,
            StoreError::Temporary(String::new()),
            StoreError::row("person"),
            StoreError::Drive(String::new()),
            StoreError::Older(String::new()),
            StoreError::Refused(String::new()),
            StoreError::NoName("category"),
            StoreError::LedgerOrder { expected: 1, offered: 2 },
            StoreError::NotFound("bundle"),
            StoreError::Server { server: String::new(), why: String::new() },
            StoreError::Unfit { server: String::new(), why: String::new() },
            StoreError::NotCopied(PathBuf::new()),
            StoreError::Moved,
            StoreError::Occupied,
            StoreError::CopyDiffers(String::new()),
            StoreError::Overtaken,
            StoreError::Lost,
            StoreError::Alone(PathBuf::new()),
        ];
        let mut codes: Vec<Code> = errors.iter().map(StoreError::code).collect();
        codes.sort_unstable();
        // One is of the settings, which nobody opens.
        let documented = CODES.iter().map(|doc| doc.code).filter(|code| *code != "LG2953");
        assert_eq!(codes, documented.collect::<Vec<_>>());
    }

    #[test]
    fn a_full_or_failing_drive_is_no_damage() {
        let code = |code| StoreError::of_sqlite(code, String::new()).code();
        // SQLITE_FULL, _IOERR_WRITE, _IOERR_FSYNC, _IOERR_SHMSIZE, _CANTOPEN, _READONLY_DIRECTORY
        for drive in [13, 778, 1034, 4874, 14, 1544] {
            assert_eq!(code(drive), "LG2012", "{drive}");
        }
        for damage in [11, 26, 8202, 8458] {
            assert_eq!(code(damage), "LG2007", "{damage}");
        }
        assert_eq!([code(5), code(8), code(2067)], ["LG2006", "LG2008", "LG2008"]);
    }

    #[test]
    fn decode_messages_of_the_driver_are_not_passed_on() {
        let told = StoreError::from(sqlx::Error::Decode("value `Invented` is not a date".into())).to_string();
        assert!(!told.contains("Invented"));
    }
}
