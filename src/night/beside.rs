//! Two pieces of a night side by side, of which neither needs anything of the other.

use anyhow::{Result, anyhow};
use tokio::runtime::Handle;

/// Does one on this thread and the other on a thread of its own, and waits for both. Of two faults this thread's is told.
pub(super) fn beside<H, T: Send>(
    here: impl Future<Output = Result<H>>,
    there: impl FnOnce(&Handle) -> Result<T> + Send,
) -> Result<(H, T)> {
    let handle = Handle::current();
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let there = scope.spawn(|| there(&handle));
            let here = handle.block_on(here);
            let there = there.join().map_err(|_| anyhow!("a part of the program broke off"))?;
            Ok((here?, there?))
        })
    })
}
