//! The bodies of what comes back from recipients: return forms, and checkpoints that somebody kept.

use crate::{known, sign};
use jiff::civil::date;
use lockgate::receipt::read_form;
use lockgate_core::ledger::checkpoint::{Checkpoint, Note};
use lockgate_core::receipt::Unread;

/// A return form. What reads has lines in the order of the file, and an answer lies within its days.
pub fn receipts(data: &[u8]) -> u64 {
    let (sent, today) = (date(2008, 11, 17), date(2008, 11, 24));
    match read_form(data) {
        Ok(lines) => {
            assert!(lines.windows(2).all(|pair| matches!(pair, [a, b] if a.0 <= b.0)), "lines out of order");
            let mut kinds = Vec::new();
            for (_, line) in &lines {
                let answer = line.answer(sent, today);
                if let Ok(answer) = &answer {
                    assert!((sent..=today).contains(&answer.on) && !answer.by.is_empty() && !line.open());
                }
                kinds.push((line.open(), answer.map(|a| a.done).map_err(Unread::words)));
            }
            kinds.sort_unstable();
            kinds.dedup();
            sign((lines.len().min(9), kinds))
        }
        Err(problem) => {
            known(problem.code);
            sign(problem.what.split_whitespace().take(4).collect::<String>())
        }
    }
}

/// Forms as recipients fill them in.
pub fn receipts_seeds() -> Vec<Vec<u8>> {
    let header =
        "bundle,action,table,record_id,record_version,what_to_do,clause,due_by,done,done_on,done_by,remark";
    let lines = "b,1,,,,confirm receipt,7.5,2008-11-24,yes,24/11/2008,officer-1,\r\n\
        b,2,prison_release,0a1b,2,replace your copy,6.1,2008-11-24,,,,\r\n\
        b,3,tenancy,0a1c,3,destroy your copy,5.5.1,2008-11-24,no,2008-11-20,officer-1,\"later, \"\"perhaps\"\"\"\r\n";
    let csv = format!("{header}\r\n{lines}");
    let json = r#"[{"bundle": "b", "action": 1, "done": true, "done_on": "2008-11-20", "done_by": "officer-1"}, {"bundle": "b", "action": "2"}]"#;
    vec![
        csv.clone().into_bytes(),
        format!("\u{feff}{}", csv.replace(',', ";")).into_bytes(),
        csv.replace("later", "caf\u{e9}")
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
            .collect(),
        json.as_bytes().to_vec(),
        b"PK\x03\x04".to_vec(),
    ]
}

/// A checkpoint or a note. What reads is written again in the same bytes.
pub fn checkpoint(data: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(data) else { return 0 };
    let (note, checkpoint) = (Note::parse(text), Checkpoint::parse(text));
    if let Some(note) = &note {
        assert_eq!(note.to_text(), text, "a note is written otherwise than it was read");
    }
    if let Some(checkpoint) = &checkpoint {
        assert!(text.starts_with(&checkpoint.text()), "a checkpoint is written otherwise than it was read");
    }
    let inner = note.as_ref().and_then(|n| Checkpoint::parse(&n.text));
    sign((note.map(|n| n.signatures.len().min(4)), checkpoint.map(|c| c.size.min(3)), inner.is_some()))
}

/// A checkpoint, and one that is signed.
pub fn checkpoint_seeds() -> Vec<Vec<u8>> {
    let text = "lockgate/leeds-iom\n3063\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n";
    let note = format!("{text}\n\u{2014} gateway@leeds-iom AQIDBAcHBwcHBwcHBwcHBwcHBwc=\n");
    vec![text.as_bytes().to_vec(), note.into_bytes()]
}
