//! The chapters, in their order.

use std::time::Duration;

use anyhow::bail;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::time::Instant;
use waxwing_core::Clock;

use super::{
    actors::{BOOKS, LEGACY, SCHEDULE, SHOP, TIMEOUT},
    claims::Claims,
    judge,
    live::{Live, event_type},
    samples::{self, Sample},
    stage::{ACCOUNT, Hook, Stage, secrets},
};
use crate::{
    commands::{events::tone_of, server::expect},
    system::SystemClock,
    terminal::{self, Paint, Table, Tone},
};

/// How often the event log is looked at.
const GLANCE: Duration = Duration::from_millis(100);

/// What stands before the sum in the body of an event about money.
const AMOUNT: &str = "\"amount\": ";

struct Teller {
    paint: Paint,
    chapter: u32,
    claims: Claims,
}

/// Tells it.
pub(super) async fn tell() -> anyhow::Result<()> {
    let began = Instant::now();
    let paint = Paint::of_stdout();
    let mut teller = Teller { paint, chapter: 0, claims: Claims::default() };
    let name = paint.bold(format_args!("Waxwing {}", env!("CARGO_PKG_VERSION")));
    terminal::print(format_args!("{name}  webhook delivery: the whole story on this machine"))?;
    let (mut stage, arrivals) = teller.beginning().await?;
    let hooks = teller.registration(&stage).await?;
    let samples = samples::read()?;
    let mut live = Live::begin(paint, arrivals);
    teller.publishing(&stage, &hooks, &samples, &mut live).await?;
    teller.log(&stage, &hooks).await?;
    teller.replay(&mut stage, &hooks, &mut live).await?;
    teller.forgery(&hooks, &live)?;
    judge::arrivals(&mut teller.claims, &live, &samples);
    stage.strike().await?;
    teller.summary(&live, samples.len(), began)
}

impl Teller {
    fn chapter(&mut self, title: &str) -> anyhow::Result<()> {
        self.chapter += 1;
        let head = self.paint.bold(self.paint.cyan(format_args!("{}  {title}", self.chapter)));
        Ok(terminal::print(format_args!("\n{head}"))?)
    }

    fn table(&self, table: &Table) -> anyhow::Result<()> {
        for line in table.lines(self.paint, 2) {
            terminal::print(line)?;
        }
        Ok(())
    }

    async fn beginning(&mut self) -> anyhow::Result<(Stage, super::stage::Arrivals)> {
        self.chapter("A platform starts its webhook server")?;
        let (stage, arrivals) = Stage::build().await?;
        let (url, pid) = (stage.server.url(), stage.server.pid);
        say(format_args!(
            "`waxwing serve` listens at {url} (process {pid}); its database is one SQLite file."
        ))?;
        say(format_args!(
            "An attempt may take {} s; a failed delivery is sent again after {SCHEDULE}.",
            TIMEOUT.as_secs()
        ))?;
        say(self.paint.dim("Short, for this demo: the defaults are 5 s and 1m,5m,30m,2h,6h,24h."))?;
        Ok((stage, arrivals))
    }

    async fn registration(&mut self, stage: &Stage) -> anyhow::Result<Vec<Hook>> {
        self.chapter("Its customer Acme registers four webhooks")?;
        let hooks = stage.register().await?;
        let mut table = Table::new(["webhook", "URL", "subscribes to", "the server behind it"]);
        for hook in &hooks {
            let tone = if hook.actor == SHOP { Tone::Good } else { Tone::Bad };
            table.row(vec![
                (hook.actor.name.to_owned(), Tone::Plain),
                (hook.url.clone(), Tone::Quiet),
                (hook.actor.events.join(" "), Tone::Plain),
                (hook.actor.habit.to_owned(), tone),
            ]);
        }
        self.table(&table)?;
        say("Each got a secret (whsec_…) that signs what is sent to it.")?;
        Ok(hooks)
    }

    /// Publishes the samples and shows what arrives until nothing waits any more.
    async fn publishing(
        &mut self,
        stage: &Stage,
        hooks: &[Hook],
        samples: &[Sample],
        live: &mut Live,
    ) -> anyhow::Result<()> {
        self.chapter("Ten payment events are published; this is what reaches Acme")?;
        for sample in samples {
            let published = stage
                .client
                .post_raw("/api/events", HeaderMap::new(), sample.request(ACCOUNT).into())
                .await?;
            expect(202, &published)?;
        }
        // What a publisher does that did not get our answer.
        let again = stage
            .client
            .post_raw("/api/events", HeaderMap::new(), samples[0].request(ACCOUNT).into())
            .await?;
        self.claims
            .check(again.status == 200, "an event that is published again with the same id is kept once");
        live.until(&secrets(hooks), settled(stage, hooks)).await?;
        say(self.paint.dim("Nothing arrives at legacy, which is down; its log shows what happened."))
    }

