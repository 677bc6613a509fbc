//! A bucket of an object store that speaks S3. What it shows is whole: an object appears with its last byte.

mod options;

use crate::codes::{
    CROWDED, FAR_REFUSED, FILE_TOO_LARGE, FILE_UNREADABLE, NAME_REFUSED, SERVER_AWAY, SIGN_IN, TIMED_OUT,
};
use crate::limits::{Capped, Limits};
use crate::options::Options;
use crate::transport::driver::Driver;
use crate::transport::look::{self, Look, MARKER, Seen};
use crate::transport::pace::Paced;
use crate::transport::parcel::{self, Parcel};
use crate::transport::{Arrival, Listed, Transport, TransportError, TransportKind};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use lockgate_core::problem::Problem;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{
    ClientOptions, Error, ObjectStore as _, ObjectStoreExt as _, PutMode, PutPayload, RetryConfig,
};
use options::Far;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The line of this transport in the list.
pub(crate) const KIND: TransportKind = TransportKind {
    name: "object_store",
    summary: "a bucket of an object store that speaks S3",
    options: options::OPTIONS,
    open: build,
};

/// Names that one look at a bucket reads.
const MOST_NAMES: usize = 50_000;

/// Bytes of one delivery: it is one request, held in memory. Only such a request can refuse to overwrite.
const MOST_BYTES: u64 = 512 << 20;

/// Bytes a second that a delivery makes at least, over and above the time-out.
const SLOWEST: u64 = 64 << 10;

struct Bucket {
    far: Arc<Far>,
    /// The client, once it was needed.
    client: Mutex<Option<Client>>,
}

#[derive(Clone)]
struct Client {
    driver: Arc<Driver>,
    store: Arc<AmazonS3>,
    timeout: Duration,
}

fn build(options: &Options, base: &Path, limits: &Limits) -> Result<Box<dyn Transport>, Problem> {
    let far = Arc::new(Far::read(options, base, limits)?);
    Ok(Box::new(Bucket { far, client: Mutex::new(None) }))
}

impl Client {
    fn open(far: &Far) -> Result<Self, TransportError> {
        let retry = RetryConfig { max_retries: 2, retry_timeout: far.timeout, ..RetryConfig::default() };
        let builder = AmazonS3Builder::new()
            .with_endpoint(far.endpoint.as_str())
            // The options let it through for this machine alone.
            .with_allow_http(far.endpoint.starts_with("http://"))
            .with_bucket_name(far.bucket.as_str())
            .with_region(far.region.as_str())
            .with_access_key_id(far.key_id.word()?)
            .with_secret_access_key(far.secret.word()?)
            .with_retry(retry)
            // How long a delivery may take depends on its size: see `within`.
            .with_client_options(
                ClientOptions::new()
                    .with_timeout_disabled()
                    .with_connect_timeout(far.timeout)
                    .with_allow_http(far.endpoint.starts_with("http://")),
            );
        let store = builder.build().map_err(|e| fault("making the client", &e))?;
        Ok(Self { driver: Arc::new(Driver::start()?), store: Arc::new(store), timeout: far.timeout })
    }

