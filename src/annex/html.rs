//! The annex as one HTML page that needs nothing beside it: to be read aloud, printed on A4 and signed.

use super::style::STYLE;
use super::{Annex, Block, Extent, Legend, Line, Party, Section};
use std::fmt::{self, Write as _};

/// The document.
pub fn html(annex: &Annex) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let title = text(&annex.title);
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Annex: who may receive what. {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )?;
    front(&mut out, annex)?;
    for section in &annex.sections {
        recipient(&mut out, section)?;
    }
    writeln!(out, "<section class=\"words\" id=\"words\">\n<h2>The words used</h2>")?;
    for legend in &annex.legends {
        words(&mut out, legend)?;
    }
    writeln!(out, "</section>")?;
    signatures(&mut out, annex)?;
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(out)
}

fn front(out: &mut String, annex: &Annex) -> fmt::Result {
    writeln!(
        out,
        "<header>\n<p class=\"kind\">Annex: who may receive what</p>\n<h1>{}</h1>",
        text(&annex.title)
    )?;
    writeln!(out, "<table class=\"head\">\n<caption>The agreement</caption>\n<tbody>")?;
    for (label, value) in &annex.head {
        writeln!(out, "<tr><th scope=\"row\">{label}</th><td>{}</td></tr>", text(value))?;
    }
    writeln!(out, "</tbody>\n</table>\n<table>\n<caption>The parties</caption>")?;
    writeln!(
        out,
        "<thead><tr><th scope=\"col\">Partner</th><th scope=\"col\">Key</th><th scope=\"col\">Class for dissemination codes</th>\
         <th scope=\"col\">Aims (1.1)</th><th scope=\"col\">Shares under</th></tr></thead>\n<tbody>"
    )?;
    for Party { key, name, class, aims, shares } in &annex.parties {
        let cells = [key, class, aims, shares].map(|c| format!("<td>{}</td>", text(c))).concat();
        writeln!(out, "<tr><th scope=\"row\">{}</th>{cells}</tr>", text(name))?;
    }
    writeln!(out, "</tbody>\n</table>\n<h3>How to read this annex</h3>")?;
    writeln!(
        out,
        "<p>Each section lists everything that one partner may ever receive. What is not listed is withheld (5.2.2). A row leaves \
         only about a person of the cohort (1.1), only while the agreement is in force and the recipient has a nominee (7.3), and \
         never past a restriction of its originator (5.1.1.iii). Nobody is given its own information back.</p>"
    )?;
    writeln!(out, "<nav aria-label=\"Sections\"><ul>")?;
    for section in &annex.sections {
        writeln!(out, "<li><a href=\"#{}\">{}</a></li>", text(&section.key), text(&section.name))?;
    }
    writeln!(out, "<li><a href=\"#words\">The words used</a></li>")?;
    writeln!(out, "<li><a href=\"#signatures\">Signatures</a></li>\n</ul></nav>\n</header>")
}

fn recipient(out: &mut String, section: &Section) -> fmt::Result {
    let (key, name) = (text(&section.key), text(&section.name));
    writeln!(
        out,
        "<section class=\"recipient\" id=\"{key}\" aria-labelledby=\"{key}-h\">\n<h2 id=\"{key}-h\">{name}</h2>"
    )?;
    writeln!(
        out,
        "<table class=\"grants\">\n<caption>What {name} may receive: {} categories</caption>\n\
         <colgroup><col class=\"w1\"><col class=\"w2\"><col class=\"w3\"><col class=\"w4\"><col class=\"w5\"><col class=\"w6\"></colgroup>\n\
         <thead><tr><th scope=\"col\">Category and clause</th><th scope=\"col\">Fields</th><th scope=\"col\">How they leave</th>\
         <th scope=\"col\">Only if</th><th scope=\"col\">Purpose</th><th scope=\"col\">Why</th></tr></thead>",
        section.blocks.len()
    )?;
    for block in &section.blocks {
        grant(out, block)?;
    }
    writeln!(out, "</table>")?;
    for (label, titles) in
        [("Never", &section.never), ("Its own, and therefore never returned", &section.own)]
    {
        if !titles.is_empty() {
            writeln!(out, "<p><strong>{label}:</strong> {}.</p>", text(&titles.join(", ")))?;
        }
    }
    writeln!(out, "</section>")
}

