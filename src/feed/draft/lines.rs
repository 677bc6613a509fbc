//! How each type of field is written, and what the example then gives and expects.

use super::super::score::alike;
use super::{Line, Writer, invent, quoted};
use lockgate_core::schema::{Field, Kind};
use lockgate_core::value::identifier::IdKind;
use std::collections::BTreeMap;
use std::fmt::Write as _;

impl Writer<'_> {
    /// A line that fills a field; `None` when it cannot yet.
    pub(super) fn line(&mut self, field: &Field, category: &str, columns: &[usize]) -> Option<Line> {
        let survey = &self.sample.survey;
        let at = *columns.first()?;
        let column = quoted(self.name(at));
        let plain = |value: Option<String>, told: bool| {
            let expect = value.clone().filter(|_| told).map(|v| format!("{} = {}", field.name, quoted(&v)));
            let cells = value.into_iter().map(|v| (at, v)).collect();
            Some(Line { text: format!("{} = {column}", field.name), cells, expect })
        };
        match field.kind {
            Kind::Name => plain(
                invent::name(survey, &field.name).filter(|_| field.name != "aliases"),
                field.name == "surname",
            ),
            Kind::Person | Kind::Text | Kind::File => {
                let mut line = plain(None, false)?;
                if columns.len() > 1 {
                    line.text =
                        format!("{} = {{ columns = [{}], join = \" \" }}", field.name, self.all(columns));
                }
                line.text.push_str("          # free text or another person: never by a standing grant");
                Some(line)
            }
            Kind::Address => {
                let text = if columns.len() == 1 {
                    format!("{} = {column}", field.name)
                } else {
                    format!("{} = {{ columns = [{}], join = \", \" }}", field.name, self.all(columns))
                };
                let street = invent::street(survey);
                let expect = street.as_ref().map(|s| format!("{} = {}", field.name, quoted(s)));
                Some(Line { text, cells: street.into_iter().map(|s| (at, s)).collect(), expect })
            }
            Kind::Postcode => {
                let mut line = plain(invent::postcode(survey), false)?;
                line.text = format!("{} = {{ column = {column}, on_fault = \"drop\" }}", field.name);
                Some(line)
            }
            Kind::Id => {
                let kind = field.detail.as_deref().and_then(IdKind::parse).unwrap_or(IdKind::Local);
                let mut line = plain(invent::id(survey, kind), true)?;
                if kind.has_check() {
                    line.text = format!("{} = {{ column = {column}, on_fault = \"drop\" }}", field.name);
                }
                Some(line)
            }
            Kind::Number => plain(Some("3".into()), false),
            Kind::Money => {
                let mut line = plain(None, false)?;
                self.todo.push(format!("`{category}.{}`: whether a positive amount is owed", field.name));
                line.text = format!(
                    "{} = {{ column = {column}, positive = \"owed\" }}   # TODO: or \"credit\"?",
                    field.name
                );
                Some(line)
            }
            Kind::Date | Kind::Dob => self.date(field, category, at),
            Kind::DateTime => self.moment(field, category, columns),
            Kind::Code | Kind::Flag => {
                if columns.len() == 1 {
                    self.code(field, category, at)
                } else {
                    None
                }
            }
        }
    }

    fn all(&self, columns: &[usize]) -> String {
        columns.iter().map(|c| quoted(self.name(*c))).collect::<Vec<_>>().join(", ")
    }

    fn date(&mut self, field: &Field, category: &str, at: usize) -> Option<Line> {
        let looks = self.looks(at);
        let column = quoted(self.name(at));
        if looks.date_cells > 0 && looks.date.is_none_or(|(p, _)| p == "yyyy-mm-dd") {
            let (cell, iso) = invent::day(&self.sample.survey, "yyyy-mm-dd", field.kind == Kind::Dob)?;
            let expect = Some(format!("{} = {}", field.name, quoted(&iso)));
            return Some(Line {
                text: format!("{} = {column}", field.name),
                cells: vec![(at, cell)],
                expect,
            });
        }
        let pattern = looks.date.map_or("dd/mm/yyyy", |(p, _)| p);
        let mut note = String::new();
        if looks.date.is_none() {
            note = "   # TODO: no value in the sample says how the date is written".into();
        } else if looks.day_first == 0 && looks.month_first == 0 && pattern.starts_with('d') {
            note = "   # TODO: no day above 12 in the sample: day first is a guess".into();
        } else if looks.month_first > 0 {
            note = "   # TODO: some values have the month first".into();
        }
        if !note.is_empty() {
            self.todo.push(format!("`{category}.{}`: how its dates are written", field.name));
        }
        let (cell, iso) = invent::day(&self.sample.survey, pattern, field.kind == Kind::Dob)?;
        let text = format!("{} = {{ column = {column}, date = {} }}{note}", field.name, quoted(pattern));
        Some(Line {
            text,
            cells: vec![(at, cell)],
            expect: Some(format!("{} = {}", field.name, quoted(&iso))),
        })
    }

    /// A day and a time in two columns, or both in one.
    fn moment(&mut self, field: &Field, _category: &str, columns: &[usize]) -> Option<Line> {
        let dated = columns.iter().copied().find(|c| self.looks(*c).date.is_some())?;
        let (pattern, _) = self.looks(dated).date?;
        let timed = columns.iter().copied().find(|c| self.looks(*c).times > 0 && *c != dated);
        let (cell, _) = invent::day(&self.sample.survey, pattern, false)?;
        let column = quoted(self.name(dated));
        let (text, mut cells) = match timed {
            Some(time) => {
                let text = format!(
                    "{} = {{ column = {column}, time = {}, date = {} }}",
                    field.name,
                    quoted(self.name(time)),
                    quoted(pattern)
                );
                (text, vec![(time, "10:00:00".to_owned())])
            }
            None if pattern.contains("hh") => {
                (format!("{} = {{ column = {column}, date = {} }}", field.name, quoted(pattern)), Vec::new())
            }
            None => return None,
        };
        cells.push((dated, cell));
        Some(Line { text, cells, expect: None })
    }

    /// A code: as it stands when the list knows every value, otherwise by a map of the words that it knows.
    fn code(&mut self, field: &Field, category: &str, at: usize) -> Option<Line> {
        let survey = &self.sample.survey;
        let list = field.detail.as_deref().unwrap_or("");
        let entries: Vec<(String, Vec<String>)> = if field.kind == Kind::Flag {
            let of_list = self.words.codes.get("flag").into_iter().flatten();
            of_list.map(|(code, words)| (code.clone(), words.clone())).collect()
        } else {
            let extra = self.words.codes.get(list);
            let known = self.schema.list(list).into_iter().flat_map(lockgate_core::schema::CodeList::entries);
            known
                .map(|e| {
                    let more = extra.and_then(|x| x.get(&e.code)).cloned().unwrap_or_default();
                    (e.code.clone(), [vec![e.code.clone(), e.label.clone()], more].concat())
                })
                .collect()
        };
        let mut map: BTreeMap<String, String> = BTreeMap::new();
        // What another mapping makes of a word comes before what its spelling says.
        let learnt = self.lessons.into_iter().flat_map(|l| l.codes(category, &field.name));
        for (word, code) in learnt {
            for value in survey.among(at, |v| v == word) {
                map.insert(value, code.to_owned());
            }
        }
        for (code, spellings) in &entries {
            for word in survey.among(at, |v| spellings.iter().any(|s| alike(s, v))) {
                map.entry(word).or_insert_with(|| code.clone());
            }
        }
        let (word, code) = map.iter().next().map(|(w, c)| (w.clone(), c.clone()))?;
        let looks = self.looks(at);
        let column = quoted(self.name(at));
        let expect = Some(format!("{} = {}", field.name, quoted(&code)));
        let open = looks.distinct.saturating_sub(map.len());
        if field.kind == Kind::Code && open == 0 && map.iter().all(|(w, c)| w == c) {
            return Some(Line {
                text: format!("{} = {column}", field.name),
                cells: vec![(at, word)],
                expect,
            });
        }
        let pairs: Vec<String> = map.iter().map(|(w, c)| format!("{} = {}", quoted(w), quoted(c))).collect();
        let mut text = format!("{} = {{ column = {column}, map = {{ {} }} }}", field.name, pairs.join(", "));
        if open > 0 {
            self.todo.push(format!("`{category}.{}`: {open} words of the sample are not mapped", field.name));
            let _ = write!(
                text,
                "   # TODO: {open} more words in the sample; rows with them are refused until they stand here"
            );
        }
        Some(Line { text, cells: vec![(at, word)], expect })
    }
}
