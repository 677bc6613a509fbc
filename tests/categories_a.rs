//! Every category of the police, the council's unit and the youth service: which recipients hold which fields of the
//! named people's rows, night by night, and why they hold no more.
//!
//! The golden rows were read against the agreement's clauses and the entitlement tables by hand. They hold for the feeds
//! named here, with a caseload of one treatment provider that the test itself writes: the provider's side of
//! "on the recipient's own caseload" is shown by the one, and its refusal by the other, who has nobody.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use support::{Deployment, NIGHTS, RECIPIENTS, Replica, assert_no_value, table};

/// The feeds under which the golden rows hold. Another feed may make another condition true.
const FEEDS: [&str; 21] = [
    "g4s/endings",
    "g4s/installs",
    "g4s/orders",
    "g4s/violations",
    "hmps/releases",
    "lcc/asb_actions",
    "lcc/asb_cases",
    "lcc/asb_intelligence",
    "lcc/orchard",
    "probation/oasys",
    "wyp/child_protection",
    "wyp/cohort",
    "wyp/convictions",
    "wyp/custody",
    "wyp/domestic",
    "wyp/intelligence",
    "wyp/plan",
    "yos/assets",
    "yos/contacts",
    "yos/intelligence",
    "yos/plans",
];

/// The partners of these categories.
const PARTNERS: [&str; 3] = ["wyp", "lcc", "yos"];

/// The named people of the police list by their surname.
const CAST: [(&str, &str); 18] = [
    ("connor", "hargreaves"),
    ("shanelle", "o'neill-marsh"),
    ("rafiq", "rafiq"),
    ("tyler", "boothroyd"),
    ("wayne", "tordoff"),
    ("craig", "ainsworth"),
    ("lorraine", "beckwith"),
    ("kieran", "mcallister"),
    ("dominic", "osei"),
    ("piotr", "wiśniewski"),
    ("jordan", "sykes-patel"),
    ("danielle", "royston"),
    ("marcus", "oyelaran"),
    ("ryan", "featherstone"),
    ("leon", "dubois"),
    ("zoe", "krajewska"),
    ("stacey", "holroyd"),
    ("gary", "lumb"),
];

/// Columns of provenance: the same for every table.
const HOW: [&str; 10] = [
    "record_id",
    "record_version",
    "change",
    "person_ref",
    "originator",
    "clause",
    "purpose",
    "handling",
    "as_of",
    "review_by",
];

/// The caseload of one provider, for the golden rows alone.
const CASELOAD: &str = r#"
[feed]
name = "disc-golden"
partner = "disc"
title = "Caseload"
kind = "snapshot"
retention = "6 months"
[source]
place = "golden"
file = "CASELOAD_{date}.csv"
format = "csv"
[columns]
pnc = "pnc"
surname = "surname"
forenames = "forenames"
birth = "birth"
from = "from"
[identity]
key = ["pnc"]
key_kind = "pnc"
[identity.person]
surname = "surname"
forenames = "forenames"
birth_date = "birth"
pnc_id = "pnc"
[[record]]
category = "caseload"
key = ["pnc"]
[record.fields]
kind = { constant = "treatment" }
from = "from"
"#;

const CASES: &str = "pnc,surname,forenames,birth,from\n\
    2004/0031877J,HARGREAVES,Connor James,1981-02-14,2008-11-01\n\
    2006/0077110F,BOOTHROYD,Tyler Jaden,1992-06-21,2008-11-01\n\
    2005/0330077E,SYKES-PATEL,Jordan,1990-11-18,2008-11-01\n\
    2004/0412903T,ROYSTON,Danielle Marie,1986-08-15,2008-11-01\n";