    /// Runs a request; one that is not answered in time is given up.
    fn within<T: Send + 'static>(
        &self,
        time: Duration,
        request: impl Future<Output = Result<T, TransportError>> + Send + 'static,
    ) -> Result<T, TransportError> {
        self.driver.run(async move {
            tokio::time::timeout(time, request).await.unwrap_or_else(|_| {
                Err(TransportError::passing(TIMED_OUT, "the store did not answer in time"))
            })
        })
    }

    /// The size of what lies under a key; none where nothing does.
    fn size(&self, key: &Key) -> Result<Option<u64>, TransportError> {
        let (store, key) = (self.store.clone(), key.clone());
        self.within(self.timeout, async move {
            match store.head(&key).await {
                Ok(about) => Ok(Some(about.size)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(e) => Err(fault("looking at a file", &e)),
            }
        })
    }

    fn reader(&self, key: &Key) -> Result<Stream, TransportError> {
        let (store, key) = (self.store.clone(), key.clone());
        let pieces = self.within(self.timeout, async move {
            let got = store.get(&key).await.map_err(|e| fault("opening a file", &e))?;
            Ok(got.into_stream().map(|piece| piece.map(|bytes| bytes.to_vec())).boxed())
        })?;
        Ok(Stream { client: self.clone(), pieces: Some(pieces), piece: Vec::new(), at: 0 })
    }

    /// Whether the bytes under a key are those of the parcel; an error when they are not.
    fn same(&self, parcel: &Parcel, key: &Key, size: u64) -> Result<Arrival, TransportError> {
        if size != parcel.bytes() {
            return Err(parcel::other());
        }
        let read =
            parcel::digest(Paced::new(self.reader(key)?, self.timeout)).map_err(|e| from_reading(&e))?;
        if read == (parcel.digest(size)?, size) { Ok(Arrival::Known) } else { Err(parcel::other()) }
    }

    /// Puts the parcel where nothing lies; `false` where something does by now.
    fn create(&self, parcel: &Parcel, key: &Key) -> Result<bool, TransportError> {
        let mut bytes = Vec::new();
        let read = parcel.from(0)?.read_to_end(&mut bytes);
        let read = read.map_err(|e| TransportError::from_io(FILE_UNREADABLE, &e))?;
        if read as u64 != parcel.bytes() {
            return Err(TransportError::passing(FAR_REFUSED, "the file changed while it was sent"));
        }
        let time = self.timeout + Duration::from_secs(parcel.bytes() / SLOWEST);
        let (store, key) = (self.store.clone(), key.clone());
        self.within(time, async move {
            match store.put_opts(&key, PutPayload::from(bytes), PutMode::Create.into()).await {
                Ok(_) => Ok(true),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
                Err(e) => Err(fault("putting a delivery", &e)),
            }
        })
    }
}

impl Bucket {
    fn client(&self) -> Result<Client, TransportError> {
        let mut held = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(client) => Ok(client.clone()),
            None => Ok(held.insert(Client::open(&self.far)?).clone()),
        }
    }

    fn key(&self, name: &str) -> Result<Key, TransportError> {
        let refused = || TransportError::lasting(NAME_REFUSED, "the name is not a plain file name");
        self.far.key(name).ok_or_else(refused)
    }

    fn look(&self) -> Result<Look<()>, TransportError> {
        let client = self.client()?;
        let (store, far, time) = (client.store.clone(), self.far.clone(), client.timeout);
        client.driver.run(async move {
            let prefix = far.prefix();
            let (mut stream, mut look, mut read) = (store.list(prefix.as_ref()), Look::new(), 0);
            loop {
                let silent = |_| TransportError::passing(TIMED_OUT, "the store did not answer in time");
                let next = tokio::time::timeout(time, stream.next()).await.map_err(silent)?;
                let Some(about) = next.transpose().map_err(|e| fault("listing the bucket", &e))? else {
                    break;
                };
                read += 1;
                if read > MOST_NAMES {
                    let what = format!("the bucket holds more than {MOST_NAMES} names below the prefix");
                    return Err(TransportError::lasting(CROWDED, &what));
                }
                let seen = Seen { bytes: about.size, changed: None, stamp: None };
                let name = far.name(&about.location).filter(|name| look::counts(name));
                look.extend(name.map(|name| (name.to_owned(), seen)));
            }
            Ok(look)
        })
    }
}

