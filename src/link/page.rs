//! One self-contained page about a linkage: what the model weighs, how one pair came to its weight, what other thresholds
//! would do, and how many records persons have. No script, nothing fetched; levels of agreement, never values.

use super::read::People;
use super::run::Linked;
use lockgate_core::linkage::cluster::Limits;
use lockgate_core::linkage::compare::Comparer;
use lockgate_core::linkage::explain::{bits, lines};
use lockgate_core::linkage::math::{BIT, Weight};
use lockgate_core::linkage::model::{Against, Model};
use std::fmt::Write as _;

/// What a page shows.
pub struct Shown<'a> {
    /// The people.
    pub people: &'a People,
    /// The model.
    pub model: &'a Model,
    /// What was linked.
    pub linked: &'a Linked,
    /// The thresholds.
    pub limits: Limits,
}

/// The page as text.
pub fn page(shown: &Shown<'_>, pair: Option<&str>, truth: Option<&[u32]>) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\">\n<title>Linkage report</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Linkage report</h1>\n"
    );
    summary(&mut out, shown);
    waterfall(&mut out, shown, pair);
    thresholds(&mut out, shown, truth);
    sizes(&mut out, shown);
    weights(&mut out, shown);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

const STYLE: &str = ":root{color-scheme:light dark;--ink:#111;--paper:#fff;--line:#767676;--for:#1d6fb8;--against:#b3441e;--soft:#eee}\
                     @media(prefers-color-scheme:dark){:root{--ink:#eee;--paper:#161616;--line:#8a8a8a;--for:#6fb1ec;--against:#f0916b;--soft:#2a2a2a}}\
                     body{font-family:sans-serif;max-width:64rem;margin:1rem auto;padding:0 1rem;color:var(--ink);background:var(--paper);line-height:1.4}\
                     table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}caption{text-align:left;font-weight:bold;padding:.3rem 0}\
                     th,td{border-bottom:1px solid var(--soft);padding:.15rem .5rem;text-align:left;font-weight:normal;vertical-align:middle}\
                     thead th{border-bottom:1px solid var(--line);font-weight:bold}td.n,th.n{text-align:right}td.n{font-variant-numeric:tabular-nums;white-space:nowrap}\
                     td.chart{width:45%;min-width:9rem}.row{display:flex;height:.85rem}.half{flex:1;display:flex}.half:first-child{justify-content:flex-end;\
                     border-right:1px solid var(--line)}.bar{height:100%}.for{background:var(--for)}.against{background:var(--against)}\
                     tr.here th,tr.here td{font-weight:bold}section{overflow-x:auto}\
                     @media print{:root{color-scheme:light;--ink:#000;--paper:#fff;--for:#444;--against:#999;--soft:#ccc}\
                     .bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}section{break-inside:avoid-page}}";

/// A text as a page may hold it.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn summary(out: &mut String, shown: &Shown<'_>) {
    let persons: u32 = shown.linked.sizes().values().sum();
    let plain = &shown.model.plain;
    let _ = writeln!(
        out,
        "<p>{} records are {persons} persons; {} pairs wait for a person. Model: {}, from {} records. Two records join from {} \
         bits of evidence on. One bit doubles the odds; ten bits are a thousand to one. The page holds levels of agreement and \
         no names, dates or numbers of people.</p>",
        shown.people.ids.len(),
        shown.linked.doubts.len(),
        escaped(&plain.version),
        plain.records,
        bits(shown.limits.join),
    );
}

/// A bar to the right for what speaks for one person, to the left for what speaks against.
fn two_sided(weight: Weight, most: Weight) -> String {
    let share = (weight.abs().min(most) * 100) / most.max(1);
    let (left, right) = if weight < 0 { (share, 0) } else { (0, share) };
    format!(
        "<td class=\"chart\" aria-hidden=\"true\"><div class=\"row\"><div class=\"half\"><div class=\"bar against\" \
         style=\"width:{left}%\"></div></div><div class=\"half\"><div class=\"bar for\" style=\"width:{right}%\"></div></div></div></td>"
    )
}

fn one_sided(share: u32) -> String {
    format!(
        "<td class=\"chart\" aria-hidden=\"true\"><div class=\"row\"><div class=\"bar for\" style=\"width:{share}%\"></div></div></td>"
    )
}

/// The pair that was asked about; else the weakest that was joined directly: of all answers the one most worth a look.
fn chosen(shown: &Shown<'_>, pair: Option<&str>) -> Option<(u32, u32)> {
    let find = |id: &str| shown.people.find(id.trim().as_bytes());
    let asked = pair.and_then(|p| p.split_once(',')).and_then(|(a, b)| Some((find(a)?, find(b)?)));
    let joined = shown.linked.edges.iter().filter(|e| e.weight >= shown.limits.join);
    let weakest = joined.filter(|e| shown.linked.same(e.a, e.b)).min_by_key(|e| (e.weight, e.a, e.b));
    asked.or_else(|| weakest.map(|e| (e.a, e.b)))
}