fn grant(out: &mut String, block: &Block) -> fmt::Result {
    // Fields that leave in the same way stand together, in schema order of the first of them.
    let mut ways: Vec<(&Line, Vec<&str>)> = Vec::new();
    for line in &block.fields {
        match ways.iter_mut().find(|(first, _)| first.how == line.how) {
            Some((_, titles)) => titles.push(&line.title),
            None => ways.push((line, vec![&line.title])),
        }
    }
    let withheld = (!block.withheld.is_empty()).then(|| block.withheld.join(", "));
    let rows = ways.len() + usize::from(withheld.is_some());
    let conditions = if block.conditions.is_empty() {
        "no condition".into()
    } else {
        text(&block.conditions.join("; and "))
    };
    writeln!(out, "<tbody class=\"c\">")?;
    for (at, (line, titles)) in ways.iter().enumerate() {
        write!(out, "<tr>")?;
        if at == 0 {
            write!(
                out,
                "<th scope=\"rowgroup\" rowspan=\"{rows}\">{}<span class=\"clause\">{} · {}</span></th>",
                text(&block.title),
                text(&block.clauses.join(", ")),
                text(&block.handling)
            )?;
        }
        let class = match line.extent {
            Extent::Whole | Extent::Own => "whole",
            Extent::Part => "part",
            Extent::Authority | Extent::Never => "authority",
        };
        write!(out, "<td>{}</td><td class=\"{class}\">{}</td>", text(&titles.join(", ")), text(&line.how))?;
        if at == 0 {
            write!(
                out,
                "<td rowspan=\"{rows}\">{conditions}</td><td rowspan=\"{rows}\">{}</td><td rowspan=\"{rows}\">{}</td>",
                text(&block.purposes.join(", ")),
                text(&block.reason)
            )?;
        }
        writeln!(out, "</tr>")?;
    }
    if let Some(titles) = withheld {
        writeln!(out, "<tr class=\"withheld\"><td>{}</td><td>never</td></tr>", text(&titles))?;
    }
    writeln!(out, "</tbody>")
}

fn words(out: &mut String, legend: &Legend) -> fmt::Result {
    writeln!(out, "<h3>{}</h3>\n<p>{}</p>", legend.title, legend.about)?;
    writeln!(
        out,
        "<table class=\"words\">\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">Word</th>\
         <th scope=\"col\">Meaning</th></tr></thead>\n<tbody>",
        legend.title
    )?;
    for (word, meaning) in &legend.words {
        writeln!(out, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", text(word), text(meaning))?;
    }
    writeln!(out, "</tbody>\n</table>")
}

fn signatures(out: &mut String, annex: &Annex) -> fmt::Result {
    let value = |label: &&str| annex.head.iter().find(|(l, _)| l == label).map(|(_, value)| value.as_str());
    let which: Vec<&str> =
        ["Reference", "Version", "Digest of the policy"].iter().filter_map(value).collect();
    writeln!(
        out,
        "<section class=\"signatures\" id=\"signatures\" aria-labelledby=\"signatures-h\">\n<h2 id=\"signatures-h\">Signatures</h2>\n\
         <p>By signing, each partner agrees that what this annex lists may be shared with those whom it names, and nothing else \
         (9.2, 12.1). The digest on the first page names the text that was signed; a change of it needs the agreement of all.</p>\n\
         <p class=\"which\">{}</p>\n<div class=\"sign\">",
        text(&which.join(" · "))
    )?;
    for party in &annex.parties {
        writeln!(
            out,
            "<div class=\"holder\">\n<h3>On behalf of {}</h3>\n<dl><dt>Signature</dt><dd></dd><dt>Name</dt><dd></dd>\
             <dt>Rank or position</dt><dd></dd><dt>Date</dt><dd></dd></dl>\n</div>",
            text(&party.name)
        )?;
    }
    writeln!(out, "</div>\n</section>")
}

/// A text as HTML shows it.
fn text(raw: &str) -> String {
    raw.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
