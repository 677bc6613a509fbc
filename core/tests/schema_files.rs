//! The schema's own files, as they are delivered: they read, they hold the annex and nothing else,
//! and every code can be explained to a member of staff.
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

use jiff::civil::Date;
use lockgate_core::schema::{Category, CodeEntry, CodeList, Draft, Field, Kind, Schema};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The agreement's annex: each category with its fields as `name:type`, in order.
const ANNEX: &[(&str, &str)] = &[
    (
        "person",
        "surname:name forenames:name aliases:name birth_date:dob sex:code pnc_id:id \
         prison_number:id crn:id yos_id:id tenancy_ref:id photo:file",
    ),
    (
        "conviction_history",
        "conviction_date:date offence:code offence_group:code court:code disposal:code pnc_ref:id",
    ),
    (
        "arrest",
        "arrested_at:datetime offence:code offence_group:code station:code outcome:code \
         circumstances:text",
    ),
    ("action_plan", "action:code lead_agency:code due_date:date status:code plan_note:text"),
    ("tasking", "task:text place:address window:datetime officer:person"),
    ("dv_history", "incident_date:date incident_count:number risk_band:code anonymised_summary:text"),
    (
        "dv_victim_risk",
        "victim_name:person victim_address:address relation:code risk_band:code \
         safety_action:text",
    ),
    ("child_protection", "reported_on:date status:code concern:code child_name:person report:text"),
    ("custody_drug_test", "tested_at:datetime result:code drug:code disputed:flag"),
    ("bail_drug_restriction", "status:code start_date:date end_date:date complied:flag"),
    ("required_assessment", "appointment_at:datetime kind:code attended:flag"),
    (
        "police_intelligence",
        "kind:code source_grade:code info_grade:code nim_code:code event_date:date \
         associate:person place:address report:text",
    ),
    ("asb_complaint", "received_on:date kind:code ward:code status:code complainant:person detail:text"),
    ("asb_pre_court", "issued_on:date kind:code terms:code expires_on:date"),
    (
        "asb_court_action",
        "stage:code kind:code court:code hearing_on:date terms:code exclusion_area:address \
         expires_on:date",
    ),
    ("asb_intelligence", "kind:code event_date:date associate:person place:address report:text"),
    (
        "tenancy",
        "tenancy_type:code start_date:date end_date:date address:address postcode:postcode \
         status:code notice:code arrears:money household:person",
    ),
    ("oasys_scores", "assessed_on:date ogrs:number reoffending_band:code harm_level:code"),
    (
        "oasys_factors",
        "accommodation:flag employment:flag lifestyle:flag drugs:flag alcohol:flag emotional:flag \
         thinking:flag attitudes:flag factor_note:text",
    ),
    ("oasys_at_risk", "at_risk_group:code imminence:code named_person:person nature:text"),
    (
        "licence_conditions",
        "condition:code status:code start_date:date end_date:date exclusion_area:address \
         condition_note:text",
    ),
    ("sentence_plan", "objective:code action:code review_on:date status:code plan_note:text"),
    ("sentence_dates", "earliest_release:date hdc_eligibility:date licence_expiry:date sentence_expiry:date"),
    ("community_order", "made_on:date requirement:code hours:number end_date:date status:code"),
    ("probation_compliance", "due_at:datetime outcome:code stage:code"),
    (
        "hostel_residence",
        "hostel:code arrived_on:date left_on:date curfew:code complied:flag incident_note:text",
    ),
    ("probation_breach", "proposed_on:date ground:code court_date:date status:code"),
    ("probation_intelligence", "kind:code event_date:date associate:person place:address report:text"),
    ("asset_scores", "assessed_on:date offending_band:code harm_level:code"),
    (
        "asset_sections",
        "living:flag education:flag lifestyle:flag substance:flag thinking:flag attitudes:flag \
         section_note:text",
    ),
    ("yos_plan", "objective:code review_on:date status:code plan_note:text"),
    ("yos_compliance", "due_at:datetime outcome:code stage:code"),
    ("yos_breach", "started_on:date ground:code court_date:date status:code"),
    ("yos_intelligence", "kind:code event_date:date associate:person place:address report:text"),
    (
        "prison_release",
        "release_date:date release_type:code establishment:code release_address:address \
         release_postcode:postcode supervising_agency:code remarks:text",
    ),
    ("prison_transfer", "moved_on:date from_prison:code to_prison:code"),
    ("release_projection", "projected_date:date basis:code"),
    ("adjudication", "heard_on:date charge:code finding:code punishment:code narrative:text"),
    ("prison_course", "course:code start_date:date end_date:date outcome:code"),
    ("self_harm", "incident_date:date watch_open:flag method:code narrative:text"),
    ("prison_intelligence", "kind:code event_date:date associate:person place:address report:text"),
    (
        "tag_order_bail",
        "court:code start_date:date end_date:date curfew_hours:code address:address \
         postcode:postcode",
    ),
    (
        "tag_order_sentence",
        "court:code start_date:date end_date:date curfew_hours:code address:address \
         postcode:postcode",
    ),
    ("tag_not_installed", "tried_at:datetime reason:code attempts:number address:address"),
    ("tag_breach_bail", "breach_at:datetime kind:code minutes_absent:number"),
    (
        "tag_breach_sentence",
        "breach_at:datetime kind:code minutes_absent:number action_taken:code court_date:date \
         outcome:code",
    ),
    ("tag_breach_supervised", "breach_at:datetime kind:code minutes_absent:number terms:code"),
    ("tag_intelligence", "kind:code event_date:date place:address report:text"),
    ("treatment_plan", "in_treatment:flag objective:code review_on:date status:code plan_note:text"),
    (
        "treatment_circumstances",
        "employment_status:code employer:name accommodation_type:code address:address \
         postcode:postcode",
    ),
    ("treatment_engagement", "due_at:datetime attended:flag engagement:code"),
    ("treatment_intelligence", "kind:code event_date:date associate:person report:text"),
    ("treatment_medical", "diagnosis:text prescription:text clinical_test:text clinical_note:text"),
    ("treatment_harm_alert", "risk_to:code immediacy:code advised_action:text summary:text"),
];

