//! The words of `lockgate link`.

use crate::link::columns::Mapping;
use clap::Args;
use jiff::civil::Date;
use std::path::PathBuf;

/// Options of `lockgate link`.
#[derive(Debug, Args)]
pub struct LinkArgs {
    /// The people: a CSV file with a header, UTF-8
    pub file: PathBuf,
    /// Write `record_id,cluster_id` here
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Which column is which field, several joined by `+`; `id.NAME=COLUMN` for a further identifier
    #[arg(long = "map", value_name = "FIELD=COLUMN", value_parser = Mapping::parse)]
    pub mappings: Vec<Mapping>,
    /// From how many bits of evidence on two records are joined (default: 10, a thousand to one)
    #[arg(long, value_name = "BITS", allow_negative_numbers = true)]
    pub threshold: Option<f64>,
    /// From how many bits on a pair that is not joined waits for a person
    #[arg(long, value_name = "BITS", default_value_t = 3.0, allow_negative_numbers = true)]
    pub review: f64,
    /// A source (of the column `agency`) that holds each person once, or `all`; may be given several times
    #[arg(long, value_name = "AGENCY")]
    pub unique: Vec<String>,
    /// Write the scored pairs here, with outcome, weight and reasons in words
    #[arg(long, value_name = "FILE")]
    pub pairs: Option<PathBuf>,
    /// Say of two record ids why they are joined or not
    #[arg(long, value_name = "A,B")]
    pub explain: Option<String>,
    /// Write the model that was trained on this file
    #[arg(long, value_name = "MODEL.json", conflicts_with = "model")]
    pub train: Option<PathBuf>,
    /// Use a model that was written before, and train none
    #[arg(long, value_name = "MODEL.json")]
    pub model: Option<PathBuf>,
    /// Write one page with pictures: weights, a pair, thresholds, sizes; it holds no personal value but record ids
    #[arg(long, value_name = "PAGE.html")]
    pub report: Option<PathBuf>,
    /// The true persons, `record_id,person_id`: says how good the answer is; nothing is trained on it
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// The day of the file: nobody is born after its year (default: today)
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
}
