//! Which column of a file is which field.

use super::LinkError;
use lockgate_core::linkage::card::{IDS, IdField};
use lockgate_core::value::identifier::IdKind;

/// The fields of a file but its identifiers, as `--map` names them.
const FIELDS: [&str; 11] = [
    "record_id",
    "agency",
    "forename",
    "middle_name",
    "surname",
    "sex",
    "dob",
    "address",
    "postcode",
    "sentence_date",
    "key",
];

/// The identifiers that a file may have under their own names.
const IDENTIFIERS: [(&str, IdKind); 5] = [
    ("pnc", IdKind::Pnc),
    ("noms", IdKind::PrisonNumber),
    ("crn", IdKind::Crn),
    ("cro", IdKind::Cro),
    ("nino", IdKind::Nino),
];

/// The columns of each field: several are joined by a space. A field without columns is not in the file.
#[derive(Debug, Default, Clone)]
pub struct Columns {
    fields: [Vec<usize>; FIELDS.len()],
    /// The identifiers of the file.
    pub kinds: Vec<IdField>,
    /// The columns of each.
    ids: Vec<Vec<usize>>,
}

/// One `--map FIELD=COLUMN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The field, `id.NAME` for a further identifier.
    pub field: String,
    /// The columns, joined by `+`.
    pub columns: Vec<String>,
}

impl Mapping {
    /// Reads `FIELD=COLUMN` or `FIELD=COLUMN+COLUMN`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (field, columns) = text.split_once('=').ok_or("it has the form FIELD=COLUMN")?;
        let known = FIELDS.contains(&field) || IDENTIFIERS.iter().any(|(name, _)| *name == field);
        let further = field.strip_prefix("id.").is_some_and(is_name);
        if !known && !further {
            let all: Vec<&str> = FIELDS.into_iter().chain(IDENTIFIERS.map(|(name, _)| name)).collect();
            return Err(format!("there is no field `{field}`; there are {}, and `id.NAME`", all.join(", ")));
        }
        let columns: Vec<String> = columns.split('+').map(str::to_owned).collect();
        Ok(Self { field: field.to_owned(), columns })
    }
}

/// A name of an identifier: small letters, digits and underscores.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl Columns {
    /// Finds the fields in a header.
    pub fn find(header: &[String], mappings: &[Mapping]) -> Result<Self, LinkError> {
        let mut out = Self::default();
        for (name, columns) in FIELDS.iter().zip(&mut out.fields) {
            *columns = columns_of(header, mappings, name)?;
        }
        if out.fields.first().is_none_or(Vec::is_empty) {
            return Err(LinkError::NoRecordId);
        }
        let further = mappings.iter().filter_map(|m| m.field.strip_prefix("id."));
        let named = IDENTIFIERS.iter().map(|(name, kind)| ((*name).to_owned(), *kind, (*name).to_owned()));
        let further = further.map(|name| {
            let kind = IDENTIFIERS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
            let kind = kind.or_else(|| IdKind::parse(name)).unwrap_or(IdKind::Local);
            (name.to_owned(), kind, format!("id.{name}"))
        });
        for (name, kind, field) in named.chain(further) {
            let columns = columns_of(header, mappings, &field)?;
            if columns.is_empty() || out.kinds.iter().any(|k| k.name == name) {
                continue;
            }
            if out.kinds.len() == IDS {
                return Err(LinkError::ManyIdentifiers);
            }
            out.kinds.push(IdField { name, kind });
            out.ids.push(columns);
        }
        Ok(out)
    }

    /// The columns of the record's id.
    pub fn record_id(&self) -> &[usize] {
        self.field(0)
    }

    /// The columns of a field by its place in the list.
    pub(super) fn field(&self, at: usize) -> &[usize] {
        self.fields.get(at).map(Vec::as_slice).unwrap_or_default()
    }

    /// The columns of each identifier.
    pub(super) fn identifiers(&self) -> &[Vec<usize>] {
        &self.ids
    }

    /// The fields that the file has, for the summary.
    pub fn found(&self) -> Vec<&str> {
        let fields = FIELDS.iter().zip(&self.fields).filter(|(_, columns)| !columns.is_empty());
        fields.map(|(name, _)| *name).chain(self.kinds.iter().map(|k| k.name.as_str())).collect()
    }
}

/// The columns of a field: those mapped, else the one of its name.
fn columns_of(header: &[String], mappings: &[Mapping], field: &str) -> Result<Vec<usize>, LinkError> {
    let position = |name: &str| header.iter().position(|h| h == name);
    match mappings.iter().find(|m| m.field == field) {
        None => Ok(position(field).into_iter().collect()),
        Some(mapping) => {
            let found = mapping.columns.iter();
            found.map(|name| position(name).ok_or_else(|| LinkError::NoColumn(name.clone()))).collect()
        }
    }
}