/// What the gateway keeps for itself: never in the annex, never in an entitlement.
const INTERNAL: &[(&str, &str)] = &[
    ("cohort", "designation:code from:date until:date"),
    ("caseload", "kind:code from:date until:date"),
    ("care_transfer", "from_partner:code to_partner:code transferred_on:date"),
    ("custody_movement", "moved_on:date direction:code"),
];

/// The identifier kinds that a field may name.
const ID_KINDS: &[&str] = &["pnc", "prison_number", "crn", "yos_id", "tenancy_ref"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema")
}

/// Files of a folder with this extension, in the order of their names: (stem, text).
fn files(folder: &Path, extension: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .map(|path| {
            let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (stem, fs::read_to_string(&path).expect("UTF-8"))
        })
        .collect();
    found.sort();
    found
}

fn date(cell: &str, list: &str) -> Option<Date> {
    (!cell.is_empty()).then(|| cell.parse().unwrap_or_else(|_| panic!("{list}: `{cell}` is not a date")))
}

fn lines(list: &str, text: &str) -> Vec<CodeEntry> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    assert_eq!(header.iter().collect::<Vec<_>>(), ["code", "label", "group", "from", "until"], "{list}");
    let line = |row: csv::StringRecord| {
        let cell = |at: usize| row.get(at).unwrap_or_default();
        assert!(row.iter().all(|c| c.trim() == c), "{list}: a cell has blanks at its ends");
        CodeEntry {
            code: cell(0).into(),
            label: cell(1).into(),
            group: (!cell(2).is_empty()).then(|| cell(2).into()),
            from: date(cell(3), list),
            until: date(cell(4), list),
        }
    };
    reader.records().map(|row| line(row.unwrap_or_else(|e| panic!("{list}: {e}")))).collect()
}

fn all_lines() -> BTreeMap<String, Vec<CodeEntry>> {
    files(&folder().join("codes"), "csv")
        .into_iter()
        .map(|(list, text)| (list.clone(), lines(&list, &text)))
        .collect()
}

fn schema() -> Schema {
    let list = |(name, lines): (String, Vec<CodeEntry>)| {
        let list = CodeList::new(lines).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name, list)
    };
    let draft = |(stem, text): (String, String)| {
        let draft: Draft = toml::from_str(&text).unwrap_or_else(|e| panic!("{stem}: {e}"));
        (format!("schema/{stem}.toml"), draft)
    };
    let drafts = files(&folder(), "toml").into_iter().map(draft).collect();
    match Schema::build(drafts, all_lines().into_iter().map(list).collect()) {
        Ok(schema) => schema,
        Err(problems) => panic!("{problems:#?}"),
    }
}

fn shape(category: &Category) -> String {
    let field = |f: &Field| format!("{}:{}", f.name, f.kind.word());
    category.fields.iter().map(field).collect::<Vec<_>>().join(" ")
}

fn shapes(schema: &Schema, internal: bool) -> BTreeMap<&str, String> {
    let wanted = schema.categories().filter(|(_, c)| c.internal == internal);
    wanted.map(|(_, c)| (c.name.as_str(), shape(c))).collect()
}

