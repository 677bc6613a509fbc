//! The agreement as a picture: categories by recipients, coloured by how much can go. Each cell holds a sign as well, so
//! that nothing rests on colour alone.

use super::{Extent, extent};
use crate::config::Deployment;
use std::fmt::{self, Write as _};

const LEFT: usize = 246;
const TOP: usize = 96;
const CELL: usize = 62;
const LINE: usize = 17;

/// The picture, with a title and a description for those who do not see it.
pub fn svg(deployment: &Deployment) -> Result<String, fmt::Error> {
    let (agreement, schema) = (&deployment.agreement, &deployment.schema);
    let partners: Vec<_> = agreement.partners().collect();
    let categories: Vec<_> = schema.categories().filter(|(_, c)| !c.internal).collect();
    let (width, height) = (LEFT + partners.len() * CELL + 16, TOP + categories.len() * LINE + 62);
    let mut out = String::new();
    write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"t d\" font-family=\"'Liberation Sans',Arial,Helvetica,sans-serif\" font-size=\"11\">\n\
         <title id=\"t\">How much of each category can go to each partner</title>\n\
         <desc id=\"d\">One line per category, one column per recipient. agreement/matrix.txt says the same in words, field by field.</desc>\n\
         <defs><pattern id=\"a\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect width=\"5\" height=\"5\" fill=\"#fff8ec\"/><rect width=\"1.6\" height=\"5\" fill=\"#f0d3a2\"/></pattern></defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"12\" y=\"26\" font-size=\"15\" font-weight=\"bold\" fill=\"#1f4e79\">Who may receive what</text>\n\
         <text x=\"12\" y=\"44\" fill=\"#5b6575\">{}, version {}</text>\n",
        plain(agreement.reference()),
        plain(agreement.version())
    )?;
    for (at, (_, partner)) in partners.iter().enumerate() {
        let x = LEFT + at * CELL + CELL / 2;
        writeln!(
            out,
            "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-weight=\"bold\" fill=\"#1a2230\">{}</text>",
            TOP - 8,
            plain(&partner.key)
        )?;
    }
    for (line, (id, category)) in categories.iter().enumerate() {
        let y = TOP + line * LINE;
        writeln!(out, "<text x=\"12\" y=\"{}\" fill=\"#1a2230\">{}</text>", y + 12, plain(&category.title))?;
        for (at, (recipient, _)) in partners.iter().enumerate() {
            let asks = agreement.grant(*recipient, *id).is_some_and(|g| !g.conditions().is_empty());
            cell(&mut out, (LEFT + at * CELL, y), CELL, extent(deployment, *recipient, *id, category), asks)?;
        }
    }
    legend(&mut out, TOP + categories.len() * LINE + 14)?;
    out.push_str("</svg>\n");
    Ok(out)
}

fn cell(out: &mut String, (x, y): (usize, usize), wide: usize, extent: Extent, asks: bool) -> fmt::Result {
    let (fill, ink, sign) = match extent {
        Extent::Own => ("#d9dde3", "#5b6575", "own"),
        Extent::Whole => ("#1f4e79", "#ffffff", "whole"),
        Extent::Part => ("#9dc3e6", "#12304d", "part"),
        Extent::Authority => ("url(#a)", "#5a3a08", "authority"),
        Extent::Never => ("#f6f7f9", "#9aa5b4", "–"),
    };
    let sign = if asks && extent != Extent::Authority { format!("{sign} if") } else { sign.to_owned() };
    writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{fill}\" stroke=\"#fff\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"9.5\" fill=\"{ink}\">{sign}</text>",
        wide - 2,
        LINE - 2,
        x + wide / 2 - 1,
        y + 11
    )
}

fn legend(out: &mut String, y: usize) -> fmt::Result {
    let entries = [
        (Extent::Whole, "every field as it is"),
        (Extent::Part, "some fields, or reduced"),
        (Extent::Authority, "only on a recorded authority"),
        (Extent::Never, "never"),
        (Extent::Own, "its own"),
    ];
    let mut x = 12;
    for (extent, words) in entries {
        cell(out, (x, y), 46, extent, false)?;
        writeln!(out, "<text x=\"{}\" y=\"{}\" fill=\"#1a2230\">{words}</text>", x + 50, y + 12)?;
        x += 62 + words.len() * 5;
    }
    writeln!(
        out,
        "<text x=\"12\" y=\"{}\" fill=\"#5b6575\">“if”: only where a condition holds, such as the person being on the recipient’s own caseload. \
         Text and other persons never leave without an authority.</text>",
        y + 34
    )
}

fn plain(raw: &str) -> String {
    raw.replace('&', "&amp;").replace('<', "&lt;")
}
