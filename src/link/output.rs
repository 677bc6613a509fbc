//! The files that linking writes: persons, and scored pairs with their reasons. Each is whole or not there.

use super::LinkError;
use super::read::People;
use super::run::Linked;
use lockgate_core::linkage::cluster::{Doubt, Edge};
use lockgate_core::linkage::compare::Comparer;
use lockgate_core::linkage::explain::{bits, lines};
use lockgate_core::linkage::facts::Facts;
use lockgate_core::linkage::model::Model;
use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes a file whole, or leaves what was there.
pub fn write(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), LinkError>,
) -> Result<(), LinkError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fault = |e: std::io::Error| LinkError::Write(e.kind());
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(fault)?;
    {
        let mut out = BufWriter::with_capacity(1 << 16, new.as_file_mut());
        fill(&mut out)?;
        out.flush().map_err(fault)?;
    }
    new.persist(path).map_err(|e| fault(e.error))?;
    Ok(())
}

fn csv_fault(error: &csv::Error) -> LinkError {
    match error.kind() {
        csv::ErrorKind::Io(io) => LinkError::Write(io.kind()),
        _ => LinkError::Broken,
    }
}

/// Writes `record_id,cluster_id`, in the order of the record ids; a person is known by the first record id of its own.
pub fn clusters(out: &mut dyn Write, people: &People, person: &[u32]) -> Result<(), LinkError> {
    let mut out = csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(out);
    out.write_record(["record_id", "cluster_id"]).map_err(|e| csv_fault(&e))?;
    for (first, at) in people.persons(person).into_iter().zip(0..) {
        out.write_record([people.ids.get(at), people.ids.get(first)]).map_err(|e| csv_fault(&e))?;
    }
    out.flush().map_err(|e| LinkError::Write(e.kind()))
}

/// Writes the scored pairs, strongest first: whether they are joined, apart or wait for review, and why in words. The
/// reasons hold levels of agreement, and no value.
pub fn pairs(
    out: &mut dyn Write,
    people: &People,
    facts: &Facts,
    model: &Model,
    linked: &Linked,
) -> Result<(), LinkError> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(["record_a", "record_b", "weight", "outcome", "code", "against", "reasons"])
        .map_err(|e| csv_fault(&e))?;
    let doubts: HashMap<(u32, u32), Doubt> =
        linked.doubts.iter().map(|(edge, doubt)| ((edge.a, edge.b), *doubt)).collect();
    let mut edges: Vec<&Edge> = linked.edges.iter().collect();
    edges.sort_unstable_by_key(|e| (-e.weight, e.a, e.b));
    let mut comparer = Comparer::new(&people.deck, facts, model);
    for edge in edges {
        let (Some(a), Some(b)) = (people.deck.card(edge.a), people.deck.card(edge.b)) else { continue };
        let agreement = comparer.compare(a, b);
        let score = model.score(&agreement);
        let doubt = doubts.get(&(edge.a, edge.b));
        let outcome = match doubt {
            _ if linked.same(edge.a, edge.b) => "joined",
            Some(_) => "review",
            None => "apart",
        };
        let reasons: Vec<String> = lines(model, &people.deck.kinds, &agreement, score)
            .iter()
            .map(|line| format!("{}: {} {}", line.field, line.level, bits(line.weight)))
            .collect();
        let code = doubt.map_or("", |d| d.code()).as_bytes();
        // The one whose id comes first stands first.
        let swap = people.place_of(edge.a) > people.place_of(edge.b);
        let a_first = if swap { (edge.b, edge.a) } else { (edge.a, edge.b) };
        let (weight, reasons) = (bits(edge.weight), reasons.join("; "));
        let fields: [&[u8]; 7] = [
            people.id(a_first.0),
            people.id(a_first.1),
            weight.as_bytes(),
            outcome.as_bytes(),
            code,
            score.against.words().as_bytes(),
            reasons.as_bytes(),
        ];
        out.write_record(fields).map_err(|e| csv_fault(&e))?;
    }
    out.flush().map_err(|e| LinkError::Write(e.kind()))
}
