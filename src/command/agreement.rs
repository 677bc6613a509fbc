//! `lockgate agreement matrix|who-sees|what-sees`: answered from the compiled table alone.

use super::Voice;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::summary::table;
use crate::report;
use anyhow::Result;
use lockgate_core::agreement::{PartnerId, Sees};
use lockgate_core::problem::nearest;
use lockgate_core::schema::{CategoryId, FieldId};
use serde::Serialize;

#[derive(Serialize)]
struct CellJson<'a> {
    recipient: &'a str,
    category: &'a str,
    field: &'a str,
    clauses: Vec<&'a str>,
    purposes: Vec<&'a str>,
    standing: Option<&'a str>,
    conditions: Vec<&'a str>,
    authority_all: Vec<&'a str>,
    authority_any: Vec<&'a str>,
    reason: &'a str,
}

/// Finds `category.field`, with the nearest known name when there is none.
pub(super) fn field(deployment: &Deployment, text: &str) -> Result<(CategoryId, FieldId)> {
    let schema = &deployment.schema;
    let usage = |what: String| Expected::new(Exit::Usage, what);
    let hint = |near: Option<&str>| near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
    let Some((category, name)) = text.split_once('.') else {
        return Err(usage(format!(
            "`{text}` is not of the form category.field, such as prison_release.release_address"
        )));
    };
    let Some(id) = schema.category(category) else {
        let near = nearest(category, schema.categories().map(|(_, c)| c.name.as_str()));
        return Err(usage(format!("the schema has no category `{category}`{}", hint(near))));
    };
    let known = schema.get(id).map(|c| (c.field(name), c.fields.iter().map(|f| f.name.as_str())));
    match known {
        Some((Some(field), _)) => Ok((id, field)),
        Some((None, names)) => {
            Err(usage(format!("`{category}` has no field `{name}`{}", hint(nearest(name, names)))))
        }
        None => Err(usage(format!("the schema has no category `{category}`"))),
    }
}

/// Finds a partner by key.
pub(crate) fn partner(deployment: &Deployment, key: &str) -> Result<PartnerId> {
    let known = deployment.agreement.partners().map(|(_, p)| p.key.as_str());
    deployment.agreement.partner(key).ok_or_else(|| {
        let keys: Vec<&str> = known.collect();
        Expected::new(
            Exit::Usage,
            format!("`{key}` is not a partner of the agreement; the partners are {}", keys.join(", ")),
        )
    })
}

fn cell<'a>(deployment: &'a Deployment, sees: &Sees<'a>) -> CellJson<'a> {
    let category = deployment.schema.get(sees.category);
    CellJson {
        recipient: deployment.agreement.get(sees.recipient).map_or("", |p| p.key.as_str()),
        category: category.map_or("", |c| c.name.as_str()),
        field: category.and_then(|c| c.get(sees.field)).map_or("", |f| f.name.as_str()),
        clauses: sees.clauses.clone(),
        purposes: sees.purposes.clone(),
        standing: sees.standing,
        conditions: sees.conditions.clone(),
        authority_all: sees.authority_all.clone(),
        authority_any: sees.authority_any.clone(),
        reason: sees.reason,
    }
}

/// How a cell reads aloud.
fn words(cell: &CellJson<'_>) -> String {
    let authority = match (cell.authority_all.as_slice(), cell.authority_any.as_slice()) {
        ([], []) => None,
        (all, []) => Some(format!("whole on a recorded authority ({})", all.join(" and "))),
        ([], any) => Some(format!("whole on a recorded authority ({})", any.join(" or "))),
        (all, any) => Some(format!(
            "whole on a recorded authority ({} and one of {})",
            all.join(" and "),
            any.join(", ")
        )),
    };
    let standing =
        cell.standing.map(|s| if s == "whole" { "whole".to_owned() } else { format!("reduced to {s}") });
    let what = [standing, authority].into_iter().flatten().collect::<Vec<_>>().join("; ");
    if cell.conditions.is_empty() {
        what
    } else {
        format!("{what}, only if {}", cell.conditions.join(" and "))
    }
}

fn print(voice: Voice, cells: &[CellJson<'_>], nobody: &str) {
    if voice.json {
        return report::json(&cells);
    }
    if cells.is_empty() {
        return report::line(nobody);
    }
    let row = |c: &CellJson<'_>| {
        let field = format!("{}.{}", c.category, c.field);
        vec![
            c.recipient.to_owned(),
            field,
            words(c),
            c.clauses.join(", "),
            c.purposes.join(" "),
            c.reason.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = cells.iter().map(row).collect();
    report::line(&table(voice.plain, &["recipient", "field", "how", "clause", "purpose", "why"], &rows));
}

/// Everyone who can ever see a field.
pub(super) fn who_sees(voice: Voice, deployment: &Deployment, text: &str) -> Result<Exit> {
    let (category, at) = field(deployment, text)?;
    let cells: Vec<CellJson<'_>> =
        deployment.agreement.who_sees(category, at).iter().map(|s| cell(deployment, s)).collect();
    print(voice, &cells, &format!("Nobody but its originator can ever see {text}"));
    Ok(Exit::Done)
}

/// Everything that a recipient can ever see.
pub(super) fn what_sees(voice: Voice, deployment: &Deployment, recipient: &str) -> Result<Exit> {
    let id = partner(deployment, recipient)?;
    let cells: Vec<CellJson<'_>> =
        deployment.agreement.what_sees(&deployment.schema, id).iter().map(|s| cell(deployment, s)).collect();
    print(voice, &cells, &format!("{recipient} can see nothing"));
    Ok(Exit::Done)
}

/// The whole table, as text or cells.
pub(super) fn matrix(voice: Voice, deployment: &Deployment) {
    if voice.json {
        let all = deployment
            .agreement
            .partners()
            .flat_map(|(id, _)| deployment.agreement.what_sees(&deployment.schema, id));
        let cells: Vec<_> = all.collect();
        report::json(&cells.iter().map(|s| cell(deployment, s)).collect::<Vec<_>>());
    } else {
        report::line(deployment.agreement.matrix(&deployment.schema).trim_end());
    }
}
