//! Several sheets of one workbook: which is the base, and by which columns the others join it.

use lockgate_connectors::OptionValue;
use lockgate_core::survey::Survey;
use quick_xml::events::Event;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

/// Bytes of a workbook's list of sheets that are looked at.
const LIST_BYTES: u64 = 4 << 20;

/// One sheet with the looks of its columns.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) header: Vec<String>,
    pub(super) survey: Survey,
}

/// The names of a workbook's sheets, whichever of the two forms it has.
pub(super) fn names(path: &Path) -> Vec<String> {
    let Some(file) = std::fs::File::open(path).ok() else { return Vec::new() };
    let Ok(mut zip) = zip::ZipArchive::new(file) else { return Vec::new() };
    ["xl/workbook.xml", "content.xml"]
        .into_iter()
        .find_map(|part| {
            let mut text = Vec::new();
            zip.by_name(part).ok()?.take(LIST_BYTES).read_to_end(&mut text).ok()?;
            Some(listed(&text))
        })
        .unwrap_or_default()
}

fn listed(text: &[u8]) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_reader(text);
    let (mut out, mut buf) = (Vec::new(), Vec::new());
    loop {
        buf.clear();
        let tag = match reader.read_event_into(&mut buf) {
            Ok(Event::Start(tag) | Event::Empty(tag)) => tag.into_owned(),
            Ok(Event::Eof) | Err(_) => return out,
            Ok(_) => continue,
        };
        if matches!(tag.local_name().as_ref(), "sheet" | "table") {
            let name = tag.attributes().flatten().find(|a| a.key.local_name().as_ref() == "name");
            out.extend(name.map(|a| a.value.into_owned()));
        }
    }
}

struct Link {
    sheet: usize,
    on: String,
    to: String,
    keep: Option<String>,
    /// Of a hundred values of the other sheet's column, how many stand in the one that reaches it.
    covered: usize,
    /// Whether the base itself has the column.
    direct: bool,
}

/// Of a hundred rows of another sheet, how many a base must reach to be the base of it.
const COVERED: usize = 80;

/// The base reaches the most other sheets, and loses the fewest of their rows; of several, the one with the most
/// keys that reach, and the most of them of its own.
pub(super) fn join(sheets: &[Sheet]) -> (BTreeMap<String, OptionValue>, Vec<String>) {
    let best = (0..sheets.len()).map(|base| (base, links(sheets, base))).max_by_key(|(base, links)| {
        let count = |wanted: fn(&Link) -> bool| links.iter().filter(|l| wanted(l)).count();
        (
            links.len(),
            count(|l| l.covered >= COVERED),
            count(|l| l.keep.is_none()),
            count(|l| l.direct),
            std::cmp::Reverse(*base),
        )
    });
    let Some((base, links)) = best else { return (BTreeMap::new(), Vec::new()) };
    let text = |t: &str| OptionValue::Text(t.to_owned());
    let name = |at: usize| sheets.get(at).map_or("", |s| s.name.as_str());
    let mut options = BTreeMap::from([("sheet".to_owned(), text(name(base)))]);
    let tables: Vec<OptionValue> = links
        .iter()
        .map(|link| {
            let mut table = BTreeMap::from([
                ("sheet".to_owned(), text(name(link.sheet))),
                ("on".to_owned(), text(&link.on)),
                ("to".to_owned(), text(&link.to)),
            ]);
            table.extend(link.keep.as_ref().map(|k| ("keep".to_owned(), text(k))));
            OptionValue::Table(table)
        })
        .collect();
    let note = format!(
        "{} sheets; a row is a row of `{}`, {} sheets are joined to it",
        sheets.len(),
        name(base),
        tables.len()
    );
    if !tables.is_empty() {
        options.insert("join".to_owned(), OptionValue::List(tables));
    }
    (options, vec![note])
}

/// Every sheet that can be reached from a base by a column of one name: keys first, then lists of events.
fn links(sheets: &[Sheet], base: usize) -> Vec<Link> {
    let mut reached = vec![base];
    let mut out: Vec<Link> = Vec::new();
    for events in [false, true] {
        loop {
            let next = (0..sheets.len())
                .filter(|s| !reached.contains(s))
                .find_map(|s| reached.iter().find_map(|from| link(sheets, base, *from, s, events)));
            let Some(link) = next else { break };
            reached.push(link.sheet);
            out.push(link);
        }
    }
    out
}

fn link(sheets: &[Sheet], base: usize, from: usize, to: usize, events: bool) -> Option<Link> {
    let (a, b) = (sheets.get(from)?, sheets.get(to)?);
    let pairs = b.header.iter().enumerate().flat_map(|(at, header)| {
        a.header.iter().enumerate().map(move |(mine, other)| (at, mine, other.eq_ignore_ascii_case(header)))
    });
    // Columns of one name first; two names for one key only where the values say so.
    let (same, other): (Vec<_>, Vec<_>) = pairs.partition(|(_, _, same)| *same);
    same.into_iter().chain(other).find_map(|(at, mine, same)| {
        let looks = b.survey.looks(at);
        let there = b.survey.meets(at, &a.survey, mine);
        let met = there.max(a.survey.meets(mine, &b.survey, at));
        let dated = looks.date.is_some() || looks.date_cells > 0;
        if met < 50 || dated || looks.is_key() == events {
            return None;
        }
        let key = a.survey.looks(mine).is_key();
        if !same && (there < COVERED || !key || !looks.mostly(looks.references)) {
            return None;
        }
        let keep = if events {
            // Only where some sheet has the column as its key: otherwise two lists would be multiplied.
            if !key && !sheets.iter().any(|s| key_of(s, b.header.get(at).map_or("", String::as_str))) {
                return None;
            }
            let dated = (0..b.header.len()).find(|n| {
                let looks = b.survey.looks(*n);
                looks.filled > 0
                    && (looks.mostly(looks.date_cells) || looks.date.is_some_and(|(_, n)| looks.mostly(n)))
            })?;
            Some(format!("last by {}", b.header.get(dated)?))
        } else {
            None
        };
        let on = if from == base {
            a.header.get(mine)?.clone()
        } else {
            format!("{}.{}", a.name, a.header.get(mine)?)
        };
        Some(Link {
            sheet: to,
            on,
            to: b.header.get(at)?.clone(),
            keep,
            covered: there,
            direct: from == base,
        })
    })
}

fn key_of(sheet: &Sheet, header: &str) -> bool {
    sheet
        .header
        .iter()
        .position(|h| h.eq_ignore_ascii_case(header))
        .is_some_and(|at| sheet.survey.looks(at).is_key())
}
