//! A file of people, read and cleaned on all cores; its records stand in the order of their ids afterwards, so that no
//! answer depends on the order of rows.

use super::LinkError;
use super::columns::Columns;
use super::run::crew;
use csv::ByteRecord;
use lockgate_core::linkage::card::{Card, Deck, IDS, Raw, Reader};
use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// Rows that travel together to a core.
const BATCH: usize = 2048;

/// Record ids, end to end.
#[derive(Default)]
pub struct RecordIds {
    text: Vec<u8>,
    ends: Vec<u32>,
}

impl RecordIds {
    fn push(&mut self, id: &[u8]) {
        self.text.extend_from_slice(id);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    fn append(&mut self, other: &Self) {
        let shift = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.text.extend_from_slice(&other.text);
        self.ends.extend(other.ends.iter().map(|end| end.saturating_add(shift)));
    }

    /// The id of a record, by its place.
    pub fn get(&self, at: u32) -> &[u8] {
        let at = at as usize;
        let from = at.checked_sub(1).and_then(|n| self.ends.get(n)).copied().unwrap_or(0);
        let to = self.ends.get(at).copied().unwrap_or(from);
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The place of an id.
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        (0..self.len()).find(|at| self.get(*at) == id)
    }

    /// The order in which the ids stand sorted; `None` when they do already.
    fn order(&self) -> Option<Vec<u32>> {
        let all = 0..self.len();
        if all.clone().skip(1).all(|at| self.get(at - 1) <= self.get(at)) {
            return None;
        }
        let first = self.get(0);
        let shared = all.clone().map(|at| begin(first, self.get(at))).min().unwrap_or(0);
        // The eight bytes behind what all begin with decide nearly always.
        let key = |at: u32| {
            let mut key = [0; 8];
            key.iter_mut().zip(self.get(at).iter().skip(shared)).for_each(|(to, from)| *to = *from);
            u64::from_be_bytes(key)
        };
        let mut order: Vec<(u64, u32)> = all.map(|at| (key(at), at)).collect();
        order.sort_unstable_by(|(k, a), (l, b)| k.cmp(l).then_with(|| self.get(*a).cmp(self.get(*b))));
        Some(order.into_iter().map(|(_, at)| at).collect())
    }
}

/// How many bytes two ids begin with alike.
fn begin(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

/// The people of a file.
pub struct People {
    /// Their record ids, sorted.
    pub ids: RecordIds,
    /// Their cards, in an order of the deck's own that their cells and ids alone make.
    pub deck: Deck,
    /// The place of each card's id.
    place: Vec<u32>,
    /// Names of the sources, from number 1.
    pub sources: Vec<String>,
}

impl People {
    /// The record id of a card.
    pub fn id(&self, card: u32) -> &[u8] {
        self.ids.get(self.place_of(card))
    }

    /// The place of a card's id among all.
    pub fn place_of(&self, card: u32) -> u32 {
        self.place.get(card as usize).copied().unwrap_or(u32::MAX)
    }

    /// The card of a record id.
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        let at = self.ids.find(id)?;
        self.place.iter().position(|place| *place == at).and_then(|card| u32::try_from(card).ok())
    }

    /// For each record in the order of the ids, the place of its person's first id.
    pub fn persons(&self, person: &[u32]) -> Vec<u32> {
        let mut first: Vec<u32> = vec![u32::MAX; person.len()];
        for (person, place) in person.iter().zip(&self.place) {
            if let Some(least) = first.get_mut(*person as usize) {
                *least = (*least).min(*place);
            }
        }
        let mut out = vec![0; person.len()];
        for (person, place) in person.iter().zip(&self.place) {
            if let (Some(to), Some(first)) = (out.get_mut(*place as usize), first.get(*person as usize)) {
                *to = *first;
            }
        }
        out
    }

    /// Records that say too little to be linked: no name, or nothing beside it.
    pub fn bare(&self) -> usize {
        self.deck.cards.iter().filter(|card| card.is_bare()).count()
    }
}

/// What one core has read.
struct Part {
    deck: Deck,
    ids: RecordIds,
    sources: Vec<String>,
}

/// Sources of which each record is a person of its own: two records of one such source are never joined.
#[derive(Debug, Clone, Default)]
pub enum Unique {
    /// None.
    #[default]
    No,
    /// Each.
    All,
    /// Those named.
    Named(Vec<String>),
}

impl Unique {
    fn holds(&self, source: &str) -> bool {
        match self {
            Self::No => false,
            Self::All => true,
            Self::Named(names) => names.iter().any(|n| n == source),
        }
    }
}

/// Reads people. `this_year` bounds births.
pub fn read(
    mut csv: csv::Reader<impl Read + Send>,
    columns: &Columns,
    unique: &Unique,
    this_year: u32,
    cores: usize,
) -> Result<People, LinkError> {
    let mut parts: Vec<Part> = thread::scope(|scope| {
        let mut senders = Vec::new();
        let mut workers = Vec::new();
        for _ in 0..cores.max(1) {
            let (sender, receiver) = sync_channel::<(u64, Vec<ByteRecord>)>(4);
            senders.push(sender);
            workers.push(scope.spawn(move || clean(&receiver, columns, unique, this_year)));
        }
        let sent = send(&mut csv, &senders);
        drop(senders);
        let parts: Result<Vec<Part>, LinkError> =
            workers.into_iter().map(|w| w.join().unwrap_or(Err(LinkError::Broken))).collect();
        sent.and(parts)
    })?;
    let mut first = if parts.is_empty() { return Err(LinkError::Broken) } else { parts.remove(0) };
    for part in parts {
        merge(&mut first, part, cores);
    }
    let Part { deck, ids, sources } = first;
    let people = sorted(deck, &ids, sources, cores);
    match (1..people.ids.len()).find(|at| people.ids.get(at - 1) == people.ids.get(*at)) {
        Some(_) => Err(LinkError::SameRecordId),
        None => Ok(people),
    }
}

type Sender = std::sync::mpsc::SyncSender<(u64, Vec<ByteRecord>)>;

fn send(csv: &mut csv::Reader<impl Read>, senders: &[Sender]) -> Result<(), LinkError> {
    let mut row = 1;
    let mut turn = senders.iter().cycle();
    // Rows are about as long as each other: a new one has the room that the one before it took.
    let (mut bytes, mut cells) = (0, 0);
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        let start = row;
        while batch.len() < BATCH {
            let mut record = ByteRecord::with_capacity(bytes + 16, cells);
            row += 1;
            match csv.read_byte_record(&mut record) {
                Ok(true) => {
                    (bytes, cells) = (record.as_slice().len(), record.len());
                    batch.push(record);
                }
                Ok(false) => break,
                Err(error) => return Err(LinkError::from_csv(&error)),
            }
        }
        let last = batch.len() < BATCH;
        if let Some(sender) = turn.next()
            && !batch.is_empty()
            && sender.send((start, batch)).is_err()
        {
            // The core has stopped at a fault, which it tells itself.
            return Ok(());
        }
        if last {
            return Ok(());
        }
    }
}