/// `who recipient nights: field=value ...`, all rows of all named people; what is not here is held by nobody.
const GOLDEN: &str = "\
# 5.1.1.i: all of it to probation; to the youth service while the person is under 18 (Jordan is 18 on the 18th); code and result to the
# prison for those in custody or due within 28 days; year and group to the council's unit with a case of its own, group to a provider with the person.
[conviction_history]
connor lcc 17-18: conviction_date=2007 offence_group=theft
connor lcc 17-19: conviction_date=2007 offence_group=burglary
connor probation 17: conviction_date=2007-03-12 court=B13HT00 disposal=1002 offence=TH68036 offence_group=burglary pnc_ref=2004/0031877J
connor probation 17-18: conviction_date=2007-03-12 court=B13HT00 disposal=1057 offence=TH68072 offence_group=theft pnc_ref=2004/0031877J
connor probation 18-19: conviction_date=2007-03-12 court=B13HT00 disposal=1115 offence=TH68036 offence_group=burglary pnc_ref=2004/0031877J
connor hmps 17: conviction_date=2007-03-12 disposal=1002 offence=TH68036
connor hmps 17-18: conviction_date=2007-03-12 disposal=1057 offence=TH68072
connor hmps 18: conviction_date=2007-03-12 disposal=1115 offence=TH68036
connor disc 17-18: offence_group=theft
connor disc 17-19: offence_group=burglary
craig probation 17-19: conviction_date=2006-02-08 court=C13LE00 disposal=1002 offence=MD71131 offence_group=drugs pnc_ref=1989/0012377G
craig hmps 17-18: conviction_date=2006-02-08 disposal=1002 offence=MD71131
danielle lcc 17-19: conviction_date=2008 offence_group=theft
danielle probation 17-19: conviction_date=2008-08-19 court=B13HT00 disposal=1116 offence=TH68010 offence_group=theft pnc_ref=2004/0412903T
danielle disc 17-19: offence_group=theft
jordan probation 17-19: conviction_date=2008-09-03 court=leeds_youth disposal=1090 offence=TH68013 offence_group=vehicle pnc_ref=2005/0330077E
jordan yos 17: conviction_date=2008-09-03 court=leeds_youth disposal=1090 offence=TH68013 offence_group=vehicle pnc_ref=2005/0330077E
jordan hmps 17-19: conviction_date=2008-09-03 disposal=1090 offence=TH68013
jordan disc 17-19: offence_group=vehicle
tyler lcc 17-19: conviction_date=2008 offence_group=damage
tyler probation 17-19: conviction_date=2008-05-27 court=leeds_youth disposal=1097 offence=CD71039 offence_group=damage pnc_ref=2006/0077110F
tyler yos 17-19: conviction_date=2008-05-27 court=leeds_youth disposal=1097 offence=CD71039 offence_group=damage pnc_ref=2006/0077110F
tyler hmps 19: conviction_date=2008-05-27 disposal=1097 offence=CD71039
tyler disc 17-19: offence_group=damage
wayne probation 17-19: conviction_date=2005-06-21 court=C13LE00 disposal=1002 offence=TH68023 offence_group=robbery pnc_ref=1996/0301456E
wayne hmps 18-19: conviction_date=2005-06-21 disposal=1002 offence=TH68023

# 5.1.1.ii: no station and no circumstances to anybody; month and group, or month alone, outside probation and the youth service.
[arrest]
connor lcc 17-19: arrested_at=2008-11 offence_group=theft
connor probation 17: arrested_at=2008-11-14T23:15:00Z offence=TH68010 outcome=charged_conditional_bail
connor probation 18-19: arrested_at=2008-11-14T23:15:00Z offence=TH68010 outcome=charged_bail
connor disc 17-19: arrested_at=2008-11
danielle lcc 18-19: arrested_at=2008-11 offence_group=breach
danielle probation 18-19: arrested_at=2008-11-17T09:05:00Z offence=BA76005 outcome=warrant
danielle disc 18-19: arrested_at=2008-11
dominic probation 17-18: arrested_at=2008-11-04T09:05:00Z offence=TH68037 outcome=released
jordan probation 17-19: arrested_at=2008-11-01T21:20:00Z offence=MD71220 outcome=charged_bail
jordan yos 17: arrested_at=2008-11-01T21:20:00Z offence=MD71220 outcome=charged_bail
jordan disc 17-19: arrested_at=2008-11
kieran lcc 18-19: arrested_at=2008-11 offence_group=burglary
kieran probation 18-19: arrested_at=2008-11-16T09:05:00Z offence=TH68036 outcome=charged_remanded
rafiq probation 17-18: arrested_at=2008-11-10T02:05:00Z offence=TH68050 outcome=police_bail
shanelle probation 17-19: arrested_at=2008-10-02T08:05:00Z offence=TH68072 outcome=no_further_action
tyler lcc 17-19: arrested_at=2008-11 offence_group=damage
tyler probation 17-19: arrested_at=2008-11-12T17:40:00Z offence=CD71039 outcome=final_warning
tyler yos 17-19: arrested_at=2008-11-12T17:40:00Z offence=CD71039 outcome=final_warning
tyler disc 17-19: arrested_at=2008-11

