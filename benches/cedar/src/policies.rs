//! The agreement's grants as Cedar policies: a permit for each row and for each field that a recipient may ever have.

use anyhow::{Context as _, Result};
use cedar_policy::PolicySet;
use lockgate_core::agreement::{Agreement, AuthorityKind, Grant, PartnerId};
use lockgate_core::schema::{CategoryId, FieldId, Schema};
use std::collections::{BTreeMap, BTreeSet};

/// The policies of an agreement.
pub struct Policies {
    /// All in one set, as Cedar is called when nobody sorts them.
    pub whole: PolicySet,
    /// Sorted beforehand: a set for each recipient and row or field that it may ever have.
    pub sorted: BTreeMap<Named, PolicySet>,
    /// Grants whose rows are counted together.
    pub counted: BTreeSet<(PartnerId, CategoryId)>,
    /// How many.
    pub count: usize,
}

/// What a policy names: a recipient, and a category's rows or one of its fields.
pub type Named = (PartnerId, CategoryId, Option<FieldId>);

impl Policies {
    /// Those of an agreement.
    pub fn of(agreement: &Agreement, schema: &Schema) -> Result<Self> {
        let mut texts: BTreeMap<Named, String> = BTreeMap::new();
        let mut counted = BTreeSet::new();
        for (recipient, _) in agreement.partners() {
            for (category, _) in schema.categories() {
                let Some(grant) = agreement.grant(recipient, category) else { continue };
                write(agreement, schema, (recipient, category), grant, &mut texts)?;
                if grant.counts() {
                    counted.insert((recipient, category));
                }
            }
        }
        let all: String = texts.values().map(String::as_str).collect();
        let whole: PolicySet = all.parse().context("the policies do not parse")?;
        let count = whole.policies().count();
        let parsed = texts.into_iter().map(|(named, text)| Ok((named, text.parse()?)));
        Ok(Self { whole, sorted: parsed.collect::<Result<_>>()?, counted, count })
    }
}

fn write(
    agreement: &Agreement,
    schema: &Schema,
    (recipient, category): (PartnerId, CategoryId),
    grant: &Grant,
    texts: &mut BTreeMap<Named, String>,
) -> Result<()> {
    let key = &agreement.get(recipient).context("a partner is lost")?.key;
    let (at, category) = (category, schema.get(category).context("a category is lost")?);
    let mut when = vec![
        "context.cohort && !context.cancelled && context.released".to_owned(),
        format!("context.originator != {key:?}"),
        format!("{:?}.contains(context.clause)", grant.clauses()),
    ];
    let conditions = grant.conditions().iter().filter_map(|at| agreement.conditions().get(*at));
    when.extend(conditions.map(|c| format!("context.{}", c.name)));
    let when = when.join(" && ");
    let permit = |resource: String, more: String| {
        format!(
            "permit(principal == Recipient::{key:?}, action == Action::\"see\", resource == {resource})\nwhen {{ {when}{more} }};\n"
        )
    };
    texts.insert((recipient, at, None), permit(format!("Category::{:?}", category.name), String::new()));
    for listed in grant.fields() {
        let field = &category.get(listed.field).context("a field is lost")?.name;
        let text = texts.entry((recipient, at, Some(listed.field))).or_default();
        let resource = format!("Field::\"{}.{field}\"", category.name);
        if listed.standing.is_some() {
            *text += &permit(resource.clone(), String::new());
        }
        if let Some(ceiling) = grant.ceiling().filter(|_| listed.on_authority) {
            *text += &permit(
                resource,
                format!("{}{}", needs(ceiling.all(), "containsAll"), needs(ceiling.any(), "containsAny")),
            );
        }
    }
    Ok(())
}

fn needs(kinds: &[AuthorityKind], how: &str) -> String {
    let words: Vec<&str> = kinds.iter().map(|k| k.word()).collect();
    if words.is_empty() { String::new() } else { format!(" && context.authorities.{how}({words:?})") }
}
