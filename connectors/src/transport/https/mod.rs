//! A folder behind HTTPS: one file in it names the others, and they are fetched. Nothing can be put there.
//!
//! Each request is on a connection of its own, and its answer leads nowhere else: what is not 200 is no file. The address may be one
//! of an inner network, since whoever runs the gateway has chosen it; what the server names is taken for names in this folder alone.

mod options;
mod wire;

use crate::codes::{CROWDED, FAR_REFUSED, FILE_TOO_LARGE, FILE_UNREADABLE};
use crate::limits::{Capped, Limits, OverCap};
use crate::options::Options;
use crate::transport::driver::Driver;
use crate::transport::look::{self, Look, MARKER, Seen};
use crate::transport::pace::Paced;
use crate::transport::parcel::Parcel;
use crate::transport::{Arrival, Listed, Transport, TransportError, TransportKind};
use hyper::{HeaderMap, Method, header};
use lockgate_core::hash::Digest;
use lockgate_core::problem::Problem;
use options::Far;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use wire::{Answer, Wire};

/// The line of this transport in the list.
pub(crate) const KIND: TransportKind = TransportKind {
    name: "https",
    summary: "a folder behind HTTPS, from which feeds are collected",
    options: options::OPTIONS,
    open: build,
};

/// Names that a list may hold: each that counts is asked about.
const MOST_NAMES: usize = 2_000;
/// Bytes of a list.
const LIST_BYTES: u64 = 1 << 20;

struct Web {
    far: Arc<Far>,
    /// What speaks to the server, once it was needed.
    wire: Mutex<Option<Wire>>,
}

fn build(options: &Options, base: &Path, limits: &Limits) -> Result<Box<dyn Transport>, Problem> {
    let far = Arc::new(Far::read(options, base, limits)?);
    Ok(Box::new(Web { far, wire: Mutex::new(None) }))
}

impl Web {
    fn wire(&self) -> Result<Wire, TransportError> {
        let mut wire = self.wire.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wire) = &*wire {
            return Ok(wire.clone());
        }
        let made = Wire::open(Arc::clone(&self.far), Arc::new(Driver::start()?))?;
        Ok(wire.insert(made).clone())
    }

    fn get(&self, name: &str, most: u64) -> Result<impl Read + Send + use<>, TransportError> {
        let answer = self.wire()?.ask(Method::GET, name)?.ok_or_else(gone)?;
        whole(&answer.headers)?;
        if answer.length.is_some_and(|bytes| bytes > most) {
            return Err(too_large(most));
        }
        let timeout = self.far.timeout;
        Ok(Capped::new(Paced::new(answer.body(), timeout), most))
    }

    fn names(&self) -> Result<Vec<String>, TransportError> {
        let mut text = String::new();
        let mut list = self.get(&self.far.list, LIST_BYTES)?;
        list.read_to_string(&mut text).map_err(|error| match error.get_ref() {
            Some(inner) if inner.is::<OverCap>() => too_large(LIST_BYTES),
            Some(inner) => inner
                .downcast_ref::<TransportError>()
                .cloned()
                .unwrap_or_else(|| TransportError::passing(FAR_REFUSED, "the list of files broke off")),
            None => TransportError::lasting(FAR_REFUSED, "the list of files is no UTF-8"),
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut names: Vec<String> = text.lines().map(str::trim).map(str::to_owned).collect();
        names.retain(|name| look::counts(name) && *name != self.far.list);
        names.sort_unstable();
        names.dedup();
        if names.len() > MOST_NAMES {
            let what = format!("the list holds more than {MOST_NAMES} names");
            return Err(TransportError::lasting(CROWDED, &what));
        }
        Ok(names)
    }

    /// Sizes and times of change of the files that the list names; one that is not there is none.
    fn look(&self) -> Result<Look<Digest>, TransportError> {
        let (mut look, wire) = (Look::new(), self.wire()?);
        for name in self.names()? {
            if name.ends_with(MARKER) {
                look.insert(name, Seen { bytes: 0, changed: None, stamp: None });
                continue;
            }
            let Some(Answer { headers, length, .. }) = wire.ask(Method::HEAD, &name)? else { continue };
            let unsized_ =
                || TransportError::lasting(FAR_REFUSED, "the server does not say how long a file is");
            let seen = Seen { bytes: length.ok_or_else(unsized_)?, changed: changed(&headers), stamp: None };
            look.insert(name, seen);
        }
        Ok(look)
    }
}

impl Transport for Web {
    fn list(&self) -> Result<Vec<Listed>, TransportError> {
        self.far.settling.list(&self.look()?, |_| self.far.settling.pause.is_zero(), || self.look())
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, TransportError> {
        look::allowed(name)?;
        Ok(Box::new(self.get(name, self.far.limits.file_bytes)?))
    }

    fn put(&self, local: &Path, name: &str) -> Result<Arrival, TransportError> {
        look::allowed_to_put(name, MARKER)?;
        Parcel::open(local)?;
        Err(TransportError::lasting(FAR_REFUSED, "nothing can be delivered to a place of HTTPS"))
    }

    fn sweep(&self) -> Result<usize, TransportError> {
        Ok(0)
    }

    fn ready(&self) -> Result<(), TransportError> {
        wire::key(&self.far)?;
        wire::trust(&self.far).map(drop)
    }
}

/// What tells whether a file changed: the tag and the time that the server gives it.
fn changed(headers: &HeaderMap) -> Option<Digest> {
    let said = |name| headers.get(name).map(hyper::header::HeaderValue::as_bytes).unwrap_or_default();
    let both = [said(header::ETAG), said(header::LAST_MODIFIED)].join(&b'\n');
    (both.len() > 1).then(|| Digest::of(&both))
}

/// Refuses an answer of which a part could be missing unseen, or that is not the file's own bytes.
fn whole(headers: &HeaderMap) -> Result<(), TransportError> {
    let framed =
        headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING);
    let packed = headers.get(header::CONTENT_ENCODING).is_some_and(|how| how != "identity");
    if framed && !packed {
        return Ok(());
    }
    Err(TransportError::lasting(FAR_REFUSED, "the server packs a file, or does not say where it ends"))
}

fn gone() -> TransportError {
    TransportError::lasting(FILE_UNREADABLE, "the file is not there")
}

fn too_large(most: u64) -> TransportError {
    TransportError::lasting(FILE_TOO_LARGE, &format!("the file is larger than {most} bytes"))
}
