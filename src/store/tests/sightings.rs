//! Files as they were last seen: replaced by name, and told only while their bytes are known.

use super::*;

on_both! { a_sighting_is_told_while_the_bytes_are_known_of_its_feed }

fn seen(name: u128, stamp: &[u8], file: &FileOutcome) -> Sighting {
    Sighting { name, stamp: Digest::of(stamp), digest: file.digest }
}

async fn a_sighting_is_told_while_the_bytes_are_known_of_its_feed() {
    let (_folder, store, run) = fresh().await;
    let (known, unknown) = (outcome("releases", 17), outcome("releases", 18));
    accept(&store, &run, 17, 1, 1).await;
    store.put_sightings("releases", &[seen(1, b"a", &known), seen(2, b"b", &unknown)]).await.unwrap();
    store.put_sightings("tags", &[seen(3, b"c", &known)]).await.unwrap();
    let told = store.sightings(&[1, 2, 3, 4]).await.unwrap();
    assert_eq!(told.into_iter().collect::<Vec<_>>(), [(1, Digest::of(b"a"))]);
    store.put_sightings("releases", &[seen(1, b"d", &known)]).await.unwrap();
    assert_eq!(store.sightings(&[1]).await.unwrap().get(&1), Some(&Digest::of(b"d")));
    assert!(
        store.knows_size("releases", 1_234).await.unwrap() && !store.knows_size("tags", 1_234).await.unwrap()
    );
}