/// A row, of which it is known once whether all of it is text; in cells that nobody reads there may stand what is none.
struct Row<'r> {
    cells: &'r ByteRecord,
    text: Option<&'r str>,
    number: u64,
}

impl<'r> Row<'r> {
    fn new(cells: &'r ByteRecord, number: u64) -> Self {
        Self { cells, text: std::str::from_utf8(cells.as_slice()).ok(), number }
    }

    fn get(&self, at: usize) -> Result<&'r str, LinkError> {
        let whole = self.text.zip(self.cells.range(at)).and_then(|(text, range)| text.get(range));
        let alone = || std::str::from_utf8(self.cells.get(at).unwrap_or_default());
        whole.map_or_else(alone, Ok).map_err(|_| LinkError::NotText(self.number))
    }
}

/// A cell; several columns of one field are joined.
fn cell<'r>(row: &Row<'r>, columns: &[usize], joined: &'r mut String) -> Result<&'r str, LinkError> {
    let get = |at: &usize| row.get(*at);
    match columns {
        [] => Ok(""),
        [one] => get(one),
        many => {
            joined.clear();
            for at in many {
                joined.push_str(get(at)?);
                joined.push(' ');
            }
            Ok(joined.trim())
        }
    }
}

fn clean(
    batches: &Receiver<(u64, Vec<ByteRecord>)>,
    columns: &Columns,
    unique: &Unique,
    this_year: u32,
) -> Result<Part, LinkError> {
    let mut reader = Reader::new(columns.kinds.clone(), this_year);
    let mut ids = RecordIds::default();
    let mut sources: Vec<String> = Vec::new();
    let mut joined: [String; 16] = Default::default();
    for (start, batch) in batches {
        for (record, number) in batch.iter().zip(start + 1..) {
            let row = Row::new(record, number);
            let [id, agency, fore, mid, sur, sex, dob, addr, post, sent, key, identifiers @ ..] = &mut joined;
            let get = |at: usize, into| cell(&row, columns.field(at), into);
            let id = get(0, id)?;
            if id.is_empty() {
                return Err(LinkError::EmptyRecordId(number));
            }
            let agency = get(1, agency)?;
            let key = get(10, key)?;
            let raw = Raw {
                forename: get(2, fore)?,
                middle: get(3, mid)?,
                surname: get(4, sur)?,
                sex: get(5, sex)?,
                birth: get(6, dob)?,
                address: get(7, addr)?,
                postcode: get(8, post)?,
                sentences: get(9, sent)?,
                source: source(&mut sources, agency),
                own: own(unique, agency, key, id),
                ids: &[],
            };
            let mut cells = [""; IDS];
            for ((to, columns), into) in cells.iter_mut().zip(columns.identifiers()).zip(identifiers) {
                *to = cell(&row, columns, into)?;
            }
            reader.add(&Raw { ids: &cells, ..raw });
            ids.push(id.as_bytes());
        }
    }
    Ok(Part { deck: reader.deck, ids, sources })
}