impl Transport for Bucket {
    fn list(&self) -> Result<Vec<Listed>, TransportError> {
        // What a store shows has all its bytes, so nothing has to be looked at twice.
        self.far.settling.list(&self.look()?, |_| true, || Ok(Look::new()))
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, TransportError> {
        look::allowed(name)?;
        let (key, most) = (self.key(name)?, self.far.limits.file_bytes);
        let client = self.client()?;
        match client.size(&key)? {
            None => Err(TransportError::lasting(FILE_UNREADABLE, "the file is not there")),
            Some(bytes) if bytes > most => {
                let what = format!("the file is larger than {most} bytes");
                Err(TransportError::lasting(FILE_TOO_LARGE, &what))
            }
            Some(_) => {
                let reader = Paced::new(client.reader(&key)?, client.timeout);
                Ok(Box::new(Capped::new(reader, most)))
            }
        }
    }

    fn put(&self, local: &Path, name: &str) -> Result<Arrival, TransportError> {
        look::allowed_to_put(name, MARKER)?;
        let (key, parcel) = (self.key(name)?, Parcel::open(local)?);
        if parcel.bytes() > MOST_BYTES {
            let what = format!("a delivery to an object store has {MOST_BYTES} bytes at most");
            return Err(TransportError::lasting(FILE_TOO_LARGE, &what));
        }
        let client = self.client()?;
        if let Some(size) = client.size(&key)? {
            return client.same(&parcel, &key, size);
        }
        if client.create(&parcel, &key)? {
            return Ok(Arrival::Sent);
        }
        // Somebody was quicker, or the answer to an earlier try was lost.
        let gone = || {
            TransportError::passing(FAR_REFUSED, "the store shows nothing under a name that it calls taken")
        };
        let size = client.size(&key)?.ok_or_else(gone)?;
        client.same(&parcel, &key, size)
    }

    /// A store keeps nothing that is half put.
    fn sweep(&self) -> Result<usize, TransportError> {
        Ok(0)
    }

    fn ready(&self) -> Result<(), TransportError> {
        self.far.key_id.word().and_then(|_| self.far.secret.word()).map(drop)
    }
}

/// Reads an object piece by piece.
struct Stream {
    client: Client,
    pieces: Option<BoxStream<'static, object_store::Result<Vec<u8>>>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() && !buf.is_empty() {
            let Some(mut pieces) = self.pieces.take() else { return Ok(0) };
            let next = self.client.within(self.client.timeout, async move {
                let piece = pieces.next().await.transpose().map_err(|e| fault("reading", &e))?;
                Ok(piece.map(|piece| (pieces, piece)))
            });
            let Some((pieces, piece)) = next.map_err(io::Error::other)? else { return Ok(0) };
            (self.pieces, self.piece, self.at) = (Some(pieces), piece, 0);
        }
        let left = self.piece.get(self.at..).unwrap_or_default();
        let read = left.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..read), left.get(..read)) {
            to.copy_from_slice(from);
        }
        self.at += read;
        Ok(read)
    }
}

/// What an error of the library means. Its own text is not repeated: it holds names and what the store likes to say.
fn fault(doing: &str, error: &Error) -> TransportError {
    match error {
        Error::NotFound { .. } => {
            TransportError::lasting(FAR_REFUSED, &format!("there is no such file or bucket: {doing}"))
        }
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => TransportError::lasting(
            SIGN_IN,
            &format!("the store refuses the key, or what it may do: {doing}"),
        ),
        Error::NotSupported { .. } | Error::NotImplemented { .. } | Error::InvalidPath { .. } => {
            TransportError::lasting(FAR_REFUSED, &format!("the store does not know how: {doing}"))
        }
        // The library has no kind of its own for it.
        other if says(other, "NoSuchBucket") => {
            TransportError::lasting(FAR_REFUSED, &format!("there is no such bucket: {doing}"))
        }
        _ => {
            TransportError::passing(SERVER_AWAY, &format!("the store does not answer as it should: {doing}"))
        }
    }
}

/// Whether an error, or one that it comes from, has a word of the store's.
fn says(error: &Error, word: &str) -> bool {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |e| e.source()).any(|e| e.to_string().contains(word))
}

/// The error of a read that [`Stream`] gave.
fn from_reading(error: &io::Error) -> TransportError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<TransportError>());
    inner.cloned().unwrap_or_else(|| TransportError::from_io(FAR_REFUSED, error))
}
