//! What a history is like, all of it drawn from the seed.

use std::{fmt, time::Duration};

use waxwing_core::RetrySchedule;
use waxwing_delivery::EngineOptions;

use crate::chance::Chance;

/// How many nodes there are, what they are set to, and what they will meet.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// One node has its database to itself, as with SQLite; several share one over the
    /// network, as with PostgreSQL.
    pub(crate) nodes: usize,
    pub(crate) webhooks: usize,
    pub(crate) publishers: usize,
    /// The longest pause between two events of a publisher, in milliseconds.
    pub(crate) gap_ms: u64,
    /// The longest pause between two acts of the operator, in milliseconds.
    pub(crate) act_ms: u64,
    /// How long faults are injected.
    pub(crate) trouble: Duration,
    /// Whether clocks of single nodes are set forward and back.
    pub(crate) clocks_jump: bool,
    /// Of a hundred messages to the database, how many are lost while the network is bad.
    pub(crate) loss: u32,
    pub(crate) waits: Vec<Duration>,
    pub(crate) engine: EngineOptions,
}

impl Setting {
    pub(crate) fn draw(chance: &Chance) -> Self {
        let waits: Vec<Duration> = [5, 20, 40].map(Duration::from_secs).to_vec();
        let failing = if chance.percent(30) { 60 } else { 5 * 24 * 3_600 };
        let engine = EngineOptions {
            request_timeout: Duration::from_secs(2),
            schedule: RetrySchedule::new(waits.clone()).expect("a schedule"),
            disable_after: Duration::from_secs(failing),
            in_flight: *chance.pick(&[4, 12, 64]),
            in_flight_per_webhook: *chance.pick(&[1, 3, 16]),
            lease: Duration::from_secs(9),
            upkeep_every: Duration::from_secs(20),
            drop_payloads: chance.percent(15),
            ..EngineOptions::default()
        };
        Self {
            nodes: *chance.pick(&[1, 2, 2, 3]),
            webhooks: *chance.pick(&[1, 2, 4]),
            publishers: *chance.pick(&[1, 2, 4]),
            gap_ms: *chance.pick(&[60, 700, 4_000]),
            act_ms: *chance.pick(&[600, 5_000]),
            trouble: Duration::from_secs(chance.among(20..100)),
            clocks_jump: chance.percent(25),
            loss: *chance.pick(&[2, 15, 50]),
            waits,
            engine,
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { nodes, webhooks, publishers, gap_ms, act_ms, engine, .. } = self;
        let database = if *nodes == 1 { "a database beside it" } else { "one database over a network" };
        let clocks = if self.clocks_jump { ", clocks are set" } else { "" };
        writeln!(f, "nodes: {nodes}, {database}; webhooks: {webhooks}")?;
        write!(f, "publishers: {publishers}, each with an event every 0 to {gap_ms} ms; ")?;
        writeln!(f, "an operator who acts every 100 to {act_ms} ms")?;
        writeln!(f, "trouble: {:?}{clocks}", self.trouble)?;
        writeln!(f, "loss: {} % of the messages to the database, while the network is bad", self.loss)?;
        let (all, own) = (engine.in_flight, engine.in_flight_per_webhook);
        write!(f, "attempts: {:?} each, {all} at once, {own} to a webhook, ", engine.request_timeout)?;
        writeln!(f, "again after {:?}; lease: {:?}", self.waits, engine.lease)?;
        let payloads = if engine.drop_payloads { "; payloads go with the delivery" } else { "" };
        write!(f, "webhooks are disabled after {} s of failures{payloads}", engine.disable_after.as_secs())
    }
}