# 5.1.1.iii: probation sees the plan; everybody else only what is theirs to do. Connor's observation is marked silent: it is nowhere.
[action_plan]
connor lcc 17: action=joint_visit due_date=2008-11-24 status=agreed
connor lcc 18-19: action=joint_visit due_date=2008-11-26 status=in_progress
connor probation 17: action=joint_visit due_date=2008-11-24 lead_agency=lcc status=agreed
connor probation 17-19: action=gate_meeting due_date=2008-11-18 lead_agency=probation status=agreed
connor probation 17-19: action=information_request due_date=2008-11-18 lead_agency=hmps status=agreed
connor probation 17-19: action=referral_treatment due_date=2008-11-25 lead_agency=disc status=agreed
connor probation 17-19: action=visit due_date=2008-11-19 lead_agency=wyp status=agreed
connor probation 18-19: action=joint_visit due_date=2008-11-26 lead_agency=lcc status=in_progress
connor hmps 17-18: action=information_request due_date=2008-11-18 status=agreed
connor disc 17-19: action=referral_treatment due_date=2008-11-25 status=agreed
danielle probation 17-19: action=curfew_check due_date=2008-11-20 lead_agency=g4s status=agreed
kieran probation 18-19: action=warning due_date=2008-11-20 lead_agency=wyp status=agreed
lorraine lcc 17-18: action=referral_housing due_date=2008-11-27 status=proposed
lorraine probation 17-18: action=referral_housing due_date=2008-11-27 lead_agency=lcc status=proposed
tyler probation 17-19: action=referral_youth due_date=2008-11-28 lead_agency=yos status=agreed
tyler yos 17-19: action=referral_youth due_date=2008-11-28 lead_agency=yos status=agreed

# 5.1.1.iii: nothing without the operational head's release.
[tasking]

# 5.1.1.iv: counts and bands, never a summary; month alone to probation and the youth service; the council's unit has the count alone.
[dv_history]
connor lcc 17: incident_count=3
connor lcc 18-19: incident_count=4
connor probation 17: incident_count=3 incident_date=2008-10 risk_band=medium
connor probation 18-19: incident_count=4 incident_date=2008-11 risk_band=high
connor hmps 17: incident_count=3 risk_band=medium
connor hmps 18: incident_count=4 risk_band=high
craig probation 17-18: incident_count=2 incident_date=2008-06 risk_band=high
craig hmps 17-18: incident_count=2 risk_band=high
danielle lcc 17-19: incident_count=1
danielle probation 17-19: incident_count=1 incident_date=2007-12
tyler lcc 17-19: incident_count=1
tyler probation 17-19: incident_count=1 incident_date=2008-09 risk_band=standard
tyler yos 17-19: incident_count=1 incident_date=2008-09 risk_band=standard
tyler hmps 19: incident_count=1 risk_band=standard

# 5.1.1.iv: nothing without a decision about the risk to that victim.
[dv_victim_risk]

# 5.1.1.v: nothing without a decision about a current risk.
[child_protection]

# 5.1.1.vi: which drug, and whether it is disputed, is for the treatment provider.
[custody_drug_test]
connor probation 17-19: result=positive tested_at=2008-11-15T00:40:00Z
connor disc 17-19: disputed=false drug=opiates result=positive tested_at=2008-11-15T00:40:00Z
jordan probation 17-19: result=positive tested_at=2008-11-01T22:10:00Z
jordan yos 17: result=positive tested_at=2008-11-01T22:10:00Z
jordan disc 17-19: disputed=true drug=cocaine result=positive tested_at=2008-11-01T22:10:00Z
tyler probation 17-19: result=negative tested_at=2008-11-12T18:30:00Z
tyler yos 17-19: result=negative tested_at=2008-11-12T18:30:00Z
tyler disc 17-19: disputed=false drug=none result=negative tested_at=2008-11-12T18:30:00Z

# 5.1.1.vi
[bail_drug_restriction]
connor probation 17: start_date=2008-11-15 status=imposed
connor probation 18-19: complied=true end_date=2008-12-15 start_date=2008-11-15 status=continued
connor disc 17: start_date=2008-11-15 status=imposed
connor disc 18-19: complied=true end_date=2008-12-15 start_date=2008-11-15 status=continued

