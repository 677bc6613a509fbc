//! The drafted mapping put together: feed, source, columns, identity, records, example.

use super::{Proposed, Target, Trust, Writer, option, quoted};
use std::fmt::Write as _;

impl Writer<'_> {
    /// The whole file.
    pub(super) fn text(&mut self, key: usize) -> String {
        let mut out = self.head();
        out.push_str(&self.columns());
        let _ = write!(out, "\n[identity]\nkey = [{}]\n", quoted(self.name(key)));
        if let Some(kind) = self.key_kind() {
            let _ = writeln!(out, "key_kind = {}", quoted(kind));
        }
        if !self.person.is_empty() {
            let _ = write!(out, "\n[identity.person]\n{}", self.person);
        }
        if !self.evidence.is_empty() {
            let _ = write!(out, "\n[identity.evidence]\n{}", self.evidence);
        }
        out.push_str(&self.rules);
        out.push_str(&self.records);
        out.push_str(&self.example());
        out
    }

    fn head(&mut self) -> String {
        let brief = self.brief;
        let words: Vec<&str> = brief.name.split('-').collect();
        let mut out = format!(
            "# Drafted from a sample by `lockgate feed new`. Every TODO is a question for somebody who knows the source.\n\n[feed]\nname = {}\npartner = {}\ntitle = {}                 # TODO: plain words for people\nkind = \"changes\"                      # TODO: \"snapshot\" when each file is the full list, \"events\" when each holds what happened\nretention = \"6 months\"                # TODO: how long a received file is kept\n",
            quoted(brief.name),
            quoted(brief.partner),
            quoted(&words.join(" ")),
        );
        self.todo.push("title, kind and retention of the feed".into());
        if let Some(space) = self.plan.key.as_ref().and_then(|key| key.space.as_deref()) {
            let _ = writeln!(out, "key_space = {}", quoted(space));
        }
        let (place, guessed) = brief.place;
        let note = if guessed {
            "                      # TODO: the place that this partner's files come from"
        } else {
            ""
        };
        if guessed {
            self.todo.push("the place that the files come from".into());
        }
        let (pattern, date) = file_pattern(brief.file);
        let _ = write!(out, "\n[source]\nplace = {}{note}\nfile = {}", quoted(place), quoted(&pattern));
        match date {
            None => {
                out.push_str("   # TODO: the sample's name has no date; `{date}` stands for it");
                self.todo.push("the date in the file's name".into());
            }
            Some("yyyymmdd") => {}
            Some(form) => {
                let _ = write!(out, "\ndate = {}", quoted(form));
            }
        }
        let _ = writeln!(out, "\nformat = {}", quoted(self.sample.format));
        if !self.sample.options.is_empty() {
            let _ = writeln!(out, "\n[source.{}]", self.sample.format);
            for (name, value) in &self.sample.options {
                let _ = writeln!(out, "{name} = {}", option(value));
            }
        }
        out
    }

    fn columns(&mut self) -> String {
        let mut out = String::from("\n[columns]\n");
        let mut ignore = String::new();
        for (at, column) in self.plan.columns.iter().enumerate() {
            if column.header.trim().is_empty() {
                continue;
            }
            let marks = format!("   # {}", said(column).join("; "));
            if self.used.get(at).copied().unwrap_or(false) {
                let header = quoted(&column.header);
                let nulls: Vec<String> = column.looks.nulls.iter().map(|n| quoted(n)).collect();
                let value = if nulls.is_empty() {
                    header
                } else {
                    format!("{{ header = {header}, null = [{}] }}", nulls.join(", "))
                };
                let _ = writeln!(out, "{} = {value}{marks}", self.name(at));
                continue;
            }
            let mut notes: Vec<String> = vec![match &column.target {
                Target::Ignored(why) => why.clone(),
                Target::Condition => {
                    "TODO: it may decide which rows count (`when`, `[[refuse]]`, `[[skip]]`)".into()
                }
                Target::Field(category, field) if column.trust == Trust::Guess => {
                    format!("TODO: may be {category}.{field} ({})", column.why)
                }
                Target::Field(category, field) => format!("TODO: likely {category}.{field}"),
                Target::Key => "TODO: may be part of a record's key".into(),
                Target::Todo | Target::Evidence(_) => "TODO: not recognised".into(),
            }];
            let told = matches!(column.target, Target::Field(..)) && column.trust > Trust::Guess;
            if !told && notes.iter().any(|n| n.starts_with("TODO")) {
                self.todo.push(format!(
                    "column `{}`: {}",
                    column.header,
                    notes.join("").replace("TODO: ", "")
                ));
            }
            notes.extend(column.marks.iter().map(|m| (*m).to_owned()));
            let _ = writeln!(ignore, "    {},   # {}", quoted(&column.header), notes.join("; "));
        }
        if !ignore.is_empty() {
            let _ = write!(out, "ignore = [\n{ignore}]\n");
        }
        out
    }

    fn example(&self) -> String {
        let cell = |(at, value): &(usize, String)| format!("{} = {}", self.name(*at), quoted(value));
        let row: Vec<String> =
            self.row.iter().filter(|(at, _)| self.used.get(*at) == Some(&true)).map(cell).collect();
        let expect: Vec<String> = self.expect.iter().map(|e| format!("\n    {e},")).collect();
        format!(
            "\n[[example]]                           # invented; TODO: add one for each case that matters\ntitle = \"a row with the usual columns\"\nrow = {{ {} }}\nexpect = [{}\n]\n",
            row.join(", "),
            expect.concat()
        )
    }
}

