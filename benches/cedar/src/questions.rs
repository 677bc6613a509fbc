//! The questions: a request for each record and recipient, and for each field of it, with the facts that the gate finds.

use anyhow::{Context as _, Result};
use cedar_policy::{Context, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression};
use lockgate_core::agreement::{Agreement, PartnerId};
use lockgate_core::gate::{Explained, Gate, Rule};
use lockgate_core::link::Person;
use lockgate_core::record::{Record, RecordId};
use lockgate_core::schema::{CategoryId, FieldId, Schema};

/// What is asked about one record for one recipient.
pub struct Question {
    /// The record.
    pub record: RecordId,
    /// The recipient.
    pub recipient: PartnerId,
    /// The record's category.
    pub category: CategoryId,
    /// May the row leave?
    pub row: Request,
    /// May this field leave? All fields of the record's category.
    pub fields: Vec<(FieldId, Request)>,
    facts: Vec<(&'static str, bool)>,
    conditions: Vec<(String, bool)>,
    words: [(&'static str, String); 2],
    uids: [EntityUid; 2],
    resources: Vec<EntityUid>,
}

impl Question {
    /// The requests about fields, made anew with their facts, as for a record that is seen for the first time.
    pub fn make(&self) -> Result<Vec<Request>> {
        let context = self.context()?;
        let [principal, action] = &self.uids;
        let one = |resource: &EntityUid| {
            Ok(Request::new(principal.clone(), action.clone(), resource.clone(), context.clone(), None)?)
        };
        self.resources.iter().map(one).collect()
    }

    fn context(&self) -> Result<Context> {
        let facts = self
            .facts
            .iter()
            .map(|(name, holds)| ((*name).to_owned(), RestrictedExpression::new_bool(*holds)));
        let conditions = self
            .conditions
            .iter()
            .map(|(name, holds)| (name.clone(), RestrictedExpression::new_bool(*holds)));
        let words = self
            .words
            .iter()
            .map(|(name, word)| ((*name).to_owned(), RestrictedExpression::new_string(word.clone())));
        let authorities = ("authorities".to_owned(), RestrictedExpression::new_set([]));
        Ok(Context::from_pairs(facts.chain(conditions).chain(words).chain([authorities]))?)
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid> {
    let kind: EntityTypeName = kind.parse().context("the name of a type")?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

/// Those about these people for every recipient, person by person, record by record.
pub fn of(
    gate: &Gate<'_>,
    agreement: &Agreement,
    schema: &Schema,
    people: &[Person],
) -> Result<Vec<Question>> {
    let mut out = Vec::new();
    for person in people {
        for record in person.records() {
            for (recipient, partner) in agreement.partners() {
                let category = record.head().category;
                let of = schema.get(category).context("a category is lost")?;
                let grant = agreement.grant(recipient, category);
                let field = grant.and_then(|g| g.fields().first()).map_or(FieldId(0), |f| f.field);
                let explained = gate.explain(person, recipient, category, field);
                let one =
                    explained.iter().find(|e| e.record == record.head().id).context("a record is lost")?;
                let mut resources = Vec::new();
                for field in &of.fields {
                    resources.push(uid("Field", &format!("{}.{}", of.name, field.name))?);
                }
                let uids = [uid("Recipient", &partner.key)?, uid("Action", "see")?];
                let whole = uid("Category", &of.name)?;
                let blank =
                    Request::new(uids[0].clone(), uids[1].clone(), whole.clone(), Context::empty(), None)?;
                let mut question = Question {
                    record: record.head().id,
                    recipient,
                    category,
                    row: blank,
                    fields: Vec::new(),
                    facts: facts(record, one),
                    conditions: conditions(agreement, grant, one)?,
                    words: words(agreement, record),
                    uids,
                    resources,
                };
                let requests = question.make()?;
                question.fields = (0u8..).map(FieldId).zip(requests).collect();
                let [principal, action] = question.uids.clone();
                question.row = Request::new(principal, action, whole, question.context()?, None)?;
                out.push(question);
            }
        }
    }
    Ok(out)
}

/// What the rules that look at more than the grant say. A rule that was not reached says no: one before it said no already.
fn facts(record: &Record, explained: &Explained) -> Vec<(&'static str, bool)> {
    let passed = |rule: Rule| explained.steps.iter().any(|s| s.rule == rule && s.passed);
    vec![
        ("cohort", passed(Rule::Cohort)),
        ("cancelled", record.head().cancelled),
        ("released", passed(Rule::Handling)),
    ]
}

/// The grant's conditions, as the gate finds them.
fn conditions(
    agreement: &Agreement,
    grant: Option<&lockgate_core::agreement::Grant>,
    explained: &Explained,
) -> Result<Vec<(String, bool)>> {
    let Some(grant) = grant else { return Ok(Vec::new()) };
    let said = explained.steps.iter().find(|s| s.rule == Rule::Condition).map(|s| s.facts.as_slice());
    let mut out = Vec::new();
    for condition in grant.conditions().iter().filter_map(|at| agreement.conditions().get(*at)) {
        let (yes, no) =
            (format!("`{}` holds:", condition.name), format!("`{}` does not hold:", condition.name));
        let holds = match said {
            None => false,
            Some(said) => {
                let holds = said.iter().any(|s| s.starts_with(&yes));
                anyhow::ensure!(
                    holds || said.iter().any(|s| s.starts_with(&no)),
                    "an explanation speaks otherwise"
                );
                holds
            }
        };
        out.push((condition.name.clone(), holds));
    }
    Ok(out)
}

fn words(agreement: &Agreement, record: &Record) -> [(&'static str, String); 2] {
    let head = record.head();
    let originator = agreement.get(head.originator).map_or(String::new(), |p| p.key.clone());
    let clause = agreement.clause(head.originator, head.category).unwrap_or_default().to_owned();
    [("originator", originator), ("clause", clause)]
}
