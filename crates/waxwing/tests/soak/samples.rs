//! What the system and the load say, each few seconds: a line on stdout and in a file.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::Ordering::Relaxed,
};

use serde_json::json;
use tokio::time::Instant;

use crate::{
    Stage,
    harness::World,
    process::{memory, open_files},
};

/// Figures in the order of [`NAMES`].
pub(crate) type Sample = [f64; NAMES.len()];

pub(crate) const NAMES: [&str; 16] = [
    "seconds",
    "published",
    "requests",
    "refused",
    "rss_kib",
    "files",
    "threads",
    "database_kib",
    "wal_kib",
    "backlog",
    "publish_p50_ms",
    "publish_p99_ms",
    "deliver_p50_ms",
    "deliver_p99_ms",
    "read_p50_ms",
    "read_p99_ms",
];

pub(crate) struct Sampler {
    began: Instant,
    database: PathBuf,
    file: File,
    pub(crate) samples: Vec<Sample>,
}

impl Sampler {
    pub(crate) fn start(world: &World, stage: &Stage) -> Self {
        let default = Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak.jsonl");
        let path = std::env::var_os("SOAK_OUT").map_or(default, PathBuf::from);
        let file = File::create(&path).unwrap();
        println!("each {:?} a line, in {} too", stage.plan.sample_every, path.display());
        println!("{}", NAMES.join(" "));
        Self { began: Instant::now(), database: world.path("test.db"), file, samples: Vec::new() }
    }

    /// Until the load ends.
    pub(crate) async fn run(&mut self, stage: &Stage) {
        let mut tick = tokio::time::interval(stage.plan.sample_every);
        tick.tick().await;
        while stage.goes_on() {
            tick.tick().await;
            let sample = self.take(stage).await;
            let line: Vec<_> = sample.iter().map(|figure| format!("{figure:.0}")).collect();
            println!("{}", line.join(" "));
            let named = NAMES.iter().zip(sample).map(|(name, figure)| ((*name).to_owned(), json!(figure)));
            writeln!(self.file, "{}", named.collect::<serde_json::Value>()).unwrap();
            self.samples.push(sample);
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "figures that people read")]
    async fn take(&self, stage: &Stage) -> Sample {
        let (server, ledger) = (&stage.server, &stage.ledger);
        let publishing = ledger.publishing.take();
        let delivering = ledger.delivering.take();
        let reading = ledger.reading.take();
        [
            self.began.elapsed().as_secs_f64(),
            ledger.published() as f64,
            ledger.requests() as f64,
            ledger.refused.load(Relaxed) as f64,
            memory(server, "VmRSS:") as f64,
            open_files(server) as f64,
            memory(server, "Threads:") as f64,
            kib(&self.database),
            kib(&self.database.with_extension("db-wal")),
            backlog(stage).await,
            publishing.0,
            publishing.1,
            delivering.0,
            delivering.1,
            reading.0,
            reading.1,
        ]
    }
}

#[allow(clippy::cast_precision_loss, reason = "figures that people read")]
fn kib(file: &Path) -> f64 {
    std::fs::metadata(file).map_or(0.0, |it| it.len() as f64 / 1024.0)
}

/// Deliveries that wait, of any state, as the metrics show them.
async fn backlog(stage: &Stage) -> f64 {
    let page = stage.server.api.get("/metrics").await.unwrap().body;
    let page = String::from_utf8(page.to_vec()).unwrap();
    let lines = page.lines().filter(|line| line.starts_with("waxwing_backlog{"));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}