# 5.1.1.vi: of adults alone: Tyler's goes to nobody, Jordan's from his birthday. Month alone to probation.
[required_assessment]
connor probation 17,19: appointment_at=2008-11
connor probation 18-19: appointment_at=2008-11 attended=true
connor disc 17: appointment_at=2008-11-18T10:00:00Z kind=initial
connor disc 18-19: appointment_at=2008-11-18T10:00:00Z attended=true kind=initial
connor disc 19: appointment_at=2008-11-25T14:00:00Z kind=follow_up
jordan probation 18-19: appointment_at=2008-11
jordan disc 18-19: appointment_at=2008-11-24T11:00:00Z kind=initial

# 5.1.1.vii: nothing without a dissemination decision and a reviewed text.
[police_intelligence]

# 5.1.2.i: the ward to the police alone; the complainant and the details to nobody.
[asb_complaint]
connor wyp 17-18: kind=noise received_on=2008-11-10 status=open ward=gipton_and_harehills
connor probation 17-18: kind=noise received_on=2008-11-10 status=open
danielle wyp 17-19: kind=verbal received_on=2008-08-27 status=action ward=farnley_and_wortley
danielle probation 17-19: kind=verbal received_on=2008-08-27 status=action
kieran wyp 18-19: kind=damage received_on=2008-10-20 status=monitoring ward=burmantofts_and_richmond_hill
kieran probation 18-19: kind=damage received_on=2008-10-20 status=monitoring
lorraine wyp 17-19: kind=noise received_on=2008-05-19 status=closed ward=killingbeck_and_seacroft
lorraine probation 17-19: kind=noise received_on=2008-05-19 status=closed
tyler wyp 17: kind=gathering received_on=2008-11-05 status=investigating ward=gipton_and_harehills
tyler wyp 18-19: kind=gathering received_on=2008-11-05 status=monitoring ward=gipton_and_harehills
tyler probation 17: kind=gathering received_on=2008-11-05 status=investigating
tyler probation 18-19: kind=gathering received_on=2008-11-05 status=monitoring
tyler yos 17: kind=gathering received_on=2008-11-05 status=investigating
tyler yos 18-19: kind=gathering received_on=2008-11-05 status=monitoring

# 5.1.2.ii
[asb_pre_court]
connor wyp 17-18: issued_on=2008-11-06 kind=warning_letter terms=no_noise
connor probation 17-18: issued_on=2008-11-06 kind=warning_letter terms=no_noise
connor disc 17-18: kind=warning_letter
lorraine wyp 17-19: expires_on=2008-12-01 issued_on=2008-06-02 kind=undertaking terms=no_visitors
lorraine probation 17-19: expires_on=2008-12-01 issued_on=2008-06-02 kind=undertaking terms=no_visitors
tyler wyp 17-19: expires_on=2009-04-05 issued_on=2008-10-06 kind=abc terms=no_gathering
tyler probation 17-19: expires_on=2009-04-05 issued_on=2008-10-06 kind=abc terms=no_gathering
tyler yos 17-19: expires_on=2009-04-05 issued_on=2008-10-06 kind=abc terms=no_gathering
tyler disc 17-19: expires_on=2009-04-05 kind=abc

