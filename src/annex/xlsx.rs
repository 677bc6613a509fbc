//! The annex as a workbook: the agreement, a sheet per recipient, the words, the signatures. Text only: no formula, link
//! or macro; A4 across, header rows repeated on each page.

use super::{Annex, Section};
use anyhow::Result;
use jiff::civil::Date;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

const HEADS: [&str; 9] = [
    "Category",
    "Field",
    "How it leaves",
    "Only if",
    "Clause",
    "Purpose",
    "Handling",
    "Why",
    "Name in files",
];
const WIDTHS: [f64; 9] = [24.0, 24.0, 28.0, 34.0, 11.0, 9.0, 10.0, 34.0, 34.0];

const WORDS: [f64; 2] = [44.0, 110.0];
const FIRST: [f64; 5] = [34.0, 72.0, 44.0, 26.0, 14.0];
/// Points of a line of text, and of what stands above and below.
const LINE: f64 = 13.5;
const AIR: f64 = 3.0;

/// The looks of cells.
struct Looks {
    title: Format,
    bold: Format,
    head: Format,
    cell: Format,
}

/// The workbook's bytes; `day` stands as the day on which it was made, so that the same agreement gives the same bytes.
pub fn xlsx(annex: &Annex, day: Date) -> Result<Vec<u8>> {
    let looks = Looks {
        title: Format::new().set_bold().set_font_size(14),
        bold: Format::new().set_bold().set_align(FormatAlign::Top).set_text_wrap(),
        head: Format::new()
            .set_bold()
            .set_background_color(0x00EE_F1F5)
            .set_border(FormatBorder::Thin)
            .set_align(FormatAlign::Top)
            .set_text_wrap(),
        cell: Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::Top).set_text_wrap(),
    };
    let mut book = Workbook::new();
    let created = ExcelDateTime::from_ymd(
        day.year().unsigned_abs(),
        day.month().unsigned_abs(),
        day.day().unsigned_abs(),
    )?;
    book.set_properties(&DocProperties::new().set_title(&annex.title).set_creation_datetime(&created));
    first(book.add_worksheet(), annex, &looks)?;
    for section in &annex.sections {
        recipient(book.add_worksheet(), section, &looks)?;
    }
    words(book.add_worksheet(), annex, &looks)?;
    signatures(book.add_worksheet(), annex, &looks)?;
    Ok(book.save_to_buffer()?)
}

/// A4 across, one page wide, the first rows again on each page.
fn page(sheet: &mut Worksheet, name: &str, repeated: Option<u32>) -> Result<(), XlsxError> {
    sheet.set_name(name)?.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_margins(0.4, 0.4, 0.5, 0.5, 0.3, 0.3).set_footer("&L&A&RPage &P of &N");
    if let Some(row) = repeated {
        sheet.set_repeat_rows(row, row)?.set_freeze_panes(row + 1, 1)?;
    }
    Ok(())
}

/// Writes a row as high as its longest text needs: a spreadsheet program does not always measure wrapped text itself.
fn line<T: AsRef<str>>(
    sheet: &mut Worksheet,
    row: u32,
    cells: &[T],
    widths: &[f64],
    looks: &Looks,
) -> Result<(), XlsxError> {
    let mut lines = 1;
    for ((column, cell), width) in (0u16..).zip(cells).zip(widths) {
        sheet.write_string_with_format(row, column, cell.as_ref(), &looks.cell)?;
        lines = lines.max(wrapped(cell.as_ref(), *width));
    }
    sheet.set_row_height(row, f64::from(lines) * LINE + AIR)?;
    Ok(())
}

/// The lines that a text takes in a column of so many characters, broken between words.
fn wrapped(text: &str, width: f64) -> u32 {
    let (mut lines, mut at) = (1u32, 0.0);
    for word in text.split_whitespace() {
        let long = u32::try_from(word.chars().count()).map_or(width, f64::from);
        if at > 0.0 && at + 1.0 + long > width - 1.0 {
            lines += 1;
            at = long;
        } else {
            at += long + 1.0;
        }
    }
    lines
}

