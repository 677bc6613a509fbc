//! The words of `lockgate review …`.

use clap::{Args, Subcommand};

/// `lockgate review …`
#[derive(Debug, Subcommand)]
pub enum ReviewCommand {
    /// Show the pair that waits first: the gravest, then the oldest
    #[command(
        after_help = "Examples:\n  lockgate review next\n  lockgate review next --by reviewer-2 --reason \"queue of Monday\" --values\n\n\
        Ends 4 while pairs wait. With --by, pairs about which this person has said something are passed over, and of those about\n\
        which others have, nothing is told of what they said."
    )]
    Next(ReviewNextArgs),
    /// List the pairs that wait
    #[command(
        after_help = "Examples:\n  lockgate review list\n  lockgate review list --all --json\n  lockgate review list --agreement\n\n\
        Ends 4 while pairs wait."
    )]
    List(ReviewListArgs),
    /// Show one pair: what agrees and what conflicts, and what a decision would let out or call back
    #[command(
        after_help = "Examples:\n  lockgate review show 3f0a9c1e22 81d0f5aa90\n  lockgate review show releases:A7341CD tenancies:0010878 \\\n    \
        --values --by reviewer-2 --reason \"case 14\"\n\n\
        --values shows names, dates of birth and identifiers of both. That is recorded in the ledger first, as is a look at a pair that\n\
        waits for nobody."
    )]
    Show(ReviewShowArgs),
    /// Say that two are the same, different, or that nobody can tell; the next night follows it
    #[command(
        after_help = "Examples:\n  lockgate review decide 3f0a9c1e22 81d0f5aa90 different --by reviewer-2 --reason \"case 14: twins\"\n\n\
        Ends 8 when it is refused. `different` also takes a link apart that stands: whoever got what was wrong gets corrections\n\
        and withdrawals, and is chased until it confirms."
    )]
    Decide(ReviewDecideArgs),
    /// Take back what was decided about a pair; the reason is recorded
    #[command(
        after_help = "Examples:\n  lockgate review undo 3f0a9c1e22 81d0f5aa90 --by reviewer-1 --reason \"case 14: wrong file\""
    )]
    Undo(ReviewUndoArgs),
    /// Say what another model would ask about, and what no more, before it does; nothing is written
    #[command(after_help = "Examples:\n  lockgate review model new-model.json\n  lockgate review model\n\n\
        The model in force is the one that `model` under [link] names, or else the one that is shipped. Without a file: the one\n\
        that is shipped against it. `lockgate link FILE.csv --train MODEL.json` makes one.")]
    Model(ReviewModelArgs),
}

/// Who decides, or looks.
#[derive(Debug, Clone, Args)]
pub struct Reviewer {
    /// Who: a current nominee's token of the agreement's holder, which the ledger keeps; not a name
    #[arg(long, value_name = "TOKEN")]
    pub by: String,
    /// Why, on what ground; no name of a person
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Who looks at values.
#[derive(Debug, Clone, Args)]
pub struct Looker {
    /// Also names, dates of birth, postcodes and identifiers of both; recorded in the ledger before anything is shown
    #[arg(long, requires_all = ["by", "reason"])]
    pub values: bool,
    /// Who looks: a current nominee's token of the agreement's holder
    #[arg(long, value_name = "TOKEN")]
    pub by: Option<String>,
    /// Why; a look with a reason is recorded in the ledger
    #[arg(long, value_name = "TEXT", requires = "by")]
    pub reason: Option<String>,
}

/// Options of `review next`.
#[derive(Debug, Args)]
pub struct ReviewNextArgs {
    /// A pair that others have decided already, to see whether this person would say the same; nothing of their words is told
    #[arg(long, requires = "by")]
    pub again: bool,
    /// Who looks
    #[command(flatten)]
    pub looker: Looker,
}

/// Options of `review list`.
#[derive(Debug, Args)]
pub struct ReviewListArgs {
    /// Also the pairs that were decided
    #[arg(long)]
    pub all: bool,
    /// How far two people who decided the same pairs agree: percent, and Cohen's kappa
    #[arg(long, conflicts_with = "all")]
    pub agreement: bool,
}

/// Options of `review show`.
#[derive(Debug, Args)]
pub struct ReviewShowArgs {
    /// One identity: `feed:key`, 32 hexadecimal digits, or the first digits as `review list` shows them
    pub first: String,
    /// The other one
    pub second: String,
    /// Who looks
    #[command(flatten)]
    pub looker: Looker,
}

/// Options of `review decide`.
#[derive(Debug, Args)]
pub struct ReviewDecideArgs {
    /// One identity, as for `show`
    pub first: String,
    /// The other one
    pub second: String,
    /// What: `same`, `different` or `cannot-tell`
    #[arg(value_parser = ["same", "different", "cannot-tell"])]
    pub verdict: String,
    /// `same` although both carry a number of which a person has one, and the numbers differ; two people have to say so
    #[arg(long)]
    pub despite_identifiers: bool,
    /// Who decides
    #[command(flatten)]
    pub reviewer: Reviewer,
}

/// Options of `review undo`.
#[derive(Debug, Args)]
pub struct ReviewUndoArgs {
    /// One identity, as for `show`
    pub first: String,
    /// The other one
    pub second: String,
    /// Who decides
    #[command(flatten)]
    pub reviewer: Reviewer,
}

/// Options of `review model`.
#[derive(Debug, Args)]
pub struct ReviewModelArgs {
    /// A model file; without it, the model that is shipped
    pub file: Option<std::path::PathBuf>,
}