# 5.1.2.iii: what is proposed or applied for stays with the police and probation; orders in force go further, by kind and terms.
[asb_court_action]
connor wyp 17-18: court=leeds_county exclusion_area=Copse Row hearing_on=2008-11-27 kind=injunction_arrest stage=proposed terms=excluded_area
connor wyp 19: court=leeds_county exclusion_area=Copse Row hearing_on=2008-11-27 kind=injunction_arrest stage=interim terms=excluded_area
connor probation 17-18: court=leeds_county exclusion_area=Copse Row hearing_on=2008-11-27 kind=injunction_arrest stage=proposed terms=excluded_area
connor probation 19: court=leeds_county exclusion_area=Copse Row hearing_on=2008-11-27 kind=injunction_arrest stage=interim terms=excluded_area
connor disc 19: kind=injunction_arrest terms=excluded_area
danielle wyp 17: court=leeds_county hearing_on=2008-12-09 kind=possession stage=applied
danielle wyp 17-19: court=B13HT00 exclusion_area=Carder Close and Wortley Road expires_on=2010-03-02 hearing_on=2008-03-03 kind=asbo stage=current terms=excluded_area
danielle wyp 18-19: court=leeds_county hearing_on=2008-12-16 kind=possession stage=applied
danielle probation 17: court=leeds_county hearing_on=2008-12-09 kind=possession stage=applied
danielle probation 17-19: court=B13HT00 exclusion_area=Carder Close and Wortley Road expires_on=2010-03-02 hearing_on=2008-03-03 kind=asbo stage=current terms=excluded_area
danielle probation 18-19: court=leeds_county hearing_on=2008-12-16 kind=possession stage=applied
danielle g4s 17-18: kind=asbo terms=excluded_area
danielle disc 17-19: expires_on=2010-03-02 kind=asbo terms=excluded_area
tyler wyp 17-19: court=leeds_youth exclusion_area=Kiln Garth and Copse Row expires_on=2010-05-26 hearing_on=2008-05-27 kind=asbo stage=current terms=no_gathering
tyler probation 17-19: court=leeds_youth exclusion_area=Kiln Garth and Copse Row expires_on=2010-05-26 hearing_on=2008-05-27 kind=asbo stage=current terms=no_gathering
tyler yos 17-19: court=leeds_youth exclusion_area=Kiln Garth and Copse Row expires_on=2010-05-26 hearing_on=2008-05-27 kind=asbo stage=current terms=no_gathering
tyler hmps 19: expires_on=2010-05-26 kind=asbo terms=no_gathering
tyler g4s 17-19: kind=asbo terms=no_gathering
tyler disc 17-19: expires_on=2010-05-26 kind=asbo terms=no_gathering

# 5.1.2.iv: nothing without a dissemination decision and a reviewed text.
[asb_intelligence]

# 5.1.4.i: probation at 17 and 18 alone; the level alone to those who visit or treat.
[asset_scores]
jordan wyp 17-18: assessed_on=2008-09-29 harm_level=medium offending_band=draft2008_high
jordan probation 17-18: assessed_on=2008-09-29 harm_level=medium offending_band=draft2008_high
jordan hmps 17-18: assessed_on=2008-09-29 harm_level=medium offending_band=draft2008_high
jordan g4s 17-18: harm_level=medium
jordan disc 17-18: harm_level=medium
tyler wyp 17: assessed_on=2008-10-20 harm_level=medium offending_band=draft2008_medium
tyler wyp 18-19: assessed_on=2008-11-17 harm_level=high offending_band=draft2008_high
tyler lcc 17: harm_level=medium
tyler lcc 18-19: harm_level=high
tyler hmps 19: assessed_on=2008-11-17 harm_level=high offending_band=draft2008_high
tyler g4s 17: harm_level=medium
tyler g4s 18-19: harm_level=high
tyler disc 17: harm_level=medium
tyler disc 18-19: harm_level=high

# 5.1.4.i: what each needs of the sections; the evidence to nobody.
[asset_sections]
jordan wyp 17-18: lifestyle=true substance=true
jordan probation 17-18: attitudes=true education=true lifestyle=true living=true substance=true thinking=true
jordan hmps 17-18: attitudes=true education=true lifestyle=true living=true substance=true thinking=true
jordan disc 17-18: living=true substance=true
tyler wyp 17-19: lifestyle=true substance=true
tyler lcc 17: living=false
tyler lcc 18-19: living=true
tyler hmps 19: education=true lifestyle=true living=true substance=true thinking=true
tyler disc 17: living=false substance=true
tyler disc 18-19: living=true substance=true

# 5.1.4.ii
[yos_plan]
jordan wyp 17-19: objective=thinking status=in_progress
jordan probation 17-19: objective=thinking review_on=2008-12-12 status=in_progress
jordan hmps 17-19: objective=thinking status=in_progress
jordan disc 17-19: objective=thinking review_on=2008-12-12
tyler wyp 17-18: objective=education status=proposed
tyler wyp 17-19: objective=drugs status=in_progress
tyler hmps 19: objective=drugs status=in_progress
tyler disc 17: objective=drugs review_on=2009-01-19
tyler disc 17-18: objective=education review_on=2009-01-19
tyler disc 18-19: objective=drugs review_on=2009-02-02

