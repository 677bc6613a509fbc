//! One `serve` keeps the time of a store in a folder: a second would run the same nights, and say everything twice.

use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::vault::private_folder;
use anyhow::Result;
use lockgate_core::problem::Code;
use std::fs::{File, TryLockError};

/// The right to keep the time, which ends with its process, however that ends.
pub struct Alone(#[expect(dead_code, reason = "held open: closing it gives the lock back")] File);

impl Alone {
    /// Takes it, where nights are run by the clock and the store is in a folder. What is locked is the folder itself: a restored state
    /// finds nothing of ours in its way.
    pub fn take(deployment: &Deployment) -> Result<Option<Self>> {
        if deployment.settings.schedule.is_none() || deployment.store_place()?.server().is_some() {
            return Ok(None);
        }
        let state = deployment.state();
        // A folder that cannot be made or locked is the night's to tell.
        let Ok(folder) = private_folder(&state).and_then(|()| File::open(&state)) else { return Ok(None) };
        match folder.try_lock() {
            Ok(()) => Ok(Some(Self(folder))),
            Err(TryLockError::Error(_)) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                let code: Code = "LG2811";
                let what = format!("another `lockgate serve` keeps the time of this store already ({code})");
                Err(Expected::new(Exit::Temporary, what))
            }
        }
    }
}
