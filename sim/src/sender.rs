//! The engine's way to the receivers, in place of the HTTPS sender: requests and answers
//! take their time and may be lost, and a request that was made may arrive although its
//! process is gone by then.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::{sync::oneshot, time::sleep};
use waxwing_core::{AttemptError, Outcome, TimeoutPhase};
use waxwing_delivery::{Request, Response, Sender};

use crate::{oracle::Sending, process::Process, receivers::Fate, tally::Fault, world::World};

/// The sender of one engine.
pub(crate) struct SimSender {
    process: Arc<Process>,
    /// The engine: a process starts another one when it joins again.
    engine: String,
}

impl SimSender {
    pub(crate) fn new(process: Arc<Process>, engine: String) -> Self {
        Self { process, engine }
    }
}

/// Tells the oracle that an attempt ended, also when it is cut off.
struct UnderWay<'a>(&'a SimSender, Sending);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.process.world.oracle.ended(self.1);
    }
}

#[async_trait]
impl Sender for SimSender {
    async fn send(&self, request: Request) -> Response {
        let world = &self.process.world;
        let sending = world.oracle.sends(world, &self.process, &self.engine, &request);
        let _under_way = UnderWay(self, sending);
        self.process.runs().await;
        let mut fate = world.receivers.fate(world, request.url.host_and_port());
        fate.lost |= self.process.machine.is_isolated();
        let (answer, answered) = oneshot::channel();
        tokio::spawn(arrive(world.clone(), request.clone(), fate.clone(), sending, answer));
        let outcome = match tokio::time::timeout(request.timeout, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Outcome::Failed(AttemptError::Reset),
            Err(_) => Outcome::Failed(AttemptError::Timeout {
                phase: TimeoutPhase::Response,
                limit: request.timeout,
            }),
        };
        self.process.runs().await;
        world.oracle.answered(world, sending, &outcome);
        Response { outcome, body: Bytes::from_static(b"said the receiver") }
    }
}

/// A request on the other side of the network.
async fn arrive(
    world: Arc<World>,
    request: Request,
    fate: Fate,
    sending: Sending,
    answer: oneshot::Sender<Outcome>,
) {
    sleep(fate.there).await;
    if fate.lost {
        // Nobody answers, and the sender's time runs out.
        world.tally.count(Fault::RequestLost);
        sleep(request.timeout).await;
        return;
    }
    if let Some(fault) = fate.fault {
        world.tally.count(fault);
    }
    world.oracle.arrives(&world, &request, sending, fate.takes);
    if fate.twice {
        world.tally.count(Fault::RequestTwice);
        world.oracle.arrives(&world, &request, sending, fate.takes);
    }
    sleep(fate.back).await;
    if let Some(outcome) = fate.answer {
        // A sender that went away hears nothing.
        drop(answer.send(outcome));
    } else {
        sleep(request.timeout).await;
    }
}