/// What stands behind a column that is used: how far its meaning can be trusted, why, and its marks.
fn said(column: &Proposed) -> Vec<String> {
    let trust = if column.why.is_empty() {
        column.trust.word().to_owned()
    } else {
        format!("{}: {}", column.trust.word(), column.why)
    };
    std::iter::once(trust).chain(column.marks.iter().map(|m| (*m).to_owned())).collect()
}

/// The pattern of a file name: the first run of digits that is a day becomes `{date}`.
fn file_pattern(name: &str) -> (String, Option<&'static str>) {
    const FORMS: [&str; 8] =
        ["yyyy-mm-dd", "yyyy_mm_dd", "dd-mm-yyyy", "dd_mm_yyyy", "yyyymmdd", "ddmmyyyy", "yymmdd", "ddmmyy"];
    for form in FORMS {
        for (at, _) in name.char_indices() {
            let Some(part) = name.get(at..at + form.len()) else { continue };
            let digit = |text: Option<char>| text.is_some_and(|c| c.is_ascii_digit());
            let alone = !digit(name.get(..at).and_then(|t| t.chars().next_back()))
                && !digit(name.get(at + form.len()..).and_then(|t| t.chars().next()));
            if alone && is_day(form, part) {
                let rest = name.get(at + form.len()..).unwrap_or_default();
                return (format!("{}{{date}}{rest}", name.get(..at).unwrap_or_default()), Some(form));
            }
        }
    }
    (name.to_owned(), None)
}

fn is_day(form: &str, text: &str) -> bool {
    let (mut year, mut month, mut day) = (0i16, 0i8, 0i8);
    for (mark, letter) in form.chars().zip(text.chars()) {
        let digit = letter.to_digit(10).and_then(|d| i8::try_from(d).ok());
        match (mark, digit) {
            ('y', Some(d)) => year = year.saturating_mul(10).saturating_add(d.into()),
            ('m', Some(d)) => month = month.saturating_mul(10).saturating_add(d),
            ('d', Some(d)) => day = day.saturating_mul(10).saturating_add(d),
            (mark, None) if mark == letter => {}
            _ => return false,
        }
    }
    let year = if form.contains("yyyy") { year } else { year + 2000 };
    (1990..2100).contains(&year) && jiff::civil::Date::new(year, month, day).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_a_name_becomes_a_mark() {
        assert_eq!(
            file_pattern("EMS_20081117_ORDERS.csv"),
            ("EMS_{date}_ORDERS.csv".into(), Some("yyyymmdd"))
        );
        assert_eq!(file_pattern("list 17-11-2008.xlsx"), ("list {date}.xlsx".into(), Some("dd-mm-yyyy")));
        assert_eq!(file_pattern("residents.csv"), ("residents.csv".into(), None));
        assert_eq!(file_pattern("ref_00481234567.csv").1, None);
    }
}
