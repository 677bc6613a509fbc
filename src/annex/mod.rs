//! The annex that the partners sign: who may receive what, why and under which clause, as a document (HTML), a workbook
//! (XLSX), a table (CSV) and a picture (SVG). Everything in it comes from the agreement's table alone: it says nothing
//! about a person, and the same agreement gives the same bytes.

mod csv;
mod html;
mod style;
mod svg;
mod words;
mod xlsx;

use crate::config::Deployment;
use lockgate_core::agreement::{AuthorityKind, PartnerId, Sees};
use lockgate_core::schema::{Category, CategoryId, FieldId};

pub use csv::csv;
pub use html::html;
pub use svg::svg;
pub use xlsx::xlsx;

/// The whole annex, in the words of its readers.
pub struct Annex {
    /// Full title of the agreement.
    pub title: String,
    /// Its head: label and value.
    pub head: Vec<(&'static str, String)>,
    /// The parties.
    pub parties: Vec<Party>,
    /// Per recipient, in the order of the parties.
    pub sections: Vec<Section>,
    /// The words used, each with its meaning.
    pub legends: Vec<Legend>,
}

/// A partner as the annex names it.
pub struct Party {
    /// Short word.
    pub key: String,
    /// Full name.
    pub name: String,
    /// The class for dissemination codes, in words.
    pub class: String,
    /// The aims that it serves.
    pub aims: String,
    /// The paragraphs under which it shares.
    pub shares: String,
}

/// What one recipient may receive.
pub struct Section {
    /// Short word of the recipient.
    pub key: String,
    /// Its full name.
    pub name: String,
    /// The categories of which something can reach it.
    pub blocks: Vec<Block>,
    /// Titles of the categories of which nothing ever does.
    pub never: Vec<String>,
    /// Titles of those that are its own.
    pub own: Vec<String>,
}

/// One category of one recipient: a grant.
pub struct Block {
    /// Title of the category.
    pub title: String,
    /// Its name in files.
    pub name: String,
    /// Clauses under which it leaves.
    pub clauses: Vec<String>,
    /// Purpose letters.
    pub purposes: Vec<String>,
    /// Conditions in words, all of which must hold.
    pub conditions: Vec<String>,
    /// Handling code.
    pub handling: String,
    /// Why the recipient needs it.
    pub reason: String,
    /// The fields that can leave, in schema order.
    pub fields: Vec<Line>,
    /// Titles of the fields that never do.
    pub withheld: Vec<String>,
}

/// One field and how it leaves.
pub struct Line {
    /// Title of the field.
    pub title: String,
    /// Its name in files.
    pub name: String,
    /// How, in words.
    pub how: String,
    /// How much, for colour and sorting.
    pub extent: Extent,
}

/// How much goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Nothing, whatever happens.
    Never,
    /// Nothing without a recorded authority.
    Authority,
    /// Reduced, or some fields of several.
    Part,
    /// Every field that a standing grant can give, as it is.
    Whole,
    /// The recipient's own.
    Own,
}

/// One list of words and what they mean.
pub struct Legend {
    /// What the words are.
    pub title: &'static str,
    /// One sentence about them.
    pub about: &'static str,
    /// Word and meaning.
    pub words: Vec<(String, String)>,
}

/// Puts the annex of a deployment together.
pub fn annex(deployment: &Deployment) -> Annex {
    let agreement = &deployment.agreement;
    let parties = agreement.partners().map(|(_, p)| Party {
        key: p.key.clone(),
        name: p.name.clone(),
        class: agreement.class_words(&p.class).to_owned(),
        aims: p.aims.join(", "),
        shares: p.shares.join(", "),
    });
    Annex {
        title: agreement.title().to_owned(),
        head: head(deployment),
        parties: parties.collect(),
        sections: agreement.partners().map(|(id, _)| section(deployment, id)).collect(),
        legends: words::legends(agreement),
    }
}

fn head(deployment: &Deployment) -> Vec<(&'static str, String)> {
    let agreement = &deployment.agreement;
    let term = agreement.term();
    let day = |date: Option<jiff::civil::Date>| date.map(|d| d.to_string());
    let reviews: Vec<String> = agreement.reviews().iter().map(ToString::to_string).collect();
    vec![
        ("Reference", agreement.reference().to_owned()),
        ("Version", agreement.version().to_owned()),
        ("In force from", day(term.from).unwrap_or_default()),
        ("In force until", day(term.until).unwrap_or_else(|| "no end is set".into())),
        (
            "First review",
            format!(
                "{}, whichever is earlier; then every {} months (5.6.1)",
                reviews.join(" or "),
                agreement.review_every_months()
            ),
        ),
        ("Holder", agreement.get(agreement.holder()).map(|p| p.name.clone()).unwrap_or_default()),
        ("Digest of the policy", agreement.digest().hex()),
    ]
}

