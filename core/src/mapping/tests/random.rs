//! Whatever the cells hold: no panic, one outcome, and the count accounts for every row.

use super::*;
use crate::check::Tally;
use proptest::prelude::*;

fn cell() -> impl Strategy<Value = (String, CellKind)> {
    let text = prop_oneof![
        3 => proptest::sample::select(alloc::vec![
            "", " ", "-", "A7341CD", "V74111", "2004/0031877J", "2004/0031877Z", "004410/04U", "14/02/1981", "31/02/1981",
            "20/11/2008", "M", "Z", "TAP", "EL", "N", "X", "D", "LS9 7ZZ", "NF1 1NF", "true", "1.00023E+11", "39772.5",
            "2008-11-05T11:48:36", "99999999999999999999", "-1", "ß", "a;b", ";", "HARGREAVES, Con",
        ]).prop_map(String::from),
        1 => ".{0,40}",
    ];
    let kind = proptest::sample::select(alloc::vec![
        CellKind::Text,
        CellKind::Text,
        CellKind::Text,
        CellKind::Number,
        CellKind::Date,
        CellKind::Bool,
        CellKind::Absent,
        CellKind::Error,
    ]);
    (text, kind)
}

proptest! {
    #[test]
    fn every_row_has_one_outcome(rows in proptest::collection::vec(proptest::collection::vec(cell(), 0..24), 1..12)) {
        let m = releases();
        let bound = crate::mapping::Bound::direct(&m);
        let mut scratch = Scratch::new();
        let mut tally = Tally::default();
        for cells in &rows {
            let mut row = RowBuf::new();
            row.start(1);
            for (text, kind) in cells {
                row.push_kind(text, *kind);
            }
            let outcome = bound.map(&row, &keys(), DAY, &mut scratch);
            tally.count(&outcome);
            if let Outcome::Refused(faults) = &outcome {
                prop_assert!(!faults.is_empty() && faults.len() <= 8);
            }
            // A used scratch gives what a new one gives.
            let again = bound.map(&row, &keys(), DAY, &mut Scratch::new());
            prop_assert_eq!(show(&m, &outcome), show(&m, &again));
        }
        prop_assert_eq!(tally.read, rows.len() as u64);
        prop_assert!(tally.balances());
    }

    #[test]
    fn a_random_header_never_binds_wrongly(header in proptest::collection::vec("[A-Z a-z]{0,12}", 0..30)) {
        prop_assert!(releases().bind(&header).is_err());
    }
}
