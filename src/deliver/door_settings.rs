//! Whether what `lockgate.toml` says of recipients' doors can be meant.

use crate::config::Settings;
use lockgate_core::problem::Problem;
use std::ops::Range;

/// What is wrong with the doors: a place that is not listed, two doors at once, an ending that is none.
pub fn check(settings: &Settings) -> Vec<Problem> {
    let mut out = Vec::new();
    let mut problem = |code, what: String, at: Range<usize>, near: Option<&str>| {
        let problem = Problem::new(code, what).in_config("lockgate.toml", at);
        let places = settings.place.keys().map(|name| name.get_ref().as_str());
        out.push(match near {
            Some(word) => problem.suggest(word, places),
            None => problem,
        });
    };
    for (partner, recipient) in &settings.recipient {
        let partner = partner.get_ref();
        for place in [&recipient.door, &recipient.forms].into_iter().flatten() {
            let name = place.get_ref();
            if !settings.place.contains_key(name.as_str()) {
                let what = format!("`{partner}` names the place `{name}`, which is not listed");
                problem("LG0103", what, place.span(), Some(name));
            }
        }
        if let Some(door) = &recipient.door
            && settings.place.get(door.get_ref().as_str()).is_some_and(|place| place.https.is_some())
        {
            let what =
                format!("the door of `{partner}` is a folder behind HTTPS, from which is only collected");
            problem("LG2609", what, door.span(), None);
        }
        if let (Some(door), Some(_)) = (&recipient.door, &recipient.push) {
            let what = format!("`{partner}` has a place and a receiver: bundles go one way");
            problem("LG2609", what, door.span(), None);
        }
        if let Some(marker) = &recipient.marker {
            let ending = marker.get_ref();
            let plain = ending.len() > 1
                && ending.len() <= 12
                && ending.starts_with('.')
                && ending.bytes().skip(1).all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            if !plain || ending == ".sig" || recipient.door.is_none() {
                let what =
                    format!("the marker of `{partner}` is an ending such as `.done`, and needs a `door`");
                problem("LG2609", what, marker.span(), None);
            }
        }
    }
    out
}
