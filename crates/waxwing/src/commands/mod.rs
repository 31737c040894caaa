//! The commands, one module each.

pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod encryption;
pub(crate) mod event_types;
pub(crate) mod events;
pub(crate) mod listen;
pub(crate) mod migrate;
pub(crate) mod moving;
pub(crate) mod replay;
pub(crate) mod restore;
pub(crate) mod sign;
pub(crate) mod verify;

mod child;
mod hidden;
mod interrupt;
mod secret;
mod server;
mod status;
mod whole;

use std::future::Future;

use anyhow::Context;

use crate::{cli::Command, serve};

/// Runs one command to its end.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(flags) => on_runtime(serve::run(flags)),
        Command::Demo(options) => on_runtime(demo::run(options)),
        Command::Listen(options) => on_runtime(listen::run(options)),
        Command::Sign(options) => sign::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Events(command) => on_runtime(events::run(command)),
        Command::Replay(options) => on_runtime(replay::run(options)),
        Command::Encryption(command) => on_runtime(encryption::run(command)),
        Command::EventTypes(command) => on_runtime(event_types::run(command)),
        Command::Backup(options) => on_runtime(backup::run(options)),
        Command::Restore(options) => on_runtime(restore::run(options)),
        Command::Migrate(options) => on_runtime(migrate::run(options)),
        Command::Move(options) => on_runtime(moving::run(options)),
        Command::Bench(options) => on_runtime(bench::run(options)),
        Command::Config(command) => config::run(&command),
        Command::Completions(options) => completions::run(&options),
    }
}

fn on_runtime(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the operating system gives no threads to run on")?;
    runtime.block_on(work)
}
