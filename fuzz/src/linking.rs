//! The bodies of `lockgate link`: any file of people, and any model file.

use crate::{known, sign};
use lockgate::link::{LinkError, in_memory};
use lockgate_core::linkage::model::{Model, Plain};

/// The year of the file.
const YEAR: u32 = 2026;

/// A file of people. Every record gets a person who is one of the records, the first of its own; the rows in another
/// order give the same persons; what is said of a file that cannot be linked quotes nothing of it.
pub fn people(data: &[u8]) -> u64 {
    match in_memory(data, &[], YEAR) {
        Ok(persons) => {
            assert!(
                persons.iter().all(|[record, person]| person <= record),
                "a person is not its first record"
            );
            assert!(
                persons.iter().all(|[_, p]| persons.iter().any(|[r, q]| r == p && q == p)),
                "no such person"
            );
            let joined = persons.iter().filter(|[record, person]| record != person).count();
            sign((persons.len().min(9), joined.min(9)))
        }
        Err(error) => {
            let problem = error.problem();
            known(problem.code);
            // A column's name comes from the user's own words.
            sign((problem.code, matches!(error, LinkError::NoColumn(_))))
        }
    }
}

/// Files of people: each field, several values in a cell, and look-alikes.
pub fn people_seeds() -> Vec<Vec<u8>> {
    let header = "record_id,agency,forename,middle_name,surname,sex,dob,address,postcode,pnc,noms,crn\n";
    let rows = "1,a,Testy,Ann,O'Sample,F,1985-09-03,1 Example Road,LS9 7AA,2004/0031877J,A7341CD,X204118\n\
        2,b,TESTY,A,Osample;Test,2,03/09/1985,Flat 2 1 Example Rd,ls97aa,04/31877J,,\n\
        3,b,Sample,,Testy,,1985,NFA,NF1 1NF,X204118,,A7341CD\n\
        4,a,Testee,,Sample-Test Jnr,M,1900-01-01;1985-09-30,,,,A7341CE,\n";
    let few = "record_id,surname,dob\n1,Sample,1981-02-14\n2,Sampel,1981-02-14\n";
    vec![
        format!("{header}{rows}").into_bytes(),
        few.as_bytes().to_vec(),
        format!("\u{feff}{few}\n3,\"Sam\nple\",\n").into_bytes(),
    ]
}

/// A model file: what is taken comes back as it was, and gives weights that are numbers.
pub fn model(data: &[u8]) -> u64 {
    let Ok(plain) = serde_json::from_slice::<Plain>(data) else { return 0 };
    match Model::read(plain.clone(), &["pnc".to_owned()]) {
        Ok(model) => {
            assert!(model.plain == plain, "a model does not come back");
            assert!(serde_json::to_vec(&model.plain).is_ok(), "a model cannot be written");
            1
        }
        Err(bad) => sign(format!("{bad:?}")),
    }
}

/// The model that is shipped.
pub fn model_seeds() -> Vec<Vec<u8>> {
    let of = |ids: &[String]| serde_json::to_vec(&Model::shipped(ids).plain).unwrap_or_default();
    vec![of(&["pnc".to_owned()]), of(&[])]
}
