//! The rows of a plan in order, in blocks of a fixed length. Knows no column.

use std::num::NonZeroUsize;
use std::sync::mpsc::sync_channel;

use polars::prelude::{DataFrame, Engine, LazyFrame, PlanCallback, PolarsError, PolarsResult};

use crate::engine::in_order;

/// Frames that may wait while the one before is worked on.
const AHEAD: usize = 0;

/// Runs the plan on the streaming engine and hands over its rows in order, in blocks of `height`
/// rows (the last may be shorter). A block is made of the frames that the engine gives, cut where it
/// starts and ends, not copied. Reading goes on while a block is worked on.
pub(super) fn for_each_block(
    rows: LazyFrame,
    height: NonZeroUsize,
    mut work: impl FnMut(&[DataFrame]) -> PolarsResult<()>,
) -> PolarsResult<()> {
    let (send, receive) = sync_channel(AHEAD);
    let end = send.clone();
    // The callback's answer says whether to stop: yes when nobody listens any more.
    let callback = PlanCallback::new(move |frame: DataFrame| Ok(send.send(Some(frame)).is_err()));
    let plan = in_order(rows).sink_batches(callback, true, None)?;
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let read = plan.collect_with_engine(Engine::Streaming);
            // An error means that nobody listens any more, which is fine.
            let _ = end.send(None);
            read.map(drop)
        });
        let worked = (|| {
            let mut block = Vec::new();
            let mut missing = height.get();
            while let Ok(Some(mut frame)) = receive.recv() {
                while frame.height() >= missing {
                    block.push(frame.slice(0, missing));
                    frame = frame.slice(missing as i64, frame.height() - missing);
                    work(&block)?;
                    block.clear();
                    missing = height.get();
                }
                if frame.height() > 0 {
                    missing -= frame.height();
                    block.push(frame);
                }
            }
            if block.is_empty() { Ok(()) } else { work(&block) }
        })();
        drop(receive);
        let read = reader.join().unwrap_or_else(|_| {
            Err(PolarsError::ComputeError("the engine stopped while it read the rows".into()))
        });
        worked.and(read)
    })
}
