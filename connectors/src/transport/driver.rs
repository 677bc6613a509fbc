//! Drives an asynchronous library from blocking code: one thread of its own, that ends with its last user.

use crate::codes::SERVER_AWAY;
use crate::transport::TransportError;
use std::sync::mpsc::{Receiver, sync_channel};
use tokio::runtime::{Builder, Runtime};

/// A small runtime. Waiting for it blocks the calling thread alone, whatever that thread belongs to.
pub(super) struct Driver(Option<Runtime>);

/// What a task gives when it ends.
pub(super) struct Later<T>(Receiver<T>);

impl Driver {
    pub(super) fn start() -> Result<Self, TransportError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("place").enable_all().build();
        runtime.map(|runtime| Self(Some(runtime))).map_err(|e| TransportError::from_io(SERVER_AWAY, &e))
    }

    /// Begins a task; its outcome waits to be fetched.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Later<T> {
        let (sender, receiver) = sync_channel(1);
        if let Some(runtime) = &self.0 {
            // Whoever no longer waits has let the outcome go.
            runtime.spawn(async move { drop(sender.send(task.await)) });
        }
        Later(receiver)
    }

    /// Runs a task to its end.
    pub(super) fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, TransportError>> + Send + 'static,
    ) -> Result<T, TransportError> {
        self.begin(task).get()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Not the runtime's own end, which would wait, and may not where other tasks run.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl<T> Later<Result<T, TransportError>> {
    /// Waits for the outcome.
    pub(super) fn get(self) -> Result<T, TransportError> {
        let gone = |_| TransportError::passing(SERVER_AWAY, "the connection's thread ended");
        self.0.recv().map_err(gone)?
    }
}