fn section(deployment: &Deployment, recipient: PartnerId) -> Section {
    let partner = deployment.agreement.get(recipient);
    let mut section = Section {
        key: partner.map(|p| p.key.clone()).unwrap_or_default(),
        name: partner.map(|p| p.name.clone()).unwrap_or_default(),
        blocks: Vec::new(),
        never: Vec::new(),
        own: Vec::new(),
    };
    for (id, category) in deployment.schema.categories().filter(|(_, c)| !c.internal) {
        match extent(deployment, recipient, id, category) {
            Extent::Own => section.own.push(category.title.clone()),
            Extent::Never => section.never.push(category.title.clone()),
            _ => section.blocks.extend(block(deployment, recipient, id, category)),
        }
    }
    section
}

fn block(
    deployment: &Deployment,
    recipient: PartnerId,
    id: CategoryId,
    category: &Category,
) -> Option<Block> {
    let agreement = &deployment.agreement;
    let grant = agreement.grant(recipient, id)?;
    let (mut fields, mut withheld) = (Vec::new(), Vec::new());
    for (field, at) in category.fields.iter().zip(0u8..) {
        match agreement.sees(recipient, id, FieldId(at)) {
            Some(sees) => fields.push(Line {
                title: field.title.clone(),
                name: field.name.clone(),
                how: how(&sees),
                extent: field_extent(&sees),
            }),
            None => withheld.push(field.title.clone()),
        }
    }
    let conditions = grant.conditions().iter().filter_map(|at| agreement.conditions().get(*at));
    Some(Block {
        title: category.title.clone(),
        name: category.name.clone(),
        clauses: grant.clauses().to_vec(),
        purposes: grant.purposes().to_vec(),
        conditions: conditions.map(|c| c.title.clone()).collect(),
        handling: agreement.handling(id).map(|h| h.code.clone()).unwrap_or_default(),
        reason: grant.reason().to_owned(),
        fields,
        withheld,
    })
}

/// How one field leaves, read aloud.
fn how(sees: &Sees<'_>) -> String {
    let kinds = |words: &[&str], joint: &str| {
        let titles: Vec<&str> =
            words.iter().map(|w| AuthorityKind::parse(w).map_or("an authority", words::authority)).collect();
        titles.join(joint)
    };
    let authority = match (sees.authority_all.as_slice(), sees.authority_any.as_slice()) {
        ([], []) => None,
        (all, []) => Some(kinds(all, " and ")),
        ([], any) => Some(kinds(any, " or ")),
        (all, any) => Some(format!("{}, and one of {}", kinds(all, " and "), kinds(any, " or "))),
    };
    match (sees.standing, authority) {
        (Some("whole"), _) => "whole".into(),
        (Some(word), None) => format!("reduced to {}", words::reduced_to(word)),
        (Some(word), Some(kinds)) => {
            format!("reduced to {}; whole only on authority: {kinds}", words::reduced_to(word))
        }
        (None, Some(kinds)) => format!("only on authority: {kinds}"),
        (None, None) => "never".into(),
    }
}

fn field_extent(sees: &Sees<'_>) -> Extent {
    match sees.standing {
        Some("whole") => Extent::Whole,
        Some(_) => Extent::Part,
        None => Extent::Authority,
    }
}

/// How much of a category can go to a recipient.
fn extent(deployment: &Deployment, recipient: PartnerId, id: CategoryId, category: &Category) -> Extent {
    let agreement = &deployment.agreement;
    let Some(grant) = agreement.grant(recipient, id) else {
        return if agreement.is_own(recipient, id) { Extent::Own } else { Extent::Never };
    };
    let standing = grant.fields().iter().filter(|f| f.standing.is_some()).count();
    let whole = grant.fields().iter().filter(|f| f.is_whole()).count();
    let possible = category.fields.iter().filter(|f| f.kind.by_standing_grant()).count();
    match (standing, whole) {
        (0, _) => Extent::Authority,
        (_, whole) if whole >= possible => Extent::Whole,
        _ => Extent::Part,
    }
}
