//! The element of an XML document that is a row.

use super::Try;
use lockgate_connectors::OptionValue;
use quick_xml::events::Event;
use std::collections::BTreeMap;
use std::path::Path;

/// Different paths, and levels, beyond which a document is not looked at further.
const PATHS: usize = 10_000;
const LEVELS: usize = 64;

/// What was seen of the elements of one path.
#[derive(Debug, Default)]
struct Element {
    count: u64,
    /// Whether it holds other elements.
    holds: bool,
    /// Whether it has attributes of its own: a thing that has a number or a state, and not a group of values.
    marked: bool,
}

/// The options for the row: of the elements that hold others the one that stands most often. Of several that stand
/// equally often, one in the other, it is the innermost with attributes of its own, else the outermost.
pub(super) fn document(path: &Path) -> Try {
    let mut made = Try::plain();
    let counts = counted(path);
    let rows = counts.iter().filter(|(path, element)| element.holds && path.len() > 1);
    let most = rows.clone().map(|(_, element)| element.count).max().unwrap_or(0);
    let often = rows.filter(|(_, element)| element.count == most);
    let best = often.max_by_key(|(path, element)| {
        (element.marked, if element.marked { path.len() } else { LEVELS.saturating_sub(path.len()) })
    });
    if let Some((row, _)) = best {
        let row = row.join("/");
        made.notes.push(format!("a row is an element `{row}`"));
        made.options.insert("row".into(), OptionValue::Text(row));
    }
    made.reading = made.options.clone();
    made
}

fn counted(path: &Path) -> BTreeMap<Vec<String>, Element> {
    let mut counts: BTreeMap<Vec<String>, Element> = BTreeMap::new();
    let Ok(mut reader) = quick_xml::Reader::from_file(path) else { return counts };
    let (mut stack, mut buf) = (Vec::<String>::new(), Vec::new());
    while counts.len() <= PATHS && stack.len() <= LEVELS {
        buf.clear();
        let event = reader.read_event_into(&mut buf);
        match &event {
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                if let Some(parent) = counts.get_mut(&stack) {
                    parent.holds = true;
                }
                stack.push(tag.local_name().as_ref().to_owned());
                let element = counts.entry(stack.clone()).or_default();
                element.count += 1;
                element.marked |= tag.attributes().flatten().next().is_some();
                if matches!(event, Ok(Event::Empty(_))) {
                    stack.pop();
                }
            }
            Ok(Event::End(_)) => {
                stack.pop();
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    counts
}
