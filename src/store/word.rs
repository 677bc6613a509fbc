//! The words that stand in what recipients hold, under numbers that they keep for ever.

use super::db::Conn;
use super::either;
use super::error::StoreError;
use super::ids::count;
use super::{Store, sql};
use lockgate_core::bundle::Lexicon;
use std::collections::BTreeSet;

impl Store {
    /// All words. What is packed with them can be read with them, and with any that are learned later.
    pub async fn lexicon(&self) -> Result<Lexicon, StoreError> {
        lexicon(read(&mut self.read.acquire().await?).await?)
    }

    /// The same, once these are among them.
    pub async fn learn(&self, words: &BTreeSet<&str>) -> Result<Lexicon, StoreError> {
        // Nobody else writes.
        let mut known = read(&mut self.read.acquire().await?).await?;
        let next = known.iter().map(|(id, _)| *id).max().unwrap_or(0) + 1;
        let there: BTreeSet<&str> = known.iter().map(|(_, word)| word.as_str()).collect();
        let new: Vec<(i64, String)> =
            (next..).zip(words.difference(&there).map(|word| (*word).to_owned())).collect();
        if !new.is_empty() {
            let mut tx = self.begin().await?;
            for (id, word) in &new {
                either::query(sql::WORD_ADD).bind(*id).bind(word.clone()).execute(&mut *tx).await?;
            }
            tx.commit().await?;
        }
        known.extend(new);
        lexicon(known)
    }
}

async fn read(connection: &mut Conn) -> Result<Vec<(i64, String)>, StoreError> {
    either::query_as(sql::WORDS).fetch_all(connection).await
}

fn lexicon(words: Vec<(i64, String)>) -> Result<Lexicon, StoreError> {
    let numbered = words.into_iter().map(|(id, word)| Ok((count(id, "word")?, word)));
    Ok(Lexicon::of(numbered.collect::<Result<Vec<_>, StoreError>>()?))
}