fn waterfall(out: &mut String, shown: &Shown<'_>, pair: Option<&str>) {
    let Some((a, b)) = chosen(shown, pair) else { return };
    let (Some(x), Some(y)) = (shown.people.deck.card(a), shown.people.deck.card(b)) else { return };
    let agreement = Comparer::new(&shown.people.deck, &shown.linked.facts, shown.model).compare(x, y);
    let score = shown.model.score(&agreement);
    let id = |at| escaped(&String::from_utf8_lossy(shown.people.id(at)));
    let what = if pair.is_some() { "The pair asked about" } else { "The weakest pair that joins" };
    let _ = writeln!(
        out,
        "<section><h2>One pair, step by step</h2>\n<table><caption>{what}: {} and {}, weighed against {}</caption>\n<thead><tr>\
         <th scope=\"col\">field</th><th scope=\"col\">level</th><th scope=\"col\" class=\"n\">bits</th><th scope=\"col\" class=\"n\">sum</th>\
         <th scope=\"col\">against · for one person</th></tr></thead>\n<tbody>",
        id(a),
        id(b),
        score.against.words()
    );
    let mut sum = 0;
    for line in lines(shown.model, &shown.people.deck.kinds, &agreement, score) {
        sum += line.weight;
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>{}</tr>",
            escaped(&line.field),
            escaped(&line.level),
            bits(line.weight),
            bits(sum),
            two_sided(line.weight, 16 * BIT)
        );
    }
    out.push_str("</tbody></table></section>\n");
}

/// Pairs from each weight on; with the truth, how many of them are right and how many of all right ones they are.
fn thresholds(out: &mut String, shown: &Shown<'_>, truth: Option<&[u32]>) {
    let all = truth.map(true_pairs);
    let title = if all.is_some() { "Thresholds against precision and recall" } else { "Pairs by weight" };
    let _ = writeln!(
        out,
        "<section><h2>{title}</h2>\n<table><caption>Scored pairs of this weight and more</caption>\n<thead><tr>\
        <th scope=\"col\">from bits</th><th scope=\"col\" class=\"n\">pairs</th>"
    );
    if all.is_some() {
        out.push_str("<th scope=\"col\" class=\"n\">precision</th><th scope=\"col\" class=\"n\">recall</th>");
    }
    out.push_str("<th scope=\"col\"></th></tr></thead>\n<tbody>");
    let edges = &shown.linked.edges;
    let right = |a: u32, b: u32| {
        let of = |at: u32| truth.and_then(|t| t.get(at as usize));
        of(a).is_some() && of(a) == of(b)
    };
    let total = edges.len().max(1);
    for step in (0..=15).rev() {
        let least = step * 2 * BIT;
        let from = edges.iter().filter(|e| e.weight >= least);
        let (pairs, hits) =
            from.fold((0_usize, 0_usize), |(n, hit), e| (n + 1, hit + usize::from(right(e.a, e.b))));
        let here = if least == shown.limits.join { " class=\"here\"" } else { "" };
        let _ = write!(out, "<tr{here}><th scope=\"row\">{}</th><td class=\"n\">{pairs}</td>", step * 2);
        let mut share = pairs * 100 / total;
        if let Some(all) = all {
            let ratio = |a: usize, b: usize| if b == 0 { String::from("–") } else { percent(a, b) };
            let _ = write!(
                out,
                "<td class=\"n\">{}</td><td class=\"n\">{}</td>",
                ratio(hits, pairs),
                ratio(hits, all)
            );
            share = hits * 100 / all.max(1);
        }
        let _ = writeln!(out, "{}</tr>", one_sided(u32::try_from(share).unwrap_or(0)));
    }
    out.push_str("</tbody></table></section>\n");
}

fn percent(a: usize, b: usize) -> String {
    let hundredths = a * 10_000 / b;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn true_pairs(person: &[u32]) -> usize {
    let mut sorted = person.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(|c| c.len() * (c.len() - 1) / 2).sum()
}

fn sizes(out: &mut String, shown: &Shown<'_>) {
    let sizes = shown.linked.sizes();
    let most = sizes.values().copied().max().unwrap_or(1);
    out.push_str(
        "<section><h2>Records of a person</h2>\n<table><caption>How many persons have how many records</caption>\n<thead><tr>\
         <th scope=\"col\">records</th><th scope=\"col\" class=\"n\">persons</th><th scope=\"col\"></th></tr></thead>\n<tbody>",
    );
    for (size, persons) in &sizes {
        let share = u32::try_from(u64::from(*persons) * 100 / u64::from(most.max(1))).unwrap_or(0);
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{size}</th><td class=\"n\">{persons}</td>{}</tr>",
            one_sided(share)
        );
    }
    out.push_str("</tbody></table></section>\n");
}

/// What each level weighs against strangers, at its usual rarity.
fn weights(out: &mut String, shown: &Shown<'_>) {
    out.push_str("<section><h2>What the model weighs</h2>\n");
    for (at, field) in shown.model.plain.fields.iter().enumerate() {
        let _ = writeln!(
            out,
            "<table><caption>{}</caption>\n<thead><tr><th scope=\"col\">level</th><th scope=\"col\" class=\"n\">of one person</th>\
             <th scope=\"col\" class=\"n\">of strangers</th><th scope=\"col\" class=\"n\">against relatives</th><th scope=\"col\" class=\"n\">against strangers</th>\
             <th scope=\"col\"></th></tr></thead>\n<tbody>",
            escaped(&field.name)
        );
        for (level, number) in field.levels.iter().zip(0_u8..).skip(1) {
            let strangers = weight_of(level.same, level.stranger);
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{}</th><td class=\"n\">{:.3} %</td><td class=\"n\">{:.3} %</td><td class=\"n\">{}</td>\
                 <td class=\"n\">{}</td>{}</tr>",
                escaped(&level.level),
                level.same * 100.0,
                level.stranger * 100.0,
                bits(shown.model.part(Against::Relatives, at, number)),
                bits(strangers),
                two_sided(strangers, 16 * BIT)
            );
        }
        out.push_str("</tbody></table>\n");
    }
    out.push_str("</section>\n");
}

fn weight_of(same: f64, stranger: f64) -> Weight {
    lockgate_core::linkage::math::weight(lockgate_core::linkage::math::log2(same / stranger))
}