# 5.1.4.iii
[yos_compliance]
jordan wyp 17-18: due_at=2008-11-13T10:00:00Z outcome=attended stage=none
jordan probation 17-18: due_at=2008-11-13T10:00:00Z outcome=attended stage=none
jordan disc 17-18: due_at=2008-11-13T10:00:00Z outcome=attended
tyler wyp 17: due_at=2008-11-14T16:30:00Z outcome=failed stage=final_warning
tyler wyp 18-19: due_at=2008-11-14T16:30:00Z outcome=excused stage=withdrawn
tyler wyp 18-19: due_at=2008-11-18T09:30:00Z outcome=attended stage=none
tyler disc 17: due_at=2008-11-14T16:30:00Z outcome=failed
tyler disc 18-19: due_at=2008-11-14T16:30:00Z outcome=excused
tyler disc 18-19: due_at=2008-11-18T09:30:00Z outcome=attended

# 5.1.4.iv: the ground to the police and probation alone.
[yos_breach]
jordan wyp 17-19: court_date=2008-11-24 ground=out_of_touch started_on=2008-11-03 status=listed
jordan probation 17-19: court_date=2008-11-24 ground=out_of_touch started_on=2008-11-03 status=listed
jordan hmps 17-19: started_on=2008-11-03 status=listed
jordan g4s 17-19: status=listed
jordan disc 17-19: status=listed
tyler wyp 17: court_date=2008-11-28 ground=failed_appointments started_on=2008-11-17 status=proposed
tyler wyp 18: court_date=2008-11-28 ground=failed_appointments started_on=2008-11-17 status=started
tyler g4s 17: status=proposed
tyler g4s 18: status=started
tyler disc 17: status=proposed
tyler disc 18: status=started

# 5.1.4.v: nothing without a dissemination decision and a reviewed text.
[yos_intelligence]
";

/// Only the feeds of this test, and its own caseload.
fn golden_deployment() -> Deployment {
    let deployment = Deployment::fresh();
    for partner in fs::read_dir(deployment.path("mappings")).unwrap().map(|e| e.unwrap().path()) {
        let folder = partner.file_name().unwrap().to_str().unwrap().to_owned();
        for file in fs::read_dir(&partner).unwrap().map(|e| e.unwrap().path()) {
            let feed = format!("{folder}/{}", file.file_stem().unwrap().to_str().unwrap());
            if file.is_file() && !FEEDS.contains(&feed.as_str()) {
                fs::remove_file(file).unwrap();
            }
        }
    }
    for folder in ["mappings/disc", "golden"] {
        fs::create_dir_all(deployment.path(folder)).unwrap();
    }
    fs::write(deployment.path("mappings/disc/golden.toml"), CASELOAD).unwrap();
    fs::write(deployment.path("golden/CASELOAD_20081117.csv"), CASES).unwrap();
    let settings = fs::read_to_string(deployment.path("lockgate.toml")).unwrap();
    let place = "\n[place.golden]\nfolder = \"golden\"\nsettle_ms = 0\n";
    fs::write(deployment.path("lockgate.toml"), settings + place).unwrap();
    deployment
}

/// The categories that these partners share, the person and the tenancy aside: `tests/nights.rs` has the latter.
fn categories() -> Vec<(String, String)> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/agreement/categories.toml")).unwrap();
    let (mut out, mut name) = (Vec::new(), String::new());
    for line in text.lines() {
        if let Some(found) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            found.clone_into(&mut name);
        }
        let owner = PARTNERS.iter().find(|p| line.starts_with("clause") && line.contains(&format!("{p} = ")));
        if let Some(owner) = owner.filter(|_| name != "person" && name != "tenancy") {
            out.push((name.clone(), (*owner).to_owned()));
        }
    }
    out
}

/// The lines of the golden table as `category who recipient nights: fields`.
fn golden() -> BTreeSet<String> {
    let (mut out, mut category) = (BTreeSet::new(), "");
    for line in GOLDEN.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        match line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            Some(name) => category = name,
            None => assert!(out.insert(format!("{category} {line}")), "{line} stands twice"),
        }
    }
    out
}

/// `17-19` for three nights on end, `17,19` otherwise.
fn nights(held: &[usize]) -> String {
    let day = |n: &usize| (n + 17).to_string();
    match held {
        [first, .., last] if last - first + 1 == held.len() => format!("{}-{}", day(first), day(last)),
        all => all.iter().map(day).collect::<Vec<_>>().join(","),
    }
}

fn named(replica: &Replica) -> BTreeMap<String, &'static str> {
    let who = |surname: &str| CAST.iter().find(|(_, s)| *s == surname.to_lowercase()).map(|(who, _)| *who);
    let people = replica.of("people").into_iter();
    people.filter_map(|r| Some((r.get("person_ref").to_owned(), who(r.get("surname"))?))).collect()
}