/// The source's own key of a person, as a number; 0 where the source may hold a person twice.
fn own(unique: &Unique, agency: &str, key: &str, id: &str) -> u32 {
    let of = |text: &str| {
        let hash = lockgate_core::linkage::words::hash(text.as_bytes());
        u32::try_from(hash >> 32).unwrap_or(0).max(1)
    };
    if !key.is_empty() {
        of(key)
    } else if unique.holds(agency) {
        of(id)
    } else {
        0
    }
}

fn source(sources: &mut Vec<String>, agency: &str) -> u16 {
    let found = sources.iter().position(|s| s == agency);
    let at = found.unwrap_or_else(|| {
        sources.push(agency.to_owned());
        sources.len() - 1
    });
    u16::try_from(at + 1).unwrap_or(u16::MAX)
}

fn merge(into: &mut Part, mut part: Part, cores: usize) {
    let numbers: Vec<u16> = part.sources.iter().map(|name| source(&mut into.sources, name)).collect();
    for card in &mut part.deck.cards {
        card.source = numbers.get(usize::from(card.source).saturating_sub(1)).copied().unwrap_or(0);
    }
    into.deck.absorb(part.deck, &crew(cores));
    into.ids.append(&part.ids);
}

/// Puts the ids into their order, and the cards into one in which likely pairs lie near each other: those that are as alike
/// in the order of their ids.
fn sorted(mut deck: Deck, ids: &RecordIds, sources: Vec<String>, cores: usize) -> People {
    let (mut order, mut keys) = (None, Vec::new());
    crew(cores)(&mut [&mut || order = ids.order(), &mut || keys = deck.likeness()]);
    let order = order.unwrap_or_else(|| (0..ids.len()).collect());
    let key = |at: u32| keys.get(at as usize).copied().unwrap_or(0);
    let mut alike: Vec<(u64, u32)> = order.iter().zip(0..).map(|(at, place)| (key(*at), place)).collect();
    alike.sort_unstable();
    let place: Vec<u32> = alike.into_iter().map(|(_, place)| place).collect();
    let card = |place: &u32| deck.card(*order.get(*place as usize)?).copied();
    let cards: Vec<Card> = place.iter().filter_map(card).collect();
    let mut all =
        RecordIds { text: Vec::with_capacity(ids.text.len()), ends: Vec::with_capacity(ids.ends.len()) };
    order.iter().for_each(|at| all.push(ids.get(*at)));
    deck.cards = cards;
    People { ids: all, deck, place, sources }
}