fn expected(list: &'static [(&str, &str)]) -> BTreeMap<&'static str, String> {
    list.iter().map(|(name, fields)| (*name, (*fields).to_owned())).collect()
}

#[test]
fn the_annex_is_there_and_nothing_else() {
    let schema = schema();
    assert_eq!(ANNEX.len(), 54);
    assert_eq!(shapes(&schema, false), expected(ANNEX));
    assert_eq!(shapes(&schema, true), expected(INTERNAL));
}

#[test]
fn every_code_and_identifier_says_what_it_is() {
    let schema = schema();
    for (id, category) in schema.categories() {
        for field in &category.fields {
            let place = format!("{}.{}", category.name, field.name);
            match (field.kind, field.detail.as_deref()) {
                (Kind::Code, _) => {
                    let at = category.field(&field.name).expect("a field of its category");
                    assert!(schema.list_of(id, at).is_some(), "{place}");
                }
                (Kind::Id, kind) => assert!(kind.is_some_and(|k| ID_KINDS.contains(&k)), "{place}"),
                (_, detail) => assert_eq!(detail, None, "{place}: only codes and identifiers have `of`"),
            }
        }
    }
}

#[test]
fn titles_are_for_people() {
    let schema = schema();
    let mut seen = BTreeSet::new();
    for (_, category) in schema.categories() {
        assert!(seen.insert(&category.title), "two categories are called `{}`", category.title);
        let titles = category.fields.iter().map(|f| f.title.as_str());
        assert_eq!(titles.clone().collect::<BTreeSet<_>>().len(), category.fields.len(), "{}", category.name);
        for title in titles.chain([category.title.as_str()]) {
            assert!(
                title.starts_with(char::is_uppercase) && !title.contains('_'),
                "{}: `{title}`",
                category.name
            );
        }
    }
}

#[test]
fn every_code_has_a_meaning_and_sane_dates() {
    for (list, lines) in all_lines() {
        assert!(!lines.is_empty(), "{list}");
        for line in &lines {
            assert!(!line.code.is_empty() && !line.label.is_empty(), "{list}: {line:?}");
            assert!(line.code.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{list}: {line:?}");
            assert!(!matches!((line.from, line.until), (Some(f), Some(u)) if f > u), "{list}: {line:?}");
        }
        CodeList::new(lines).unwrap_or_else(|e| panic!("{list}: {e}"));
    }
}

/// A group is a code of the list `<list>_group`; a list with groups has one on every line, so that
/// the reduction to the group never loses a row.
#[test]
fn groups_are_codes_of_the_list_beside() {
    let all = all_lines();
    for (list, lines) in &all {
        let used: BTreeSet<&str> = lines.iter().filter_map(|l| l.group.as_deref()).collect();
        let Some(groups) = all.get(&format!("{list}_group")) else {
            assert!(used.is_empty(), "{list} has groups and no list of groups");
            continue;
        };
        assert!(lines.iter().all(|l| l.group.is_some()), "{list}: a line without its group");
        let known: BTreeSet<&str> = groups.iter().map(|g| g.code.as_str()).collect();
        assert!(used.is_subset(&known), "{list}: a group that its list does not know");
    }
}

#[test]
fn no_list_stands_idle() {
    let schema = schema();
    let named: BTreeSet<&str> =
        schema.categories().flat_map(|(_, c)| &c.fields).filter_map(|f| f.detail.as_deref()).collect();
    for list in all_lines().keys() {
        let base = list.strip_suffix("_group").unwrap_or(list);
        assert!(named.contains(list.as_str()) || named.contains(base), "{list} is used by no field");
    }
}

#[test]
fn closed_lists_are_complete() {
    let schema = schema();
    let codes = |list: &str| schema.list(list).expect("a list").codes().collect::<BTreeSet<_>>();
    assert_eq!(codes("ward").len(), 33, "the wards of 2004");
    assert_eq!(codes("requirement").len(), 12, "the community order of 2003");
    let partners = ["cri", "disc", "g4s", "hmps", "lcc", "probation", "wyp", "yos"];
    assert_eq!(codes("agency"), BTreeSet::from(partners), "clause 3.1");
    let levels = ["high", "low", "medium", "very_high"];
    assert_eq!(codes("harm_level"), BTreeSet::from(levels), "not assessed is an absent value, not a level");
    assert_eq!(codes("direction"), BTreeSet::from(["in", "out"]));
    assert_eq!(codes("cohort_designation"), BTreeSet::from(["dyo", "iom", "ppo"]));
    for code in ["1", "2", "3", "4", "5"] {
        assert!(codes("nim_handling").contains(code), "{code}");
    }
}

/// End of Custody Licence ran from 29 June 2007 to 12 March 2010; on those days it is a release.
#[test]
fn clause_5_1_5_i_ecl_is_a_release_type_while_it_lasted() {
    let schema = schema();
    let list = schema.list("release_type").expect("a list");
    let cases = [
        (jiff::civil::date(2007, 6, 28), false),
        (jiff::civil::date(2007, 6, 29), true),
        (jiff::civil::date(2008, 11, 18), true),
        (jiff::civil::date(2010, 3, 12), true),
        (jiff::civil::date(2010, 3, 13), false),
    ];
    for (day, known) in cases {
        assert_eq!(list.on("ecl", day).is_some(), known, "{day}");
    }
}