/// What a recipient holds of the named people, in the form of the golden table.
fn held(deployment: &Deployment, recipient: &str, tables: &[String]) -> BTreeSet<String> {
    let (mut replica, mut rows) = (Replica::default(), BTreeMap::<String, Vec<usize>>::new());
    for (night, bundle) in deployment.bundles(recipient).iter().enumerate() {
        replica.apply(bundle);
        let named = named(&replica);
        for row in replica.rows.values().filter(|r| tables.contains(&r.table)) {
            let Some(who) = named.get(row.get("person_ref")) else { continue };
            let mut fields = String::new();
            for (column, cell) in
                row.cells.iter().filter(|(c, v)| !HOW.contains(&c.as_str()) && !v.is_empty())
            {
                write!(fields, " {column}={cell}").unwrap();
            }
            rows.entry(format!("{}\n{who}\n{fields}", row.table)).or_default().push(night);
        }
    }
    let line = |(key, on): (String, Vec<usize>)| {
        let parts: Vec<&str> = key.split('\n').collect();
        format!("{} {} {recipient} {}:{}", parts[0], parts[1], nights(&on), parts[2])
    };
    rows.into_iter().map(line).collect()
}

/// Clauses 5.1.1, 5.1.2 and 5.1.4, category by category: exactly the golden rows, for every recipient and night.
#[test]
fn clause_5_1_each_recipient_holds_the_golden_rows_of_each_category() {
    let deployment = golden_deployment();
    NIGHTS.iter().for_each(|night| drop(deployment.night(night)));
    let tables: Vec<String> = categories().into_iter().map(|(name, _)| name).collect();
    assert_eq!(tables.len(), 21);
    let found: BTreeSet<String> = RECIPIENTS.iter().flat_map(|r| held(&deployment, r, &tables)).collect();
    let golden = golden();
    let missing: Vec<_> = golden.difference(&found).collect();
    let more: Vec<_> = found.difference(&golden).collect();
    assert!(missing.is_empty() && more.is_empty(), "missing {missing:#?}\nmore {more:#?}");
}

/// What needs an authority is withheld from everybody: no table of these categories is even written.
const BY_AUTHORITY: [&str; 6] = [
    "tasking",
    "dv_victim_risk",
    "child_protection",
    "police_intelligence",
    "asb_intelligence",
    "yos_intelligence",
];

/// Who asks for what after the first night, and what withheld each record: the conditions that need a decision are strict.
const WITHHELD: [(&str, &str, &str, &[&str]); 21] = [
    ("LDS000011", "probation", "tasking.task", &["authority"]),
    ("LDS000011", "lcc", "tasking.task", &["no_grant"]),
    ("LDS000016", "probation", "tasking.task", &["restriction"]),
    ("LDS000011", "probation", "arrest.circumstances", &["field"]),
    ("LDS000011", "probation", "dv_history.anonymised_summary", &["authority"]),
    ("LDS000011", "probation", "dv_victim_risk.victim_name", &["authority"]),
    ("LDS000011", "lcc", "dv_victim_risk.victim_address", &["authority"]),
    ("LDS000011", "g4s", "dv_victim_risk.victim_name", &["no_grant"]),
    ("LDS000011", "probation", "child_protection.report", &["authority"]),
    ("LDS000017", "lcc", "child_protection.child_name", &["no_grant"]),
    // Code 1 permits law enforcement, and still the text waits; the other record is marked silent.
    ("LDS000011", "probation", "police_intelligence.report", &["authority", "restriction"]),
    ("LDS000011", "lcc", "police_intelligence.report", &["handling", "restriction"]),
    // Code 5 permits nobody; code 2 permits no body that does not prosecute without a decision.
    ("LDS000016", "probation", "police_intelligence.report", &["handling"]),
    ("LDS000014", "yos", "police_intelligence.report", &["handling"]),
    ("LDS000011", "wyp", "asb_complaint.complainant", &["authority"]),
    ("LDS000022", "probation", "asb_intelligence.associate", &["authority"]),
    ("LDS000014", "wyp", "yos_intelligence.report", &["authority", "restriction"]),
    ("LDS000021", "probation", "asset_sections.section_note", &["authority"]),
    ("LDS000021", "probation", "yos_plan.plan_note", &["authority"]),
    ("LDS000014", "probation", "asset_scores.harm_level", &["condition"]),
    ("LDS000014", "probation", "required_assessment.attended", &["condition"]),
];