fn first(sheet: &mut Worksheet, annex: &Annex, looks: &Looks) -> Result<(), XlsxError> {
    page(sheet, "Agreement", None)?;
    for (column, width) in (0u16..).zip(FIRST) {
        sheet.set_column_width(column, width)?;
    }
    sheet.write_string(0, 0, "Annex: who may receive what")?;
    sheet.write_string_with_format(1, 0, &annex.title, &looks.title)?;
    let mut row = 3;
    for (label, value) in &annex.head {
        line(sheet, row, &["", value], &FIRST, looks)?;
        sheet.write_string_with_format(row, 0, *label, &looks.head)?;
        row += 1;
    }
    row += 1;
    let heads = ["Partner", "Shares under", "Class for dissemination codes", "Aims (1.1)", "Key"];
    for (column, head) in (0u16..).zip(heads) {
        sheet.write_string_with_format(row, column, head, &looks.head)?;
    }
    for party in &annex.parties {
        row += 1;
        let cells = [&party.name, &party.shares, &party.class, &party.aims, &party.key];
        line(sheet, row, &cells, &FIRST, looks)?;
    }
    Ok(())
}

fn recipient(sheet: &mut Worksheet, section: &Section, looks: &Looks) -> Result<(), XlsxError> {
    page(sheet, &section.key, Some(2))?;
    for (column, width) in (0u16..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.write_string_with_format(0, 0, format!("What {} may receive", section.name), &looks.title)?;
    for (column, head) in (0u16..).zip(HEADS) {
        sheet.write_string_with_format(2, column, head, &looks.head)?;
    }
    let mut row = 2;
    for block in &section.blocks {
        for field in &block.fields {
            row += 1;
            let cells = [
                block.title.clone(),
                field.title.clone(),
                field.how.clone(),
                if block.conditions.is_empty() {
                    "no condition".into()
                } else {
                    block.conditions.join("; and ")
                },
                block.clauses.join(", "),
                block.purposes.join(", "),
                block.handling.clone(),
                block.reason.clone(),
                format!("{}.{}", block.name, field.name),
            ];
            line(sheet, row, &cells, &WIDTHS, looks)?;
        }
    }
    sheet.autofilter(2, 0, row.max(3), 8)?;
    for (label, titles) in [("Never", &section.never), ("Its own", &section.own)] {
        if !titles.is_empty() {
            row += 2;
            sheet.write_string_with_format(row, 0, label, &looks.bold)?;
            sheet.merge_range(row, 1, row, 8, &titles.join(", "), &looks.cell)?;
            sheet.set_row_height(row, 60)?;
        }
    }
    Ok(())
}

fn words(sheet: &mut Worksheet, annex: &Annex, looks: &Looks) -> Result<(), XlsxError> {
    page(sheet, "Words", None)?;
    sheet.set_column_width(0, WORDS[0])?.set_column_width(1, WORDS[1])?;
    let mut row = 0;
    for legend in &annex.legends {
        sheet.write_string_with_format(row, 0, legend.title, &looks.title)?;
        sheet.write_string_with_format(
            row + 1,
            1,
            legend.about,
            &Format::new().set_italic().set_text_wrap(),
        )?;
        row += 2;
        for (word, meaning) in &legend.words {
            line(sheet, row, &[word, meaning], &WORDS, looks)?;
            sheet.write_string_with_format(row, 0, word, &looks.head)?;
            row += 1;
        }
        row += 1;
    }
    Ok(())
}

fn signatures(sheet: &mut Worksheet, annex: &Annex, looks: &Looks) -> Result<(), XlsxError> {
    page(sheet, "Signatures", Some(0))?;
    for (column, (head, width)) in (0u16..).zip([
        ("On behalf of", 44.0),
        ("Signature", 40.0),
        ("Name", 30.0),
        ("Rank or position", 30.0),
        ("Date", 16.0),
    ]) {
        sheet.set_column_width(column, width)?;
        sheet.write_string_with_format(0, column, head, &looks.head)?;
    }
    for (row, party) in (1u32..).zip(&annex.parties) {
        sheet.set_row_height(row, 42)?;
        sheet.write_string_with_format(row, 0, &party.name, &looks.cell)?;
        for column in 1..5 {
            sheet.write_blank(row, column, &looks.cell)?;
        }
    }
    Ok(())
}