    /// The event log, and what it must show.
    async fn log(&mut self, stage: &Stage, hooks: &[Hook]) -> anyhow::Result<()> {
        self.chapter("The event log of each webhook, as Acme sees it")?;
        let mut table = Table::new(["webhook", "event type", "state", "attempts", "last answer"]);
        for hook in hooks {
            let entries = stage.log(hook).await?;
            for entry in &entries {
                let text = |member: &str| entry[member].as_str().unwrap_or_default().to_owned();
                let answer = match &entry["last_status_code"] {
                    Value::Number(code) => code.to_string(),
                    _ => text("last_error"),
                };
                let status = text("status");
                let tone = tone_of(&status);
                table.row(vec![
                    (hook.actor.name.to_owned(), Tone::Plain),
                    (text("type"), Tone::Plain),
                    (status, tone),
                    (entry["attempt_count"].to_string(), Tone::Plain),
                    (answer, Tone::Quiet),
                ]);
            }
            judge::log(&mut self.claims, hook, &entries);
        }
        self.table(&table)
    }

    /// Acme repairs its servers and asks for what they missed.
    async fn replay(&mut self, stage: &mut Stage, hooks: &[Hook], live: &mut Live) -> anyhow::Result<()> {
        self.chapter("Acme repairs both servers and replays what failed")?;
        stage.repair().await?;
        let before = live.arrivals.len() as u64;
        let repaired: Vec<&Hook> =
            hooks.iter().filter(|hook| [BOOKS, LEGACY].contains(&hook.actor)).collect();
        let mut replayed = 0;
        for hook in &repaired {
            let path = format!("/api/webhook/{}/replay", hook.id);
            let answer = expect(202, &stage.client.post(&path, Some(json!({}))).await?)?;
            replayed += answer["replayed"].as_u64().unwrap_or_default();
            say(format_args!("POST /api/webhook/…/replay for {}: {answer}", hook.actor.name))?;
        }
        live.until(&secrets(hooks), settled(stage, hooks)).await?;
        let mut delivered = true;
        for hook in repaired {
            delivered &= stage.log(hook).await?.iter().all(|entry| entry["status"] == "delivered");
        }
        let arrived = live.arrivals.len() as u64 - before;
        self.claims.check(
            replayed > 0 && delivered && arrived == replayed,
            format!("a replay delivered the {replayed} failed ones once their servers were repaired"),
        );
        Ok(())
    }

    /// Somebody else sends a body of their own, and an old one again.
    fn forgery(&mut self, hooks: &[Hook], live: &Live) -> anyhow::Result<()> {
        self.chapter("Somebody forges a body, and sends an old one again")?;
        // Events arrive in any order, and not every type of event speaks of money.
        let mut bodies =
            live.at(SHOP.name).map(|(_, arrival)| (arrival, String::from_utf8_lossy(&arrival.received.body)));
        let Some((hook, (arrival, text))) = hooks.first().zip(bodies.find(|(_, text)| text.contains(AMOUNT)))
        else {
            bail!("no event with an amount reached the healthy webhook");
        };
        let genuine = &arrival.received;
        let forged = text.replacen(AMOUNT, &format!("{AMOUNT}9"), 1);
        let now = SystemClock.now();
        let later = now.after(Duration::from_hours(1));
        let verify = |body: &[u8], at| waxwing_peers::verify(&genuine.headers, body, &hook.secret, at);
        let cases = [
            (format!("{} as it arrived", event_type(&genuine.body)), verify(&genuine.body, now)),
            ("the same with another amount".to_owned(), verify(forged.as_bytes(), now)),
            ("the same again, an hour later".to_owned(), verify(&genuine.body, later)),
        ];
        let [genuine_holds, forged_holds, late_holds] = cases.each_ref().map(|(_, verdict)| verdict.is_ok());
        for (what, verdict) in cases {
            let verdict = match verdict {
                Ok(()) => self.paint.green("accepted"),
                Err(error) => self.paint.red(format_args!("refused: {error}")),
            };
            say(format_args!("{what:<30} {verdict}"))?;
        }
        self.claims.check(
            forged != text && genuine_holds && !forged_holds && !late_holds,
            "a forged body is refused, and so is an old one that is sent again",
        );
        Ok(())
    }

    fn summary(&mut self, live: &Live, events: usize, began: Instant) -> anyhow::Result<()> {
        self.chapter("Summary")?;
        for line in self.claims.lines(self.paint) {
            terminal::print(line)?;
        }
        let (requests, seconds) = (live.arrivals.len(), began.elapsed().as_secs_f64());
        say(format_args!("{events} events, {requests} signed requests over TLS, {seconds:.1} s."))?;
        let broken = self.claims.broken();
        if broken > 0 {
            bail!("{broken} of the demo's claims did not hold; they are marked with ✗ above");
        }
        terminal::print(format_args!("\n{}", self.paint.bold("What next")))?;
        say("waxwing serve           a server of your own; it prints the operator key at its first start")?;
        say("waxwing listen          a receiver on your machine to develop against")?;
        say("waxwing bench --quick   what this machine can do")?;
        say("waxwing --help          everything else")
    }
}

fn say(line: impl std::fmt::Display) -> anyhow::Result<()> {
    Ok(terminal::print(format_args!("  {line}"))?)
}

/// Waits until no delivery waits any more.
async fn settled(stage: &Stage, hooks: &[Hook]) -> anyhow::Result<()> {
    loop {
        let mut waiting = 0;
        for hook in hooks {
            let waits = |entry: &&Value| entry["status"] == "pending" || entry["status"] == "retrying";
            waiting += stage.log(hook).await?.iter().filter(waits).count();
        }
        if waiting == 0 {
            return Ok(());
        }
        tokio::time::sleep(GLANCE).await;
    }
}