#[test]
fn clause_5_what_needs_a_decision_is_withheld_until_there_is_one() {
    let deployment = Deployment::after(0);
    for (key, recipient, field, rules) in WITHHELD {
        let person = format!("wyp-cohort:{key}");
        let words =
            ["agreement", "why", "--person", &person, "--recipient", recipient, "--field", field, "--json"];
        let said = deployment.run(&words).json();
        assert_eq!(said["in_store"], true, "{key}");
        let records = said["records"].as_array().unwrap().iter();
        let mut found: Vec<&str> = records.map(|r| r["decision"].as_str().unwrap()).collect();
        found.sort_unstable();
        let expected: Vec<String> = rules.iter().map(|rule| format!("withheld by {rule}")).collect();
        assert_eq!(found, expected, "{key} {recipient} {field}");
    }
}

/// No word of a note, no name of a victim, child, complainant or associate, and nobody outside the cohort is in any file of
/// any bundle of the three nights, workbooks included; nor is a table of what needs a decision.
#[test]
fn clause_5_1_no_note_and_no_other_person_is_in_any_bundle() {
    let deployment = Deployment::after(2);
    let words: Vec<String> = table(&deployment.path("fixtures/canaries.csv"))
        .into_iter()
        .filter(|row| row["kind"] == "note")
        .map(|mut row| row.remove("word").unwrap())
        .collect();
    assert!(words.len() > 30, "{words:?}");
    for (name, bytes) in deployment.bundle_files() {
        assert_no_value(&text(&name, &bytes), &words, &name);
        assert!(
            !BY_AUTHORITY.iter().any(|category| name.ends_with(&format!("data/{category}.csv"))),
            "{name}"
        );
    }
    // The same search finds a word that is there.
    let all = deployment.bundle_files();
    let books = all.iter().filter(|(name, _)| name.ends_with("staff.xlsx"));
    assert!(
        books.into_iter().any(|(name, bytes)| text(name, bytes).contains("Carder Close and Wortley Road"))
    );
}

/// A file as text; a workbook's parts one after the other.
fn text(name: &str, bytes: &[u8]) -> String {
    if !name.ends_with("staff.xlsx") {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut book = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut out = String::new();
    for part in 0..book.len() {
        let mut raw = Vec::new();
        book.by_index(part).unwrap().read_to_end(&mut raw).unwrap();
        out.push_str(&String::from_utf8_lossy(&raw));
        out.push('\n');
    }
    out
}

/// Nothing of the schema is left without a source: each category has a record in a mapping of its owner.
#[test]
fn each_category_of_these_partners_has_a_feed() {
    for (category, owner) in categories() {
        let folder = fs::read_dir(format!("{}/mappings/{owner}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let given = format!("category = \"{category}\"\n");
        let found =
            folder.map(|e| fs::read_to_string(e.unwrap().path()).unwrap()).any(|text| text.contains(&given));
        assert!(found, "no mapping of {owner} gives {category}");
    }
}

/// The offence groups of the custody system's map are those of the schema: one offence, one group, wherever it is read.
#[test]
fn offences_have_the_groups_of_the_schema() {
    let root = env!("CARGO_MANIFEST_DIR");
    let list = table(format!("{root}/schema/codes/offence.csv").as_ref());
    let group: BTreeMap<&str, &str> =
        list.iter().map(|r| (r["code"].as_str(), r["group"].as_str())).collect();
    let map = |name: &str| table(format!("{root}/mappings/codes/wyp/{name}.csv").as_ref());
    let plain = map("offence_group");
    assert_eq!(plain.len(), list.len());
    for line in &plain {
        assert_eq!(
            group.get(line["from_code"].as_str()),
            Some(&line["to_code"].as_str()),
            "{}",
            line["from_code"]
        );
    }
    let classes: BTreeMap<String, String> =
        map("ho_offence").into_iter().map(|r| (r["from_code"].clone(), r["to_code"].clone())).collect();
    for line in map("ho_offence_group") {
        let offence = classes[&line["from_code"]].as_str();
        assert_eq!(group.get(offence), Some(&line["to_code"].as_str()), "{}", line["from_code"]);
    }
}
