//! What may lie, or no longer lie, at the places of a night that nobody watches.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use std::fs;
use support::small::{World, small};
use support::{Deployment, RECIPIENTS};

/// Names in the folder of many: as many as a test may make without being slow.
const MANY: u32 = 20_000;

fn put_day(deployment: &Deployment, world: &mut World) -> String {
    let day = world.day().to_string();
    for file in world.next_day() {
        file.put(deployment, "");
    }
    day
}

/// A feed's folder is gone, or is no folder: said with its code, everybody else's night goes on, and what came meanwhile is taken when
/// it is back.
#[test]
fn a_feeds_folder_that_vanished_stops_no_other_feed_and_is_taken_up_when_it_is_back() {
    let (deployment, whole) = (small(), small());
    let (mut world, mut same) = (World::new(3, 12), World::new(3, 12));
    for _ in 0..3 {
        let day = put_day(&whole, &mut same);
        whole.night(&day);
    }
    let (place, away) = (deployment.path("fixtures/hmps"), deployment.path("away"));
    let first = put_day(&deployment, &mut world);
    fs::rename(&place, &away).unwrap();
    let said = deployment.night(&first);
    assert!(said.err.contains("LG1002") && said.err.contains("does not answer"), "{}", said.err);
    assert_eq!(said.feed("wyp-custody")["state"], "accepted");
    // A file of that name is no folder either.
    fs::write(&place, b"not a folder").unwrap();
    fs::rename(&away, deployment.path("kept")).unwrap();
    let second = world.day().to_string();
    let files = world.next_day();
    for file in files.iter().filter(|f| f.place != "hmps") {
        file.put(&deployment, "");
    }
    let said = deployment.night(&second);
    assert!(said.err.contains("does not answer"), "{}", said.err);
    fs::remove_file(&place).unwrap();
    fs::rename(deployment.path("kept"), &place).unwrap();
    for file in files.iter().filter(|f| f.place == "hmps") {
        file.put(&deployment, "");
    }
    let third = put_day(&deployment, &mut world);
    let said = deployment.night(&third);
    assert!(!said.err.contains("does not answer"), "{}", said.err);
    for recipient in RECIPIENTS {
        let says = |d: &Deployment| -> Vec<_> {
            d.replica(recipient).rows.into_iter().map(|(record, row)| (record, row.says())).collect()
        };
        assert!(says(&deployment) == says(&whole), "{recipient} holds something else");
    }
}

/// Very many small files in a feed's folder: as many again that are no feed's, and copies of one under other names. Each is read for its
/// digest and taken for what it is; none is read twice as a new one.
#[test]
fn very_many_small_files_in_a_folder_are_passed_over() {
    let deployment = small();
    let mut world = World::new(4, 12);
    let day = world.day().to_string();
    let files = world.next_day();
    for file in &files {
        file.put(&deployment, "");
    }
    let custody = files.iter().find(|f| f.stem == "CUSTODY").unwrap();
    for n in 0..MANY {
        fs::write(deployment.path("fixtures/wyp").join(format!("{n}.tmp.csv")), b"x").unwrap();
        if n % 10 == 0 {
            custody.put(&deployment, &format!("_{n}"));
        }
    }
    let said = deployment.night(&day);
    assert_eq!(said.feed("wyp-custody")["state"], "accepted");
    let states = said.json()["feeds"].as_array().unwrap().len();
    assert!(states <= 4, "{states} lines of three feeds");
    let again = deployment.night(&day);
    assert_eq!(again.feed("wyp-custody")["state"], "nothing new");
}
